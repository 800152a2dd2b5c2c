"""The response to what was awaited: of its result, or the problem that the standard path answers."""

from starlette.responses import Response

from models.errors import SegmentsError
from service.fastpath.deferred import Awaited
from service.http.error_table import INTERNAL, TOO_SLOW
from service.http.exception_handlers import INTERNAL_DETAIL, response_of
from service.http.problems import problem_response
from service.http.responses import RenderedResponse
from service.observability.logs import log_failure, request_id
from service.observability.metrics import Metrics
from service.store.ports.errors import StoreUnavailable


def outcome_response(
    awaited: Awaited, own_id: str, path: str, seconds: float, metrics: Metrics
) -> RenderedResponse:
    """The response once the work has ended; before that it has taken longer than `seconds`."""
    token = request_id.set(own_id)
    try:
        if not awaited.work.done():
            detail = f"There was no response within {seconds:g} s; retry as Retry-After says."
            return _rendered(problem_response(TOO_SLOW, detail, path))
        return awaited.render(awaited.work.result())
    except SegmentsError as error:
        if isinstance(error, StoreUnavailable):
            metrics.store_failures.inc()
        return _rendered(response_of(error, path))
    except Exception as error:
        log_failure(error)
        return _rendered(problem_response(INTERNAL, INTERNAL_DETAIL, path))
    finally:
        request_id.reset(token)


def _rendered(response: Response) -> RenderedResponse:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return RenderedResponse(bytes(response.body), response.status_code, headers)
