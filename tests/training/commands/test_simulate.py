"""`python -m training simulate`: a file of simulated profiles."""

from pathlib import Path

from training.commands.main import main


def test_simulate_writes_profiles_with_their_truth(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    assert main(["simulate", "--rows", "20", "--with-truth", "--overlap", "hard", "--out", str(path)]) == 0
    header, *rows = path.read_text().splitlines()
    assert header.endswith(",persona_truth")
    assert len(rows) == 20


def test_simulate_refuses_a_suffix_that_it_cannot_write(tmp_path: Path) -> None:
    assert main(["simulate", "--rows", "20", "--out", str(tmp_path / "people.txt")]) == 2
