"""The manifest: the description of an artifact, in JSON, which is read before its other files."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field, model_validator

from models.lineage import LineageStep, RetiredPersona
from models.persona import GiverTexts, Persona
from models.profile.field_kinds import KindName
from models.profile.voice import Subject

# Raise this when the meaning of the files changes, and add an old artifact to tests/data.
# 1: tables and centroids. 2: also the imputation of missing answers (`models.scoring.nearest_centroid`).
# 3: a classifier trained on the clusters assigns (`models.scoring.evidence`).
FORMAT = 3
READABLE = (1, 2, 3)
CLASSIFIER_FORMAT = 3

# How the sentence of every check starts that was not made.
NOT_JUDGED = "Not judged: "


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Reading(_Part):
    """What was read of a file of profiles, and how."""

    columns: int = Field(description="Columns in the file, without those that its mapping leaves out on purpose.")
    used_columns: int = Field(description="Those that fields, descriptors or the id are read from.")
    unused: tuple[str, ...] = Field(default=(), description="The names of others, at most fifty.")
    missing_words: dict[str, int] = Field(
        default={}, description="Field → cells that hold a word for a missing answer, such as n/a."
    )
    notes: tuple[str, ...] = Field(default=(), description="Sentences on how the file was read.")


class Origin(_Part):
    """The origin of the training data. Whatever shows the model also shows `simulated`."""

    source: Literal["simulated", "file", "users"]
    simulated: bool
    description: str = Field(description="One sentence for people.")
    rows: int = Field(description="Number of training profiles.")
    refused_rows: int = Field(default=0, description="Rows that are not valid profiles.")
    fingerprint: str = Field(description="sha256 of the parsed profiles.")
    reading: Reading | None = Field(default=None, description="How the file was read, for a model from a file.")


class FieldManifest(_Part):
    """One field of the encoder; its centre, weight and rows are arrays named after it.

    `completed`: in formats 1 and 2, whether the field can be hidden.
    """

    name: str
    kind: KindName
    levels: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    column_of: tuple[int, ...] = ()
    completed: bool = False
    phrases: tuple[str, ...] = ()
    # Models of before spoke of the giver in every sentence.
    subject: Subject = "giver"


Outcome = Literal["passed", "failed", "not_judged"]


class Verdict(_Part):
    """The result of one check that training ran on its own result. Only a failed check blocks an activation."""

    name: str
    outcome: Outcome = Field(
        description="'not_judged': the check could not be made, and the sentence says why; "
        "it neither passed nor failed."
    )
    sentence: str
    value: float | None = Field(default=None, description="The measured value.")
    bound: float | None = Field(default=None, description="The threshold.")

    @computed_field(description="Whether the outcome is 'passed'.")  # type: ignore[prop-decorator]
    @property
    def passed(self) -> bool:
        """Whether the check was made and the result is as wanted."""
        return self.outcome == "passed"

    @model_validator(mode="before")
    @classmethod
    def _with_outcome(cls, given: Any) -> Any:
        """Read a manifest without `outcome`: a check that was not made counted as passed, and its sentence said
        so.
        """
        if not isinstance(given, dict) or "outcome" in given or not isinstance(given.get("passed"), bool):
            return given
        if not given["passed"]:
            outcome = "failed"
        else:
            outcome = "not_judged" if str(given.get("sentence")).startswith(NOT_JUDGED) else "passed"
        return {**given, "outcome": outcome}


class GoldenPrediction(_Part):
    """A profile and its assignment by the new model; every load must reproduce it.

    `distances`: in formats 1 and 2. `probabilities`: of all personas, from format 3 on.
    """

    profile: dict[str, Any]
    persona_id: str
    distances: tuple[float, ...] = ()
    probabilities: tuple[float, ...] = ()


class FieldStats(_Part):
    """Statistics of one field in the training data, for the acceptance checks of the next retrain."""

    answered_share: float = Field(description="Share of the profiles that answered it, 0–1.")
    commonest_share: float = Field(description="Share of the most common answer among these, 0–1.")
    strength: float = Field(
        description="Share of its variance explained by the personas that the other fields alone assign, 0–1."
    )
    strength_error: float | None = Field(default=None, description="Standard error of the strength.")
    answered: int | None = Field(default=None, description="Number of profiles in the sample that answered it.")


class Manifest(_Part):
    """Everything about a model except its arrays. `files`: name → sha256 of every other file."""

    format: int = FORMAT
    version: str
    created_at: datetime
    origin: Origin
    configuration: dict[str, Any]
    libraries: dict[str, str]
    metrics: dict[str, float | int | str | None]
    choice_of_k: str = Field(description="Why the model has this many personas, in one sentence.")
    verdicts: tuple[Verdict, ...] = ()
    fields: tuple[FieldManifest, ...]
    personas: tuple[Persona, ...] = Field(description="In the order of the classifier's columns.")
    giver_texts: dict[str, GiverTexts] = Field(
        default_factory=dict, description="Persona id → its texts in the giver's voice; none in models of before."
    )
    golden: tuple[GoldenPrediction, ...]
    previous: str | None = Field(
        default=None, description="The version that was active during training, whose personas it continues."
    )
    lineage: tuple[LineageStep, ...] = Field(
        default=(), description="The fate of each persona, version by version, this one last."
    )
    retired: tuple[RetiredPersona, ...] = Field(
        default=(), description="Personas that no cluster continues; their ids are never used again."
    )
    field_figures: dict[str, FieldStats] = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _texts_fit_the_personas(self) -> "Manifest":
        for persona in self.personas:
            texts = self.giver_texts.get(persona.id)
            if texts is not None and len(texts.traits) != len(persona.traits):
                raise ValueError(f"the texts of persona {persona.id} are not those of its traits")
        return self

    @property
    def outcome(self) -> Outcome:
        """Of all checks: 'failed' where one failed, otherwise 'not_judged' where one was not made."""
        outcomes = {verdict.outcome for verdict in self.verdicts}
        return "failed" if "failed" in outcomes else "not_judged" if "not_judged" in outcomes else "passed"

    def verdicts_that(self, outcome: Outcome) -> tuple[Verdict, ...]:
        """The verdicts with this outcome."""
        return tuple(verdict for verdict in self.verdicts if verdict.outcome == outcome)
