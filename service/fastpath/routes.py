"""The routes that have a fast path, and the functions that answer them there."""

from collections.abc import Sequence
from datetime import UTC, datetime

from models.profile import Profile
from service.container import Services
from service.fastpath.deferred import Awaited
from service.fastpath.dispatcher import FastRoute
from service.http.guarded_route import declared_by
from service.http.json_bodies import parse
from service.http.responses import RenderedResponse, model_headers, render
from service.http.routes import segment, users
from service.http.routes.segment import render_assignment
from service.http.routes.users import reading_now, render_stored
from service.http.server.early_response import FastRequest
from service.segmenting.assignment import NO_DETAILS
from service.segmenting.segment_json import SegmentEncoder
from service.store.ports.texts import is_id
from service.users.personas import get_personas_nowait
from service.users.profiles import submit_short_profile

# The most profiles with unknown answers in one iteration of the event loop. They cost several times as much as
# others, and a client can make them cost more; the rest goes to the standard path, where the queue is bounded.
MAX_UNKNOWN = 16


def _segment(services: Services, requests: Sequence[FastRequest]) -> list[RenderedResponse | None]:
    """`POST /segment`; declines a body that is not valid."""
    profiles = [_parsed(request.body) for request in requests]
    encoder = services.model.require_encoder()
    contents, headers = encoder.encode_each(profiles), model_headers(encoder.loaded)
    responses = [None if content is None else RenderedResponse(content, 200, headers) for content in contents]
    unknown = [index for index, content in enumerate(contents) if content is None]
    for index in unknown[:MAX_UNKNOWN]:
        responses[index] = _segment_validated(services, encoder, profiles[index])
    if len(unknown) < len(contents):
        services.metrics.observe_assignment("single", {}, len(contents) - len(unknown))
    return responses


def _parsed(body: bytes) -> object:
    """The JSON of a body; None, which is not a valid profile, where it is not JSON."""
    try:
        return parse(body)
    except ValueError:
        return None


def _segment_validated(services: Services, encoder: SegmentEncoder, value: object) -> RenderedResponse | None:
    """The response to a profile that needs validation, or None where it is not valid."""
    try:
        return render_assignment(Profile.model_validate(value), encoder.loaded, services.metrics, NO_DETAILS)
    except ValueError:
        return None


def _user_personas(services: Services, requests: Sequence[FastRequest]) -> list[RenderedResponse | None]:
    """`GET /users/{user_id}/persona`; declines where the store would block or the assignment is not current."""
    names, loaded = [_user_id(request) for request in requests], services.model.require()
    valid = [name for name in names if is_id(name)]
    personas, headers = (
        get_personas_nowait(services.store.users, loaded, valid, reading_now(services)),
        model_headers(loaded),
    )
    rendered = {name: render(persona, headers) for name, persona in personas.items()}
    return [rendered.get(name) for name in names]


def _put_profiles(services: Services, requests: Sequence[FastRequest]) -> list[Awaited | None]:
    """`PUT /users/{user_id}/profile`; declines what is not valid, and profiles with unknown answers."""
    encoder, now = services.model.require_encoder(), datetime.now(UTC)
    return [_put_profile(services, encoder, request, now) for request in requests]


def _put_profile(
    services: Services, encoder: SegmentEncoder, request: FastRequest, now: datetime
) -> Awaited | None:
    loaded = encoder.loaded
    try:
        user_id, value = _user_id(request), _parsed(request.body)
        if not is_id(user_id) or not encoder.knows(value):
            return None
        submitted = submit_short_profile(services.store.users, loaded, user_id, Profile.model_validate(value), now)
    except Exception:
        # Nothing was submitted; the standard path says why.
        return None
    return Awaited(submitted.write, lambda user: render_stored(submitted.stored(user), loaded, services.metrics))


def _user_id(request: FastRequest) -> str:
    user_id: str = request.match.parameter
    return user_id


FAST_ROUTES = (
    FastRoute("POST", declared_by(segment.router, segment.segment), _segment),
    FastRoute("GET", declared_by(users.router, users.get_user_persona), _user_personas),
    FastRoute("PUT", declared_by(users.router, users.put_user_profile), _put_profiles, writes=True),
)
