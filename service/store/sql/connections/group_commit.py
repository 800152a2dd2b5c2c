"""Group commit, for a database that admits one writer at a time and whose every commit waits for the disk.

One thread writes for all others. It waits for the database's write lock, then takes every write submitted by then,
performs them in order of submission, and commits once. No write is reported before it is durable.

- A write that fails does not affect the others: the transaction is rolled back, and each of its writes is repeated
  in a transaction of its own. That is rare; savepoints would slow down every write.
- A commit that fails, fails all of its writes. As with any database, a write reported as failed may turn out to be
  stored.
- A write must begin before its deadline (`service.store.sql.connections.deadline`); otherwise it is dropped from
  the queue with `StoreUnavailable`. A write that has begun is awaited however long the disk takes: a caller
  told of a failure would be misled if the write was stored after all.
"""

import math
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextvars import copy_context
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import Connection

from service.store.ports.errors import StoreUnavailable
from service.store.sql.connections.deadline import deadline, seconds_left, until

T = TypeVar("T")
_REFUSAL = "Other writes take too long; the same request may work later."
# So many writes share a commit at most: the first of them waits for the last.
MOST = 256


@dataclass(frozen=True, slots=True)
class _Write:
    work: Callable[[Connection], Any]
    deadline: float
    outcome: Future[Any] = field(default_factory=Future)

    def begin(self) -> bool:
        """Whether it is to be done: it was not given up, and its time is not up."""
        if not self.outcome.set_running_or_notify_cancel():
            return False
        if self.deadline < monotonic():
            self.outcome.set_exception(StoreUnavailable(_REFUSAL))
            return False
        return True


class GroupCommit:
    """The thread that writes, and the queue before it. `writing` opens a transaction and commits it at its end."""

    def __init__(self, writing: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._writing = writing
        self._queue: SimpleQueue[_Write | None] = SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, work: Callable[[Connection], T]) -> Future[T]:
        """Hand over a write; what it returns, once it is durable."""
        write = _Write(work, deadline())
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
                self._thread.start()
            self._queue.put(write)
        return write.outcome

    def close(self) -> None:
        """End, after what has been handed over."""
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
        """Do the first write, and all that have come by the time that it can be begun with."""
        begun: list[_Write] = []
        told: list[Any] = []
        try:
            with until(first.deadline), self._writing() as connection:
                begun = [write for write in self._come(first) if write.begin()]
                for write in begun:
                    told.append(write.work(connection))
        except Exception as error:
            if begun and len(told) < len(begun):
                self._commit_each(begun)
            else:
                _fail(begun or [first], error)
        else:
            for write, value in zip(begun, told, strict=True):
                write.outcome.set_result(value)

    def _come(self, first: _Write) -> list[_Write]:
        """The first write and those behind it, in order."""
        come = [first]
        while len(come) < MOST:
            try:
                write = self._queue.get_nowait()
            except Empty:
                break
            if write is None:
                self._queue.put(None)
                break
            come.append(write)
        return come

    def _commit_each(self, begun: list[_Write]) -> None:
        """Each in a transaction of its own; all together they take no longer than one may."""
        with until(max(write.deadline for write in begun)):
            for write in begun:
                try:
                    with self._writing() as connection:
                        value = write.work(connection)
                except Exception as error:
                    write.outcome.set_exception(error)
                else:
                    write.outcome.set_result(value)


class IndependentCommits:
    """The same for a database in which many write at a time: each in a transaction of its own, in some threads."""

    def __init__(self, writing: Callable[[], AbstractContextManager[Connection]], threads: int) -> None:
        self._writing = writing
        self._number = threads
        self._starting = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None

    def submit(self, work: Callable[[Connection], T]) -> Future[T]:
        """Hand over a write; what it returns, once it is durable."""
        with self._starting:
            self._threads = self._threads or ThreadPoolExecutor(self._number, "writer")
            # With the deadline, which is part of the context.
            return self._threads.submit(copy_context().run, self._commit, work)

    def close(self) -> None:
        """End, after what has been handed over."""
        with self._starting:
            threads, self._threads = self._threads, None
            if threads is not None:
                threads.shutdown()

    def _commit(self, work: Callable[[Connection], T]) -> T:
        with self._writing() as connection:
            return work(connection)


def _fail(writes: list[_Write], error: Exception) -> None:
    for write in writes:
        outcome = write.outcome
        if outcome.running() or (not outcome.done() and outcome.set_running_or_notify_cancel()):
            outcome.set_exception(error)


def outcome_of(handed_over: Future[T]) -> T:
    """Wait for a write that was handed over, until the deadline while it is not begun with."""
    left = seconds_left()
    try:
        return handed_over.result(None if math.isinf(left) else left)
    except TimeoutError:
        if handed_over.cancel():
            raise StoreUnavailable(_REFUSAL) from None
        return handed_over.result()
