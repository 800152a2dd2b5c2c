"""`python -m service import`: files of users into the store of the settings."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.storage.registry import Registry
from service.commands.main import main
from service.store.sql.store import SqlStore
from testkit.small_model import write_small_model


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqlStore]:
    """The store into which the command writes, with an active model."""
    registry = Registry(tmp_path / "artifacts")
    registry.activate(write_small_model(registry.root, seed=0).name)
    url = f"sqlite:///{tmp_path}/segments.db"
    monkeypatch.setenv("ARTIFACTS_DIR", str(registry.root))
    monkeypatch.setenv("DATABASE_URL", url)
    store = SqlStore(url)
    yield store
    store.close()


def personas(store: SqlStore) -> dict[str, bool]:
    """Whether each stored user has a persona."""
    return {user.user_id: user.persona_id is not None for user in store.users.assignments_after("", 100)}


def test_lines_of_json_are_stored_and_summed_up(
    store: SqlStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, refused = tmp_path / "users.jsonl", tmp_path / "refused.jsonl"
    file.write_text('{"user_id": "a", "age": 30}\n{"user_id": "b", "age": 5}\n{"user_id": "c"}\n')
    assert main(["import", str(file), "--refused", str(refused)]) == 0
    assert personas(store) == {"a": True, "c": True}
    said = capsys.readouterr().err
    assert "3 rows were read, 2 were stored and 1 were refused" in said
    assert "  1: age is at least 13." in said
    assert json.loads(refused.read_text()) == {"line": 2, "reason": "age is at least 13."}
    (entry,) = store.audit.latest(10)
    assert (entry.action, entry.details) == ("users.import", {"rows_read": 3, "rows_stored": 2})
    assert entry.actor.startswith("command line (")


def test_other_formats_are_read_as_training_reads_them(
    store: SqlStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, mapping = tmp_path / "users.txt", tmp_path / "crm.toml"
    file.write_text("Kunde;Alter;Hobbys\nk-1;30;value_0|value_1\nk-2;sehr alt;\n;40;\n")
    mapping.write_text(
        '[user_id]\nfrom = "Kunde"\n[age]\nfrom = "Alter"\n[hobbies]\nfrom = "Hobbys"\nsplit = "|"\n'
    )
    assert main(["import", str(file), "--format", "csv", "--mapping", str(mapping)]) == 0
    assert personas(store) == {"k-1": True}
    user = store.users.get("k-1")
    assert user is not None
    assert json.loads(user.profile_json or "") == {"age": 30, "hobbies": ["value_0", "value_1"]}
    assert "3 rows were read, 1 were stored and 2 were refused" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("none.csv", None, "is not a file"),
        ("users.csv", "a,b\n1,2\n", "error: "),
        ("users.xls", "x", "is in no known format"),
        ("users.ndjson", '{"age": 30}\n', "No row of the file could be stored."),
    ],
)
def test_unusable_file_ends_with_a_sentence(
    store: SqlStore,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: str | None,
    sentence: str,
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_text(content)
    assert main(["import", str(file)]) == 2
    assert sentence in capsys.readouterr().err


def test_progress_for_a_parent_process_is_json(
    store: SqlStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "users.ndjson"
    file.write_text('{"user_id": "a", "age": 30}\n')
    assert main(["import", str(file), "--progress", "json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[-1] == {"result": {"rows_read": 1, "rows_stored": 1, "refused": {}}}
    assert events[0]["stage"] == "importing"
