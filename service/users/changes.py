"""Use case: the history of a user's persona."""

from dataclasses import dataclass

from service.paging import Page, cursor_number, decode_cursor
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
    """A page of the changes of a user's persona. Raises `UserNotFound` or `UnusableCursor`."""
    require_user(users, user_id)
    before = None if cursor is None else cursor_number(*decode_cursor(cursor, 1))
    changes = personas.changes(user_id, limit + 1, before)
    return ChangePage.cut(changes, limit, lambda change: (str(change.id),))
