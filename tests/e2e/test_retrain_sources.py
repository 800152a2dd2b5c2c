"""Real retrains over HTTP: of the stored users, and of a file below the data folder."""

from pathlib import Path

import httpx2 as httpx

from models.storage.registry import Registry
from testkit.server import serving
from training.simulation.simulate import SimulationConfig, simulate, write

MAPPED = {"source": "file", "path": "profiles.csv", "mapping": {"hobbies": {"from": "Interests"}}, "k": 2}


def test_retrain_on_stored_users_leaves_no_copy_of_them(tmp_path: Path, artifacts: Path) -> None:
    frame = simulate(SimulationConfig(rows=200, seed=3)).frame
    with serving(tmp_path, artifacts) as server, httpx.Client(base_url=server.url) as client:
        for number, profile in enumerate(frame.to_json(orient="records", lines=True).splitlines()):
            response = client.put(
                f"/users/user-{number}/profile", content=profile, headers={"content-type": "application/json"}
            )
            assert response.status_code == 201, response.text
        job = client.post("/retrain", json={"source": "users", "k": 3, "activate": "always"}).json()
        ended = server.ended(job["id"])
        assert ended["status"] == "SUCCEEDED", ended
        version = ended["result"]["model_version"]
        origin = Registry(artifacts).manifest(version).origin
        assert (origin.source, origin.rows, origin.simulated) == ("users", 200, False)
        persona = client.get("/users/user-7/persona").json()
        assert persona["model_version"] == version
        assert client.get("/readyz").json()["simulated"] is False
        assert not (artifacts / version / "report.html").exists()
    assert [path.name for path in (tmp_path / "data").iterdir() if path.is_file()] == []


def test_retrain_takes_a_file_below_the_data_folder_alone(tmp_path: Path, artifacts: Path) -> None:
    (tmp_path / "data").mkdir()
    write(simulate(SimulationConfig(rows=300, seed=4)), tmp_path / "data" / "profiles.csv")
    written = (tmp_path / "data" / "profiles.csv").read_text()
    (tmp_path / "data" / "profiles.csv").write_text(written.replace("hobbies", "Interests", 1))
    (tmp_path / "outside.csv").write_text("age\n30\n")
    (tmp_path / "data" / "link.csv").symlink_to(tmp_path / "outside.csv")
    drawing = serving(tmp_path, artifacts, RETRAIN_REPORT="true")
    with drawing as server, httpx.Client(base_url=server.url) as client:
        for path in ("../outside.csv", str(tmp_path / "outside.csv"), "link.csv"):
            response = client.post("/retrain", json={"source": "file", "path": path})
            assert response.status_code == 422, path
        job = client.post("/retrain", json=MAPPED).json()
        ended = server.ended(job["id"])
        assert ended["status"] == "SUCCEEDED", ended
        version = ended["result"]["model_version"]
        assert Registry(artifacts).manifest(version).origin.rows == 300
        assert ended["result"]["about_data"][0] == "14 of the file's 14 columns were used."
        assert {path.name for path in (tmp_path / "data").iterdir()} == {"profiles.csv", "link.csv"}
        assert (artifacts / version / "report.html").is_file()
