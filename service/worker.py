"""The application of a worker process."""

import gc
import os
import signal
import sys
import threading
from multiprocessing import parent_process

from fastapi import FastAPI

from service.app import create_app
from service.observability import logs
from service.settings import read_settings

# A read from PostgreSQL passes the interpreter from thread to thread several times, and may wait each time for as
# long as this, in seconds. With Python's own 0.005 its p99 beside writers is two to three times as long.
SWITCH_INTERVAL = 0.000_5


def app() -> FastAPI:
    """The service with settings from the environment, and logs to standard output."""
    settings = read_settings()
    logs.configure(settings.log_level)
    _end_with_parent()
    sys.setswitchinterval(SWITCH_INTERVAL)
    app = create_app(settings)
    _collect_less()
    return app


def _collect_less() -> None:
    """Run the garbage collector less often, and never over imported modules.

    A batch creates thousands of containers but no cycles: searching all of them would cost it a tenth of its time
    (benchmarks/README.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _end_with_parent() -> None:
    """Stop this worker when its parent was killed: it would hold the port, and nothing would stop it."""
    parent = parent_process()
    if parent is None:
        return
    # A terminal that closes signals the parent, too, which stops its workers gracefully.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent-watcher", daemon=True).start()
