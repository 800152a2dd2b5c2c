"""Group commit, for a database whose every commit waits for the disk.

One thread writes for all others. It begins a transaction (in SQLite that waits for the write lock), then takes
every write submitted by then, performs them in order of submission, and commits once. No write is reported before
it is durable.

- A write that fails does not affect the others: the transaction is rolled back, and each of its writes is repeated
  in a transaction of its own. That is rare; savepoints would slow down every write.
- A commit that fails, fails all of its writes. As with any database, a write reported as failed may turn out to be
  stored.
- A write must begin before its deadline (`service.store.sql.connections.deadline`); otherwise it is dropped from
  the queue with `StoreUnavailable`. A write that has begun is awaited however long the disk takes: a failure
  reported for a write that is stored after all would mislead the caller.
"""

import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from service.store.ports.errors import StoreUnavailable
from service.store.sql.connections.deadline import deadline, seconds_left, until

T = TypeVar("T")
W = TypeVar("W")
_TIMED_OUT = "Other writes take too long; the same request may work later."
# The most writes in one group commit: the first of them waits for the last.
MAX_WRITES_PER_COMMIT = 256


@dataclass(frozen=True, slots=True)
class _Write:
    value: Any
    deadline: float
    outcome: Future[Any] = field(default_factory=Future)

    def begin(self) -> bool:
        """Whether to perform it: not if it was cancelled or its deadline has passed."""
        if not self.outcome.set_running_or_notify_cancel():
            return False
        if self.deadline < monotonic():
            self.outcome.set_exception(StoreUnavailable(_TIMED_OUT))
            return False
        return True


class GroupCommit(Generic[W, T]):
    """The writing thread and its queue. `writing` opens a transaction and commits it at the end.

    `perform` performs writes within a transaction, in their order; their results, in that order. A result that is
    an exception is raised for that write alone.
    """

    def __init__(
        self,
        writing: Callable[[], AbstractContextManager[Connection]],
        perform: Callable[[Connection, Sequence[W]], Sequence[T | Exception]],
    ) -> None:
        self._writing = writing
        self._perform = perform
        self._queue: SimpleQueue[_Write | None] = SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, value: W) -> Future[T]:
        """Queue a write; the future has its result once it is durable."""
        write = _Write(value, deadline())
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
                self._thread.start()
            self._queue.put(write)
        return write.outcome

    def close(self) -> None:
        """Perform the queued writes, and stop the thread."""
        with self._starting:
            thread, self._thread = self._thread, None
            if thread is not None:
                self._queue.put(None)
                thread.join()

    def _run(self) -> None:
        while (write := self._queue.get()) is not None:
            if not write.outcome.cancelled():
                self._commit(write)

    def _commit(self, first: _Write) -> None:
        """Perform the first write and every write queued by the time that the transaction has begun."""
        begun: list[_Write] = []
        results: Sequence[T | Exception] | None = None
        try:
            with until(first.deadline), self._writing() as connection:
                begun = [write for write in self._with_queued(first) if write.begin()]
                results = self._perform(connection, [write.value for write in begun])
        except Exception as error:
            if begun and results is None:
                self._commit_separately(begun)
            else:
                _fail(begun or [first], error)
        else:
            for write, result in zip(begun, results, strict=True):
                _set(write.outcome, result)

    def _with_queued(self, first: _Write) -> list[_Write]:
        """The first write and those queued behind it, in order."""
        writes = [first]
        while len(writes) < MAX_WRITES_PER_COMMIT:
            try:
                write = self._queue.get_nowait()
            except Empty:
                break
            if write is None:
                self._queue.put(None)
                break
            writes.append(write)
        return writes

    def _commit_separately(self, writes: list[_Write]) -> None:
        """Each write in its own transaction, all within the latest of their deadlines."""
        with until(max(write.deadline for write in writes)):
            for write in writes:
                try:
                    with self._writing() as connection:
                        (result,) = self._perform(connection, [write.value])
                except Exception as error:
                    write.outcome.set_exception(error)
                else:
                    _set(write.outcome, result)


def _set(outcome: Future[Any], result: object) -> None:
    if isinstance(result, Exception):
        outcome.set_exception(result)
    else:
        outcome.set_result(result)


def _fail(writes: list[_Write], error: Exception) -> None:
    for write in writes:
        outcome = write.outcome
        if outcome.running() or (not outcome.done() and outcome.set_running_or_notify_cancel()):
            outcome.set_exception(error)


def outcome_of(submitted: Future[T]) -> T:
    """Wait for a submitted write: until the deadline for its beginning, without limit for its end."""
    left = seconds_left()
    try:
        return submitted.result(None if math.isinf(left) else left)
    except TimeoutError:
        if submitted.cancel():
            raise StoreUnavailable(_TIMED_OUT) from None
        return submitted.result()
