"""Responses of the protocol itself to what no app could answer: problems, counted and logged like any other."""

from service.http.error_table import MALFORMED_REQUEST, ProblemType, problem_type_of_status
from service.http.problems import problem_response
from service.http.server.request_log import NO_SNIFFING, UNMATCHED, log_request, safe_request_id
from service.observability.logs import request_id
from service.observability.metrics import Metrics

# Neither the method nor the path of an incomplete head is known.
_METHOD, _PATH = "OTHER", ""
_DETAILS = {
    400: "This is no valid HTTP/1.1 request; correct the client, or what lies between it and the service.",
    408: "The head of the request did not arrive in time; send it faster.",
    431: "The head of the request, or the trailer of its body, is too long; send fewer or shorter fields.",
}


def refusal(status: int, metrics: Metrics | None) -> bytes:
    """A response with a status of 400, 408 or 431, from the line after the server's own headers on."""
    own_id = safe_request_id(b"")
    token = request_id.set(own_id)
    try:
        response = problem_response(_problem_type(status), _DETAILS[status], _PATH)
    finally:
        request_id.reset(token)
    if metrics is not None:
        metrics.observe_request(_METHOD, UNMATCHED, status, 0.0)
    log_request(own_id, _METHOD, UNMATCHED, status, 0.0)
    headers = (*response.raw_headers, (b"x-request-id", own_id.encode()), NO_SNIFFING, (b"connection", b"close"))
    return b"".join((*(b"%b: %b\r\n" % header for header in headers), b"\r\n", bytes(response.body)))


def _problem_type(status: int) -> ProblemType:
    return MALFORMED_REQUEST if status == 400 else problem_type_of_status(status)
