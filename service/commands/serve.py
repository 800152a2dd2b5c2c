"""`python -m service serve`: serve the API until a signal ends it."""

import argparse
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from uvicorn.supervisors import Multiprocess

from models.errors import SegmentsError
from models.storage.registry import Registry
from service.audit import Action, record
from service.commands import keys
from service.commands.declaration import Command
from service.commands.listener import BACKLOG, listen, url_of
from service.commands.output import announce
from service.commands.startup_checks import (
    access_line,
    exclusive_database,
    explain_hangup,
    raise_descriptor_limit,
)
from service.http.server.connection import BoundedProtocol
from service.observability import logs
from service.security.keys import FIRST_KEY
from service.setting_values import comma_separated
from service.settings import Settings

APP = "service.worker:app"
# The name that `service.observability.metrics` reads; importing that would choose the kind of metrics too early.
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (HOST)")
    parser.add_argument("--port", type=int, help="port to listen on (PORT)")
    parser.add_argument("--workers", type=int, help="worker processes (WORKERS)")
    parser.add_argument(
        "--insecure",
        action="store_true",
        default=None,
        help="serve without keys on an address that others can reach: whoever reaches it may do everything",
    )


def _serve(_: argparse.Namespace, settings: Settings) -> None:
    """Migrate the store, say who has access and which model answers at which address, and serve."""
    logs.configure(settings.log_level)
    raise_descriptor_limit()
    url = settings.full_database_url()
    with listen(settings.host, settings.port) as listener, exclusive_database(url):
        with keys.opened(settings) as store:
            count = store.keys.change_count()
            announce(access_line(settings, store.keys))
            if store.keys.change_count() != count:
                record(store, "the start of the service (ADMIN_KEY_FILE)", Action.KEY_MADE, name=FIRST_KEY)
        announce(model_line(settings.registry()))
        base = url_of(listener) + settings.root_path
        announce(f"Listening on {url_of(listener)}; the API is described at {base}/docs")
        _export_options(settings)
        _run_server(settings, listener)


def _run_server(settings: Settings, listener: socket.socket) -> None:
    config = _server_config(settings)
    if settings.workers == 1:
        explain_hangup(announce)
        uvicorn.Server(config).run(sockets=[listener])
    else:
        with metrics_folder():
            Multiprocess(config, sockets=[listener]).run()


def _server_config(settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        APP,
        factory=True,
        workers=settings.workers,
        http=BoundedProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.trusted_proxies is not None,
        forwarded_allow_ips=list(comma_separated(settings.trusted_proxies)),
        ws="none",
        backlog=BACKLOG,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )


def _export_options(settings: Settings) -> None:
    """Put into the environment, which the workers read, what an option may have set."""
    os.environ["HOST"] = settings.host
    os.environ["INSECURE"] = str(settings.insecure)


def model_line(registry: Registry) -> str:
    """The active model, and whether it was made from simulated profiles."""
    try:
        version = registry.active()
        if version is None:
            return "No model is active yet; POST /retrain makes one, or python -m training fit --activate."
        origin = registry.manifest(version).origin
    except (SegmentsError, OSError, ValueError) as error:
        return f"The active model cannot be used: {error}"
    simulated = " SIMULATED profiles, not real people:" if origin.simulated else ""
    return f"Model {version}:{simulated} {origin.description}"


@contextmanager
def metrics_folder() -> Iterator[None]:
    """A fresh folder in which the workers share their metrics, removed afterwards."""
    folder = tempfile.mkdtemp(prefix="segments-metrics-")
    os.environ[METRICS_FOLDER] = folder
    try:
        yield
    finally:
        del os.environ[METRICS_FOLDER]
        shutil.rmtree(folder, ignore_errors=True)


COMMAND = Command(
    name="serve",
    help="serve the API; settings come from the environment or .env",
    add_options=_add_options,
    run=_serve,
)
