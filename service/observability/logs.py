"""Logs: JSON lines on standard output, each with the id of its request; never a profile, a body or a user id.

An exception is logged by type and place only: its message may quote what somebody sent.
"""

import json
import logging
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from select import PIPE_BUF
from types import TracebackType
from typing import Any, TextIO

from pydantic_core import PydanticSerializationError, to_json

request_id: ContextVar[str] = ContextVar("request_id", default="")

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class JsonFormatter(logging.Formatter):
    """One record, one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger, message, request id, the record's `fields`, and the exception's place."""
        line: dict[str, Any] = {
            "time": f"{_second(int(record.created))}.{int(record.msecs):03}+00:00",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if asked := request_id.get():
            line["request_id"] = asked
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = describe(record.exc_info[1])
        return _in_ascii(line)


def _in_ascii(line: Mapping[str, Any]) -> str:
    """JSON of ASCII alone, whatever standard output is able to take."""
    with suppress(PydanticSerializationError):
        text = to_json(line, fallback=str)
        if text.isascii():
            return text.decode("ascii")
    return json.dumps(line, default=str)


@lru_cache(4)
def _second(since_1970: int) -> str:
    return f"{datetime.fromtimestamp(since_1970, UTC):%Y-%m-%dT%H:%M:%S}"


# The lines that are gathered by `written_together`; None: each is written as it comes.
_gathered: ContextVar[list[str] | None] = ContextVar("gathered", default=None)


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes each record as a line; one that cannot be written (a full disk, a closed pipe) is lost, no more."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or keep it with those that are gathered."""
        gathered = _gathered.get()
        if gathered is None:
            super().emit(record)
            return
        try:
            gathered.append(self.format(record))
        except Exception:
            self.handleError(record)

    def write(self, lines: Sequence[str]) -> None:
        """Write several lines, never more at once than a pipe takes whole: other workers may write to it too."""
        together = ""
        for line in lines:
            if together and len(together) + len(line) + 1 > PIPE_BUF:
                self._write(together)
                together = ""
            together += f"{line}\n"
        self._write(together)

    def _write(self, text: str) -> None:
        self.acquire()
        try:
            self.stream.write(text)
            self.flush()
        except (OSError, ValueError):
            # As in `handleError`.
            return
        finally:
            self.release()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's own name
        """Say nothing: the place to say it is the one that cannot be written to."""


@contextmanager
def written_together() -> Iterator[None]:
    """What this task or thread logs meanwhile is written at the end: each write costs more than its line."""
    lines: list[str] = []
    token = _gathered.set(lines)
    try:
        yield
    finally:
        _gathered.reset(token)
        for handler in logging.getLogger().handlers if lines else ():
            if isinstance(handler, LineHandler):
                handler.write(lines)


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
    # What no line tells need not be asked of the system for each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
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
