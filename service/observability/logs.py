"""Logs: JSON lines on standard output, each with the id of its request; never a profile, a body or a user id.

An exception is logged by type and stack only: its message may quote what a client sent.
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
        """Time, level, logger, message, request id, the record's `fields`, and the exception."""
        line: dict[str, Any] = {
            "time": f"{_second(int(record.created))}.{int(record.msecs):03}+00:00",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current_id := request_id.get():
            line["request_id"] = current_id
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = describe_exception(record.exc_info[1])
        return _in_ascii(line)


def _in_ascii(line: Mapping[str, Any]) -> str:
    """JSON in ASCII, whatever the encoding of standard output."""
    with suppress(PydanticSerializationError):
        text = to_json(line, fallback=str)
        if text.isascii():
            return text.decode("ascii")
    return json.dumps(line, default=str)


@lru_cache(4)
def _second(since_1970: int) -> str:
    return f"{datetime.fromtimestamp(since_1970, UTC):%Y-%m-%dT%H:%M:%S}"


# The lines that `buffered_lines` holds back; None: each line is written at once.
_buffer: ContextVar[list[str] | None] = ContextVar("buffer", default=None)


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes each record as a line; one that cannot be written (a full disk, a closed pipe) is dropped."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or add it to the buffer."""
        buffer = _buffer.get()
        if buffer is None:
            super().emit(record)
            return
        try:
            buffer.append(self.format(record))
        except Exception:
            self.handleError(record)

    def write(self, lines: Sequence[str]) -> None:
        """Write several lines, in chunks that a pipe takes whole: other workers may write to it, too."""
        chunk = ""
        for line in lines:
            if chunk and len(chunk) + len(line) + 1 > PIPE_BUF:
                self._write(chunk)
                chunk = ""
            chunk += f"{line}\n"
        self._write(chunk)

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
        """Drop the record: standard output is the one place to report it to."""


@contextmanager
def buffered_lines() -> Iterator[None]:
    """Write what this task or thread logs at the end, at once: a write costs more than its line."""
    lines: list[str] = []
    token = _buffer.set(lines)
    try:
        yield
    finally:
        _buffer.reset(token)
        for handler in logging.getLogger().handlers if lines else ():
            if isinstance(handler, LineHandler):
                handler.write(lines)


def describe_exception(error: BaseException) -> dict[str, Any]:
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
    # No line contains these, which cost a system call a record.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = LineHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Below warnings these log much, and nothing that an operator needs.
    for name in ("alembic", "asyncio", "sqlalchemy"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)


def log_failure(error: BaseException) -> None:
    """Log that a request failed through a defect of the service or of its store."""
    logging.getLogger("service").error("a request failed", exc_info=(type(error), error, error.__traceback__))
