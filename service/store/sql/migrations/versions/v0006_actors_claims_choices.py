"""Who requested a job; the job of an idempotency key; the persona that a person chose for a user."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_COLUMNS = (("jobs", "requested_by"), ("idempotency_keys", "job_id"), ("users", "chosen_persona_id"))


def upgrade() -> None:
    """Add the columns; a choice that is in use is copied, one that a model without the persona ended is lost."""
    for table, name in _COLUMNS:
        op.add_column(table, sa.Column(name, sa.Text))
    op.execute("UPDATE users SET chosen_persona_id = persona_id WHERE manual")


def downgrade() -> None:
    """Drop them."""
    for table, name in _COLUMNS:
        with op.batch_alter_table(table) as altered:
            altered.drop_column(name)
