"""`docs/reference/errors.md`: every kind of problem that the service answers with."""

from collections.abc import Iterator

from docs.generate.markdown import code, page, sentence, table
from service.http.error_table import (
    BY_STATUS,
    MALFORMED_REQUEST,
    TABLE,
    TOO_SLOW,
    UNKNOWN_CODING,
    UNTRUSTED_HOST,
    UNTRUSTED_ORIGIN,
    ProblemType,
)

INTRODUCTION = """\
Every response with a status of 400 or above is a problem ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457))
with the media type `application/problem+json`:

| Field | |
|---|---|
| `type` | Names the kind of problem and never changes: programs decide by this. |
| `title`, `status` | The same for every problem of the type. |
| `detail` | What is wrong this time, and what to do next. It never quotes a value that was sent. |
| `instance` | The path of the request, percent-encoded. |
| `request_id` | Stands in the log and in the header `X-Request-ID`. |
| `errors` | What is wrong, part by part: `place` (body, query, path or header), a JSON `pointer`, `detail`. |
| `job` | With `retrain-running`: the retrain that runs. |

Where waiting helps, the header `Retry-After` says for how many seconds. Which route answers with which problems:
[routes](routes.md)."""


# Problems of requests that are not valid HTTP.
_OF_HTTP = (MALFORMED_REQUEST, UNKNOWN_CODING)
# Problems that no error of the service's own describes.
_MEANINGS = {
    "malformed-json": "The body cannot be parsed as JSON.",
    "untrusted-host": "The name in the header `Host` is not one of `TRUSTED_HOSTS`.",
    "untrusted-origin": "A browser asks for a page whose origin is not one of `CORS_ORIGINS`, or for another "
    "method or header than the API has.",
    "not-found": "No route has this path.",
    "method-not-allowed": "The path has routes, but none with this method; `Allow` names the methods.",
    "malformed-request": "It is not valid HTTP/1.1, or has no `Host` or several, or its path is not "
    "percent-encoded UTF-8.",
    "unknown-transfer-coding": "The body has a transfer coding other than `chunked`.",
    "head-too-large": "The head, or the trailer of a chunked body, exceeds 64 KiB. The connection is closed.",
    "request-too-slow": "The head or the body was not complete within `CLIENT_SECONDS`.",
    "body-too-large": "The body is larger than `MAX_BODY_BYTES`.",
    "unsupported-media-type": "The header `Content-Type` names no JSON in UTF-8.",
    "invalid-request": "A field, parameter or header is missing, unknown or not allowed; `errors` says which.",
    "internal-error": "A defect of the service. The log says more under the `request_id`.",
    "too-slow": "The response did not start within `REQUEST_SECONDS`.",
}


def errors_page() -> str:
    """The page."""
    rows = sorted(_problems(), key=lambda row: (row[0].status, row[0].name))
    columns = ["Status", "`type`", "Title", "`Retry-After`", "When"]
    return page("Errors", INTRODUCTION, table(columns, (_row(kind, meaning) for kind, meaning in rows)))


def _problems() -> Iterator[tuple[ProblemType, str]]:
    documented = {kind.name: sentence((error.__doc__ or "").split("\n\n")[0]) for error, kind in TABLE.items()}
    meanings = documented | _MEANINGS
    others = (UNTRUSTED_HOST, UNTRUSTED_ORIGIN, TOO_SLOW, *_OF_HTTP)
    for kind in dict.fromkeys([*TABLE.values(), *BY_STATUS.values(), *others]):
        yield kind, meanings[kind.name]


def _row(kind: ProblemType, meaning: str) -> list[str]:
    wait = "" if kind.retry_after is None else f"{kind.retry_after} s"
    return [str(kind.status), code(kind.uri), kind.title, wait, meaning]
