"""Use case: remove old versions, so that the folder of artifacts does not grow for ever."""

import logging

from models.storage.registry import Registry

log = logging.getLogger("service.upkeep")


def prune_versions(registry: Registry, keep: int) -> None:
    """Remove all but the newest `keep` versions, the active one and the one before it."""
    for version in registry.prune(keep):
        log.info("an old model was removed", extra={"fields": {"model_version": version}})
