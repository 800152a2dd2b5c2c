"""Use cases: remove old versions and old activations, so that the folder of artifacts does not grow for ever."""

import logging
from datetime import UTC, datetime, timedelta

from models.errors import ArtifactError
from models.storage.files import locked, replace_file
from models.storage.registry import ACTIVATIONS, Registry, parse_activation

log = logging.getLogger("service.upkeep")


def prune_versions(registry: Registry, keep: int) -> None:
    """Remove all but the newest `keep` versions, the active one and the one before it."""
    for version in registry.prune(keep):
        log.info("an old model was removed", extra={"fields": {"model_version": version}})


def remove_activations(registry: Registry, seconds: float, limit: int) -> int:
    """Remove up to `limit` activations that are longer ago than that from the record; how many.

    The latest stays, and so does every one since the active version replaced another: that is the way back. None
    are removed while the latest is not that of the active version. Raises `ArtifactError`.
    """
    path = registry.root / ACTIVATIONS
    try:
        if not path.is_file():
            return 0
        with locked(registry.root):
            lines = [line for line in path.read_bytes().split(b"\n") if line]
            count = _removable(lines, registry.active(), datetime.now(UTC) - timedelta(seconds=seconds))
            removed = min(count, limit)
            if removed:
                remaining = b"".join(line + b"\n" for line in lines[removed:])
                replace_file(path, remaining, path.stat().st_mode & 0o777)
            return removed
    except OSError as error:
        raise ArtifactError(f"Old activations in {path} cannot be removed: {error.strerror}.") from error


def _removable(lines: list[bytes], active: str | None, before: datetime) -> int:
    """How many lines from the first on are neither needed nor young; those that do not parse are neither."""
    activations = dict(enumerate(map(parse_activation, lines)))
    parsed = {index: activation for index, activation in activations.items() if activation is not None}
    last = len(lines) - 1
    if last not in parsed or parsed[last].version != active:
        return 0
    young = [index for index, activation in parsed.items() if activation.activated_at.astimezone(UTC) >= before]
    # What `Registry.before_active` looks for: the last time that the active version replaced another one.
    way_back = [index for index, one in parsed.items() if one.version == active != one.previous]
    return min([last, *young[:1], *way_back[-1:]])
