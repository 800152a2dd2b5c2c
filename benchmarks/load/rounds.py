"""Alternating rounds of two servers, and the table row that summarises them.

A round of a server lies between two of the ceiling and is divided by their mean, so that a slow moment of the
machine affects both. Processor time a request is that of the server's process, including kernel time: other work
on the machine disturbs it less.
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
    """A server does not respond as it must before it is measured."""


@dataclass(frozen=True, slots=True)
class Case:
    """A measured request. `profiles`: how many profiles it scores; 0 where they are not counted."""

    name: str
    request: Request
    profiles: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """The number of rounds and their seconds; `folder` is for wrk's script."""

    rounds: int
    seconds: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Measured:
    """A load and its processor time on the server, in seconds a request."""

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
        """The server's rate as a share of the ceiling's around it."""
        return 2 * self.server.load.rate / (self.before.load.rate + self.after.load.rate)

    @property
    def by_processor(self) -> float:
        """The same share by processor time a request: the ceiling's divided by the server's."""
        return (self.before.processor + self.after.processor) / 2 / self.server.processor


def responses(server: Running, request: Request) -> list[httpx.Response]:
    """The server's response to each request, sent once.

    Raises `NotAnswered` unless all are 2xx: wrk counts a redirect as a success.
    """
    headers = {"content-type": "application/json", **dict(request.headers)}
    received = []
    with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
        for path, body in request.in_turn():
            received.append(client.request(request.method, path, content=body))
            if not received[-1].is_success:
                raise NotAnswered(f"{server.name}: {request.method} {path} gave {received[-1].status_code}")
    return received


def measure(server: Running, request: Request, connections: int, plan: Plan) -> Measured:
    """Measure one round of a server."""
    started = server.processor_seconds
    result = load(server.url, request, connections, plan.seconds, CLIENT_CORE, plan.folder)
    spent = server.processor_seconds - started
    return Measured(result, spent / max(1.0, result.rate * plan.seconds))


def alternating_rounds(
    top: Running, server: Running, request: Request, connections: int, plan: Plan
) -> Iterator[Round]:
    """Rounds of the server, each between two of the ceiling, after one of each for warm-up."""
    measure(server, request, connections, plan)
    measure(top, request, connections, plan)
    before = measure(top, request, connections, plan)
    for _ in range(plan.rounds):
        own = measure(server, request, connections, plan)
        after = measure(top, request, connections, plan)
        yield Round(before, own, after)
        before = after


def row(case: Case, connections: int, rounds: Sequence[Round]) -> str:
    """A row below `HEADING`: medians over the rounds."""
    ratios = sorted(one.ratio for one in rounds)
    servers, ceilings = [one.server for one in rounds], [one.before for one in rounds]
    loads = [server.load for server in servers]
    rate, p50, p99 = (np.median([getattr(load, name) for load in loads]) for name in ("rate", "p50", "p99"))
    profiles = f"{rate * case.profiles:,.0f}" if case.profiles else ""
    spent, least = (1e6 * np.median([run.processor for run in runs]) for runs in (servers, ceilings))
    return (
        f"| `{case.name}` | {connections} | {np.median(ratios):.3f} ({ratios[0]:.3f}–{ratios[-1]:.3f}) "
        f"| {spent:,.0f} ({least:,.0f}) | {np.median([one.by_processor for one in rounds]):.3f} "
        f"| {rate:,.0f} | {profiles} | {p50:.2f} | {p99:.2f} "
        f"| {p99 / np.median([run.load.p99 for run in ceilings]):.1f} | {sum(load.failed for load in loads)} |"
    )
