"""Whole processes: which modules they load, and what the command line prints."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from models.storage.registry import Registry
from service.retraining.process_launcher import PROJECT_ROOT
from testkit.small_model import write_small_model

FORBIDDEN = ("sklearn", "pandas", "scipy", "joblib", "pyarrow", "training", "matplotlib")

SERVE_ONE = """
import json, sys, warnings
warnings.simplefilter("ignore")
from pathlib import Path
from starlette.testclient import TestClient
from service.app import create_app
from service.settings import Settings
from service.store.sql.migrate import migrate
folder = Path(sys.argv[1])
url = f"sqlite:///{folder}/segments.db"
migrate(url)
settings = Settings(_env_file=None, artifacts_dir=folder / "artifacts", data_dir=folder, database_url=url)
with TestClient(create_app(settings), base_url="http://localhost") as client:
    asked = [client.post("/segment", json={"age": 30}), client.put("/users/a/profile", json={"age": 30}),
             client.get("/users/a/persona"), client.get("/readyz"), client.get("/metrics"), client.get("/docs")]
print(json.dumps({"statuses": [a.status_code for a in asked], "modules": sorted(sys.modules)}))
"""


def run(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A Python process with a bare environment."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(PROJECT_ROOT), "PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_service_loads_no_library_of_training(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "artifacts")
    registry.activate(write_small_model(registry.root).name)
    process = run("-c", SERVE_ONE, str(tmp_path), folder=tmp_path)
    assert process.returncode == 0, process.stderr
    outcome = json.loads(process.stdout.splitlines()[-1])
    assert outcome["statuses"] == [200, 201, 200, 200, 200, 200]
    assert [name for name in FORBIDDEN if name in outcome["modules"]] == []


def test_importing_the_app_opens_nothing(tmp_path: Path) -> None:
    process = run("-c", "import service.app, service.commands.main, service.worker", folder=tmp_path)
    assert (process.returncode, process.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_migrate_creates_the_database(tmp_path: Path) -> None:
    process = run("-m", "service", "migrate", folder=tmp_path)
    assert process.returncode == 0, process.stderr
    assert (tmp_path / "data" / "segments.db").exists()


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PORT": "none"}, "PORT"),
        ({"WORKERS": "0"}, "WORKERS"),
        ({"DATABASE_URL": "oracle://me:hunter2@db/x"}, "oracle"),
        ({"HOST": "192.0.2.1"}, "Cannot listen on 192.0.2.1"),
        ({"HOST": "no such host"}, "Cannot listen on no such host"),
        ({"HOST": "x86_64-conda-linux-gnu"}, "conda exports HOST"),
        ({"HOST": "\u00fc" * 70}, "HOST is no address. Unset it"),
        ({"CORS_ORIGINS": "app.example"}, "CORS_ORIGINS: 'app.example' is no origin; write https://app.example"),
        ({"ROOT_PATH": "/users"}, "ROOT_PATH: /users begins like a path of the service itself"),
    ],
)
def test_unusable_setting_ends_serve_with_one_sentence(
    tmp_path: Path, environment: dict[str, str], words: str
) -> None:
    process = run("-m", "service", "serve", folder=tmp_path, **{"PORT": "0", **environment})
    assert process.returncode == 2
    # No terminal reads it, so that it is a line of the log, as all others are.
    record = json.loads(process.stderr)
    assert words in record["message"]
    assert (record["level"], process.stderr.count("\n")) == ("ERROR", 1)
    assert "hunter2" not in process.stderr


def test_port_in_use_ends_serve_with_one_sentence(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = run("-m", "service", "serve", "--port", str(port), folder=tmp_path)
    assert process.returncode == 2
    assert f"port {port}" in process.stderr
    assert "Choose another" in process.stderr
    assert process.stderr.count("\n") == 1
