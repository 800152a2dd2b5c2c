"""Who sent a request, for the record: the key, whatever name a body gives."""

from dataclasses import dataclass

from service.security.guard import Forbidden
from service.security.keyring import CachedKey
from service.security.scopes import Scope

NO_KEY = "a request without a key (no key exists)"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever sent a request, as the record names them, and what they may do."""

    name: str
    scopes: frozenset[str]

    def require(self, scope: Scope) -> None:
        """Raise `Forbidden` where a request asks for more than its route's own scope allows."""
        if scope not in self.scopes:
            raise Forbidden(scope)


def actor_of(key: CachedKey | None) -> Actor:
    """The actor of an authorized request. `key`: None where the service is open, and everything is allowed."""
    if key is None:
        return Actor(NO_KEY, frozenset(Scope))
    return Actor(f"key {key.prefix} ({key.name})", key.scopes)
