"""SQL stores shared by several processes, and after the end of one."""

import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore
from tests.contract.support import child

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def start(command: Callable[[str], None], url: str) -> "subprocess.Popen[str]":
    arguments = [sys.executable, "-m", child.__name__, command.__name__, url]
    return subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def together(command: Callable[[str], None], url: str, processes: int) -> list[str]:
    """The outputs of some processes that start their work at one moment."""
    with ExitStack() as stack:
        started = [stack.enter_context(start(command, url)) for _ in range(processes)]
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        return [process.communicate()[0] for process in started]


def test_users_outlive_the_store_object(database_url: str) -> None:
    migrate(database_url)
    for revision in (1, 2):
        store = SqlStore(database_url)
        assert store.users.put("u", "{}", NOW, None).revision == revision
        store.close()


def test_second_process_continues_the_revisions_of_the_first(sql_store: SqlStore, database_url: str) -> None:
    sql_store.users.put("shared", "{}", NOW, None)
    assert together(child.put_one, database_url, 1) == ["2\n"]
    user = sql_store.users.get("shared")
    assert user is not None
    assert (user.revision, user.profile_json) == (2, '{"age": 40}')


def test_acknowledged_writes_survive_a_killed_process(sql_store: SqlStore, database_url: str) -> None:
    with start(child.put_for_ever, database_url) as process:
        assert process.stdout is not None
        while process.stdout.readline() != "20\n":
            pass
        process.send_signal(signal.SIGKILL)
        acknowledged = 21 + len(process.stdout.readlines())
    users = sql_store.users.get_many([f"user {number}" for number in range(acknowledged)])
    assert len(users) == acknowledged
    assert sql_store.users.put("next", "{}", NOW, None).revision == 1


def test_one_of_three_processes_gets_the_slot(sql_store: SqlStore, database_url: str) -> None:
    outcomes = together(child.take_slot, database_url, 3)
    winner = sql_store.jobs.latest(10)[0].id
    assert sorted(outcomes) == [f"lost {winner}\n"] * 2 + [f"won {winner}\n"]


@pytest.mark.timeout(60)
def test_three_processes_migrate_one_database_at_once(database_url: str) -> None:
    assert together(child.migrate_with_others, database_url, 3) == [""] * 3
    store = SqlStore(database_url)
    store.check()
    store.close()
