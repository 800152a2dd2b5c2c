"""`python -m training score`: a file of profiles with their personas."""

from pathlib import Path

import pytest

from training.commands.main import main


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    path = tmp_path / "profiles.csv"
    path.write_text("user_id,age,hobbies\n" + "a,20,chess;go\nb,60,\nc,old,yoga\n" + "d,30,yoga\n" * 7)
    return path


def test_score_reports_the_refused_rows(out: Path, profiles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scored = profiles.with_name("scored.csv")
    given = ["--artifacts", str(out), "--data", str(profiles), "--out", str(scored)]
    assert main(["score", *given, "--max-refused", "0.2"]) == 0
    assert "Refused 1 of 10 rows" in capsys.readouterr().err
    assert [row.split(",")[0] for row in scored.read_text().splitlines()[:4]] == ["user_id", "a", "b", "d"]


@pytest.mark.parametrize(
    ("model", "name", "sentence"),
    [
        ("active", "scored.xls", "use one of .csv, .jsonl, .parquet"),
        ("20200101-000000-00000000", "scored.csv", "There is no model version"),
        ("../x", "scored.csv", "There is no model version"),
    ],
)
def test_score_reports_unusable_input(
    out: Path, profiles: Path, capsys: pytest.CaptureFixture[str], model: str, name: str, sentence: str
) -> None:
    scored = profiles.with_name(name)
    given = ["--artifacts", str(out), "--model", model, "--data", str(profiles), "--out", str(scored)]
    assert main(["score", *given]) == 2
    assert sentence in capsys.readouterr().err
    assert not scored.exists()
