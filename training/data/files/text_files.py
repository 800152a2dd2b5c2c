"""Text files: their encoding, as it is declared or found, and their text (optionally gzipped).

A byte order mark or zeros in every second byte mean UTF-16. Otherwise a file is UTF-8 if all of it is; if not, it
is read as Windows-1252, which most programs that write no UTF-8 mean, and a note says so.
"""

import codecs
import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Final, NamedTuple, TextIO, TypeAlias

from training.data.files.chunks import reading_errors
from training.errors import UnusableInput

Share: TypeAlias = Callable[[], float]

_BLOCK: Final = 1 << 20
_SAMPLE: Final = 4_096
# By so large a share there are more zeros in every second byte of UTF-16 than in the others.
_ZEROS: Final = 0.4
_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class Encoding(NamedTuple):
    """The encoding of a file, and a sentence where it was assumed."""

    name: str
    note: str | None = None


def find_encoding(path: Path, declared: str | None = None) -> Encoding:
    """The encoding of a file. Raises `UnusableInput` where its bytes are no text in it, or in any that is
    tried.
    """
    with reading_errors(path):
        start = _start(path)
        if declared is not None:
            return _declared(path, start, declared)
        name = next((name for mark, name in _MARKS.items() if start.startswith(mark)), None) or _wide(start)
        if name is not None:
            return Encoding(name, None if name == "utf-8-sig" else f"The text of {path.name} is read as UTF-16.")
        if _decodes(path, "utf-8"):
            return Encoding("utf-8")
        if _decodes(path, "cp1252"):
            note = (
                f"{path.name} is not UTF-8: its text is read as Windows-1252. Where letters look wrong, say "
                'encoding = "…" in the mapping, or save the file as UTF-8.'
            )
            return Encoding("cp1252", note)
    raise UnusableInput(
        f"{path} is neither UTF-8 nor Windows-1252 text; save it as UTF-8, or say which in a mapping (encoding)."
    )


@contextmanager
def opened_text(path: Path, encoding: str) -> Iterator[tuple[TextIO, Share]]:
    """The text of a file, and a function that gives the share of it that has been read."""
    with reading_errors(path), path.open("rb") as raw:
        size = max(path.stat().st_size, 1)
        with TextIOWrapper(_unzipped(path, raw), encoding=encoding, newline="") as file:
            yield file, lambda: raw.tell() / size


def _unzipped(path: Path, raw: IO[bytes]) -> IO[bytes]:
    return gzip.GzipFile(fileobj=raw) if path.suffix.lower() == ".gz" else raw  # type: ignore[return-value]


def _start(path: Path) -> bytes:
    with path.open("rb") as raw:
        return _unzipped(path, raw).read(_SAMPLE)


def _declared(path: Path, start: bytes, name: str) -> Encoding:
    if name == "utf-8" and start.startswith(codecs.BOM_UTF8):
        name = "utf-8-sig"
    if not _decodes(path, name):
        raise UnusableInput(f"{path} is not {name} text, which the mapping declares as its encoding.")
    return Encoding(name)


def _wide(start: bytes) -> str | None:
    """UTF-16 without a mark, by the zeros that Western text has in it."""
    zeros = [start[offset::2].count(0) / max(len(start[offset::2]), 1) for offset in (0, 1)]
    if len(start) < 4 or abs(zeros[0] - zeros[1]) < _ZEROS:
        return None
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


def _decodes(path: Path, name: str) -> bool:
    """Whether all bytes of a file are text in an encoding; Windows-1252 has no zeros."""
    decoder = codecs.getincrementaldecoder(name)()
    with path.open("rb") as raw:
        file = _unzipped(path, raw)
        try:
            while block := file.read(_BLOCK):
                if name == "cp1252" and b"\0" in block:
                    return False
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True
