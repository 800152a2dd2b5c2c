"""`python -m service models`: list the versions of the model."""

import argparse

from models.errors import ArtifactError
from models.storage.manifest import Manifest
from models.storage.registry import Registry
from service.commands.declaration import Command
from service.commands.output import show
from service.settings import Settings


def _list_models(_: argparse.Namespace, settings: Settings) -> None:
    show("\n".join(version_lines(settings.registry())))


def version_lines(registry: Registry) -> list[str]:
    """A line for each version, oldest first; `*` marks the active one."""
    active = registry.active()
    lines = [
        f"{'*' if version == active else ' '} {_describe(registry, version)}" for version in registry.versions()
    ]
    return lines or [f"There is no model in {registry.root}; make one with python -m training fit."]


def _describe(registry: Registry, version: str) -> str:
    try:
        manifest = registry.manifest(version)
    except ArtifactError as error:
        return f"{version}  unusable: {error}"
    return f"{version}  {len(manifest.personas)} personas  {_checks(manifest)}  {manifest.origin.description}"


def _checks(manifest: Manifest) -> str:
    """How many checks failed, or could not be made."""
    failed, unjudged = (len(manifest.verdicts_that(outcome)) for outcome in ("failed", "not_judged"))
    if failed:
        return f"{failed} failed check{'s' if failed > 1 else ''}"
    return f"no failed check, {unjudged} not judged" if unjudged else "all checks passed"


COMMAND = Command(name="models", help="list the versions of the model; * marks the active one", run=_list_models)
