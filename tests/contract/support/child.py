"""The work of a second process in these tests: python -m tests.contract.support.child COMMAND URL."""

import os
import sys
from collections.abc import Callable

from service.store.ports.jobs import JobRunning
from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore
from tests.contract.support.records import NOW, queued_job


def put_one(url: str) -> None:
    store = SqlStore(url)
    wait_for_the_others()
    print(store.users.put("shared", '{"age": 40}', NOW, None).revision)
    store.close()


def put_for_ever(url: str) -> None:
    """Print the number of each user once the store has acknowledged it."""
    store, number = SqlStore(url), 0
    while True:
        store.users.put(f"user {number}", "{}", NOW, None)
        print(number, flush=True)
        number += 1


def take_slot(url: str) -> None:
    """Print the id of the job that gets the slot."""
    store = SqlStore(url)
    store.check()
    wait_for_the_others()
    try:
        job = store.jobs.start(queued_job(f"job {os.getpid()}"))
        print("won", job.id)
    except JobRunning as refusal:
        print("lost", refusal.job.id)
    store.close()


def migrate_with_others(url: str) -> None:
    wait_for_the_others()
    migrate(url)


def wait_for_the_others() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


COMMANDS: dict[str, Callable[[str], None]] = {
    command.__name__: command for command in (put_one, put_for_ever, take_slot, migrate_with_others)
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](sys.argv[2])
