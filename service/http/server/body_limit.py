"""A limit on the size of a request's body, in plain ASGI."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.error_table import problem_type_of_status
from service.http.problems import problem_response

# Paths whose bodies have any length: the route writes them to a file as they arrive, and limits them itself.
UPLOADS = frozenset({"/users:import"})


class BodyLimit:
    """Refuses a body that is larger than `limit` bytes, before it is read or while it is; not of `UPLOADS`."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit
        self._detail = f"The body may have at most {limit} bytes; send less, or several requests."

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"] in UPLOADS:
            await self._app(scope, receive, send)
        elif _content_length(scope) > self._limit:
            # Closing the connection spares us the body that would follow.
            response = problem_response(
                problem_type_of_status(413), self._detail, scope["path"], headers={"Connection": "close"}
            )
            await response(scope, receive, send)
        else:
            await self._app(scope, self._limited(receive), send)

    def _limited(self, receive: Receive) -> Receive:
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise HTTPException(413, self._detail, {"Connection": "close"})
            return message

        return receive_limited


def _content_length(scope: Scope) -> int:
    """The announced size of the body; 0 where none is announced."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(length[:20]) if length.isdigit() else 0
