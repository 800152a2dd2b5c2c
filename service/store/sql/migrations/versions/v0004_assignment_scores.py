"""Scores of an assignment beside the persona, and an index of users by model."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_NUMBERS = ("confidence", "margin", "typicality")


def upgrade() -> None:
    """Add the columns, empty for assignments stored before, and the index."""
    for name in _NUMBERS:
        op.add_column("users", sa.Column(name, sa.Double))
    op.add_column("users", sa.Column("runner_up_id", sa.Text))
    counted = ["persona_id", "told_values", "unknown_values"]
    op.create_index("users_by_model", "users", ["model_version", "user_id", *counted])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("users_by_model", "users")
    with op.batch_alter_table("users") as users:
        for name in (*_NUMBERS, "runner_up_id"):
            users.drop_column(name)
