"""A small service in memory for the routes of many users, as a transport of httpx."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx

TIME = "2026-11-29T12:00:00Z"
PAGE = 2


@dataclass
class FakeService:
    """Users by id, a feed, and jobs that end at the third look; `requests` has what was asked."""

    users: dict[str, Any] = field(default_factory=dict)
    feed: list[dict[str, Any]] = field(default_factory=list)
    expired: bool = False
    job_ends_as: str = "SUCCEEDED"
    looks: int = 0
    requests: list[str] = field(default_factory=list)
    versions: Iterator[str] | None = None

    def respond(self, method: str, path: str, query: dict[str, str], body: bytes) -> httpx.Response:
        """The response to a request."""
        self.requests.append(f"{method} {path}")
        route: dict[str, Callable[..., httpx.Response]] = {
            "POST /users/personas:batchGet": self._batch_get,
            "POST /users:import": self._import,
            "GET /imports/7": self._job,
            "GET /users:export": self._export,
            "GET /users/changes": self._changes,
            "GET /personas/p_1/users": self._members,
            "DELETE /users/ada": lambda *_: httpx.Response(204),
        }
        return route[f"{method} {path}"](query, body)

    def _batch_get(self, _: dict[str, str], body: bytes) -> httpx.Response:
        user_ids = json.loads(body)["user_ids"]
        item = {"status": "NOT_FOUND", "persona": None, "confidence": None}
        version = next(self.versions) if self.versions else "v1"
        items = [{"user_id": user_id, **item} for user_id in user_ids]
        return httpx.Response(200, json={"items": items, "model_version": version})

    def _import(self, query: dict[str, str], body: bytes) -> httpx.Response:
        assert query == {"format": "ndjson"}
        self.users |= {record["user_id"]: record for record in map(json.loads, body.splitlines())}
        return httpx.Response(202, json=self._job_as("QUEUED"))

    def _job(self, *_: object) -> httpx.Response:
        self.looks += 1
        return httpx.Response(200, json=self._job_as(self.job_ends_as if self.looks == 3 else "RUNNING"))

    def _job_as(self, status: str) -> dict[str, Any]:
        ends: dict[str, Any] = {
            "created_at": TIME,
            "started_at": None,
            "finished_at": None,
            "requested_by": None,
            "links": {},
        }
        error = "The disk is full." if status == "FAILED" else None
        rows = {"rows_read": 0, "rows_stored": 0, "rows_refused": 0, "refused_by_reason": {}}
        request = {"format": "ndjson", "mapping": None, "bytes": 0}
        how = {"id": "7", "status": status, "progress": self.looks / 3, "error": error, "request": request}
        return {**how, **rows, **ends}

    def _export(self, *_: object) -> httpx.Response:
        line = {"persona_id": "p_1", "confidence": 0.5, "assigned_at": TIME, "model_version": "v1"}
        line |= {"status": "PRESENT", "basis": "OWN_PROFILE"}
        lines = (json.dumps({"user_id": user_id, **line}, ensure_ascii=False) for user_id in self.users)
        text = "".join(f"{line}\n" for line in lines).encode()
        return httpx.Response(200, stream=Chunks([text[start : start + 7] for start in range(0, len(text), 7)]))

    def _changes(self, query: dict[str, str], _: bytes) -> httpx.Response:
        if self.expired:
            problem = {"type": "urn:segments:problem:expired-cursor", "status": 410, "title": "Cursor too old"}
            return httpx.Response(410, json=problem)
        start = len(self.feed) if query.get("start") == "latest" else int(query.get("after", 0))
        items = self.feed[start : start + PAGE]
        end = start + len(items)
        page = {"items": items, "next_cursor": str(end), "has_more": end < len(self.feed)}
        return httpx.Response(200, json=page)

    def _members(self, query: dict[str, str], _: bytes) -> httpx.Response:
        start = int(query.get("cursor", 0))
        members = list(self.users)[start : start + PAGE]
        end = start + len(members)
        cursor = str(end) if end < len(self.users) else None
        member = {"confidence": 0.5, "runner_up": None, "margin": None, "basis": "OWN_PROFILE"}
        member |= {"assigned_at": TIME, "profile_updated_at": TIME}
        page = {"next_cursor": cursor, "persona": {"id": "p_1", "name": "One"}, "model_version": "v1"}
        return httpx.Response(200, json={"items": [{"user_id": user_id, **member} for user_id in members], **page})


def change(number: int) -> dict[str, Any]:
    """A change of the feed."""
    personas = {"from_persona_id": "p_1", "to_persona_id": "p_2", "counts": None}
    versions = {"from_model_version": "v1", "to_model_version": "v1"}
    whose = {"id": number, "type": "PERSONA_CHANGED", "at": TIME, "user_id": f"u{number}", "cause": "MANUAL"}
    return {**whose, **personas, **versions}


class Chunks(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that arrives in these chunks, and breaks off where one is an error."""

    def __init__(self, chunks: list[bytes | Exception]) -> None:
        self._chunks = chunks
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk

    def close(self) -> None:
        """Remember that the response was given back."""
        self.closed = True

    async def aclose(self) -> None:
        """The same of an asynchronous response."""
        self.closed = True
