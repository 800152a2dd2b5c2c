"""The background loop of the service: one call after another in a thread, whatever a call may raise."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class PeriodicTask:
    """Calls `work` in a daemon thread with pauses of `interval` seconds; the first pause comes before the first
    call, unless the task starts `immediately`.

    An exception is logged to `log` and does not end the task. Work that takes long may look at `stopping`.
    """

    name: str
    interval: float
    work: Callable[[], object]
    log: logging.Logger
    immediately: bool = False
    stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._repeat, name=self.name, daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Begin no further call, and wait at most `timeout` seconds for the one under way."""
        self.stopping.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def _repeat(self) -> None:
        if self.immediately and not self.stopping.is_set():
            self._call()
        while not self.stopping.wait(self.interval):
            self._call()

    def _call(self) -> None:
        try:
            self.work()
        except Exception:
            self.log.exception("%s failed; it is tried again in %g s", self.name, self.interval)
