"""Records of which the contract tests are written."""

from datetime import UTC, datetime
from typing import Any

from service.store.ports.jobs import Job, JobStatus
from service.store.ports.users import StoredAssignment, StoredUser

NOW = datetime(2026, 11, 1, 12, 30, 15, 123456, tzinfo=UTC)
OLD, NEW = "20261101-120000-00000000", "20261102-120000-00000000"


def assigned(persona_id: str, model_version: str = OLD, at: datetime = NOW, **fields: Any) -> StoredAssignment:
    return StoredAssignment(persona_id=persona_id, model_version=model_version, assigned_at=at, **fields)


def stored_user(
    user_id: str, profile_json: str, revision: int, at: datetime, assignment: StoredAssignment | None
) -> StoredUser:
    return StoredUser(
        user_id=user_id,
        profile_json=profile_json,
        revision=revision,
        profile_updated_at=at,
        assignment=assignment,
    )


def queued_job(job_id: str = "job", **changes: Any) -> Job:
    fields: dict[str, Any] = {"request": {}, "owner": "me", "created_at": NOW, "heartbeat_at": NOW}
    return Job(id=job_id, status=JobStatus.QUEUED, **(fields | changes))
