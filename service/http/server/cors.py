"""Pages of other origins (CORS): which headers they may send and read. Refused preflights are problems, too."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.http.error_table import UNTRUSTED_ORIGIN
from service.http.problems import problem_response

METHODS = ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE")
REQUEST_HEADERS = (
    "Authorization",
    "X-API-Key",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "X-Request-ID",
)
RESPONSE_HEADERS = (
    "Allow",
    "ETag",
    "Location",
    "Retry-After",
    "Segments-Model-Origin",
    "WWW-Authenticate",
    "X-Request-ID",
)


class CrossOrigin(CORSMiddleware):
    """Starlette's middleware, whose refusals say which setting they are about."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a refused preflight by a problem."""
        refusal = self._refusal(scope) if scope["type"] == "http" and scope["method"] == "OPTIONS" else None
        if refusal is not None:
            await refusal(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        """The response to a browser that asks for what it may not send; None for any other request."""
        headers = Headers(scope=scope)
        if "origin" not in headers or "access-control-request-method" not in headers:
            return None
        response = self.preflight_response(headers)
        if response.status_code < 400:
            return None
        reason = bytes(response.body).decode()
        detail = f"{reason}: CORS_ORIGINS lists the origins whose pages may send requests; /docs has the methods."
        own = {"content-type", "content-length"}
        cors_headers = {name: value for name, value in response.headers.items() if name not in own}
        return problem_response(UNTRUSTED_ORIGIN, detail, scope["path"], headers=cors_headers)
