"""Newline-delimited JSON: bytes to lines, and records to bytes."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# Bytes that are sent at a time.
CHUNK = 65_536


class LineSplitter:
    """Cuts chunks of bytes into lines at `\\n` alone: U+2028 and the like may stand in a text of JSON."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk completes; an empty chunk is the end, which completes the last line."""
        *lines, self._rest = (self._rest + chunk).split(b"\n") if chunk else (self._rest, b"")
        return [line for line in lines if line.strip()]


def encode_records(records: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Records as lines of JSON, about `CHUNK` bytes at a time."""
    lines: list[bytes] = []
    size = 0
    for record in records:
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        lines.append(line)
        size += len(line)
        if size >= CHUNK:
            yield b"".join(lines)
            lines, size = [], 0
    if lines:
        yield b"".join(lines)
