"""What meets in PostgreSQL: writers and readers, and two edits of one persona."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import httpx2 as httpx

from benchmarks.resilience.clients.crowds import SECONDS, crowd
from benchmarks.resilience.harness.load import PROFILE, Latencies, Probe
from benchmarks.resilience.harness.world import Outcome, World, new_database, postgres, require
from testkit.server import Server, serving
from testkit.waiting import eventually

MAX_RATIO = 3.0
WRITERS = {"put": (64, "distinct users"), "put_one": (32, "one user")}


def writers_and_readers(world: World) -> Outcome:
    """A reader beside 64 writers of distinct users, then of 32 of one user; a retrain beside the first."""
    folder, results = world.fresh("contention"), []
    artifacts = world.artifacts(folder)
    with postgres() as database, serving(folder, artifacts, DATABASE_URL=new_database(database)) as server:
        for number in range(10):
            httpx.put(f"{server.url}/users/read-{number}/profile", json=PROFILE).raise_for_status()
        probe = Probe(server.port, "/users/read-{n}/persona")
        probe.measure(2)
        before = probe.measure(SECONDS)
        for kind, (count, users) in WRITERS.items():
            outcome, beside = _beside(server, kind, count, probe)
            after = probe.measure(SECONDS)
            # Other work on the machine comes and goes.
            ratio = beside.quantile(0.99) / max(before.quantile(0.99), after.quantile(0.99))
            results.append(
                f"{beside} beside {count} writers of {users} ({ratio:.1f} × the slower run alone; {outcome})"
            )
            require(set(beside.statuses) == {200}, f"reads {results[-1]}: {beside.statuses}")
            require(ratio <= MAX_RATIO, f"reads alone {before} and {after}, {results[-1]}")
            before = after
        job = server.retrain(rows=500, activate="never")["id"]
        _beside(server, "put", WRITERS["put"][0], probe)
        ended = server.ended(job)
        require(ended["status"] == "SUCCEEDED", f"the retrain: {ended['status']}, {ended['error']}")
    came = f"reads: {before} alone, {'; '.join(results)}; the retrain succeeded"
    return Outcome("Writers beside a reader, and beside a retrain, on PostgreSQL", f"3 × {SECONDS:.0f} s", came)


def _beside(server: Server, kind: str, count: int, probe: Probe) -> tuple[str, Latencies]:
    """What so many writers got, and the latencies of a client beside them."""
    with ExitStack() as stack:
        writers = stack.enter_context(crowd(kind, count, server))
        beside = probe.measure(SECONDS)
        outcome = writers.communicate(timeout=120)[0].strip()
    require({name.partition("=")[0] for name in outcome.split()} <= {"200", "201"}, f"writers: {outcome}")
    return outcome, beside


def two_patches(world: World) -> Outcome:
    """Two replicas get a PATCH with the same ETag at once, then one name for two personas at once."""
    folder, rounds = world.fresh("patches"), world.times(50)
    artifacts, one_tag, one_name = world.artifacts(folder), Counter[tuple[int, ...]](), Counter[tuple[int, ...]]()
    with postgres() as database:
        url = new_database(database)
        first = serving(folder / "1", artifacts, DATABASE_URL=url)
        second = serving(folder / "2", artifacts, DATABASE_URL=url)
        with first as one, second as other:
            servers = (one, other)
            ids = [persona["id"] for persona in httpx.get(f"{one.url}/personas").json()["items"][:2]]
            for number in range(rounds):
                tag = _tag(servers, ids[0])
                one_tag[_at_once([(server, ids[0], tag, f"{number} by {server.port}") for server in servers])] += 1
                tags = [_tag(servers, persona_id) for persona_id in ids]
                patches = zip(servers, ids, tags, [f"Shared {number}"] * 2, strict=True)
                one_name[_at_once([*patches])] += 1
    require(one_tag == {(200, 412): rounds}, f"two edits with one ETag: {one_tag}")
    require(one_name == {(200, 409): rounds}, f"two edits with one name: {one_name}")
    done = "Two PATCHes with one ETag at once at two replicas, and one name for two personas at once"
    came = "one 200 and one 412 with one ETag each time, one 200 and one 409 with one name"
    return Outcome(done, f"{rounds} × each", came)


def _tag(servers: Sequence[Server], persona_id: str) -> str:
    """The ETag of a persona once all replicas give the same one: each follows the edits at the others."""

    def agreed() -> str | None:
        tags = {httpx.get(f"{server.url}/personas/{persona_id}").headers["etag"] for server in servers}
        return tags.pop() if len(tags) == 1 else None

    return eventually(agreed, 10)


def _at_once(patches: Sequence[tuple[Server, str, str, str]]) -> tuple[int, ...]:
    """The sorted statuses of edits that are sent at the same moment: of each server, persona, ETag and name."""
    start = Barrier(len(patches))

    def send(patch: tuple[Server, str, str, str]) -> int:
        server, persona_id, tag, name = patch
        with httpx.Client(base_url=server.url, timeout=30) as client:
            client.get("/livez")
            start.wait()
            body, headers = {"name": name}, {"if-match": tag}
            return client.patch(f"/personas/{persona_id}", json=body, headers=headers).status_code

    with ThreadPoolExecutor(len(patches)) as pool:
        return tuple(sorted(pool.map(send, patches)))
