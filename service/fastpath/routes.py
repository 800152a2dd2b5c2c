"""The routes that have a fast path, and the functions that answer them there."""

import re
from collections.abc import Sequence

from models.profile import Profile
from service.container import Services
from service.fastpath.dispatcher import FastRoute
from service.http.guarded_route import declared_by
from service.http.json_bodies import parse
from service.http.responses import RenderedJson, model_headers, plain
from service.http.routes import segment, users
from service.http.routes.segment import render_assignment
from service.http.schemas.bounds import USER_ID
from service.segmenting.assignment import NO_DETAILS
from service.segmenting.segment_json import SegmentEncoder
from service.users.personas import get_personas_nowait

_USER_ID = re.compile(USER_ID)
# Of one turn of the event loop. Profiles that are not recognised at sight cost several times as much, and may be
# made to cost more: the others of them wait where waiting is bounded.
MAX_UNUSUAL = 16


def _segment_bodies(services: Services, bodies: Sequence[bytes]) -> list[RenderedJson | None]:
    """The same for bodies as most are; None where FastAPI is to say what is wrong with one."""
    parsed = [_parsed(body) for body in bodies]
    encoder = services.model.require_encoder()
    contents, headers = encoder.encode_each(parsed), model_headers(encoder.loaded)
    answers = [None if content is None else RenderedJson(content, 200, headers) for content in contents]
    rest = [place for place, content in enumerate(contents) if content is None]
    for place in rest[:MAX_UNUSUAL]:
        answers[place] = _segment_or_leave(services, encoder, parsed[place])
    if len(rest) < len(contents):
        services.metrics.observe_assignment("single", {}, len(contents) - len(rest))
    return answers


def _parsed(body: bytes) -> object:
    """The JSON of a body; None, which is no profile, where it is none."""
    try:
        return parse(body)
    except ValueError:
        return None


def _segment_or_leave(services: Services, encoder: SegmentEncoder, answers: object) -> RenderedJson | None:
    try:
        return render_assignment(Profile.model_validate(answers), encoder.loaded, services.metrics, NO_DETAILS)
    except ValueError:
        return None


def _personas_of_users(services: Services, user_ids: Sequence[bytes]) -> list[RenderedJson | None]:
    """The same where the store answers at once and the assignment is this model's; else None."""
    names, loaded = [user_id.decode("utf-8") for user_id in user_ids], services.model.require()
    found = get_personas_nowait(services.store.users, loaded, [name for name in names if _USER_ID.fullmatch(name)])
    headers = model_headers(loaded)
    told = {name: plain(persona, headers=headers) for name, persona in found.items()}
    return [told.get(name) for name in names]


FAST_ROUTES = (
    FastRoute("POST", declared_by(segment.router, segment.segment), _segment_bodies),
    FastRoute("GET", declared_by(users.router, users.get_user_persona), _personas_of_users),
)
