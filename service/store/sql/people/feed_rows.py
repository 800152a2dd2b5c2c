"""Rows of the feed, within the caller's transaction."""

from collections.abc import Sequence

from sqlalchemy import Connection, case, delete, func, select, update

from service.store.sql.people.movements import lock_feed
from service.store.sql.tables import IN_FEED, feed_state, persona_changes


def removed_through(connection: Connection) -> int:
    """The highest id of the feed that was removed because of its age; 0 before the first."""
    through: int = connection.scalars(select(feed_state.c.removed_through)).one()
    return through


def remove_from_feed(connection: Connection, ids: Sequence[int]) -> int:
    """Remove changes because of their age, the history of users included; how many."""
    if not ids:
        return 0
    # Erasures remove changes, too, under this lock: each would wait for rows that the other has removed.
    lock_feed(connection)
    chosen = persona_changes.c.id.in_(ids)
    # Who follows the feed misses nothing where changes by a new model alone are removed.
    highest = connection.scalar(select(func.max(persona_changes.c.id)).where(chosen, IN_FEED))
    if highest is not None:
        through = feed_state.c.removed_through
        connection.execute(
            update(feed_state).values(removed_through=case((through < highest, highest), else_=through))
        )
    return connection.execute(delete(persona_changes).where(chosen)).rowcount
