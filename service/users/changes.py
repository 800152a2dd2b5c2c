"""Use case: the history of a user's persona."""

from dataclasses import dataclass

from service.paging import ExpiredCursor, Page, cursor_number, decode_cursor
from service.store.ports.personas import PersonaChange, PersonaStore
from service.store.ports.users import UserStore
from service.users.profiles import require_user


@dataclass(frozen=True, slots=True)
class ChangePage(Page[PersonaChange]):
    """A page of the changes of a user's persona, the latest first."""

    items: tuple[PersonaChange, ...]


def list_changes(
    users: UserStore, personas: PersonaStore, user_id: str, limit: int, cursor: str | None
) -> ChangePage:
    """A page of the changes of a user's persona. Raises `UserNotFound`, `UnusableCursor` or `ExpiredCursor`."""
    require_user(users, user_id)
    if cursor is None:
        changes = personas.changes(user_id, limit + 1)
    else:
        # In one read with the change that the page begins after: while that is stored, nothing younger is missing.
        shown_last = cursor_number(*decode_cursor(cursor, 1))
        changes = personas.changes(user_id, limit + 2, shown_last + 1)
        if not changes or changes[0].id != shown_last:
            raise ExpiredCursor
        changes = changes[1:]
    return ChangePage.cut(changes, limit, lambda change: (str(change.id),))
