"""Request and response bodies that are not a use case's own values."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StringConstraints, ValidationError

from models.profile import Profile
from models.storage.artifact import LoadedArtifact
from service.http.error_table import INVALID
from service.http.problems import FieldProblem, field_problems, pointer, unknown_field
from service.paging import Page
from service.segmenting.assignment import (
    AnswerWarning,
    Confidence,
    InvalidProfile,
    IsOutlier,
    Margin,
    Outcome,
    PersonaRef,
    Probabilities,
    RunnerUp,
    Segmented,
    SegmentedInDetail,
    Typicality,
)
from service.store.ports.jobs import Job, JobStatus
from service.users.personas import Revision
from service.users.profiles import StoredProfile
from service.versions.catalogue import ModelVersion
from service.watching.drift import Suggestion

MAX_BATCH = 1_000
MAX_PAGE = 1_000
USER_ID = r"^[A-Za-z0-9][A-Za-z0-9._~:@+-]{0,127}$"

PROFILE_FIELDS = tuple(Profile.model_fields)
_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)


# As parsed. FastAPI validates bodies on the event loop, where a thousand profiles would take too long; the route
# has `profile_or_refusal` do it in a thread.
SentProfile = Annotated[object, PlainValidator(lambda value: value, json_schema_input_type=Profile)]


def profile_or_refusal(value: object) -> Profile | InvalidProfile:
    """One profile of a batch, or what is wrong with it: a bad one must not fail the others."""
    if isinstance(value, dict) and len(value) > len(PROFILE_FIELDS):
        # One sentence: pydantic would make an error of every strange field.
        strange = next(name for name in value if name not in PROFILE_FIELDS)
        return InvalidProfile(((pointer([strange]), unknown_field(strange, PROFILE_FIELDS)),))
    try:
        return Profile.model_validate(value)
    except ValidationError as error:
        found = [{**item, "loc": ("body", *item["loc"])} for item in error.errors(include_input=False)]
        problems = field_problems(found, PROFILE_FIELDS)
        return InvalidProfile(tuple((problem.pointer, problem.detail) for problem in problems))


class BatchRequest(BaseModel):
    """Profiles to assign, each with its own outcome."""

    model_config = _STRICT

    profiles: Annotated[list[SentProfile], Field(max_length=MAX_BATCH)]


class ItemProblem(BaseModel):
    """Why one item of a batch has no result."""

    model_config = ConfigDict(frozen=True)

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldProblem, ...]


@dataclass(frozen=True, slots=True)
class BatchItem:
    """A profile that was assigned."""

    index: int
    status: int
    result: SegmentedInDetail | Segmented


@dataclass(frozen=True, slots=True)
class BatchFailure:
    """A profile that does not fit."""

    index: int
    status: int
    error: ItemProblem


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """The outcomes in the order of the profiles, all from one model."""

    model_version: str
    items: tuple[BatchItem | BatchFailure, ...]


def batch_item_of(index: int, outcome: Outcome) -> BatchItem | BatchFailure:
    """What stands at that place of a `BatchAnswer`."""
    if outcome.result is not None:
        return BatchItem(index, 200, outcome.result)
    found = outcome.invalid.errors if outcome.invalid else ()
    errors = tuple(
        FieldProblem(place="body", pointer=f"/profiles/{index}{part}", detail=detail) for part, detail in found
    )
    problem = ItemProblem(
        type=INVALID.uri,
        title=INVALID.title,
        status=INVALID.status,
        detail="This profile does not fit; change what `errors` names and send it again.",
        errors=errors,
    )
    return BatchFailure(index, INVALID.status, problem)


class CompareRequest(BaseModel):
    """A profile, and answers that might be others."""

    model_config = _STRICT

    profile: Profile
    changes: Annotated[Profile, Field(description="Only the fields that change; null takes an answer back.")]


UserIdText = Annotated[str, StringConstraints(pattern=USER_ID)]


class UsersRequest(BaseModel):
    """Users whose personas are wanted."""

    model_config = _STRICT

    user_ids: Annotated[list[UserIdText], Field(max_length=MAX_BATCH)]


class ChosenPersona(BaseModel):
    """The persona that a user is given by hand."""

    model_config = _STRICT

    persona_id: Annotated[str, Field(max_length=200, description="A persona of the model in force.")]


NO_MODEL = AnswerWarning(
    code="NO_MODEL", detail="The profile is stored; it is assigned as soon as there is a model and somebody asks."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """A stored profile's persona; none while no model is in force."""

    user_id: str
    revision: Revision
    profile_updated_at: datetime
    persona: PersonaRef | None
    model_version: str | None
    assigned_at: datetime | None
    # The fields of `Segmented`, between others: their order is public.
    # pylint: disable=duplicate-code
    confidence: Confidence
    probabilities: Probabilities
    runner_up: RunnerUp
    margin: Margin
    typicality: Typicality
    is_outlier: IsOutlier
    # pylint: enable=duplicate-code
    distances: dict[str, float]
    missing_fields: tuple[str, ...]
    warnings: tuple[AnswerWarning, ...]

    @classmethod
    def of(cls, stored: StoredProfile) -> "StoredAnswer":
        """The body for a stored profile; without an assignment its fields are empty, and a warning says why."""
        assignment = stored.assignment
        assigned = {name: getattr(assignment, name) for name in _UNASSIGNED} if assignment else _UNASSIGNED
        return cls(
            user_id=stored.user_id,
            revision=stored.revision,
            profile_updated_at=stored.profile_updated_at,
            assigned_at=stored.assigned_at,
            **assigned,
        )


# The fields of `Segmented` in a `StoredAnswer`, as they are without an assignment.
_UNASSIGNED: dict[str, Any] = {
    **dict.fromkeys(field.name for field in fields(Segmented)),
    "distances": {},
    "missing_fields": (),
    "warnings": (NO_MODEL,),
}


class JobStep(BaseModel):
    """One of the steps of a retrain."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="What happens in it, in words.")
    at: datetime = Field(description="When it began.")
    progress: float = Field(description="How much of the whole was done when it was last heard of, 0–1.")


class JobResult(BaseModel):
    """What a retrain left behind."""

    model_config = ConfigDict(frozen=True)

    model_version: str | None = None
    activated: bool = Field(default=False, description="Whether the model was put in force.")
    reason: str | None = Field(default=None, description="Why it was, or was not.")
    last_output: list[str] | None = Field(default=None, description="The last lines of a failed training.")


class JobBody(BaseModel):
    """A retrain: where it stands, and how it ended."""

    model_config = ConfigDict(frozen=True)

    id: str
    status: JobStatus
    stage: str = Field(description="What happens now, in words.")
    progress: float = Field(description="How much is done, 0–1.")
    steps: list[JobStep] = Field(description="The steps so far, in order.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None = Field(description="Why it failed or was cancelled.")
    result: JobResult | None
    request: dict[str, Any] = Field(description="What was asked for.")
    links: dict[str, str]

    @classmethod
    def of(cls, job: Job) -> "JobBody":
        """The body for a job."""
        address = job_address(job.id)
        links = {"self": address, "events": f"{address}/events"}
        if not job.status.ended:
            links["cancel"] = f"{address}/cancel"
        return cls(
            id=job.id,
            status=job.status,
            stage=job.stage,
            progress=job.progress,
            steps=[JobStep.model_validate(step) for step in job.steps or ()],
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            error=job.error,
            result=None if job.result is None else JobResult.model_validate(job.result),
            request=job.request,
            links=links,
        )


class JobList(BaseModel):
    """A page of retrains, newest first."""

    model_config = ConfigDict(frozen=True)

    items: list[JobBody]
    next_cursor: str | None

    @classmethod
    def of(cls, page: Page[Job]) -> "JobList":
        """The body for a page."""
        return cls(items=[JobBody.of(job) for job in page.items], next_cursor=page.next_cursor)


def job_address(job_id: str) -> str:
    """Where a job is found."""
    return f"/retrain/{job_id}"


class ModelSummary(BaseModel):
    """The model in force, in short."""

    model_config = ConfigDict(frozen=True)

    version: str
    created_at: datetime
    simulated: bool = Field(description="Whether it was made from simulated profiles.")
    origin: str = Field(description="Where the training data came from, in one sentence.")
    personas: int

    @classmethod
    def of(cls, loaded: LoadedArtifact) -> "ModelSummary":
        """The summary of a loaded model."""
        manifest = loaded.manifest
        return cls(
            version=manifest.version,
            created_at=manifest.created_at,
            simulated=manifest.origin.simulated,
            origin=manifest.origin.description,
            personas=len(manifest.personas),
        )


@dataclass(frozen=True, slots=True)
class ModelList:
    """A page of versions, the newest first, and whether a retrain is suggested."""

    items: tuple[ModelVersion, ...]
    next_cursor: str | None
    active: Annotated[str | None, Field(description="The version in force.")]
    suggestion: Annotated[
        Suggestion | None,
        Field(description="Whether to retrain; nothing is done of itself. Null without a model or the store."),
    ]


class Index(BaseModel):
    """What this is, which model answers, and where to go on."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str
    model: ModelSummary | None
    links: dict[str, str]


class Alive(BaseModel):
    """The process answers."""

    model_config = ConfigDict(frozen=True)

    status: Literal["alive"] = "alive"
