"""`python -m service import`: store the users of a file, assigned by the active model.

`POST /users:import` starts the same command as a child process.
"""

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, Protocol

from tqdm import tqdm

from models.console import print_line
from models.errors import NoActiveModel, SegmentsError
from models.profile import Profile
from service.audit import Action, record
from service.commands.activate import command_line_actor
from service.commands.database import prepare
from service.commands.declaration import Command
from service.commands.output import say
from service.http.schemas.segment import validate_profile
from service.importing.formats import FORMATS, JSON_LINES, format_of
from service.importing.reader import training_rows
from service.importing.refused import RefusedRows
from service.importing.rows import Item, UnusableImportFile, json_lines
from service.importing.run import Counts, ImportRun
from service.segmenting.segment_json import SegmentEncoder
from service.settings import Settings
from service.store.sql.store import SqlStore
from service.users.batch_upsert import BatchAssigner

# Seconds between two reports of progress.
_EVERY = 0.5
_INTERRUPTED = 130


class _Progress(Protocol):
    """Shows how far an import is."""

    def report(self, share: float, counts: Counts) -> None:
        """The share of the file that is read, 0–1, and the counts so far."""

    def note(self, sentence: str) -> None:
        """A sentence on how the file is read."""

    def end(self, counts: Counts) -> None:
        """The counts at the end."""

    def fail(self, sentence: str, /) -> None:
        """Why the import cannot go on."""


@dataclass
class _JsonLines:
    """One JSON object a line on standard output, for the service that started this process."""

    _sent_at: float = field(default=0.0, init=False)

    def report(self, share: float, counts: Counts) -> None:
        if monotonic() - self._sent_at >= _EVERY:
            self._sent_at = monotonic()
            self._send(stage="importing", progress=round(share, 4), counts=_as_json(counts))

    def note(self, sentence: str) -> None:
        self._send(message=sentence)

    def end(self, counts: Counts) -> None:
        self._send(result=_as_json(counts))

    def fail(self, sentence: str, /) -> None:
        self._send(error=sentence)

    def _send(self, **event: Any) -> None:
        print_line(json.dumps(event), sys.stdout)


@dataclass
class _Terminal:
    """A bar where a person watches, and sentences on standard error."""

    bar: Any
    _started_at: float = field(default_factory=monotonic, init=False)

    def report(self, share: float, counts: Counts) -> None:
        self.bar.set_description_str(f"{counts.read:,} rows, {self._rate(counts):,.0f}/s")
        self.bar.n = round(share * 100)
        self.bar.refresh()

    def note(self, sentence: str) -> None:
        self.bar.clear()
        say(sentence)

    def end(self, counts: Counts) -> None:
        self.bar.close()
        refused = sum(counts.refused.values())
        say(
            f"{counts.read:,} rows were read, {counts.stored:,} were stored and {refused:,} were refused, "
            f"{self._rate(counts):,.0f} rows a second."
        )
        for reason, count in counts.refused.items():
            say(f"  {count:,}: {reason}")

    def fail(self, _: str, /) -> None:
        self.bar.close()

    def _rate(self, counts: Counts) -> float:
        return counts.read / max(monotonic() - self._started_at, 1e-9)


def _import(options: argparse.Namespace, settings: Settings) -> None:
    if options.stop_when_stdin_closes:
        _stop_when_stdin_closes()
    stopping, progress = threading.Event(), _progress(options.progress)
    try:
        counts = _run(options, settings, progress, stopping)
        progress.end(counts)
        if counts.read and not counts.stored and not stopping.is_set():
            raise UnusableImportFile("No row of the file could be stored.")
    except SegmentsError as error:
        progress.fail(str(error))
        raise
    if stopping.is_set():
        say("Stopped: what was stored stays, and the same command again stores the rest.")
        raise SystemExit(_INTERRUPTED)


def _run(
    options: argparse.Namespace, settings: Settings, progress: _Progress, stopping: threading.Event
) -> Counts:
    store = SqlStore(prepare(settings))
    try:
        with (
            _stopped_by_signals(stopping),
            RefusedRows(options.refused) as refused,
            _items(options, progress) as items,
        ):
            run = ImportRun(
                users=store.users,
                assigner=_assigner(settings),
                refused=refused,
                report=progress.report,
                stopping=stopping,
            )
            counts = run.run(items)
        if not options.stop_when_stdin_closes:
            # The service has recorded its own imports, by the key that asked for them.
            actor, action = command_line_actor(), Action.USERS_IMPORTED
            record(store, actor, action, rows_read=counts.read, rows_stored=counts.stored)
        return counts
    finally:
        store.close()


def _assigner(settings: Settings) -> BatchAssigner:
    """Of the active model; without one, users are stored unassigned."""
    try:
        encoder = SegmentEncoder(settings.registry().load_active(Profile))
    except NoActiveModel:
        encoder = None
    return BatchAssigner(encoder, validate_profile)


@contextmanager
def _items(options: argparse.Namespace, progress: _Progress) -> Iterator[Iterator[Item]]:
    """The rows of the file, read by the process that can."""
    path: Path = options.file
    if not path.is_file():
        raise UnusableImportFile(f"{path} is not a file; name one of users.")
    kind = options.format or format_of(path)
    with ExitStack() as stack:
        if kind == JSON_LINES and options.mapping is None:
            yield json_lines(path)
            return
        if options.format is not None and format_of(path) != options.format:
            # Training knows a format by the end of the name.
            folder = Path(stack.enter_context(TemporaryDirectory()))
            path = folder / f"{path.name}.{options.format}"
            path.symlink_to(options.file.resolve())
        yield stack.enter_context(training_rows(path, options.mapping, progress.note))


def _progress(style: str) -> _Progress:
    if style == "json":
        return _JsonLines()
    is_watched = sys.stderr is not None and sys.stderr.isatty()
    return _Terminal(
        tqdm(total=100, bar_format="{desc:28.28} {bar} {n:3.0f} %", file=sys.stderr, disable=not is_watched)
    )


@contextmanager
def _stopped_by_signals(stopping: threading.Event) -> Iterator[None]:
    """Have Ctrl-C and SIGTERM end the run after the batch that is being stored."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stopping.set()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _stop_when_stdin_closes() -> None:
    """End this process when the service that started it is gone."""

    def wait() -> None:
        while os.read(0, 4_096):
            pass
        os._exit(3)

    threading.Thread(target=wait, daemon=True).start()


def _as_json(counts: Counts) -> dict[str, Any]:
    return {"rows_read": counts.read, "rows_stored": counts.stored, "refused": dict(counts.refused)}


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help=".ndjson, .csv or .parquet, among others")
    parser.add_argument("--format", choices=FORMATS, help="the format, where the end of the name does not say it")
    parser.add_argument("--mapping", type=Path, help="TOML file that maps the file's columns to fields")
    parser.add_argument("--refused", type=Path, help="new file for the refused rows: a line of JSON each")
    parser.add_argument("--progress", choices=("auto", "json"), default="auto", help=argparse.SUPPRESS)
    parser.add_argument("--stop-when-stdin-closes", action="store_true", help=argparse.SUPPRESS)


COMMAND = Command(name="import", help="store the users of a file, assigned", add_options=_add_options, run=_import)
