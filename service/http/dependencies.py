"""The dependencies and parameters of routes, as annotated aliases."""

from datetime import date
from typing import Annotated, Literal

from fastapi import Depends, Header, Path, Query, Request

from models.profile.voice import Voice
from models.storage.artifact import LoadedArtifact
from service.container import Services
from service.http.guarded_route import ACTOR
from service.http.schemas.bounds import ID_RULE, MAX_CURSOR, MAX_PAGE, IdText
from service.observability.metrics import Metrics
from service.security.actor import Actor
from service.segmenting.assignment import Details
from service.store.ports.store import Store


# `async`, because FastAPI runs a plain function in a thread.
async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(_services)]


async def _model(services: ServicesDep) -> LoadedArtifact:
    return services.model.require()


async def _store(services: ServicesDep) -> Store:
    return services.store


async def _actor(request: Request) -> Actor:
    # Not set on a public route, nor by the fast path: there a route must not ask who sent the request.
    actor: Actor = request.scope[ACTOR]
    return actor


async def _metrics(services: ServicesDep) -> Metrics:
    return services.metrics


Explain = Annotated[bool, Query(description="Whether to explain the assignment, answer by answer.")]
Suggest = Annotated[bool, Query(description="Whether to suggest the next question.")]
Distances = Annotated[bool, Query(description="Whether to add the distances to the personas on the map.")]


ExplainingVoice = Annotated[
    Voice,
    Query(
        description="Whom the explanation speaks to: the `giver` (“You buy 9 days ahead”, “Your mother is into "
        "yoga”) or an `analyst`, about the giver (“They buy …”, “Their mother is …”)."
    ),
]
PersonasVoice = Annotated[
    Voice,
    Query(
        description="Whom the sentences speak to: an `analyst`, about the members, or a `giver` among them "
        "(“People like you …”). What a person wrote, and models made before there were voices, have one wording."
    ),
]


async def _details(
    explain: Explain = False,
    suggest: Suggest = False,
    distances: Distances = False,
    voice: ExplainingVoice = "giver",
) -> Details:
    # Without an explanation there is no sentence, and a voice alone is no detail.
    return Details(explain, suggest, distances, voice if explain else "giver")


DetailsDep = Annotated[Details, Depends(_details)]
ModelDep = Annotated[LoadedArtifact, Depends(_model)]
StoreDep = Annotated[Store, Depends(_store)]
ActorDep = Annotated[Actor, Depends(_actor)]
MetricsDep = Annotated[Metrics, Depends(_metrics)]

UserId = Annotated[
    IdText, Path(description=f"Your own id of the user: {ID_RULE}, percent-encoded (a slash as `%2F`).")
]
RecipientId = Annotated[
    IdText, Path(description=f"Your own id of the recipient: {ID_RULE}, percent-encoded (a slash as `%2F`).")
]
PersonaId = Annotated[str, Path(max_length=200, description="A persona's id, as responses name it.")]
Version = Annotated[str, Path(max_length=200, description="A model's version, as responses name it.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="Makes a request safe to repeat: the same key and body get the same response for 24 h. "
        "1 to 200 characters of ASCII without spaces.",
    ),
]
JobId = Annotated[str, Path(max_length=200, description="A retrain's id.")]
Fallback = Annotated[
    bool, Query(description="Whether a user who is not stored gets the persona of an empty profile.")
]
After = Annotated[
    str | None,
    Query(max_length=500, description="`next_cursor` of the last page read; none: the oldest."),
]
StartOfFeed = Annotated[
    Literal["oldest", "latest"],
    Query(description="Without a cursor: `latest` returns no entry, and a cursor that begins after all."),
]
FirstDay = Annotated[
    date | None,
    Query(alias="from", description="The first day, UTC; by default 30 days before the last."),
]
LastDay = Annotated[date | None, Query(alias="to", description="The last day, UTC; by default today.")]
Include = Annotated[
    Literal["affinities"] | None,
    Query(description="`affinities`: the gift categories of each persona, too."),
]
AffinityField = Annotated[
    str | None,
    Query(max_length=100, description="A field of the profile; by default the gifts of all gift fields."),
]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="The maximum number of items.")]
Cursor = Annotated[
    str | None, Query(max_length=MAX_CURSOR, description="`next_cursor` of the previous page; none for the first.")
]
