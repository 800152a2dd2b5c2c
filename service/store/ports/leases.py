"""Leases on work that one process at a time does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one owner to do some work until it expires, by the store's clock.

    `state` says where to resume the work.
    """

    name: str
    owner: str
    expires_at: datetime
    state: dict[str, Any] = field(default_factory=dict)


class LeaseStore(Protocol):
    """Leases, by name. Every method is one transaction and may raise `StoreUnavailable`."""

    def take(self, name: str, owner: str, seconds: float) -> Lease | None:
        """Take or renew a lease for that time; None while another owner holds it.

        The state of the last owner stays.
        """

    def save_state(self, name: str, owner: str, state: Mapping[str, Any]) -> bool:
        """Store the state of a lease; False if the owner no longer holds it."""
