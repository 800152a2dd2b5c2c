"""Examples of `/retrain`."""

from typing import Any

from service.http.examples.common import TIME

JOB_ID = "0f8c6d2e9b7a4c51a3e2d1c0b9a88776"
RETRAIN_REQUEST = {"source": "simulated", "rows": 20_000, "k": "auto", "activate": "auto"}

JOB: dict[str, Any] = {
    "id": JOB_ID,
    "status": "RUNNING",
    "stage": "choosing how many personas",
    "progress": 0.4,
    "steps": [{"name": "reading profiles", "at": TIME, "progress": 0.05}],
    "created_at": TIME,
    "started_at": TIME,
    "finished_at": None,
    "error": None,
    "result": None,
    "request": {**RETRAIN_REQUEST, "path": None, "mapping": None, "seed": 0, "by": None},
    "requested_by": "key 3f9c2a71 (deploy)",
    "links": {
        "self": f"/retrain/{JOB_ID}",
        "events": f"/retrain/{JOB_ID}/events",
        "cancel": f"/retrain/{JOB_ID}/cancel",
    },
}

EVENTS = (
    f'event: progress\ndata: {{"id": "{JOB_ID}", "status": "RUNNING", '
    f'"stage": "choosing how many personas", "progress": 0.4, "at": "{TIME}"}}\n\n'
)
JOBS = {"items": [JOB], "next_cursor": None}
