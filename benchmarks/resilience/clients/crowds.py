"""Crowds of connections, with the latency of another client: p99 within three times that without the crowd."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.resilience.harness.load import Latencies, Probe
from benchmarks.resilience.harness.world import Outcome, World, require
from testkit import ROOT
from testkit.server import Server, serving
from testkit.waiting import eventually

MAX_RATIO = 3.0
SECONDS = 8.0


def idle_and_busy(world: World) -> Outcome:
    """2,000 idle connections, and 200 with one request a second each."""
    idle, busy = world.times(2_000), world.times(200)
    return _with_crowd(world, f"{idle:,} idle connections and {busy} busy ones", [("idle", idle), ("busy", busy)])


def dripping(world: World) -> Outcome:
    """200 bodies of one byte a second."""
    count = world.times(200)
    return _with_crowd(world, f"{count} bodies sent one byte a second", [("drip", count)], client_seconds="6")


def held(world: World) -> Outcome:
    """10,000 requests in flight with incomplete bodies, which then end at the same moment."""
    count = world.times(10_000)
    return _with_crowd(world, f"{count:,} requests in flight, which end at the same moment", [("held", count)])


def _with_crowd(world: World, name: str, kinds: list[tuple[str, int]], client_seconds: str = "120") -> Outcome:
    folder = world.fresh("crowd")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    require(most > sum(count for _, count in kinds) + 500, f"only {most} descriptors are allowed")
    settings = {"CLIENT_SECONDS": client_seconds, "KEEP_ALIVE_SECONDS": "120"}
    with serving(folder, world.artifacts(folder), **settings) as server:
        probe = Probe(server.port)
        probe.measure(2)
        alone = probe.measure(SECONDS)
        with ExitStack() as stack:
            crowds = [stack.enter_context(crowd(kind, count, server)) for kind, count in kinds]
            beside = probe.measure(SECONDS)
            ends = [crowd.communicate(timeout=120)[0].strip() for crowd in crowds]
        eventually(lambda: set(probe.measure(0.2).statuses) == {200}, 30)
        after = probe.measure(2)
    ratio = beside.quantile(0.99) / alone.quantile(0.99)
    _require_whole(beside, after, ends, kinds)
    require(
        ratio <= MAX_RATIO,
        f"p99 {beside.quantile(0.99):.1f} ms is {ratio:.1f} × the {alone.quantile(0.99):.1f} ms alone",
    )
    came = (
        f"another client: {alone} alone, {beside} beside the crowd ({ratio:.1f} ×); the crowd: {'; '.join(ends)}"
    )
    return Outcome(name, f"{SECONDS:.0f} s", came)


def _require_whole(beside: Latencies, after: Latencies, ends: list[str], kinds: list[tuple[str, int]]) -> None:
    require(set(beside.statuses) == {200}, f"the other client got {beside.statuses}")
    require(set(after.statuses) == {200}, f"afterwards: {after.statuses}")
    for end, (kind, _) in zip(ends, kinds, strict=True):
        allowed = {"idle": {"idle"}, "busy": {"200"}, "drip": {"408"}, "held": {"200", "503"}}[kind]
        outcomes = {count.partition("=")[0] for count in end.split()}
        require(outcomes <= allowed, f"the {kind} connections: {end}")


@contextmanager
def crowd(kind: str, count: int, server: Server) -> Iterator[subprocess.Popen[str]]:
    """So many connections of a kind, in a process that prints their outcomes at its end."""
    # Longer than the probe measures, so that no connection ends meanwhile.
    arguments = [kind, str(count), str(server.port), str(SECONDS + 1)]
    command = [sys.executable, "-m", "benchmarks.resilience.harness.crowd_child", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            require(process.stdout.readline() == "ready\n", f"not all {kind} connections were accepted")
            yield process
        finally:
            process.kill()
