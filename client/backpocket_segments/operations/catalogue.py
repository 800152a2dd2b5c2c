"""The catalogue of personas, what they give, and who they are among the stored users."""

from datetime import datetime

from backpocket_segments.calls import Call, Source, Steps
from backpocket_segments.operations.assignments import Voice
from backpocket_segments.operations.pages import items_of
from backpocket_segments.results.personas import Persona, PersonaAffinities, PersonaPage, Vocabulary
from backpocket_segments.results.users import Member, MemberPage

# More than a model can have.
ALL = 1_000


def personas(*, voice: Voice | None = None) -> Steps[PersonaPage]:
    """All personas of the active model, the largest first. Unchanged, they are transferred once (ETag)."""
    query = {"limit": ALL, "voice": voice}
    return Call(method="GET", route="/personas", result=PersonaPage, query=query, cached=True).result_of()


def persona(persona_id: str, *, voice: Voice | None = None) -> Steps[Persona]:
    """One persona. Unchanged, it is transferred once (ETag). Raises `NotFound`."""
    return Call(
        method="GET",
        route="/personas/{persona_id}",
        path={"persona_id": persona_id},
        result=Persona,
        query={"voice": voice},
        cached=True,
    ).result_of()


def vocabulary() -> Steps[Vocabulary]:
    """The fields of a profile and the values that the model knows. Unchanged, it is transferred once (ETag)."""
    return Call(method="GET", route="/vocabulary", result=Vocabulary, cached=True).result_of()


def persona_affinities(
    persona_id: str, *, field: str | None = None, by: str | None = None
) -> Steps[PersonaAffinities]:
    """What the members of a persona choose more often than everyone, of one field or two crossed, with intervals.

    Without a `field` it is the gift categories. Raises `NotFound`, and `Conflict` where the model has no counts.
    """
    return Call(
        method="GET",
        route="/personas/{persona_id}/affinities",
        path={"persona_id": persona_id},
        result=PersonaAffinities,
        query={"field": field, "by": by},
        cached=True,
    ).result_of()


def members(
    persona_id: str,
    *,
    min_confidence: float | None = None,
    occasion: str | None = None,
    budget_range: str | None = None,
    assigned_since: datetime | None = None,
    page_size: int = 1_000,
) -> Source[Member]:
    """The stored users of a persona, page by page as they are read. Raises `NotFound`."""
    return items_of(
        Call(
            method="GET",
            route="/personas/{persona_id}/users",
            path={"persona_id": persona_id},
            result=MemberPage,
            query={
                "min_confidence": min_confidence,
                "occasion": occasion,
                "budget_range": budget_range,
                "assigned_since": assigned_since.isoformat() if assigned_since else None,
                "limit": page_size,
            },
        )
    )
