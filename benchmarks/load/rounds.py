"""Rounds of two servers in turn, and the row of a table that they make.

A round of a server stands between two of the ceiling and is divided by their mean, so that what slows the machine
down slows down both. Processor time a request is that of the server's process, its kernel time included: other
work on the machine disturbs it less.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2 as httpx
import numpy as np

from benchmarks.load.servers import Running
from benchmarks.load.wrk import Load, Request, load

CLIENT_CORE: Final = 1

HEADING: Final = (
    "| route | connections | of the ceiling (spread) | processor µs a request (ceiling's) | of the ceiling by it "
    "| requests/s | profiles/s | p50 ms | p99 ms | p99, times the ceiling's | failed |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


class NotAnswered(Exception):
    """A server does not answer what is about to be measured."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured. `profiles`: how many one request answers for; 0 where they are not counted."""

    name: str
    request: Request
    profiles: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """How many rounds, of how many seconds; `folder` is for wrk's script."""

    rounds: int
    seconds: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Measured:
    """A load and what it took of the server's processor, in seconds a request."""

    load: Load
    processor: float


@dataclass(frozen=True, slots=True)
class Round:
    """One round of a server between two of the ceiling."""

    before: Measured
    server: Measured
    after: Measured

    @property
    def ratio(self) -> float:
        """The server's rate as a share of the ceiling's, taken around it."""
        return 2 * self.server.load.rate / (self.before.load.rate + self.after.load.rate)

    @property
    def by_processor(self) -> float:
        """The same share by processor time: the ceiling's a request, divided by the server's."""
        return (self.before.processor + self.after.processor) / 2 / self.server.processor


def answers(server: Running, request: Request) -> list[httpx.Response]:
    """What the server answers to each request in turn, asked once.

    Raises `NotAnswered` unless all are 2xx: wrk counts a redirect among what was answered.
    """
    headers = {"content-type": "application/json", **dict(request.headers)}
    found = []
    with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
        for path, body in request.in_turn():
            found.append(client.request(request.method, path, content=body))
            if not found[-1].is_success:
                raise NotAnswered(f"{server.name}: {request.method} {path} gave {found[-1].status_code}")
    return found


def measure(server: Running, request: Request, connections: int, plan: Plan) -> Measured:
    """One round of a server."""
    started = server.processor_seconds
    found = load(server.url, request, connections, plan.seconds, CLIENT_CORE, plan.folder)
    spent = server.processor_seconds - started
    return Measured(found, spent / max(1.0, found.rate * plan.seconds))


def in_turns(top: Running, server: Running, request: Request, connections: int, plan: Plan) -> Iterator[Round]:
    """Rounds of the server, each between two of the ceiling, after one of each that does not count."""
    measure(server, request, connections, plan)
    measure(top, request, connections, plan)
    before = measure(top, request, connections, plan)
    for _ in range(plan.rounds):
        mine = measure(server, request, connections, plan)
        after = measure(top, request, connections, plan)
        yield Round(before, mine, after)
        before = after


def row(case: Case, connections: int, rounds: Sequence[Round]) -> str:
    """A row below `HEADING`: medians over the rounds."""
    ratios = sorted(each.ratio for each in rounds)
    mine, tops = [each.server for each in rounds], [each.before for each in rounds]
    rate, p99 = np.median([each.load.rate for each in mine]), np.median([each.load.p99 for each in mine])
    told = f"{rate * case.profiles:,.0f}" if case.profiles else ""
    spent, least = (1e6 * np.median([each.processor for each in some]) for some in (mine, tops))
    return (
        f"| `{case.name}` | {connections} | {np.median(ratios):.3f} ({ratios[0]:.3f}–{ratios[-1]:.3f}) "
        f"| {spent:,.0f} ({least:,.0f}) | {np.median([each.by_processor for each in rounds]):.3f} "
        f"| {rate:,.0f} | {told} | {np.median([each.load.p50 for each in mine]):.2f} | {p99:.2f} "
        f"| {p99 / np.median([each.load.p99 for each in tops]):.1f} | {sum(each.load.failed for each in mine)} |"
    )
