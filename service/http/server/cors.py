"""Pages of other origins (CORS): which headers they may send and read. Refused preflights are problems, too."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

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

    def preflight_response(self, request_headers: Headers) -> Response:
        """The response to a browser that asks whether it may send a request."""
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        reason = bytes(response.body).decode()
        detail = f"{reason}: CORS_ORIGINS lists the origins whose pages may send requests; /docs has the methods."
        own = {"content-type", "content-length"}
        headers = {name: value for name, value in response.headers.items() if name not in own}
        return problem_response(UNTRUSTED_ORIGIN, detail, "/", headers=headers)
