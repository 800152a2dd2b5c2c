"""The one table: which error is answered with which status and which type of problem.

Errors know no HTTP; this module does, and nothing else. A class that is not in the table is answered as the
nearest of its bases. `tests/service/http/test_error_table.py` proves that every error of ours is covered.
"""

from dataclasses import dataclass

from models.errors import ArtifactError, ModelNotFound, NoActiveModel, SegmentsError
from service.http.idempotency import KeyInProgress, KeyReused
from service.limits import LimitExceeded, RateExceeded
from service.paging import UnusableCursor
from service.personas.catalogue import PersonaNotFound, StaleCursor
from service.personas.overrides import IfMatchMissing, NameTaken, PersonaChangedSince
from service.retraining.event_stream import TooManyStreams
from service.retraining.jobs import JobEnded, NothingToTrainOn, UnusableDataFile
from service.retraining.launcher import LaunchFailed
from service.security.guard import Forbidden, Unauthenticated
from service.store.ports.errors import NotStorable, StoreUnavailable
from service.store.ports.jobs import JobNotFound, JobRunning
from service.users.personas import ProfileChanging
from service.users.profiles import UserNotFound
from service.versions.activation import ActivationRefused

TYPE_PREFIX = "urn:segments:problem:"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """What kind of problem an error is to whoever asked. `retry_after` in seconds, where waiting helps."""

    status: int
    name: str
    title: str
    retry_after: int | None = None

    @property
    def uri(self) -> str:
        """The problem's `type`."""
        return TYPE_PREFIX + self.name


TABLE: dict[type[SegmentsError], ProblemType] = {
    Unauthenticated: ProblemType(401, "unauthenticated", "A key that works is needed"),
    Forbidden: ProblemType(403, "missing-scope", "The key does not have the scope that is needed"),
    RateExceeded: ProblemType(429, "rate-exceeded", "The key asks too often", retry_after=1),
    LimitExceeded: ProblemType(503, "overloaded", "There is too much to do at the moment", retry_after=1),
    NoActiveModel: ProblemType(503, "no-model", "No model is in force", retry_after=5),
    ModelNotFound: ProblemType(404, "model-not-found", "There is no such model"),
    ArtifactError: ProblemType(500, "model-unusable", "A model cannot be used"),
    PersonaNotFound: ProblemType(404, "persona-not-found", "There is no such persona"),
    UserNotFound: ProblemType(404, "user-not-found", "There is no such user"),
    ProfileChanging: ProblemType(409, "profile-changing", "The profile is being changed", retry_after=1),
    ActivationRefused: ProblemType(409, "activation-refused", "The model cannot be put in force"),
    IfMatchMissing: ProblemType(428, "if-match-required", "The edit must say what it is an edit of"),
    PersonaChangedSince: ProblemType(412, "persona-changed", "The persona has changed since"),
    NameTaken: ProblemType(409, "name-taken", "Another persona has this name"),
    KeyReused: ProblemType(422, "idempotency-key-reused", "The idempotency key was used for something else"),
    KeyInProgress: ProblemType(409, "idempotency-key-in-progress", "The same request is under way", retry_after=1),
    TooManyStreams: ProblemType(503, "too-many-streams", "Too many streams are open", retry_after=10),
    UnusableCursor: ProblemType(422, "unusable-cursor", "The cursor cannot be used"),
    StaleCursor: ProblemType(422, "stale-cursor", "The list has changed since the cursor was made"),
    UnusableDataFile: ProblemType(422, "unusable-data-file", "The data file cannot be used"),
    NothingToTrainOn: ProblemType(409, "nothing-to-train-on", "There is nothing to train on"),
    LaunchFailed: ProblemType(503, "launch-failed", "The retrain could not be started", retry_after=30),
    NotStorable: ProblemType(422, "not-storable", "The text cannot be stored"),
    JobRunning: ProblemType(409, "retrain-running", "A retrain is running already"),
    JobEnded: ProblemType(409, "retrain-ended", "The retrain has ended already"),
    JobNotFound: ProblemType(404, "retrain-not-found", "There is no such retrain"),
    StoreUnavailable: ProblemType(503, "store-unavailable", "The store does not answer", retry_after=2),
    SegmentsError: ProblemType(500, "internal-error", "Something went wrong here"),
}

INVALID = ProblemType(422, "invalid-request", "The request is not valid")
MALFORMED = ProblemType(400, "malformed-json", "The body is not JSON")
INTERNAL = TABLE[SegmentsError]
UNTRUSTED_HOST = ProblemType(400, "untrusted-host", "This service does not answer under that name")
TOO_SLOW = ProblemType(503, "too-slow", "The answer took too long", retry_after=5)

BY_STATUS: dict[int, ProblemType] = {
    problem.status: problem
    for problem in (
        MALFORMED,
        ProblemType(404, "not-found", "There is nothing at this address"),
        ProblemType(405, "method-not-allowed", "The method is not allowed here"),
        ProblemType(408, "request-too-slow", "The request did not arrive in time"),
        ProblemType(413, "body-too-large", "The body is too large"),
        ProblemType(415, "unsupported-media-type", "The body must be JSON"),
        INVALID,
        INTERNAL,
    )
}


def problem_type(error: type[SegmentsError]) -> ProblemType:
    """The table's entry for an error, or for the nearest of its bases."""
    return next(TABLE[base] for base in error.__mro__ if base in TABLE)


def problem_type_of_status(status: int) -> ProblemType:
    """What the framework's own refusals are called."""
    return BY_STATUS.get(status) or ProblemType(status, "http-error", "The request was refused")
