"""`python -m service sign`: sign a version that was made before there was a key to sign with."""

import argparse

from models.profile import Profile
from models.storage.artifact import SUMS
from models.storage.registry import Registry
from models.storage.signature import sign_version
from service.commands.declaration import Command
from service.commands.output import show
from service.settings import Settings, SettingsError


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", help="a version that `models` lists")


def _sign(options: argparse.Namespace, settings: Settings) -> None:
    show(sign(settings.registry(), options.version))


def sign(registry: Registry, version: str) -> str:
    """Sign a version whose checksums all hold; a sentence that says so. Raises `SettingsError` without a key."""
    if registry.key is None:
        raise SettingsError("There is no key to sign with; ARTIFACT_KEY_FILE names the file that holds it.")
    unsigned = Registry(registry.root)
    unsigned.load(version, Profile)
    folder = unsigned.folder(version)
    sign_version(folder, (folder / SUMS).read_bytes(), registry.key)
    registry.load(version, Profile)
    return f"Model {version} is signed."


COMMAND = Command(
    name="sign",
    help="sign a version that was made before there was a key to sign with",
    add_options=_add_options,
    run=_sign,
)
