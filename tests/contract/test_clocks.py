"""Workers whose own clocks are an hour apart agree on leases, heartbeats and idempotency keys in every store.

No method that depends on time takes one: these stores go by the clock of the database, or of the process.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from service.store.memory.store import MemoryStore
from service.store.ports.idempotency import Claim, StoredResponse
from service.store.ports.jobs import Job, JobRunning, JobStatus
from service.store.ports.store import Store
from service.store.sql.clock import database_clock
from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore
from tests.contract.support.records import queued_job

HOUR = timedelta(hours=1)
SOON = 0.05
Open = Callable[[], Store]


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def workers(request: pytest.FixtureRequest) -> Iterator[tuple[Store, Store]]:
    """The same store as two workers have opened it, by the real clock."""
    if request.param == "memory":
        in_memory = MemoryStore()
        yield in_memory, in_memory
        return
    url = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "emptied_postgres")
    migrate(url)
    stores = SqlStore(url), SqlStore(url)
    yield stores
    for store in stores:
        store.close()


def job_of_a_worker(behind: timedelta) -> Job:
    """A job with the times that a worker gives it whose clock is that much behind."""
    now = datetime.now(UTC) - behind
    return queued_job(created_at=now, heartbeat_at=now)


@pytest.mark.parametrize("behind", [HOUR, -HOUR], ids=["behind", "ahead"])
def test_healthy_job_of_a_worker_with_another_time_does_not_expire(
    workers: tuple[Store, Store], behind: timedelta
) -> None:
    one, other = workers
    started = one.jobs.start(job_of_a_worker(behind))
    assert abs(started.created_at - datetime.now(UTC)) < HOUR / 2
    assert other.jobs.expire(60.0, "silent") == []
    job = one.jobs.heartbeat("job", "me", "reading", 0.1)
    assert job.status == JobStatus.RUNNING
    assert started.heartbeat_at <= job.heartbeat_at < started.heartbeat_at + HOUR / 2
    assert other.jobs.expire(60.0, "silent") == []
    with pytest.raises(JobRunning):
        other.jobs.start(queued_job("second"))


@pytest.mark.parametrize("behind", [HOUR, -HOUR], ids=["behind", "ahead"])
def test_silent_job_of_a_worker_with_another_time_expires_after_its_lease(
    workers: tuple[Store, Store], behind: timedelta
) -> None:
    one, other = workers
    started = one.jobs.start(job_of_a_worker(behind))
    time.sleep(SOON)
    (expired,) = other.jobs.expire(SOON / 2, "silent")
    assert expired.finished_at is not None
    assert timedelta(seconds=SOON / 2) < expired.finished_at - started.heartbeat_at < HOUR / 2


def test_lease_is_held_for_its_time(workers: tuple[Store, Store]) -> None:
    one, other = workers
    lease = one.leases.take("work", "one", 3_600.0)
    assert lease is not None
    assert abs(lease.expires_at - datetime.now(UTC) - HOUR) < HOUR / 2
    assert other.leases.take("work", "other", 1.0) is None
    assert one.leases.take("work", "one", SOON / 2) is not None
    time.sleep(SOON)
    assert other.leases.take("work", "other", 1.0) is not None


def test_idempotency_key_is_abandoned_and_expires_after_its_time(workers: tuple[Store, Store]) -> None:
    one, other = workers
    first = one.idempotency.claim("key", "d", 86_400.0, 60.0)
    assert isinstance(first, Claim)
    assert other.idempotency.claim("key", "d", 86_400.0, 60.0) == StoredResponse("d")
    time.sleep(SOON)
    second = other.idempotency.claim("key", "d", 86_400.0, SOON / 2)
    assert isinstance(second, Claim)
    one.idempotency.complete(first, 200, {}, "of the first")
    other.idempotency.complete(second, 200, {}, "of the second")
    stored = one.idempotency.claim("key", "d", 86_400.0, 60.0)
    assert isinstance(stored, StoredResponse)
    assert stored.body == "of the second"
    time.sleep(SOON)
    assert isinstance(one.idempotency.claim("key", "d", SOON / 2, 60.0), Claim)


@pytest.mark.parametrize("seconds", [0.0, 0.0005, -0.25, 90.5, -86_400.0, 40 * 86_400.0])
def test_time_of_the_database_is_now_and_the_seconds(sql_store: SqlStore, seconds: float) -> None:
    with sql_store.database.reading() as connection:
        now, then = connection.execute(select(database_clock(0), database_clock(seconds))).one()
    assert abs((then - now).total_seconds() - seconds) < 0.01
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)
