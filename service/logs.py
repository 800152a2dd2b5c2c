"""Logs: JSON lines on standard output, each with the id of its request; never a profile, a body or a user id.

An exception is logged by type and place only: its message may quote what somebody sent.
"""

import json
import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

request_id: ContextVar[str] = ContextVar("request_id", default="")

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None]


# One encoder: `json.dumps` with options makes one each time.
_to_json = json.JSONEncoder(default=str).encode


class JsonFormatter(logging.Formatter):
    """One record, one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger, message, request id, the record's `fields`, and the exception's place."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if asked := request_id.get():
            line["request_id"] = asked
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = describe(record.exc_info[1])
        return _to_json(line)


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes each record as a line; one that cannot be written (a full disk, a closed pipe) is lost, no more."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's own name
        """Say nothing: the place to say it is the one that cannot be written to."""


def describe(error: BaseException) -> dict[str, Any]:
    """An exception without its message: type, stack, and the type of what caused it."""
    frames = traceback.extract_tb(error.__traceback__)
    cause = error.__cause__ or error.__context__
    return {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "stack": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        **({"cause": type(cause).__qualname__} if cause else {}),
    }


def configure(level: str) -> None:
    """Send all logging of this process, uvicorn's included, to standard output as JSON lines."""
    handler = LineHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # alembic and asyncio have much to say below warnings, and nothing that an operator needs.
    for name in ("alembic", "asyncio", "sqlalchemy"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)


def log_failure(error: BaseException) -> None:
    """A request could not be answered, and that is our fault or the store's."""
    logging.getLogger("service").error("a request failed", exc_info=(type(error), error, error.__traceback__))
