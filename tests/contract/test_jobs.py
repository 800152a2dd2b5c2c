"""Every `JobStore`."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from service.store.ports.idempotency import Claim
from service.store.ports.jobs import Job, JobKind, JobNotFound, JobRunning, JobStatus, JobStore
from service.store.ports.store import Store
from tests.contract.support.clocks import SettableClock
from tests.contract.support.records import NOW, queued_job

SECOND = timedelta(seconds=1)
ENDS = [status for status in JobStatus if status.ended]


def test_started_job_is_stored_unchanged(jobs: JobStore) -> None:
    job = queued_job(request={"source": "file", "path": "a\0b 😀", "k": None, "list": [1, 2.5, True]})
    assert jobs.start(job) == job
    assert jobs.get("job") == job


def test_unknown_job_is_not_found(jobs: JobStore) -> None:
    with pytest.raises(JobNotFound, match="'nothing'"):
        jobs.get("nothing")


@pytest.mark.parametrize("job_id", ["nothing", "", "nul\0", "half \ud800", "x" * 257])
def test_every_method_refuses_an_unknown_job(jobs: JobStore, job_id: str) -> None:
    calls: tuple[Callable[[], Job], ...] = (
        lambda: jobs.get(job_id),
        lambda: jobs.heartbeat(job_id, "me", "stage", 0.5),
        lambda: jobs.finish(job_id, JobStatus.FAILED),
        lambda: jobs.request_cancel(job_id),
    )
    for call in calls:
        with pytest.raises(JobNotFound):
            call()
    assert jobs.latest(10) == []


def test_second_job_is_refused_with_the_one_under_way(jobs: JobStore) -> None:
    first = jobs.start(queued_job("first"))
    with pytest.raises(JobRunning, match="first is queued") as refusal:
        jobs.start(queued_job("second"))
    assert refusal.value.job == first
    assert jobs.latest(10) == [first]


def test_running_job_holds_the_slot(jobs: JobStore) -> None:
    jobs.start(queued_job("first"))
    running = jobs.heartbeat("first", "me", "reading", 0.1)
    with pytest.raises(JobRunning, match="first is running") as refusal:
        jobs.start(queued_job("second"))
    assert refusal.value.job == running


@pytest.mark.parametrize("end", ENDS)
def test_every_final_status_frees_the_slot(jobs: JobStore, end: JobStatus) -> None:
    jobs.start(queued_job("first"))
    jobs.finish("first", end)
    assert jobs.start(queued_job("second")).id == "second"


def test_one_of_eight_threads_gets_the_slot(jobs: JobStore) -> None:
    start = threading.Barrier(8)

    def race(number: int) -> str:
        start.wait()
        try:
            return jobs.start(queued_job(f"job {number}")).id
        except JobRunning as refusal:
            return f"refused for {refusal.job.id}"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(race, range(8)))
    winner = jobs.latest(10)[0].id
    assert sorted(outcomes) == sorted([winner, *[f"refused for {winner}"] * 7])


def test_slot_never_has_two_holders(jobs: JobStore) -> None:
    running: set[str] = set()
    held: list[int] = []

    def race(number: int) -> None:
        for attempt in range(10):
            job_id = f"{number}-{attempt}"
            try:
                jobs.start(queued_job(job_id))
            except JobRunning:
                continue
            running.add(job_id)
            held.append(len(running))
            running.remove(job_id)
            jobs.finish(job_id, JobStatus.SUCCEEDED)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(race, range(4)))
    assert set(held) == {1}


def test_first_heartbeat_makes_a_job_running(jobs: JobStore, clock: SettableClock) -> None:
    job = jobs.start(queued_job())
    clock.advance(1.0)
    job_after = jobs.heartbeat("job", "me", "reading", 0.25)
    assert job_after == jobs.get("job")
    assert job_after == replace(
        job,
        status=JobStatus.RUNNING,
        heartbeat_at=NOW + SECOND,
        started_at=NOW + SECOND,
        stage="reading",
        progress=0.25,
    )


def test_later_heartbeat_keeps_the_start_time(jobs: JobStore, clock: SettableClock) -> None:
    jobs.start(queued_job())
    clock.advance(1.0)
    jobs.heartbeat("job", "me", "reading", 0.25)
    clock.advance(1.0)
    job = jobs.heartbeat("job", "me", "fitting", 0.5)
    assert (job.started_at, job.heartbeat_at) == (NOW + SECOND, NOW + 2 * SECOND)
    assert (job.stage, job.progress) == ("fitting", 0.5)


def test_heartbeat_of_another_owner_changes_nothing(jobs: JobStore) -> None:
    job = jobs.start(queued_job())
    assert jobs.heartbeat("job", "somebody else", "reading", 0.25) == job
    assert jobs.get("job") == job


@pytest.mark.parametrize("end", ENDS)
def test_heartbeat_of_an_ended_job_changes_nothing(jobs: JobStore, end: JobStatus) -> None:
    jobs.start(queued_job())
    ended = jobs.finish("job", end)
    assert jobs.heartbeat("job", "me", "reading", 0.25) == ended
    assert jobs.get("job") == ended


def test_finish_stores_the_result(jobs: JobStore, clock: SettableClock) -> None:
    jobs.start(queued_job())
    clock.advance(1.0)
    result = {"version": "20261101", "personas": [{"name": "é"}], "share": 0.5}
    ended = jobs.finish("job", JobStatus.SUCCEEDED, result=result)
    assert ended == jobs.get("job")
    assert (ended.status, ended.finished_at) == (JobStatus.SUCCEEDED, NOW + SECOND)
    assert (ended.result, ended.error) == (result, None)


def test_finish_stores_an_error_with_any_characters(jobs: JobStore) -> None:
    jobs.start(queued_job())
    job = jobs.finish("job", JobStatus.FAILED, error="died: \0 and \udcff, 😀")
    assert job.error == "died: � and �, 😀"
    assert job == jobs.get("job")


@pytest.mark.parametrize("end", ENDS)
def test_second_finish_changes_nothing(jobs: JobStore, end: JobStatus) -> None:
    jobs.start(queued_job())
    first = jobs.finish("job", end, error="first")
    later = jobs.finish("job", JobStatus.FAILED, error="second", result={"a": 1})
    assert later == first == jobs.get("job")


def test_one_of_eight_concurrent_finishes_is_stored_and_returned_to_all(jobs: JobStore) -> None:
    jobs.start(queued_job())

    def end(number: int) -> Job:
        return jobs.finish("job", JobStatus.FAILED, error=str(number))

    with ThreadPoolExecutor(8) as pool:
        assert {job.error for job in pool.map(end, range(8))} == {jobs.get("job").error}


def test_heartbeat_returns_a_requested_cancel(jobs: JobStore) -> None:
    jobs.start(queued_job())
    assert jobs.request_cancel("job").cancel_requested
    job = jobs.heartbeat("job", "me", "reading", 0.1)
    assert (job.cancel_requested, job.status) == (True, JobStatus.RUNNING)


def test_cancel_of_an_ended_job_changes_nothing(jobs: JobStore) -> None:
    jobs.start(queued_job())
    ended = jobs.finish("job", JobStatus.SUCCEEDED)
    assert jobs.request_cancel("job") == ended
    assert not jobs.get("job").cancel_requested


def test_job_without_heartbeats_expires_and_frees_the_slot(jobs: JobStore, clock: SettableClock) -> None:
    jobs.start(queued_job())
    jobs.heartbeat("job", "me", "reading", 0.1)
    clock.advance(2.0)
    expired = jobs.expire(1.0, "no sign of life \0")
    assert expired == [jobs.get("job")]
    assert (expired[0].status, expired[0].error) == (JobStatus.FAILED, "no sign of life �")
    assert expired[0].finished_at == NOW + 2 * SECOND
    assert jobs.start(queued_job("next")).id == "next"


def test_queued_job_expires(jobs: JobStore, clock: SettableClock) -> None:
    jobs.start(queued_job())
    clock.advance(2.0)
    assert [job.id for job in jobs.expire(1.0, "silent")] == ["job"]


def test_job_with_a_recent_heartbeat_does_not_expire(jobs: JobStore, clock: SettableClock) -> None:
    job = jobs.start(queued_job())
    clock.advance(1.0)
    assert jobs.expire(1.0, "silent") == []
    assert jobs.get("job") == job


def test_ended_job_does_not_expire(jobs: JobStore, clock: SettableClock) -> None:
    jobs.start(queued_job())
    ended = jobs.finish("job", JobStatus.SUCCEEDED)
    clock.advance(2.0)
    assert jobs.expire(1.0, "silent") == []
    assert jobs.get("job") == ended


def test_job_expires_once(jobs: JobStore, clock: SettableClock) -> None:
    jobs.start(queued_job())
    clock.advance(2.0)

    def expire(_: int) -> int:
        return len(jobs.expire(1.0, "silent"))

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(expire, range(8))) == [0] * 7 + [1]


def test_job_has_the_time_of_the_store_and_not_of_the_worker(jobs: JobStore) -> None:
    job = jobs.start(queued_job(created_at=NOW - 3_600 * SECOND, heartbeat_at=NOW + 3_600 * SECOND))
    assert (job.created_at, job.heartbeat_at) == (NOW, NOW)


def test_time_since_the_latest_job_is_that_of_the_store(jobs: JobStore, clock: SettableClock) -> None:
    assert jobs.seconds_since_latest() is None
    for job_id, seconds in (("one", 60.0), ("two", 1.5)):
        jobs.start(queued_job(job_id))
        jobs.finish(job_id, JobStatus.SUCCEEDED)
        clock.advance(seconds)
    assert jobs.seconds_since_latest() == 1.5


def test_jobs_are_listed_newest_first_page_by_page(jobs: JobStore, clock: SettableClock) -> None:
    jobs_to_start = [("a", 0), ("C", 1), ("b", 1), ("B", 1), ("é", 1), ("d", 2)]
    for job_id, seconds in jobs_to_start:
        clock.at = NOW + seconds * SECOND
        jobs.start(queued_job(job_id))
        jobs.finish(job_id, JobStatus.SUCCEEDED)
    listed: list[Job] = []
    while page := jobs.latest(2, (listed[-1].created_at, listed[-1].id) if listed else None):
        listed += page
    assert [job.id for job in listed] == ["d", "é", "b", "C", "B", "a"]
    assert jobs.latest(100) == listed


def test_request_is_not_shared_with_the_caller(jobs: JobStore) -> None:
    request = {"k": 5}
    jobs.start(queued_job(request=request))
    request["k"] = 6
    assert jobs.get("job").request == {"k": 5}


def test_heartbeat_stores_the_steps(jobs: JobStore) -> None:
    jobs.start(queued_job())
    step = {"name": "reading", "at": NOW.isoformat(), "progress": 0.1}
    jobs.heartbeat("job", "me", "reading", 0.1, [step])
    assert jobs.get("job").steps == [step]
    assert jobs.finish("job", JobStatus.SUCCEEDED).steps == [step]


# --- removal of old jobs ---------------------------------------------------------------------------


def run_jobs(store: Store, clock: SettableClock, *job_ids: str) -> None:
    """Run jobs one after the other, an hour each."""
    for job_id in job_ids:
        store.jobs.start(queued_job(job_id))
        clock.advance(3_600.0)
        store.jobs.finish(job_id, JobStatus.SUCCEEDED)


def ids(store: Store) -> list[str]:
    return [job.id for job in store.jobs.latest(100)]


def test_jobs_that_ended_longer_ago_are_removed_the_oldest_first_in_batches(
    store: Store, clock: SettableClock
) -> None:
    run_jobs(store, clock, *"abcde")
    clock.advance(60.0)
    assert store.jobs.remove_ended(3_600.0, 2) == 2
    assert ids(store) == ["e", "d", "c"]
    assert [store.jobs.remove_ended(3_600.0, 2) for _ in range(2)] == [2, 0]
    assert ids(store) == ["e"]


def test_newest_job_is_not_removed(store: Store, clock: SettableClock) -> None:
    run_jobs(store, clock, "a", "b")
    clock.advance(86_400.0)
    assert store.jobs.remove_ended(1.0, 10) == 1
    assert store.jobs.seconds_since_latest() == 86_400.0 + 3_600.0


@pytest.mark.parametrize("running", [False, True])
def test_job_under_way_is_not_removed_however_old(store: Store, clock: SettableClock, running: bool) -> None:
    run_jobs(store, clock, "a")
    store.jobs.start(queued_job("b"))
    if running:
        store.jobs.heartbeat("b", "me", "reading", 0.1)
    clock.advance(86_400.0 * 1_000)
    assert store.jobs.remove_ended(1.0, 10) == 1
    assert ids(store) == ["b"]


def test_job_that_an_idempotency_key_names_stays_as_long_as_the_key(store: Store, clock: SettableClock) -> None:
    claim = store.idempotency.claim("key", "digest", 86_400.0, 60.0)
    assert isinstance(claim, Claim)
    store.jobs.start(queued_job("named"), claim)
    store.jobs.finish("named", JobStatus.SUCCEEDED)
    run_jobs(store, clock, "newest")
    assert store.jobs.remove_ended(1.0, 10) == 0
    clock.advance(86_400.0)
    # The key expires, as any claim finds.
    store.idempotency.claim("other", "digest", 86_400.0, 60.0)
    assert store.jobs.remove_ended(1.0, 10) == 1
    assert ids(store) == ["newest"]


def test_each_kind_has_a_slot_of_its_own(jobs: JobStore) -> None:
    retrain = jobs.start(queued_job("retrain"))
    imported = jobs.start(queued_job("import", kind=JobKind.IMPORT))
    with pytest.raises(JobRunning, match=r"^Import import is queued") as refusal:
        jobs.start(queued_job("another", kind=JobKind.IMPORT))
    assert refusal.value.job == imported
    assert jobs.get("import").kind is JobKind.IMPORT
    assert jobs.latest(10) == [retrain]
    assert jobs.latest(10, kind=JobKind.IMPORT) == [imported]


def test_jobs_expire_by_kind(jobs: JobStore) -> None:
    jobs.start(queued_job("retrain"))
    jobs.start(queued_job("import", kind=JobKind.IMPORT))
    assert [job.id for job in jobs.expire(-1.0, "gone", JobKind.IMPORT)] == ["import"]
    assert not jobs.get("retrain").status.ended


def test_newest_job_of_each_kind_stays(jobs: JobStore) -> None:
    for job_id, kind in (("i1", JobKind.IMPORT), ("i2", JobKind.IMPORT), ("r1", JobKind.RETRAIN)):
        jobs.start(queued_job(job_id, kind=kind))
        jobs.finish(job_id, JobStatus.SUCCEEDED)
    assert jobs.remove_ended(-1.0, 10) == 1
    assert [job.id for job in jobs.latest(10, kind=JobKind.IMPORT)] == ["i2"]
    assert [job.id for job in jobs.latest(10)] == ["r1"]
