"""The people whom a user gives to, each with a profile of their own."""

from collections.abc import Mapping

from backpocket_segments.calls import NOTHING, Call, Source, Steps
from backpocket_segments.operations.pages import items_of
from backpocket_segments.results.users import Recipient, RecipientPage, RecipientPersona, RecipientProfile

_PROFILE = "/users/{user_id}/recipients/{recipient_id}/profile"


def put_recipient(user_id: str, recipient_id: str, profile: Mapping[str, object]) -> Steps[RecipientPersona]:
    """Store a recipient's profile in place of the previous one, and assign it. Raises `UserErased`."""
    return Call(
        method="PUT", route=_PROFILE, path=_ids(user_id, recipient_id), result=RecipientPersona, json=profile
    ).result_of()


def get_recipient(user_id: str, recipient_id: str) -> Steps[RecipientProfile]:
    """What is stored of a recipient. Raises `NotFound`."""
    return Call(
        method="GET", route=_PROFILE, path=_ids(user_id, recipient_id), result=RecipientProfile
    ).result_of()


def delete_recipient(user_id: str, recipient_id: str) -> Steps[None]:
    """Remove a recipient with their profile. Raises `NotFound`."""
    return Call(method="DELETE", route=_PROFILE, path=_ids(user_id, recipient_id), result=NOTHING).result_of()


def recipients(user_id: str, *, page_size: int = 1_000) -> Source[Recipient]:
    """The recipients of a user, page by page as they are read. Raises `NotFound`."""
    return items_of(
        Call(
            method="GET",
            route="/users/{user_id}/recipients",
            path={"user_id": user_id},
            result=RecipientPage,
            query={"limit": page_size},
        )
    )


def get_recipient_persona(user_id: str, recipient_id: str) -> Steps[RecipientPersona]:
    """The persona of the user as a giver to this one. Raises `NotFound`, and `Conflict` if the user objected."""
    route = "/users/{user_id}/recipients/{recipient_id}/persona"
    return Call(method="GET", route=route, path=_ids(user_id, recipient_id), result=RecipientPersona).result_of()


def _ids(user_id: str, recipient_id: str) -> dict[str, str]:
    return {"user_id": user_id, "recipient_id": recipient_id}
