"""Migrations lead to the declared tables, and back, in both databases."""

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
    """The statements that create the indexes, conditions included."""
    queries = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    }
    with engine.connect() as connection:
        definitions = set(connection.scalars(text(queries[engine.dialect.name])))
    return {index for index in definitions if "alembic" not in index}


def test_migrated_schema_equals_the_tables(database_url: str, engine: Engine) -> None:
    migrate(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_migrated_indexes_equal_those_of_the_tables(database_url: str, engine: Engine) -> None:
    migrate(database_url)
    migrated = indexes(engine)
    downgrade(database_url, "base")
    with writing(engine).begin() as connection:
        metadata.create_all(connection)
    assert migrated == indexes(engine)


def test_downgrade_drops_everything_and_upgrade_restores_it(database_url: str, engine: Engine) -> None:
    migrate(database_url)
    everything, their_indexes = tables(engine), indexes(engine)
    downgrade(database_url, "base")
    assert tables(engine) == {"alembic_version"}
    migrate(database_url)
    assert (tables(engine), indexes(engine)) == (everything, their_indexes)


def test_choices_in_use_are_copied_to_their_own_column(database_url: str, engine: Engine) -> None:
    migrate(database_url)
    downgrade(database_url, "0005")
    insert = text(
        "INSERT INTO users (user_id, profile_json, revision, profile_updated_at, persona_id, manual) "
        "VALUES (:user_id, '{}', 1, '2026-11-01 00:00:00', 'p', :manual)"
    )
    with writing(engine).begin() as connection:
        for manual in (True, False, None):
            connection.execute(insert, {"user_id": f"{manual}", "manual": manual})
    migrate(database_url)
    with engine.connect() as connection:
        choices = connection.execute(text("SELECT user_id, chosen_persona_id FROM users"))
        assert {row.user_id: row.chosen_persona_id for row in choices} == {
            "True": "p",
            "False": None,
            "None": None,
        }


def test_second_migration_changes_nothing(database_url: str, sql_store: SqlStore) -> None:
    sql_store.users.put("u", "{}", NOW, None)
    migrate(database_url)
    assert sql_store.users.count() == 1


def test_failing_migration_leaves_the_schema_unchanged(database_url: str, engine: Engine) -> None:
    with writing(engine).begin() as connection:
        connection.execute(text("CREATE TABLE jobs (somebody TEXT)"))
    with pytest.raises(StoreUnavailable):
        migrate(database_url)
    assert tables(engine) == {"jobs"}


def test_newer_schema_is_refused_and_unchanged(database_url: str, sql_store: SqlStore, engine: Engine) -> None:
    with writing(engine).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaNotCurrent, match="9999"):
        sql_store.check()
    with pytest.raises(SchemaNotCurrent, match=r"9999.*restore the backup"):
        migrate(database_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def test_check_passes_after_migration(sql_store: SqlStore) -> None:
    sql_store.check()


def test_migration_waits_for_a_running_one(database_url: str, engine: Engine) -> None:
    with ThreadPoolExecutor(1) as pool:
        with _locked(engine):
            waiting = pool.submit(migrate, database_url)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
        waiting.result(timeout=30)
    assert "users" in tables(engine)


def test_migration_leaves_logging_unchanged(database_url: str) -> None:
    root, ours = logging.getLogger(), logging.getLogger("service.anything")
    before = (root.level, list(root.handlers))
    migrate(database_url)
    assert (root.level, list(root.handlers)) == before
    assert not ours.disabled


def test_postgresql_ids_have_the_collation_of_code_points(
    postgres_url: str,
) -> None:
    migrate(postgres_url)
    engine = open_engine(postgres_url)
    query = (
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND collation_name = 'C'"
    )
    with engine.connect() as connection:
        assert set(connection.scalars(text(query))) == {"user_id", "id", "recipient_id"}
    engine.dispose()


def test_newest_revision_is_the_expected_schema() -> None:
    assert ScriptDirectory(str(FOLDER)).get_heads() == [SCHEMA]
