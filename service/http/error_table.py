"""The one table of errors: the status and the type of problem for each.

Errors know no HTTP; only this module maps them to it. A class that is not in the table is treated as the
nearest of its bases. `tests/service/http/test_error_table.py` proves that every error of the service is
covered.
"""

from dataclasses import dataclass

from models.errors import ArtifactError, ModelNotFound, NoActiveModel, SegmentsError
from service.http.idempotency import KeyInProgress, KeyReused
from service.importing.jobs import ImportEnded, ImportNotFound, ImportRunning
from service.importing.rows import UnusableImportFile
from service.importing.uploads import UploadFailed, UploadTooLarge
from service.limits import LimitExceeded, RateExceeded
from service.paging import ExpiredCursor, UnusableCursor
from service.personas.affinities import AffinitiesNotCounted, NoSuchAffinities
from service.personas.catalogue import PersonaNotFound, StaleCursor
from service.personas.history import UnusablePeriod
from service.personas.overrides import IfMatchMissing, NameTaken, PersonaChangedSince
from service.retraining.event_stream import TooManyStreams
from service.retraining.jobs import JobEnded, NothingToTrainOn, UnusableDataFile
from service.retraining.launcher import LaunchFailed
from service.security.guard import Forbidden, Unauthenticated
from service.security.open_access import ForeignName
from service.store.ports.errors import NotStorable, StoreUnavailable
from service.store.ports.idempotency import ClaimLost
from service.store.ports.jobs import JobNotFound, JobRunning
from service.store.ports.users import TooManyRecipients, UserErased
from service.users.members import UnknownFilter
from service.users.personas import ProfileChanging
from service.users.profiles import UserNotFound, UserOptedOut
from service.users.recipients import RecipientNotFound
from service.versions.activation import ActivationRefused

TYPE_PREFIX = "urn:segments:problem:"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """What kind of problem an error is to the client. `retry_after` in seconds, where a retry may help."""

    status: int
    name: str
    title: str
    retry_after: int | None = None

    @property
    def uri(self) -> str:
        """The problem's `type`."""
        return TYPE_PREFIX + self.name


_IN_PROGRESS = ProblemType(
    409, "idempotency-key-in-progress", "Request with this idempotency key in progress", retry_after=1
)

UNTRUSTED_HOST = ProblemType(400, "untrusted-host", "Untrusted host")
UNTRUSTED_ORIGIN = ProblemType(400, "untrusted-origin", "Untrusted origin")

TABLE: dict[type[SegmentsError], ProblemType] = {
    ForeignName: UNTRUSTED_HOST,
    Unauthenticated: ProblemType(401, "unauthenticated", "API key required"),
    Forbidden: ProblemType(403, "missing-scope", "API key lacks the required scope"),
    RateExceeded: ProblemType(429, "rate-exceeded", "Rate limit exceeded", retry_after=1),
    LimitExceeded: ProblemType(503, "overloaded", "Service overloaded", retry_after=1),
    NoActiveModel: ProblemType(503, "no-model", "No active model", retry_after=5),
    ModelNotFound: ProblemType(404, "model-not-found", "Model not found"),
    ArtifactError: ProblemType(500, "model-unusable", "Model unusable"),
    PersonaNotFound: ProblemType(404, "persona-not-found", "Persona not found"),
    AffinitiesNotCounted: ProblemType(409, "affinities-not-counted", "Model without affinities"),
    NoSuchAffinities: ProblemType(422, "no-such-affinities", "No affinities of these fields"),
    UserNotFound: ProblemType(404, "user-not-found", "User not found"),
    UserErased: ProblemType(409, "user-erased", "User erased"),
    RecipientNotFound: ProblemType(404, "recipient-not-found", "Recipient not found"),
    UserOptedOut: ProblemType(409, "user-opted-out", "User opted out"),
    TooManyRecipients: ProblemType(409, "too-many-recipients", "Too many recipients"),
    ProfileChanging: ProblemType(409, "profile-changing", "Profile being changed", retry_after=1),
    ActivationRefused: ProblemType(409, "activation-refused", "Activation refused"),
    IfMatchMissing: ProblemType(428, "if-match-required", "If-Match required"),
    PersonaChangedSince: ProblemType(412, "persona-changed", "Persona changed"),
    NameTaken: ProblemType(409, "name-taken", "Persona name taken"),
    KeyReused: ProblemType(422, "idempotency-key-reused", "Idempotency key reused for another request"),
    KeyInProgress: _IN_PROGRESS,
    ClaimLost: _IN_PROGRESS,
    TooManyStreams: ProblemType(503, "too-many-streams", "Too many event streams", retry_after=10),
    UnusablePeriod: ProblemType(422, "unusable-period", "Unusable period"),
    UnknownFilter: ProblemType(422, "unknown-filter", "Unknown filter"),
    UnusableCursor: ProblemType(422, "unusable-cursor", "Invalid cursor"),
    ExpiredCursor: ProblemType(410, "expired-cursor", "Cursor too old"),
    StaleCursor: ProblemType(422, "stale-cursor", "Outdated cursor"),
    UnusableDataFile: ProblemType(422, "unusable-data-file", "Unusable data file"),
    NothingToTrainOn: ProblemType(409, "nothing-to-train-on", "No training data"),
    LaunchFailed: ProblemType(503, "launch-failed", "Retrain could not be started", retry_after=30),
    NotStorable: ProblemType(422, "not-storable", "Text cannot be stored"),
    ImportRunning: ProblemType(409, "import-running", "Import already running"),
    ImportEnded: ProblemType(409, "import-ended", "Import already ended"),
    ImportNotFound: ProblemType(404, "import-not-found", "Import not found"),
    UnusableImportFile: ProblemType(422, "unusable-import-file", "Unusable file of users"),
    UploadTooLarge: ProblemType(413, "body-too-large", "Body too large"),
    UploadFailed: ProblemType(503, "upload-failed", "Upload could not be stored", retry_after=30),
    JobRunning: ProblemType(409, "retrain-running", "Retrain already running"),
    JobEnded: ProblemType(409, "retrain-ended", "Retrain already ended"),
    JobNotFound: ProblemType(404, "retrain-not-found", "Retrain not found"),
    StoreUnavailable: ProblemType(503, "store-unavailable", "Store unavailable", retry_after=2),
    SegmentsError: ProblemType(500, "internal-error", "Internal server error"),
}

INVALID = ProblemType(422, "invalid-request", "Invalid request")
MALFORMED = ProblemType(400, "malformed-json", "Malformed JSON")
MALFORMED_REQUEST = ProblemType(400, "malformed-request", "Malformed request")
UNKNOWN_CODING = ProblemType(501, "unknown-transfer-coding", "Transfer coding not implemented")
INTERNAL = TABLE[SegmentsError]
TOO_SLOW = ProblemType(503, "too-slow", "Response timed out", retry_after=5)

BY_STATUS: dict[int, ProblemType] = {
    problem.status: problem
    for problem in (
        MALFORMED,
        ProblemType(404, "not-found", "Not found"),
        ProblemType(405, "method-not-allowed", "Method not allowed"),
        ProblemType(408, "request-too-slow", "Request timed out"),
        TABLE[UploadTooLarge],
        ProblemType(415, "unsupported-media-type", "Unsupported media type"),
        ProblemType(431, "head-too-large", "Request head too large"),
        INVALID,
        INTERNAL,
    )
}


def problem_type(error: type[SegmentsError]) -> ProblemType:
    """The table's entry for an error, or for the nearest of its bases."""
    return next(TABLE[base] for base in error.__mro__ if base in TABLE)


def problem_type_of_status(status: int) -> ProblemType:
    """The type of an error that the framework raises, which has a status alone."""
    return BY_STATUS.get(status) or ProblemType(status, "http-error", "Request refused")
