"""Keys: what they look like, and the commands that make, list, rotate and revoke them."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.commands.main import main
from service.security.keys import UnusableKey, digest_of, make_key, rotate_key, store_admin_key
from service.security.scopes import Scope
from service.store.memory.keys import MemoryKeys
from service.store.sql.store import SqlStore
from testkit.access import NEVER_MADE, prefix

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SHAPE = re.compile(r"bps_[0-9a-f]{8}_[0-9a-f]{40}")


def test_key_is_long_and_random_and_only_its_digest_is_stored() -> None:
    keys = MemoryKeys()
    texts = {make_key(keys, "app", [Scope.SEGMENT_ASSIGN], NOW).text for _ in range(100)}
    assert len(texts) == 100
    assert all(SHAPE.fullmatch(text) for text in texts)
    assert {key.digest for key in keys.all()} == {digest_of(text) for text in texts}
    stored = repr(keys.all())
    assert not [text for text in texts if text[13:] in stored]


def test_repr_of_a_new_key_does_not_show_it() -> None:
    key = make_key(MemoryKeys(), "app", [Scope.ADMIN], NOW)
    assert key.text[13:] not in repr(key)


@pytest.mark.parametrize("name", ["", "x" * 81, "two\nlines", "bell\a"])
def test_name_that_cannot_be_listed_is_refused(name: str) -> None:
    with pytest.raises(UnusableKey, match="name"):
        make_key(MemoryKeys(), name, [Scope.ADMIN], NOW)


def test_rotated_key_has_a_successor_and_expires() -> None:
    keys = MemoryKeys()
    old = make_key(keys, "app", [Scope.SEGMENT_ASSIGN, Scope.USERS_READ], NOW, 30 * DAY)
    new = rotate_key(keys, old.stored.prefix, NOW + 20 * DAY, DAY)
    before, after = keys.all()
    assert (after.name, after.scopes) == (before.name, before.scopes)
    assert before.expires_at == NOW + 21 * DAY
    assert after.expires_at == NOW + 50 * DAY
    assert new.text != old.text


def test_revoked_key_is_not_rotated() -> None:
    keys = MemoryKeys()
    old = make_key(keys, "app", [Scope.ADMIN], NOW)
    keys.revoke(old.stored.prefix, NOW)
    with pytest.raises(UnusableKey, match="revoked"):
        rotate_key(keys, old.stored.prefix, NOW, DAY)


def test_admin_key_is_stored_once_and_stays_revoked() -> None:
    keys = MemoryKeys()
    assert store_admin_key(keys, NEVER_MADE, NOW).works_at(NOW)
    keys.revoke(prefix(NEVER_MADE), NOW)
    assert not store_admin_key(keys, NEVER_MADE, NOW + DAY).works_at(NOW + DAY)
    assert len(keys.all()) == 1
    with pytest.raises(UnusableKey, match="Another key"):
        store_admin_key(keys, NEVER_MADE[:-1] + "1", NOW)


@pytest.mark.parametrize("text", ["", "secret", NEVER_MADE + "0", NEVER_MADE.upper()])
def test_malformed_admin_key_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(UnusableKey, match="ADMIN_KEY_FILE") as refusal:
        store_admin_key(MemoryKeys(), text, NOW)
    assert not text or text not in str(refusal.value)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path}/segments.db"
    monkeypatch.setenv("DATABASE_URL", url)
    return url


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["keys", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def states(listed: str) -> Sequence[tuple[str, str]]:
    return [(line.split()[0], line.split()[1]) for line in listed.splitlines()]


@pytest.mark.usefixtures("database")
def test_commands_make_list_rotate_and_revoke_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert "There is no key" in run(capsys, "list")[1]
    code, out, err = run(
        capsys, "create", "--name", "app", "--scope", "users:read", "--scope", "segment:assign", "--days", "1"
    )
    assert code == 0
    assert SHAPE.fullmatch(out.strip())
    assert out.strip() not in err
    first = prefix(out)
    code, out, err = run(capsys, "rotate", first, "--overlap-hours", "0")
    assert SHAPE.fullmatch(out.strip())
    second = prefix(out)
    assert run(capsys, "revoke", second)[0] == 0
    listed = run(capsys, "list")[1]
    assert states(listed) == [(first, "expired"), (second, "revoked")]
    assert "app: segment:assign users:read" in listed


def test_commands_that_change_keys_are_in_the_audit_trail(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first = prefix(run(capsys, "create", "--name", "app", "--scope", "users:read")[1])
    second = prefix(run(capsys, "rotate", first)[1])
    run(capsys, "revoke", second)
    run(capsys, "list")
    run(capsys, "revoke", "0a0a0a0a")
    store = SqlStore(database)
    entries = store.audit.latest(10)[::-1]
    store.close()
    assert [(entry.action, entry.subject) for entry in entries] == [
        ("keys.create", first),
        ("keys.rotate", first),
        ("keys.revoke", second),
    ]
    assert entries[0].details == {"name": "app", "scopes": ["users:read"]}
    assert entries[1].details == {"replaced_by": second}
    assert all(entry.actor.startswith("command line") for entry in entries)


@pytest.mark.usefixtures("database")
def test_command_names_a_missing_key(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "revoke", "0a0a0a0a")
    assert code == 2
    assert "There is no key '0a0a0a0a'" in err


@pytest.mark.parametrize(
    "arguments", [["create", "--name", "x", "--scope", "everything"], ["create", "--name", "x"], []]
)
def test_unknown_command_lists_the_commands(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["keys", *arguments])
    assert end.value.code == 2
    assert capsys.readouterr().err
