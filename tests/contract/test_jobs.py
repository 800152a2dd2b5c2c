"""What every store promises about jobs."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from service.store.ports.jobs import Job, JobNotFound, JobRunning, JobStatus
from service.store.ports.store import Store
from tests.contract.records import NOW, queued_job

SECOND = timedelta(seconds=1)
ENDS = [status for status in JobStatus if status.ended]


def test_a_new_job_is_queued_as_it_was_made(store: Store) -> None:
    job = queued_job(request={"source": "file", "path": "a\0b 😀", "k": None, "list": [1, 2.5, True]})
    assert store.jobs.start(job) == job
    assert store.jobs.get("job") == job


def test_a_job_that_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(JobNotFound, match="'nothing'"):
        store.jobs.get("nothing")


@pytest.mark.parametrize("job_id", ["nothing", "", "nul\0", "half \ud800", "x" * 201])
def test_nothing_happens_to_a_job_that_is_not_there(store: Store, job_id: str) -> None:
    calls: tuple[Callable[[], Job], ...] = (
        lambda: store.jobs.get(job_id),
        lambda: store.jobs.heartbeat(job_id, "me", NOW, "stage", 0.5),
        lambda: store.jobs.finish(job_id, JobStatus.FAILED, NOW),
        lambda: store.jobs.request_cancel(job_id),
    )
    for call in calls:
        with pytest.raises(JobNotFound):
            call()
    assert store.jobs.latest(10) == []


def test_a_second_job_is_refused_with_the_one_that_runs(store: Store) -> None:
    first = store.jobs.start(queued_job("first"))
    with pytest.raises(JobRunning, match="first is queued") as refusal:
        store.jobs.start(queued_job("second"))
    assert refusal.value.job == first
    assert store.jobs.latest(10) == [first]


def test_a_running_job_has_the_slot_as_well(store: Store) -> None:
    store.jobs.start(queued_job("first"))
    running = store.jobs.heartbeat("first", "me", NOW, "reading", 0.1)
    with pytest.raises(JobRunning, match="first is running") as refusal:
        store.jobs.start(queued_job("second"))
    assert refusal.value.job == running


@pytest.mark.parametrize("end", ENDS)
def test_every_end_frees_the_slot(store: Store, end: JobStatus) -> None:
    store.jobs.start(queued_job("first"))
    store.jobs.finish("first", end, NOW)
    assert store.jobs.start(queued_job("second")).id == "second"


def test_of_eight_threads_one_gets_the_slot(store: Store) -> None:
    start = threading.Barrier(8)

    def race(number: int) -> str:
        start.wait()
        try:
            return store.jobs.start(queued_job(f"job {number}")).id
        except JobRunning as refusal:
            return f"refused for {refusal.job.id}"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(race, range(8)))
    winner = store.jobs.latest(10)[0].id
    assert sorted(outcomes) == sorted([winner, *[f"refused for {winner}"] * 7])


def test_a_slot_that_changes_hands_all_the_time_never_has_two(store: Store) -> None:
    running: set[str] = set()
    most: list[int] = []

    def race(number: int) -> None:
        for turn in range(10):
            job_id = f"{number}-{turn}"
            try:
                store.jobs.start(queued_job(job_id))
            except JobRunning:
                continue
            running.add(job_id)
            most.append(len(running))
            running.remove(job_id)
            store.jobs.finish(job_id, JobStatus.SUCCEEDED, NOW)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(race, range(4)))
    assert set(most) == {1}


def test_the_first_sign_of_life_starts_a_job(store: Store) -> None:
    job = store.jobs.start(queued_job())
    beaten = store.jobs.heartbeat("job", "me", NOW + SECOND, "reading", 0.25)
    assert beaten == store.jobs.get("job")
    assert beaten == replace(
        job,
        status=JobStatus.RUNNING,
        heartbeat_at=NOW + SECOND,
        started_at=NOW + SECOND,
        stage="reading",
        progress=0.25,
    )


def test_later_signs_of_life_leave_the_start_alone(store: Store) -> None:
    store.jobs.start(queued_job())
    store.jobs.heartbeat("job", "me", NOW + SECOND, "reading", 0.25)
    job = store.jobs.heartbeat("job", "me", NOW + 2 * SECOND, "fitting", 0.5)
    assert (job.started_at, job.heartbeat_at) == (NOW + SECOND, NOW + 2 * SECOND)
    assert (job.stage, job.progress) == ("fitting", 0.5)


def test_a_stranger_does_not_keep_a_job_alive(store: Store) -> None:
    job = store.jobs.start(queued_job())
    assert store.jobs.heartbeat("job", "somebody else", NOW + SECOND, "reading", 0.25) == job
    assert store.jobs.get("job") == job


@pytest.mark.parametrize("end", ENDS)
def test_a_job_that_has_ended_does_not_come_back_to_life(store: Store, end: JobStatus) -> None:
    store.jobs.start(queued_job())
    ended = store.jobs.finish("job", end, NOW)
    assert store.jobs.heartbeat("job", "me", NOW + SECOND, "reading", 0.25) == ended
    assert store.jobs.get("job") == ended


def test_a_job_ends_with_its_result(store: Store) -> None:
    store.jobs.start(queued_job())
    result = {"version": "20261101", "personas": [{"name": "é"}], "share": 0.5}
    ended = store.jobs.finish("job", JobStatus.SUCCEEDED, NOW + SECOND, result=result)
    assert ended == store.jobs.get("job")
    assert (ended.status, ended.finished_at) == (JobStatus.SUCCEEDED, NOW + SECOND)
    assert (ended.result, ended.error) == (result, None)


def test_a_job_ends_with_the_reason_whatever_is_in_it(store: Store) -> None:
    store.jobs.start(queued_job())
    job = store.jobs.finish("job", JobStatus.FAILED, NOW, error="died: \0 and \udcff, 😀")
    assert job.error == "died: � and �, 😀"
    assert job == store.jobs.get("job")


@pytest.mark.parametrize("end", ENDS)
def test_a_job_stays_as_it_ended_first(store: Store, end: JobStatus) -> None:
    store.jobs.start(queued_job())
    first = store.jobs.finish("job", end, NOW, error="first")
    later = store.jobs.finish("job", JobStatus.FAILED, NOW + SECOND, error="second", result={"a": 1})
    assert later == first == store.jobs.get("job")


def test_of_eight_ends_one_is_kept_and_told_to_all(store: Store) -> None:
    store.jobs.start(queued_job())

    def end(number: int) -> Job:
        return store.jobs.finish("job", JobStatus.FAILED, NOW, error=str(number))

    with ThreadPoolExecutor(8) as pool:
        assert {job.error for job in pool.map(end, range(8))} == {store.jobs.get("job").error}


def test_a_cancelled_job_learns_of_it_at_its_next_sign_of_life(store: Store) -> None:
    store.jobs.start(queued_job())
    assert store.jobs.request_cancel("job").cancel_requested
    job = store.jobs.heartbeat("job", "me", NOW, "reading", 0.1)
    assert (job.cancel_requested, job.status) == (True, JobStatus.RUNNING)


def test_a_job_that_has_ended_cannot_be_cancelled(store: Store) -> None:
    store.jobs.start(queued_job())
    ended = store.jobs.finish("job", JobStatus.SUCCEEDED, NOW)
    assert store.jobs.request_cancel("job") == ended
    assert not store.jobs.get("job").cancel_requested


def test_a_silent_job_fails_and_frees_the_slot(store: Store) -> None:
    store.jobs.start(queued_job())
    store.jobs.heartbeat("job", "me", NOW, "reading", 0.1)
    expired = store.jobs.expire(NOW + SECOND, NOW + 2 * SECOND, "no sign of life \0")
    assert expired == [store.jobs.get("job")]
    assert (expired[0].status, expired[0].error) == (JobStatus.FAILED, "no sign of life �")
    assert expired[0].finished_at == NOW + 2 * SECOND
    assert store.jobs.start(queued_job("next")).id == "next"


def test_a_job_that_never_began_expires_too(store: Store) -> None:
    store.jobs.start(queued_job())
    assert [job.id for job in store.jobs.expire(NOW + SECOND, NOW + SECOND, "silent")] == ["job"]


def test_a_job_that_gives_signs_of_life_does_not_expire(store: Store) -> None:
    job = store.jobs.start(queued_job())
    assert store.jobs.expire(NOW, NOW + SECOND, "silent") == []
    assert store.jobs.get("job") == job


def test_a_job_that_has_ended_does_not_expire(store: Store) -> None:
    store.jobs.start(queued_job())
    ended = store.jobs.finish("job", JobStatus.SUCCEEDED, NOW)
    assert store.jobs.expire(NOW + SECOND, NOW + SECOND, "silent") == []
    assert store.jobs.get("job") == ended


def test_a_silent_job_expires_once(store: Store) -> None:
    store.jobs.start(queued_job())

    def expire(_: int) -> int:
        return len(store.jobs.expire(NOW + SECOND, NOW, "silent"))

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(expire, range(8))) == [0] * 7 + [1]


def test_jobs_are_listed_newest_first_page_by_page(store: Store) -> None:
    made = [("a", 0), ("C", 1), ("b", 1), ("B", 1), ("é", 1), ("d", 2)]
    for job_id, seconds in made:
        store.jobs.start(queued_job(job_id, created_at=NOW + seconds * SECOND))
        store.jobs.finish(job_id, JobStatus.SUCCEEDED, NOW)
    listed: list[Job] = []
    while page := store.jobs.latest(2, (listed[-1].created_at, listed[-1].id) if listed else None):
        listed += page
    assert [job.id for job in listed] == ["d", "é", "b", "C", "B", "a"]
    assert store.jobs.latest(100) == listed


def test_what_a_caller_does_to_its_request_is_not_kept(store: Store) -> None:
    request = {"k": 5}
    store.jobs.start(queued_job(request=request))
    request["k"] = 6
    assert store.jobs.get("job").request == {"k": 5}
