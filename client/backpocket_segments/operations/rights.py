"""What users may ask for, and who did what."""

from collections.abc import Mapping
from typing import Any

from backpocket_segments.calls import NOTHING, Call, Source, Steps
from backpocket_segments.operations.pages import items_of
from backpocket_segments.results.rights import AuditEntry, AuditPage, Objection


def export_user(user_id: str) -> Steps[Mapping[str, Any]]:
    """All that the service holds of a user, to hand over. Raises `NotFound`."""
    return Call(method="GET", route="/users/{user_id}/export", path={"user_id": user_id}, result=dict).result_of()


def erase(user_id: str) -> Steps[None]:
    """Erase a user, whether or not anything was stored. A tombstone keeps the profile from coming back."""
    return Call(method="DELETE", route="/users/{user_id}", path={"user_id": user_id}, result=NOTHING).result_of()


def remove_tombstone(user_id: str) -> Steps[None]:
    """Let an erased user be stored again."""
    route = "/users/{user_id}/tombstone"
    return Call(method="DELETE", route=route, path={"user_id": user_id}, result=NOTHING).result_of()


def objection(user_id: str, *, withdrawn: bool = False) -> Steps[Objection]:
    """Record that a user objects to being given a persona, or has `withdrawn` that. Raises `UserErased`."""
    return Call(
        method="DELETE" if withdrawn else "PUT",
        route="/users/{user_id}/objection",
        path={"user_id": user_id},
        result=Objection,
    ).result_of()


def audit(*, page_size: int = 1_000) -> Source[AuditEntry]:
    """Who did what, the latest first."""
    return items_of(Call(method="GET", route="/audit", result=AuditPage, query={"limit": page_size}))
