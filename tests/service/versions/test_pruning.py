"""The record of activations loses its oldest lines alone, and never one that a rollback needs."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.errors import ArtifactError
from models.storage.registry import ACTIVATIONS, ACTIVE, Registry
from service.versions.pruning import remove_activations

DAY = 86_400.0
A, B, C = "20261101-120000-0000000a", "20261101-120000-0000000b", "20261101-120000-0000000c"


def recorded(folder: Path, *lines: tuple[str, str | None, float] | str, active: str | None = None) -> Registry:
    """A registry whose record has these lines: a version, the one before, and how many days ago; or any text."""
    now = datetime.now(UTC)
    texts = [
        line
        if isinstance(line, str)
        else json.dumps(
            {
                "version": line[0],
                "previous": line[1],
                "activated_at": (now - timedelta(days=line[2])).isoformat(),
                "by": "ops",
                "reason": "of\u2028 a line",
            }
        )
        for line in lines
    ]
    (folder / ACTIVATIONS).write_text("".join(f"{text}\n" for text in texts), encoding="ascii")
    last = lines[-1]
    (folder / ACTIVE).write_text(active or (last if isinstance(last, str) else last[0]))
    return Registry(folder)


def versions(registry: Registry) -> list[str]:
    """The recorded versions, the oldest first."""
    return [activation.version[-1] for activation in reversed(registry.activations())]


def test_old_activations_are_removed_the_oldest_first_and_as_many_as_allowed(tmp_path: Path) -> None:
    registry = recorded(tmp_path, (A, None, 9), (B, A, 8), (A, B, 7), (C, A, 2), (A, C, 1))
    assert remove_activations(registry, 3 * DAY, 2) == 2
    assert versions(registry) == ["a", "c", "a"]
    assert remove_activations(registry, 3 * DAY, 2) == 1
    assert remove_activations(registry, 3 * DAY, 2) == 0
    assert versions(registry) == ["c", "a"]
    assert registry.before_active() == C


def test_activation_of_the_active_version_stays_however_old(tmp_path: Path) -> None:
    registry = recorded(tmp_path, (A, None, 900), (B, A, 800))
    assert remove_activations(registry, DAY, 10) == 1
    assert versions(registry) == ["b"]
    assert registry.before_active() == A


def test_way_back_stays_where_the_active_version_was_activated_again(tmp_path: Path) -> None:
    registry = recorded(tmp_path, (A, None, 900), (B, A, 800), (B, B, 700), (B, B, 600))
    assert remove_activations(registry, DAY, 10) == 1
    assert versions(registry) == ["b", "b", "b"]
    assert registry.before_active() == A


def test_only_activation_stays(tmp_path: Path) -> None:
    registry = recorded(tmp_path, (A, None, 900))
    assert remove_activations(registry, DAY, 10) == 0
    assert versions(registry) == ["a"]


def test_lines_that_do_not_parse_are_removed_with_the_old_ones_around_them(tmp_path: Path) -> None:
    registry = recorded(tmp_path, "{", (A, None, 9), "[1]", (B, A, 1))
    assert remove_activations(registry, 3 * DAY, 10) == 3
    assert versions(registry) == ["b"]


@pytest.mark.parametrize("last", ["{", (B, A, 800)])
def test_nothing_is_removed_while_the_latest_is_not_of_the_active_version(
    tmp_path: Path, last: tuple[str, str, float] | str
) -> None:
    registry = recorded(tmp_path, (B, None, 900), (A, B, 850), last, active=A)
    before = (tmp_path / ACTIVATIONS).read_bytes()
    assert remove_activations(registry, DAY, 10) == 0
    assert (tmp_path / ACTIVATIONS).read_bytes() == before


def test_rights_of_the_record_stay_and_no_draft_is_left(tmp_path: Path) -> None:
    registry = recorded(tmp_path, (A, None, 9), (B, A, 8))
    (tmp_path / ACTIVATIONS).chmod(0o640)
    assert remove_activations(registry, DAY, 10) == 1
    assert (tmp_path / ACTIVATIONS).stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == [ACTIVATIONS, ACTIVE]


def test_registry_without_a_record_loses_nothing(tmp_path: Path) -> None:
    assert remove_activations(Registry(tmp_path / "nothing"), DAY, 10) == 0


def test_damaged_active_removes_nothing(tmp_path: Path) -> None:
    registry = recorded(tmp_path, (A, None, 9), (B, A, 8))
    (tmp_path / ACTIVE).write_bytes(b"\xff")
    with pytest.raises(ArtifactError):
        remove_activations(registry, DAY, 10)
    assert versions(registry) == ["a", "b"]
