"""`PeriodicTask`: when it calls, what an exception does to it, and how it stops."""

import logging
import threading
import time
from collections.abc import Callable

import pytest

from service.background.periodic_task import PeriodicTask
from testkit.waiting import eventually

log = logging.getLogger("tests.periodic_task")


def task(work: Callable[[], object], *, interval: float = 0.01, immediately: bool = False) -> PeriodicTask:
    return PeriodicTask(name="test-task", interval=interval, work=work, log=log, immediately=immediately)


def test_work_is_repeated_until_the_task_is_stopped() -> None:
    calls: list[int] = []
    repeated = task(lambda: calls.append(1))
    repeated.start()
    eventually(lambda: len(calls) > 2)
    repeated.stop()
    count = len(calls)
    time.sleep(0.05)
    assert len(calls) == count


def test_first_call_waits_for_one_interval() -> None:
    calls: list[int] = []
    waiting = task(lambda: calls.append(1), interval=60)
    waiting.start()
    waiting.stop()
    assert calls == []


def test_immediate_task_calls_before_its_first_interval() -> None:
    called = threading.Event()
    immediate = task(called.set, interval=60, immediately=True)
    immediate.start()
    assert called.wait(5)
    immediate.stop()


def test_exception_is_logged_and_the_task_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []

    def fail() -> None:
        calls.append(1)
        raise RuntimeError("out of reach")

    failing = task(fail)
    failing.start()
    eventually(lambda: len(calls) > 1)
    failing.stop()
    assert "test-task failed" in caplog.text
    assert caplog.records[0].name == log.name


def test_work_runs_in_a_named_daemon_thread() -> None:
    threads: list[threading.Thread] = []
    named = task(lambda: threads.append(threading.current_thread()), immediately=True)
    named.start()
    eventually(lambda: bool(threads))
    named.stop()
    assert (threads[0].name, threads[0].daemon) == ("test-task", True)


def test_stop_waits_no_longer_than_its_timeout_for_work_that_hangs() -> None:
    released = threading.Event()
    hanging = task(lambda: released.wait(10), immediately=True)
    hanging.start()
    started = time.monotonic()
    hanging.stop(timeout=0.05)
    assert time.monotonic() - started < 5
    released.set()


def test_long_work_sees_that_the_task_is_stopping() -> None:
    running, ended = threading.Event(), threading.Event()
    stopping = threading.Event()

    def work() -> None:
        running.set()
        if stopping.wait(10):
            ended.set()

    long = PeriodicTask(name="long", interval=60, work=work, log=log, immediately=True, stopping=stopping)
    long.start()
    assert running.wait(5)
    long.stop()
    assert ended.is_set()


def test_task_that_was_never_started_can_be_stopped() -> None:
    task(lambda: None).stop()
