"""Examples of `/imports`."""

from service.http.examples.common import TIME

_PATH = "/imports/4f5d0c7b8e9a4d3c9b1a2f3e4d5c6b7a"

IMPORT = {
    "id": "4f5d0c7b8e9a4d3c9b1a2f3e4d5c6b7a",
    "status": "RUNNING",
    "progress": 0.42,
    "rows_read": 420_000,
    "rows_stored": 419_990,
    "rows_refused": 10,
    "refused_by_reason": {"age is at least 13.": 7, "ERASED": 3},
    "created_at": TIME,
    "started_at": TIME,
    "finished_at": None,
    "error": None,
    "request": {"format": "ndjson", "mapping": None, "bytes": 439_305_200},
    "requested_by": "key 3f9c2a71 (deploy)",
    "links": {"self": _PATH, "refused": f"{_PATH}/refused", "cancel": f"{_PATH}/cancel"},
}

IMPORTS = {"items": [IMPORT], "next_cursor": None}

REFUSED = '{"line":17,"reason":"age is at least 13."}\n{"line":230114,"reason":"ERASED"}\n'

# The beginning of a file of each format.
FILES = {
    "ndjson": '{"user_id":"user-42","profile":{"age":27}}\n{"user_id":"user-43","age":31}\n',
    "csv": "user_id,age,hobbies\nuser-42,27,gaming;board games\n",
    "parquet": "PAR1",
}
