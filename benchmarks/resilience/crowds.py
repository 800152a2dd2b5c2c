"""Crowds of every kind, and how the rest are answered meanwhile: p99 within three times what it is alone."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.resilience.load import Latencies, Probe
from benchmarks.resilience.world import Outcome, World, require
from testkit import ROOT
from testkit.server import Server, serving
from testkit.waiting import eventually

MOST = 3.0
SECONDS = 8.0


def idle_and_busy(world: World) -> Outcome:
    """2,000 connections that say nothing, 200 that ask once a second each."""
    idle, busy = world.times(2_000), world.times(200)
    return _with_crowd(world, f"{idle:,} idle connections and {busy} busy ones", [("idle", idle), ("busy", busy)])


def dripping(world: World) -> Outcome:
    """200 bodies of one byte a second."""
    count = world.times(200)
    return _with_crowd(world, f"{count} bodies sent one byte a second", [("drip", count)], client_seconds="6")


def held(world: World) -> Outcome:
    """10,000 requests in flight, their bodies all but sent; then all of them end at once."""
    count = world.times(10_000)
    return _with_crowd(world, f"{count:,} requests in flight, which then all end at once", [("held", count)])


def _with_crowd(world: World, name: str, kinds: list[tuple[str, int]], client_seconds: str = "120") -> Outcome:
    folder = world.fresh("crowd")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    require(most > sum(count for _, count in kinds) + 500, f"only {most} descriptors are allowed here")
    settings = {"CLIENT_SECONDS": client_seconds, "KEEP_ALIVE_SECONDS": "120"}
    with serving(folder, world.artifacts(folder), **settings) as server:
        probe = Probe(server.port)
        probe.measure(2)
        alone = probe.measure(SECONDS)
        with ExitStack() as stack:
            crowds = [stack.enter_context(_crowd(kind, count, server)) for kind, count in kinds]
            beside = probe.measure(SECONDS)
            ends = [crowd.communicate(timeout=120)[0].strip() for crowd in crowds]
        eventually(lambda: set(probe.measure(0.2).statuses) == {200}, 30)
        after = probe.measure(2)
    ratio = beside.quantile(0.99) / alone.quantile(0.99)
    _require_whole(beside, after, ends, kinds)
    require(
        ratio <= MOST,
        f"p99 {beside.quantile(0.99):.1f} ms is {ratio:.1f} × the {alone.quantile(0.99):.1f} ms alone",
    )
    came = f"the rest: {alone} alone, {beside} beside them ({ratio:.1f} ×); the crowd: {'; '.join(ends)}"
    return Outcome(name, f"{SECONDS:.0f} s", came)


def _require_whole(beside: Latencies, after: Latencies, ends: list[str], kinds: list[tuple[str, int]]) -> None:
    require(set(beside.statuses) == {200}, f"the rest were answered {beside.statuses}")
    require(set(after.statuses) == {200}, f"afterwards: {after.statuses}")
    for end, (kind, _) in zip(ends, kinds, strict=True):
        allowed = {"idle": {"idle"}, "busy": {"200"}, "drip": {"408"}, "held": {"200", "503"}}[kind]
        found = {part.partition("=")[0] for part in end.split()}
        require(found <= allowed, f"the {kind} ones: {end}")


@contextmanager
def _crowd(kind: str, count: int, server: Server) -> Iterator[subprocess.Popen[str]]:
    # Longer than the probe measures, so that nobody leaves meanwhile.
    arguments = [kind, str(count), str(server.port), str(SECONDS + 1)]
    command = [sys.executable, "-m", "benchmarks.resilience.crowd_child", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            require(process.stdout.readline() == "ready\n", f"the {kind} ones did not all get in")
            yield process
        finally:
            process.kill()
