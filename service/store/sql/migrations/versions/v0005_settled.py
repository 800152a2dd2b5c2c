"""How settled an assignment is; and margins are probabilities now, so that stored distances are dropped."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column, empty for assignments stored before, and empty their margins."""
    op.add_column("users", sa.Column("settled", sa.Double))
    op.execute("UPDATE users SET margin = NULL")


def downgrade() -> None:
    """Drop the column; margins mean something else to the release before, and are emptied."""
    op.execute("UPDATE users SET margin = NULL")
    with op.batch_alter_table("users") as users:
        users.drop_column("settled")
