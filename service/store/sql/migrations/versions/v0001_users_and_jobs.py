"""Users with their assignments, and jobs, of which one at a time may be under way."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create both tables."""
    # Sorted by code points in both databases, which is SQLite's default.
    id_type = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "users",
        sa.Column("user_id", id_type, primary_key=True),
        sa.Column("profile_json", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("profile_updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("persona_id", sa.Text),
        sa.Column("model_version", sa.Text),
        sa.Column("assigned_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "jobs",
        sa.Column("id", id_type, primary_key=True),
        sa.Column("slot", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("progress", sa.Float, nullable=False),
        sa.Column("cancel_requested", sa.Boolean, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("result", sa.Text),
    )
    unended = sa.text("status IN ('QUEUED', 'RUNNING')")
    op.create_index(
        "jobs_one_unended",
        "jobs",
        ["slot"],
        unique=True,
        sqlite_where=unended,
        postgresql_where=unended,
    )
    op.create_index("jobs_by_age", "jobs", ["created_at", "id"])


def downgrade() -> None:
    """Drop both tables with their rows."""
    op.drop_table("jobs")
    op.drop_table("users")
