"""SIGTERM under load: no accepted request is dropped, and the service stops in time."""

import threading
import time
from collections import Counter

import httpx2 as httpx

from benchmarks.resilience.harness.load import PROFILE, Writers
from benchmarks.resilience.harness.world import Outcome, World, require
from testkit.server import Server, serving

GRACE = 12.0
CLIENTS = 8


def under_load(world: World) -> Outcome:
    """SIGTERM with one worker and with two."""
    times, totals, longest, writes = world.times(20), Counter[str](), 0.0, 0
    for number in range(times):
        folder = world.fresh("stop")
        with serving(folder, world.artifacts(folder), WORKERS=str(1 + number % 2)) as server:
            counts, seconds = _stop_under_load(server)
            totals += counts
            longest = max(longest, seconds)
            with Writers(server, threads=2) as load:
                server.start()
                time.sleep(0.5)
            writes += load.writes
    require(totals["broken"] == 0, f"responses were cut off: {totals}")
    require(longest < GRACE, f"it took {longest:.1f} s")
    came = (
        f"{totals['complete']:,} complete responses, none cut off or an error; {totals['not accepted']} "
        f"connections came too late and were not accepted; stopped within {longest:.1f} s"
    )
    return Outcome("SIGTERM under load of 8 clients, one worker and two", f"{times} ×", came)


def _stop_under_load(server: Server) -> tuple[Counter[str], float]:
    counts, stopping = Counter[str](), threading.Event()
    threads = [
        threading.Thread(target=_send, args=(server, counts, stopping), daemon=True) for _ in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.7)
    stopping.set()
    started = time.monotonic()
    server.stop()
    seconds = time.monotonic() - started
    for thread in threads:
        thread.join(20)
    return counts, seconds


def _send(server: Server, counts: Counter[str], stopping: threading.Event) -> None:
    """Send until connections are refused; all but a complete 2xx on an accepted connection counts as broken."""
    while True:
        with httpx.Client(base_url=server.url, timeout=20) as client:
            try:
                last = client.get("/livez").headers.get("connection", "")
            except httpx.TransportError:
                counts["not accepted"] += 1
                return
            # After `Connection: close` the next request uses a new connection.
            while last != "close":
                try:
                    response = client.put("/users/somebody/profile", json=PROFILE)
                except httpx.TransportError as error:
                    counts["broken"] += 1
                    counts[f"broken by {error!r} {'while' if stopping.is_set() else 'before'} stopping"] += 1
                    return
                counts["complete" if response.status_code in (200, 201) else "broken"] += 1
                last = response.headers.get("connection", "")
