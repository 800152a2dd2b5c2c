"""Persona changes and overrides, leases, idempotency keys; steps of jobs; value counts of assignments."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_USER_COLUMNS = (
    ("manual", sa.Boolean()),
    ("told_values", sa.Integer()),
    ("unknown_values", sa.Integer()),
    ("previous_persona_id", sa.Text()),
    ("previous_model_version", sa.Text()),
)


def upgrade() -> None:
    """Add columns to both tables, and create four."""
    for name, kind in _USER_COLUMNS:
        op.add_column("users", sa.Column(name, kind))
    op.add_column("jobs", sa.Column("steps", sa.Text))
    op.create_table(
        "persona_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("user_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("from_persona_id", sa.Text, nullable=False),
        sa.Column("to_persona_id", sa.Text, nullable=False),
        sa.Column("from_model_version", sa.Text, nullable=False),
        sa.Column("to_model_version", sa.Text, nullable=False),
    )
    op.create_index("persona_changes_by_user", "persona_changes", ["user_id", "id"])
    op.create_table(
        "persona_edits",
        sa.Column("persona_id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text),
        sa.Column("sentence", sa.Text),
        sa.Column("note", sa.Text),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_by", sa.Text, nullable=False),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("headers", sa.Text),
        sa.Column("body", sa.Text),
    )


def downgrade() -> None:
    """Drop them with their rows."""
    for table in ("idempotency_keys", "leases", "persona_edits", "persona_changes"):
        op.drop_table(table)
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_column("steps")
    with op.batch_alter_table("users") as users:
        for name, _ in _USER_COLUMNS:
            users.drop_column(name)
