"""Routes with a JSON body, parsed safely whatever it contains.

The standard library's parser accepts NaN, guesses encodings, and recurses as deep as the text does; pydantic's
does not. No error here quotes the body.

pydantic's parser holds the interpreter's lock until it ends, so that a thread would delay other requests just as
much. What bounds the delay is the number of values: they are estimated from the text before it is parsed.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic_core import from_json

from service.http.guarded_route import Endpoint, GuardedRoute, Work
from service.segmenting.assignment import LONG_BODY

# RFC 9110, section 8.3.1, and RFC 6839, section 3.1: any type whose representation is JSON, with any parameters.
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_JSON = re.compile(
    rf"(?:application/json|{_TOKEN}/{_TOKEN}\+json)\s*"
    rf"(?P<parameters>(?:;\s*(?:{_TOKEN}=(?:{_TOKEN}|\"[^\"\\]*\"))?\s*)*)",
    re.IGNORECASE,
)
_OTHER_CHARSET = re.compile(r";\s*charset=(?!\"?utf-?8\"?\s*(?:;|$))", re.IGNORECASE)
# More than any valid body has. pydantic would report every item beyond, one by one.
MAX_FIELDS = 100
MAX_ITEMS = 1_000
# Of a body that does not hold many profiles; several times the longest that is valid in practice.
MAX_SHORT_BODY = 256 * 1_024
# Of any body: a thousand profiles with a hundred answers each. So many take up to 30 ms on one core.
MAX_VALUES = 100_000
# Names of fields in any body: a thousand profiles with thirty fields each. A new name costs more than a value.
MAX_NAMES = 30_000
_MANY_PROFILES = "_many_profiles"


def many_profiles(endpoint: Endpoint) -> Endpoint:
    """Declare an endpoint whose body may be as long as `MAX_BODY_BYTES`; below the route's decorator."""
    setattr(endpoint, _MANY_PROFILES, True)
    return endpoint


class JsonRequest(Request):
    """A request whose JSON is UTF-8, finite, and of limited depth."""

    async def json(self) -> Any:
        """The body, parsed once. Raises `HTTPException` (400) where it is not JSON."""
        if not hasattr(self, "_json"):
            self._json = _parse(await self.body())
        return self._json


class JsonRoute(GuardedRoute):
    """Accepts bodies of JSON in UTF-8, whatever the subtype (`application/json`, `…+json`), and no other (415).

    The long bodies of `Work.LONG` are parsed and answered one after the other: parsed, a body takes several times
    as much memory as its text, and the processor's caches lose it while it waits.
    """

    @asynccontextmanager
    async def received(self, request: Request) -> AsyncIterator[Request]:
        """The request with its body read, and checked for its type and size."""
        if self.body_field is None:
            yield request
            return
        _check_media_type(request)
        announced = request.headers.get("content-length", "")
        self._check_length(int(announced[:20]) if announced.isascii() and announced.isdigit() else 0)
        received = JsonRequest(request.scope, request.receive)
        body = await received.body()
        self._check_length(len(body))
        one_at_a_time = self.work is Work.LONG and len(body) > LONG_BODY
        async with request.app.state.services.long_work if one_at_a_time else nullcontext():
            if body:
                _check_size(await received.json())
            yield received

    def _check_length(self, length: int) -> None:
        """Raise `HTTPException` (413) for a body that is longer than the route's."""
        if length > MAX_SHORT_BODY and not hasattr(self.endpoint, _MANY_PROFILES):
            detail = f"The body of this route may have at most {MAX_SHORT_BODY} bytes; send less."
            raise HTTPException(413, detail)


def _check_media_type(request: Request) -> None:
    media_type = _JSON.fullmatch(request.headers.get("content-type", ""))
    if media_type is None or _OTHER_CHARSET.search(media_type["parameters"]):
        raise HTTPException(415, "Send the body as UTF-8 with 'Content-Type: application/json'.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "Send the body uncompressed, without 'Content-Encoding'.")


def _check_size(value: object, path: tuple[str, ...] = ("body",)) -> None:
    if not isinstance(value, dict):
        return
    if len(value) > MAX_FIELDS:
        raise _too_long(path, f"At most {MAX_FIELDS} fields are allowed")
    for name, item in value.items():
        if isinstance(item, list) and len(item) > MAX_ITEMS:
            raise _too_long((*path, name), f"At most {MAX_ITEMS} items are allowed")
        if len(path) == 1:
            _check_size(item, (*path, name))


def _check_values(body: bytes) -> None:
    """Raise `RequestValidationError` for a JSON text that may hold too many names or values.

    A colon follows each name; an opening bracket or a comma precedes each name, and each value without one. Those
    within strings count, too.
    """
    if body.count(b",") + body.count(b"[") + body.count(b"{") > MAX_VALUES:
        raise _too_long(("body",), f"At most {MAX_VALUES} values are allowed")
    if body.count(b":") > MAX_NAMES:
        raise _too_long(("body",), f"At most {MAX_NAMES} names of fields are allowed")


def _too_long(location: tuple[str, ...], sentence: str) -> RequestValidationError:
    return RequestValidationError([{"type": "too_long", "loc": location, "msg": sentence}])


def parse(body: bytes) -> Any:
    """The value of a JSON body. Raises `ValueError`."""
    return from_json(body, allow_inf_nan=False)


def _parse(body: bytes) -> Any:
    if len(body) > MAX_NAMES:
        _check_values(body)
    try:
        return parse(body)
    except ValueError as error:
        # Its message names a position and never quotes the text.
        raise HTTPException(400, f"The body cannot be read as JSON in UTF-8: {error}.") from None
