"""The history of the schema ends where the tables are, in both databases."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from service.store.ports.errors import SchemaNotCurrent, StoreUnavailable
from service.store.sql.connections.engine import open_engine, writing
from service.store.sql.migrate import FOLDER, _locked, downgrade, migrate
from service.store.sql.store import SqlStore
from service.store.sql.tables import SCHEMA, metadata

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def indexes(engine: Engine) -> set[str]:
    """The indexes as the database would make them again, conditions included."""
    queries = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    }
    with engine.connect() as connection:
        found = set(connection.scalars(text(queries[engine.dialect.name])))
    return {index for index in found if "alembic" not in index}


def test_migrations_and_tables_agree(database_url: str, engine: Engine) -> None:
    migrate(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_migrations_and_tables_have_the_same_indexes(database_url: str, engine: Engine) -> None:
    migrate(database_url)
    migrated = indexes(engine)
    downgrade(database_url, "base")
    with writing(engine).begin() as connection:
        metadata.create_all(connection)
    assert migrated == indexes(engine)


def test_the_way_down_leaves_nothing_and_up_again_everything(database_url: str, engine: Engine) -> None:
    migrate(database_url)
    everything, their_indexes = tables(engine), indexes(engine)
    downgrade(database_url, "base")
    assert tables(engine) == {"alembic_version"}
    migrate(database_url)
    assert (tables(engine), indexes(engine)) == (everything, their_indexes)


def test_a_second_migration_changes_nothing(database_url: str, sql_store: SqlStore) -> None:
    sql_store.users.put("u", "{}", NOW, None)
    migrate(database_url)
    assert sql_store.users.count() == 1


def test_a_migration_that_fails_leaves_the_schema_as_it_was(database_url: str, engine: Engine) -> None:
    with writing(engine).begin() as connection:
        connection.execute(text("CREATE TABLE jobs (somebody TEXT)"))
    with pytest.raises(StoreUnavailable):
        migrate(database_url)
    assert tables(engine) == {"jobs"}


def test_a_schema_from_the_future_is_left_alone(database_url: str, sql_store: SqlStore, engine: Engine) -> None:
    with writing(engine).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaNotCurrent, match="9999"):
        sql_store.check()
    with pytest.raises(SchemaNotCurrent, match=r"9999.*restore the backup"):
        migrate(database_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def test_a_migrated_database_passes_the_check(sql_store: SqlStore) -> None:
    sql_store.check()


def test_a_migration_waits_for_the_one_that_runs(database_url: str, engine: Engine) -> None:
    with ThreadPoolExecutor(1) as pool:
        with _locked(engine):
            waiting = pool.submit(migrate, database_url)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
        waiting.result(timeout=30)
    assert "users" in tables(engine)


def test_migrating_leaves_logging_alone(database_url: str) -> None:
    root, ours = logging.getLogger(), logging.getLogger("service.anything")
    before = (root.level, list(root.handlers))
    migrate(database_url)
    assert (root.level, list(root.handlers)) == before
    assert not ours.disabled


def test_postgresql_sorts_ids_by_code_points_whatever_its_collation(
    postgres_url: str,
) -> None:
    migrate(postgres_url)
    engine = open_engine(postgres_url)
    query = (
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND collation_name = 'C'"
    )
    with engine.connect() as connection:
        assert set(connection.scalars(text(query))) == {"user_id", "id"}
    engine.dispose()


def test_the_newest_revision_is_the_one_that_the_tables_expect() -> None:
    assert ScriptDirectory(str(FOLDER)).get_heads() == [SCHEMA]
