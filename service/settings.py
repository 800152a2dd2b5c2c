"""Every setting of the service, from the environment or a `.env` file. Nothing reads them at import."""

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.acceptance import Thresholds
from models.errors import ArtifactError, SegmentsError
from models.profile.chosen import VARIABLE
from models.storage.registry import Registry
from models.storage.signature import read_key
from service import setting_values
from service.sentences import Subject, sentence


class SettingsError(SegmentsError):
    """A setting cannot be used; the sentence says which."""


class Settings(Thresholds, BaseSettings):
    """Settings by their name in the environment (any case). `make docs` writes the reference from these."""

    # An empty variable is unset: `docker compose` passes `${NAME:-}` on as one. Some editors write a BOM.
    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        default=8000, description="Port to listen on; 0 takes a free one."
    )
    workers: Annotated[int, Field(ge=1, le=64)] = Field(
        default=1, description="Worker processes that share the port."
    )
    database_url: str = Field(
        default="sqlite:///./data/segments.db",
        description="Where users and jobs are stored: `sqlite:///…` or `postgresql+psycopg://…`.",
        repr=False,
    )
    database_password_file: Path | None = Field(
        default=None, description="File that holds the password for DATABASE_URL (a container secret)."
    )
    artifacts_dir: Path = Field(
        default=Path("models/artifacts"), description="Folder of the model versions and of `ACTIVE`."
    )
    data_dir: Path = Field(
        default=Path("data"),
        description="Folder of data files; the `path` of a retrain must lie below it, through links too.",
    )
    profile: str | None = Field(
        default=None,
        description="Profile class to serve in place of the gifting profile, as `package.module:Class`; from the "
        "environment alone, not from `.env`. Training needs the same.",
    )
    insecure: bool = Field(
        default=False,
        description="Serve without keys on an address that others can reach: anybody may do everything.",
    )
    require_keys: bool = Field(
        default=False,
        description="Refuse to serve while no key exists, on loopback too: a lost database opens nothing.",
    )
    admin_key_file: Path | None = Field(
        default=None,
        description="File that holds the deployment's first key, with scope `admin` (a container secret).",
    )
    artifact_key_file: Path | None = Field(
        default=None, description="File that holds the key that signs versions; then nothing unsigned is loaded."
    )
    key_poll_seconds: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0, description="Seconds between two checks of each worker for a key that was made or revoked."
    )
    key_rate: Annotated[float, Field(ge=0)] = Field(
        default=2_000.0,
        description="Requests a second that a key may send to each worker (twice as many at once); 0: any number.",
    )
    cors_origins: Annotated[str | None, BeforeValidator(setting_values.origins)] = Field(
        default=None,
        description="Origins of pages that may send requests, separated by commas (`https://app.example`).",
    )
    trusted_hosts: Annotated[str | None, BeforeValidator(setting_values.host_names)] = Field(
        default=None,
        description="Host names that the service accepts, separated by commas (`*.example.org`); any by default. "
        "`/livez` and `/readyz` answer to every name.",
    )
    trusted_proxies: Annotated[str | None, BeforeValidator(setting_values.proxies)] = Field(
        default=None,
        description="Addresses of proxies whose `X-Forwarded-…` headers are trusted, separated by commas.",
    )
    root_path: Annotated[str, BeforeValidator(setting_values.root_path)] = Field(
        default="",
        description="Path under which a proxy publishes the service (`/segments`), passed on by it or not.",
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(setting_values.level)] = (
        Field(default="INFO", description="Least level that is logged.")
    )
    max_body_bytes: Annotated[int, Field(ge=1_024)] = Field(
        default=4 * 2**20,
        description="Largest body of a batch; a larger one is answered 413. Other bodies have at most 256 KiB.",
    )
    max_in_flight: Annotated[int, Field(ge=1)] = Field(
        default=256,
        description="Requests that wait in a worker before more are answered 503; the fast path never waits.",
    )
    max_store_requests: Annotated[int, Field(ge=1)] = Field(
        default=80,
        description="Requests over the store that a worker handles at once before more are answered 503.",
    )
    max_import_bytes: Annotated[int, Field(ge=1)] = Field(
        default=10_000_000_000,
        description="The largest file of users that POST /users:import takes; then 413. It is stored in DATA_DIR.",
    )
    request_seconds: Annotated[float, Field(gt=0)] = Field(
        default=30.0, description="Time from a whole request to the start of its response; then 503."
    )
    client_seconds: Annotated[float, Field(gt=0)] = Field(
        default=10.0,
        description="Time a client gets for a head, for a body (then 408), and for a stalled response.",
    )
    keep_alive_seconds: Annotated[int, Field(ge=1)] = Field(
        default=5, description="How long a connection may idle between two requests."
    )
    model_poll_seconds: Annotated[float, Field(gt=0, le=60)] = Field(
        default=0.5, description="Seconds between two checks of each worker for a newly activated model."
    )
    model_retry_seconds: Annotated[float, Field(gt=0)] = Field(
        default=30.0, description="Pause before a version that could not be loaded is tried again."
    )
    readiness_timeout_seconds: Annotated[float, Field(gt=0)] = Field(
        default=2.0, description="How long `/readyz` waits for the store."
    )
    retrain_threads: Annotated[int, Field(ge=1)] = Field(
        default=1, description="Threads that a retrain may compute with."
    )
    retrain_nice: Annotated[int, Field(ge=0, le=19)] = Field(
        default=10, description="Niceness of a retrain: the higher, the more it gives way."
    )
    retrain_report: bool = Field(
        default=True,
        description="Analyse the segments of each retrain, and draw its `report.html`: most of a small retrain's "
        "time.",
    )
    retrain_rows: Annotated[int, Field(ge=1_000, le=1_000_000)] = Field(
        default=20_000, description="Profiles simulated for a retrain that does not say how many."
    )
    retrain_stop_seconds: Annotated[float, Field(gt=0)] = Field(
        default=5.0, description="Time a retrain gets to stop by itself before it is killed."
    )
    job_beat_seconds: Annotated[float, Field(gt=0, le=2)] = Field(
        default=1.0, description="Seconds between two heartbeats of a running retrain."
    )
    job_lease: Annotated[float, Field(ge=1)] = Field(
        default=15.0, description="Seconds without a heartbeat after which a retrain is FAILED."
    )
    retrain_seconds: Annotated[float, Field(gt=0)] = Field(
        default=3_600.0, description="Time after which a retrain is stopped and FAILED."
    )
    retrain_memory_mb: Annotated[int, Field(ge=100)] = Field(
        default=4_096, description="Memory (MB, resident) beyond which a retrain is stopped and FAILED."
    )
    retrain_every: Annotated[float, Field(ge=60)] | None = Field(
        default=None, description="Seconds between retrains on the stored users; none are scheduled without it."
    )
    keep_versions: Annotated[int, Field(ge=1)] = Field(
        default=10, description="Newest model versions to keep, besides the active one and the one before it."
    )
    keep_changes_days: Annotated[int, Field(ge=0, le=36_500)] = Field(
        default=365, description="Days that changes of users' personas stay on record; 0: for ever."
    )
    keep_users_days: Annotated[int, Field(ge=0, le=36_500)] = Field(
        default=0,
        description="Days since a user's profiles were last written after which the user is erased; 0: never.",
    )
    keep_erasure_notices_days: Annotated[int, Field(ge=0, le=36_500)] = Field(
        default=30,
        description="Days that the feed of changes tells, with the id, that a user was erased; 0: it never does.",
    )
    keep_audit_days: Annotated[int, Field(ge=0, le=36_500)] = Field(
        default=730, description="Days that entries of the audit trail stay; 0: for ever. The newest stays."
    )
    stale_after_days: Annotated[int, Field(ge=0, le=36_500)] = Field(
        default=365,
        description="Days since a user's profiles were last written from which the persona is `STALE`; 0: never.",
    )
    keep_jobs_days: Annotated[int, Field(ge=0, le=36_500)] = Field(
        default=90, description="Days that retrains are listed after their end; 0: for ever. The newest stays."
    )
    keep_activations_days: Annotated[int, Field(ge=0, le=36_500)] = Field(
        default=730,
        description="Days that activations stay on record; 0: for ever. The active version's always stays.",
    )
    reassign_batch: Annotated[int, Field(ge=1, le=1_000)] = Field(
        default=200, description="Users reassigned in one batch after an activation."
    )
    upkeep_seconds: Annotated[float, Field(gt=0)] = Field(
        default=60.0,
        description="Seconds between two checks of each worker for drift, old versions and records, and a "
        "scheduled retrain.",
    )
    suggest_users: Annotated[int, Field(ge=1)] = Field(
        default=200, description="Stored users from which on a retrain may be suggested."
    )
    suggest_drift: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.15, description="Share of users of other personas than in training that suggests a retrain."
    )
    suggest_unknown: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.10, description="Share of users' values that are unknown that suggests a retrain."
    )
    event_streams: Annotated[int, Field(ge=0)] = Field(
        default=32, description="Streams of a retrain's events that a worker serves at once."
    )
    event_seconds: Annotated[float, Field(gt=0)] = Field(
        default=600.0, description="Longest time that such a stream stays open."
    )
    shutdown_seconds: Annotated[int, Field(ge=1)] = Field(
        default=10, description="Time that running requests get to finish when the service stops."
    )

    def acceptance_thresholds(self) -> dict[str, str]:
        """The thresholds of the acceptance checks, by their name for `training fit --bound`."""
        return {name.removeprefix("gate_"): str(getattr(self, name)) for name in Thresholds.model_fields}

    @property
    def exposed(self) -> bool:
        """Whether other machines can reach the address."""
        return not is_loopback(self.host)

    def admin_key(self) -> str | None:
        """The content of ADMIN_KEY_FILE. Raises `SettingsError`."""
        return _read_secret(self.admin_key_file, "ADMIN_KEY_FILE") if self.admin_key_file else None

    def artifact_key(self) -> bytes | None:
        """The key that signs versions. Raises `SettingsError`."""
        if self.artifact_key_file is None:
            return None
        try:
            return read_key(self.artifact_key_file)
        except ArtifactError as error:
            raise SettingsError(f"ARTIFACT_KEY_FILE: {error}") from error

    @model_validator(mode="after")
    def _profile_is_in_the_environment(self) -> Self:
        if (self.profile or "") != os.environ.get(VARIABLE, "").strip():
            raise ValueError("PROFILE counts in the environment alone: export it, and take it out of .env")
        return self

    def registry(self) -> Registry:
        """The registry of ARTIFACTS_DIR. Raises `SettingsError`."""
        return Registry(self.artifacts_dir, self.artifact_key())

    def full_database_url(self) -> str:
        """DATABASE_URL with the password from DATABASE_PASSWORD_FILE in it. Raises `SettingsError`."""
        if self.database_password_file is None:
            return self.database_url
        parts = urlsplit(self.database_url)
        user, _, address = parts.netloc.rpartition("@")
        if not user:
            raise SettingsError(
                "DATABASE_PASSWORD_FILE is set, but DATABASE_URL names no user to whom it belongs."
            )
        secret = quote(_read_secret(self.database_password_file, "DATABASE_PASSWORD_FILE"), safe="")
        netloc = f"{user.partition(':')[0]}:{secret}@{address}"
        return urlunsplit(parts._replace(netloc=netloc))


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address to listen on."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def read_settings(**options: object) -> Settings:
    """The settings, of which `options` win over the environment. Raises `SettingsError` with one sentence."""
    try:
        return Settings(**options)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = (_explain(item) for item in error.errors())
        raise SettingsError(f"These settings cannot be used. {' '.join(lines)}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{Path('.env').resolve()} is not UTF-8 (byte {error.start}). Save it as UTF-8, or move it away."
        ) from error
    except OSError as error:
        raise SettingsError(f"{Path('.env').resolve()} cannot be read: {error.strerror}.") from error


def _explain(error: Mapping[str, Any]) -> str:
    """What is wrong with a setting, by its name in the environment."""
    field = str(error["loc"][0]) if error["loc"] else "settings"
    name = field.upper()
    if error["type"] == "value_error":
        return f"{name}: {str(error['msg']).removeprefix('Value error, ').rstrip('.')}."
    info = Settings.model_fields.get(field)
    return sentence(error, Subject(name=name, model=None, info=info, is_item=False))


def _read_secret(path: Path, setting: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{setting} ({path}) cannot be read.") from error
