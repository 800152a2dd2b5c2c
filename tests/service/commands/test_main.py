"""The commands for operators: list the versions, activate one, roll back."""

from pathlib import Path

import pytest

from models.storage.manifest import Outcome, Verdict
from models.storage.registry import Registry
from service.commands.main import main
from testkit.small_model import write_small_model


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("ARTIFACTS_DIR", str(tmp_path))
    return Registry(tmp_path)


def test_models_lists_versions_and_marks_the_active_one(
    registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (write_small_model(registry.root, seed=seed).name for seed in (0, 1))
    registry.activate(second)
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"  {first}  3 personas")
    assert lines[1].startswith(f"* {second}")


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ((), "all checks passed"),
        (("passed", "not_judged"), "no failed check, 1 not judged"),
        (("failed", "not_judged"), "1 failed check "),
        (("failed", "failed"), "2 failed checks"),
    ],
)
def test_models_says_what_the_checks_came_to(
    outcomes: tuple[Outcome, ...], said: str, registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    verdicts = tuple(Verdict(name="size", outcome=outcome, sentence="It was measured.") for outcome in outcomes)
    write_small_model(registry.root, verdicts=verdicts)
    assert main(["models"]) == 0
    assert said in capsys.readouterr().out


def test_models_without_a_version_says_so(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    assert "There is no model" in capsys.readouterr().out


def test_activate_promotes_and_rolls_back(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (write_small_model(registry.root, seed=seed).name for seed in (0, 1))
    assert main(["activate", first]) == 0
    assert main(["activate", second]) == 0
    assert registry.active() == second
    assert main(["activate", first]) == 0
    assert registry.active() == first
    assert f"before it was {second}" in capsys.readouterr().out


def test_activate_refuses_a_damaged_version(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = (write_small_model(registry.root, seed=seed) for seed in (0, 1))
    registry.activate(good.name)
    (bad / "arrays.npz").write_bytes(b"")
    assert main(["activate", bad.name]) == 2
    assert "arrays.npz is not the file that was written" in capsys.readouterr().err
    assert registry.active() == good.name
    assert main(["models"]) == 0


def test_activate_names_a_missing_version(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["activate", "20260101-000000-00000000"]) == 2
    assert "There is no model version" in capsys.readouterr().err


def test_unusable_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("WORKERS", "many")
    assert main(["models"]) == 2
    assert "WORKERS" in capsys.readouterr().err
