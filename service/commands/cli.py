"""The commands of the service: `python -m service serve | migrate | models | activate | sign | keys`.

Exit codes: 0 done; 2 a setting, the address or the database cannot be used (one sentence on standard error).
"""

import argparse
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from getpass import getuser

import uvicorn
from pydantic import ValidationError
from uvicorn.supervisors import Multiprocess

from models.errors import ArtifactError, SegmentsError
from models.profile import Profile
from models.storage.artifact import SUMS
from models.storage.registry import Registry
from models.storage.signature import sign_version
from service.commands import keys
from service.commands.startup_checks import (
    access_line,
    alone_with_database,
    explain_hangup,
    raise_descriptor_limit,
)
from service.http.server.connection import BoundedProtocol
from service.observability import logs
from service.settings import Settings, SettingsError, listed
from service.store.sql.migrate import migrate

APP = "service.worker:app"
# The name that `service.observability.metrics` reads; importing that would choose the kind of metrics too early.
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class AddressTaken(SegmentsError):
    """The address cannot be listened on."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = _settings(options)
        match options.command:
            case "serve":
                serve(settings)
            case "migrate":
                migrate(settings.full_database_url())
            case "models":
                print("\n".join(model_lines(_registry(settings))))
            case "activate":
                print(activate(_registry(settings), options.version, options.by or whoami(), options.reason))
            case "sign":
                print(sign(_registry(settings), options.version))
            case "keys":
                keys.run(options, settings)
    except SegmentsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def serve(settings: Settings) -> None:
    """Bring the store up to date, say who may ask and what answers where, and serve until told to stop."""
    logs.configure(settings.log_level)
    raise_descriptor_limit()
    url = settings.full_database_url()
    with listen(settings.host, settings.port) as listener, alone_with_database(url):
        with keys.opened(settings) as stored:
            say(access_line(settings, stored))
        say(model_line(_registry(settings)))
        say(f"Listening on {address(listener)}; the API is described at {address(listener)}/docs")
        _hand_on(settings)
        _run(settings, listener)


def _run(settings: Settings, listener: socket.socket) -> None:
    config = uvicorn.Config(
        APP,
        factory=True,
        workers=settings.workers,
        http=BoundedProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.trusted_proxies is not None,
        forwarded_allow_ips=list(listed(settings.trusted_proxies)),
        ws="none",
        backlog=2_048,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    if settings.workers == 1:
        explain_hangup(say)
        uvicorn.Server(config).run(sockets=[listener])
    else:
        with metrics_folder():
            Multiprocess(config, sockets=[listener]).run()


def _hand_on(settings: Settings) -> None:
    """What the command line may have said and the workers, who read the environment, must know."""
    os.environ["HOST"] = settings.host
    os.environ["INSECURE"] = str(settings.insecure)


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Raises `AddressTaken`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # Two services on one port both bind, and only the second one's listening fails.
        listener.listen(2_048)
    except OSError as error:
        listener.close()
        raise AddressTaken(
            f"Cannot listen on {host} port {port}: {error.strerror or error}. "
            "Choose another with PORT or --port, or stop what listens there."
        ) from error
    listener.set_inheritable(True)
    return listener


def address(listener: socket.socket) -> str:
    """Where the socket is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def model_line(registry: Registry) -> str:
    """Which model will answer, and whether it is a stand-in."""
    try:
        version = registry.active()
        if version is None:
            return "No model is in force yet; POST /retrain makes one, or python -m training fit --activate."
        origin = registry.manifest(version).origin
    except (SegmentsError, OSError, ValueError) as error:
        return f"The active model cannot be used: {error}"
    simulated = " SIMULATED profiles, not real people:" if origin.simulated else ""
    return f"Model {version}:{simulated} {origin.description}"


def model_lines(registry: Registry) -> list[str]:
    """A line for each version, oldest first; `*` marks the one in force."""
    active = registry.active()
    lines = []
    for version in registry.versions():
        mark = "*" if version == active else " "
        try:
            manifest = registry.manifest(version)
            lines.append(f"{mark} {version}  {len(manifest.personas)} personas  {manifest.origin.description}")
        except ArtifactError as error:
            lines.append(f"{mark} {version}  unusable: {error}")
    return lines or [f"There is no model in {registry.root}; make one with python -m training fit."]


def activate(registry: Registry, version: str, by: str, reason: str) -> str:
    """Verify a version, put it in force (every worker follows), and say so. Promotion and rollback alike."""
    registry.load(version, Profile)
    before = registry.activate(version, by, reason).previous
    return f"Model {version} is in force; before it was {before or 'none'}."


def whoami() -> str:
    """Who runs this, as far as the machine knows: a container's user may have no name."""
    try:
        return getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def sign(registry: Registry, version: str) -> str:
    """Sign a version that was made before there was a key, once all its checksums hold, and say so."""
    if registry.key is None:
        raise SettingsError("There is no key to sign with; ARTIFACT_KEY_FILE names the file that holds it.")
    unsigned = Registry(registry.root)
    unsigned.load(version, Profile)
    folder = unsigned.folder(version)
    sign_version(folder, (folder / SUMS).read_bytes(), registry.key)
    registry.load(version, Profile)
    return f"Model {version} is signed."


@contextmanager
def metrics_folder() -> Iterator[None]:
    """A fresh folder in which the workers share their metrics, gone afterwards."""
    folder = tempfile.mkdtemp(prefix="segments-metrics-")
    os.environ[METRICS_FOLDER] = folder
    try:
        yield
    finally:
        del os.environ[METRICS_FOLDER]
        shutil.rmtree(folder, ignore_errors=True)


def say(sentence: str) -> None:
    """A line for whoever started this; logs are on standard output. Where it cannot be said, so be it."""
    with suppress(OSError):
        print(sentence, file=sys.stderr, flush=True)


def _registry(settings: Settings) -> Registry:
    return Registry(settings.artifacts_dir, settings.artifact_key())


def _settings(options: argparse.Namespace) -> Settings:
    given = {
        name: value
        for name in ("host", "port", "workers", "insecure")
        if (value := getattr(options, name, None)) is not None
    }
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = (f"{_setting_name(item['loc'])}: {item['msg']}" for item in error.errors())
        raise SettingsError(f"These settings cannot be used. {'; '.join(lines)}.") from error


def _setting_name(loc: tuple[int | str, ...]) -> str:
    return str(loc[0]).upper() if loc else "settings"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m service", description="The service of BackPocket Segments.")
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="serve the API; settings come from the environment or .env")
    serving.add_argument("--host", help="address to listen on (HOST)")
    serving.add_argument("--port", type=int, help="port to listen on (PORT)")
    serving.add_argument("--workers", type=int, help="worker processes (WORKERS)")
    serving.add_argument(
        "--insecure",
        action="store_true",
        default=None,
        help="serve without keys on an address that others can reach: whoever reaches it may do everything",
    )
    commands.add_parser("migrate", help="bring the database to this version's schema")
    commands.add_parser("models", help="list the versions of the model; * marks the one in force")
    activating = commands.add_parser("activate", help="verify a version and put it in force (also to roll back)")
    activating.add_argument("version", help="a version that `models` lists")
    activating.add_argument("--by", help="who does it (default: the user of this machine)")
    activating.add_argument("--reason", default="", help="why, kept with the activation")
    signing = commands.add_parser("sign", help="sign a version that was made before there was a key to sign with")
    signing.add_argument("version", help="a version that `models` lists")
    keys.add_parser(commands)
    return parser
