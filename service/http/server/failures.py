"""Exceptions that nothing else handled, in plain ASGI: logged by type and stack, and answered as problems.

The layer lies within that of the headers for browsers, so that a page can read these responses, too.
"""

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.error_table import INTERNAL
from service.http.exception_handlers import INTERNAL_DETAIL
from service.http.problems import problem_response
from service.observability.logs import log_failure


class FailureResponses:
    """Answers a request whose handling raised."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_started = False

        async def send_noting(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except ClientDisconnect:
            # No failure of the service, and no client left to answer.
            return
        except Exception as error:
            log_failure(error)
            # A response that has started can only be cut off, which the server does.
            if not has_started:
                await problem_response(INTERNAL, INTERNAL_DETAIL, scope["path"])(scope, receive, send)
