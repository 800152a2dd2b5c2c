"""What can go wrong, as exceptions. None holds a key, or a value of a profile.

SegmentsError
├── SegmentsProblem            the service refused: RFC 9457 problem details
│   ├── InvalidRequest         400, 413, 415, 422
│   ├── NotAllowed             401, 403
│   ├── NotFound               404
│   ├── Conflict               409, 412, 428
│   │   ├── UserErased         a tombstone stands for the user
│   │   └── AlreadyRunning     a retrain or an import runs
│   ├── CursorExpired          410
│   └── Unavailable            429, 503, after the last attempt
├── ConnectionFailed           no response after the last attempt
│   └── TimedOut
├── UnexpectedResponse         not what this version of the client can read
├── ModelsDiffer               the parts of a long read come from several models
└── JobFailed                  a retrain or an import that was waited for
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class SegmentsError(Exception):
    """The root of all errors of this package."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: `pointer` is a JSON pointer (RFC 6901) into the `place` of the request."""

    place: str
    pointer: str
    detail: str


class SegmentsProblem(SegmentsError):
    """The service refused the request, and says why and what to do next.

    `type` is an identifier that never changes, `request_id` the id of the request in the service's log,
    `retry_after` the seconds after which another attempt may succeed.
    """

    def __init__(self, problem: Mapping[str, Any]) -> None:
        self._problem = dict(problem)
        self.retry_after: float | None = None
        self.status = int(problem["status"])
        self.type = str(problem["type"])
        self.title = str(problem.get("title", ""))
        self.detail = str(problem.get("detail", ""))
        self.request_id = str(problem.get("request_id", ""))
        self.job: str | None = problem.get("job")
        self.errors = tuple(
            FieldError(str(error["place"]), str(error["pointer"]), str(error["detail"]))
            for error in problem.get("errors", ())
        )
        super().__init__(self._sentence())

    @property
    def name(self) -> str:
        """The last part of `type`, such as `user-not-found`."""
        return self.type.rpartition(":")[2]

    def _sentence(self) -> str:
        wrong = "".join(f" {error.pointer}: {error.detail}" for error in self.errors[:5])
        return f"{self.status} {self.title}: {self.detail}{wrong} (request {self.request_id})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by its problem: exceptions cross processes."""
        return type(self), (self._problem,), {"retry_after": self.retry_after}


class InvalidRequest(SegmentsProblem):
    """The request is not valid; `errors` points at what to correct."""


class NotAllowed(SegmentsProblem):
    """There is no valid key, or it lacks the scope that `detail` names."""


class NotFound(SegmentsProblem):
    """There is no such user, persona, version or job."""


class Conflict(SegmentsProblem):
    """The request does not fit the present state."""


class UserErased(Conflict):
    """The user was erased, and the tombstone keeps the profile from coming back."""


class AlreadyRunning(Conflict):
    """One runs already; `job` is the path of it."""


class CursorExpired(SegmentsProblem):
    """What the cursor points to is stored no more: read everything again, then follow from the latest change."""


class Unavailable(SegmentsProblem):
    """The service could not answer, or lets no more requests in."""


class ConnectionFailed(SegmentsError):
    """No response came. Whether the service did what was asked is unknown."""


class TimedOut(ConnectionFailed):
    """No response came in time."""


class UnexpectedResponse(SegmentsError):
    """A response that this version of the client cannot read."""


class ModelsDiffer(SegmentsError):
    """A new model was activated each time that a long list of users was read; try again."""


class JobFailed(SegmentsError):
    """A job ended without success; `job` says why."""

    def __init__(self, job: Any) -> None:
        super().__init__(f"The job {job.id} is {job.status}: {job.error}")
        self.job = job

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.job,)


_BY_NAME: dict[str, type[SegmentsProblem]] = {
    "user-erased": UserErased,
    "retrain-running": AlreadyRunning,
    "import-running": AlreadyRunning,
}
_BY_STATUS: dict[int, type[SegmentsProblem]] = {
    400: InvalidRequest,
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    410: CursorExpired,
    412: Conflict,
    413: InvalidRequest,
    415: InvalidRequest,
    422: InvalidRequest,
    428: Conflict,
    429: Unavailable,
    503: Unavailable,
}


def problem_of(problem: Mapping[str, Any], retry_after: float | None = None) -> SegmentsProblem:
    """The exception for problem details; of the class that its type, or else its status, belongs to."""
    name = str(problem["type"]).rpartition(":")[2]
    kind = _BY_NAME.get(name) or _BY_STATUS.get(int(problem["status"]), SegmentsProblem)
    error = kind(problem)
    error.retry_after = retry_after
    return error
