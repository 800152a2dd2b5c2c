"""Recipients and objections; the feed of changes and counts by persona; tombstones; the audit trail."""

from secrets import token_hex

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TIME = sa.DateTime(timezone=True)
_IN_FEED = sa.text("(cause <> 'MODEL_CHANGED' OR user_id = '')")
_ERASURES = sa.text("cause = 'ERASED'")
_CHANGED = ("from_persona_id", "to_persona_id")
_PAIR = (*_CHANGED, "from_model_version", "to_model_version")
_TABLES = (
    "audit",
    "secrets",
    "tombstones",
    "model_movements",
    "persona_movements",
    "persona_counts",
    "feed_state",
    "recipients",
)


def upgrade() -> None:
    """Add columns and tables, and count the users that are stored."""
    with op.batch_alter_table("users") as users:
        users.alter_column("profile_json", existing_type=sa.Text, nullable=True)
        users.add_column(sa.Column("basis", sa.Text))
        users.add_column(sa.Column("recipient_count", sa.Integer, nullable=False, server_default="0"))
        users.add_column(sa.Column("opted_out", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_index("users_by_persona", "users", ["persona_id", "user_id"])
    op.create_index("users_by_age", "users", ["profile_updated_at"])
    # Rebuilt in SQLite, which gives a removed id again without AUTOINCREMENT.
    with op.batch_alter_table("persona_changes", table_kwargs={"sqlite_autoincrement": True}) as changes:
        for name in _CHANGED:
            changes.alter_column(name, existing_type=sa.Text, nullable=True)
        changes.add_column(sa.Column("counts", sa.Text))
    _index_changes()
    _create_tables()
    op.execute("INSERT INTO feed_state (id, removed_through) VALUES (1, 0)")
    op.execute(
        "INSERT INTO persona_counts (persona_id, users) "
        "SELECT persona_id, count(*) FROM users WHERE persona_id IS NOT NULL GROUP BY persona_id"
    )
    op.execute(
        "INSERT INTO persona_movements "
        "SELECT CURRENT_DATE, 'BASELINE', '', persona_id, '', '', users FROM persona_counts"
    )
    secrets = sa.table("secrets", sa.column("name", sa.Text), sa.column("value", sa.Text))
    op.bulk_insert(secrets, [{"name": "tombstones", "value": token_hex(32)}])


def _index_changes() -> None:
    for name, column, condition in (
        ("persona_changes_in_feed", "id", _IN_FEED),
        ("persona_changes_erased", "changed_at", _ERASURES),
    ):
        op.create_index(name, "persona_changes", [column], sqlite_where=condition, postgresql_where=condition)


def _create_tables() -> None:
    op.create_table(
        "recipients",
        sa.Column("user_id", _ID, primary_key=True),
        sa.Column("recipient_id", _ID, primary_key=True),
        sa.Column("profile_json", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("profile_updated_at", _TIME, nullable=False),
    )
    op.create_table(
        "feed_state",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("removed_through", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "persona_counts",
        sa.Column("persona_id", sa.Text, primary_key=True),
        sa.Column("users", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "persona_movements",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("cause", sa.String(16), primary_key=True),
        *(sa.Column(name, sa.Text, primary_key=True) for name in _PAIR),
        sa.Column("users", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "model_movements",
        *(sa.Column(name, sa.Text, primary_key=True) for name in _PAIR),
        sa.Column("users", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "tombstones",
        sa.Column("hash", sa.Text, primary_key=True),
        sa.Column("erased_at", _TIME, nullable=False),
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Drop them. Users without an own profile are lost, and so are changes from or to no persona.

    Objections and tombstones are lost, too: the release before would assign those who objected. Erase them first.
    """
    for table in _TABLES:
        op.drop_table(table)
    for index in ("persona_changes_erased", "persona_changes_in_feed"):
        op.drop_index(index, "persona_changes")
    op.execute("DELETE FROM persona_changes WHERE from_persona_id IS NULL OR to_persona_id IS NULL")
    with op.batch_alter_table("persona_changes") as changes:
        for name in _CHANGED:
            changes.alter_column(name, existing_type=sa.Text, nullable=False)
        changes.drop_column("counts")
    for index in ("users_by_age", "users_by_persona"):
        op.drop_index(index, "users")
    op.execute("DELETE FROM users WHERE profile_json IS NULL")
    with op.batch_alter_table("users") as users:
        users.alter_column("profile_json", existing_type=sa.Text, nullable=False)
        for name in ("opted_out", "recipient_count", "basis"):
            users.drop_column(name)
