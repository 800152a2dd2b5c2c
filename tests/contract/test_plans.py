"""Query plans: frequent queries of users use the index."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Select, literal, text
from sqlalchemy.sql.compiler import Compiled

from service.store.ports.users import AssignmentUpdate
from service.store.sql.feed import entries_after
from service.store.sql.people.erasures import old_notices, untouched_users
from service.store.sql.store import SqlStore
from service.store.sql.tables import UtcDateTime
from service.store.sql.users import MODEL_VERSIONS, members_after, users_of_version
from tests.contract.support.records import NEW, NOW, OLD, assigned


@pytest.fixture
def connection(sql_store: SqlStore) -> Iterator[Connection]:
    """To a database of few users, with sequential scans disabled, which the planner would choose for so few."""
    for number in range(20):
        sql_store.users.put(f"u{number}", "{}", NOW, assigned("p_1", NEW))
    sql_store.users.update_assignments([AssignmentUpdate("u1", 1, assigned("p_1", OLD))])
    sql_store.rights.erase("u2", NOW)
    with sql_store.database.reading() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET enable_seqscan = off"))
        yield connection


def plan(connection: Connection, statement: Select[*tuple[object, ...]]) -> str:
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    compiled: Compiled = statement.compile(connection, compile_kwargs={"literal_binds": True})
    return json.dumps([list(map(str, row)) for row in connection.execute(text(f"{explain} {compiled}"))])


def test_users_of_a_version_are_read_from_the_index_in_order(connection: Connection) -> None:
    steps = plan(connection, users_of_version(OLD, "u", 10))
    assert "users_by_model" in steps
    assert "sort" not in steps.lower()
    assert "temp b-tree" not in steps.lower()


@pytest.mark.parametrize(
    ("index", "statement"),
    [
        ("users_by_persona", members_after("p_1", "u", 10)),
        ("persona_changes_in_feed", entries_after(3, 10)),
        ("users_by_age", untouched_users(literal(NOW, UtcDateTime), 10)),
        ("persona_changes_erased", old_notices(literal(NOW, UtcDateTime), 10)),
    ],
    ids=["members", "feed", "untouched users", "old notices"],
)
def test_page_is_read_from_its_index_in_order(
    connection: Connection, index: str, statement: Select[*tuple[object, ...]]
) -> None:
    steps = plan(connection, statement)
    assert index in steps
    assert "sort" not in steps.lower()
    assert "temp b-tree" not in steps.lower()


def test_users_without_an_assignment_are_read_from_the_index(connection: Connection) -> None:
    assert "users_by_model" in plan(connection, users_of_version(None, "u", 10))


def test_model_versions_are_read_from_the_index(connection: Connection) -> None:
    steps = plan(connection, MODEL_VERSIONS)
    assert "users_by_model" in steps
    assert "Seq Scan on users" not in steps


def test_model_versions_are_those_that_occur(connection: Connection) -> None:
    assert list(connection.scalars(MODEL_VERSIONS)) == [OLD, NEW]
