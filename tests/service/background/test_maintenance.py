"""The maintenance loop: which jobs are due, and what the failure of one does to the others."""

import threading
from collections.abc import Callable, Iterator

import pytest

from models.errors import SegmentsError
from service.background.maintenance import Maintenance, MaintenanceJob
from testkit.waiting import eventually

Start = Callable[..., Maintenance]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a maintenance loop over the given jobs."""
    started: list[Maintenance] = []

    def start(*jobs: MaintenanceJob) -> Maintenance:
        started.append(Maintenance(0.01, jobs, threading.Event()))
        started[-1].start()
        return started[-1]

    yield start
    for maintenance in started:
        maintenance.stop()


def test_job_without_an_interval_runs_in_each_iteration(start: Start) -> None:
    runs: list[str] = []
    start(MaintenanceJob(name="often", work=lambda: runs.append("often")))
    eventually(lambda: len(runs) > 2)


def test_job_is_due_at_once_and_then_after_its_interval(start: Start) -> None:
    runs: list[str] = []
    start(
        MaintenanceJob(name="seldom", work=lambda: runs.append("seldom"), interval=60),
        MaintenanceJob(name="often", work=lambda: runs.append("often")),
    )
    eventually(lambda: runs.count("often") > 2)
    assert runs.count("seldom") == 1


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (SegmentsError("The store is away."), "waits (first): The store is away."),
        (OSError("gone"), "failed (first)"),
    ],
)
def test_failed_job_is_logged_and_the_next_job_runs(
    start: Start, caplog: pytest.LogCaptureFixture, error: Exception, message: str
) -> None:
    ran = threading.Event()

    def fail() -> None:
        raise error

    start(MaintenanceJob(name="first", work=fail), MaintenanceJob(name="second", work=ran.set))
    assert ran.wait(5)
    assert message in caplog.text
