"""Reads the files that training knows how to read, in a process that prints a line of JSON for each row.

The service has none of training's libraries, and the two processes share the work: one reads and validates, the
other assigns and stores. The child ends when this process does: it reads the end of its standard input then.
"""

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pydantic_core import from_json

from service.importing.rows import Item, RefusedRow, Share, UnusableImportFile, row_of
from service.retraining.process_launcher import PROJECT_ROOT, child_environment

_STOP_SECONDS = 5.0


@contextmanager
def training_rows(
    path: Path, mapping: Path | None, note: Callable[[str], None] = lambda _: None
) -> Iterator[Iterator[Item]]:
    """The rows of a file, by a mapping if there is one. `note`: gets sentences on how the file is read.

    Reading raises `UnusableImportFile`.
    """
    arguments = ["--data", str(path.resolve()), "--progress", "plain", "--stop-when-stdin-closes"]
    arguments += [] if mapping is None else ["--mapping", str(mapping.resolve())]
    process = subprocess.Popen(
        [sys.executable, "-m", "training.commands.rows", *arguments],
        cwd=PROJECT_ROOT,
        env=child_environment(os.environ, threads=1),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Ctrl-C is for the process that stores: it ends this one.
        start_new_session=True,
    )
    try:
        yield _items(process, note)
    finally:
        _end(process)


def _items(process: "subprocess.Popen[bytes]", note: Callable[[str], None]) -> Iterator[Item]:
    assert process.stdout is not None
    assert process.stderr is not None
    last: deque[str] = deque(maxlen=1)
    notes = threading.Thread(target=_pass_on, args=(process.stderr, note, last), daemon=True)
    notes.start()
    for text in process.stdout:
        yield _item(from_json(text))
    notes.join()
    if process.wait() != 0:
        sentence = last[0] if last else f"Reading the file ended with exit code {process.returncode}."
        raise UnusableImportFile(sentence.removeprefix("error: "))


def _item(value: dict[str, object]) -> Item:
    match value:
        case {"line": int(line), "user_id": user_id, "profile": profile}:
            return row_of(line, user_id, profile)
        case {"line": int(line), "reason": str(reason)}:
            return RefusedRow(line, reason)
        case {"read": int() | float() as share}:
            return Share(share)
    raise UnusableImportFile("The process that reads the file printed something else than rows.")


def _pass_on(stream: IO[bytes], note: Callable[[str], None], last: deque[str]) -> None:
    with stream:
        for line in stream:
            sentence = line.decode(errors="replace").rstrip()
            last.append(sentence)
            if not sentence.startswith("error: "):
                note(sentence)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait(_STOP_SECONDS)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
