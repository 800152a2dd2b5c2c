"""The feed of changes while others write: nothing twice, nothing missing, in agreement with everything else."""

import http.client
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Barrier, Event
from typing import Any

import httpx2 as httpx

from benchmarks.resilience.harness.world import Outcome, World, new_database, postgres, require
from testkit.server import Server, serving

WRITERS, CHANGES, USERS_EACH = 8, 100_000, 50
AT_ONCE, ROUNDS = 16, 50
_JSON = {"content-type": "application/json"}


def followed(world: World) -> Outcome:
    """A reader follows the feed while eight writers change personas, over two replicas where there can be two."""
    changes, came = world.times(CHANGES), []
    for name, servers in _databases(world):
        profiles = _two_profiles(servers[0])
        start = httpx.get(f"{servers[0].url}/users/changes?start=latest").json()["next_cursor"]
        done = Event()
        with ThreadPoolExecutor(WRITERS + 1) as pool:
            reader = pool.submit(_read_until, servers[-1], start, done)
            writers = [
                pool.submit(_change, servers[number % len(servers)], number, changes // WRITERS, profiles)
                for number in range(WRITERS)
            ]
            expected = {user_id: moves for writer in writers for user_id, moves in writer.result().items()}
            done.set()
            entries = reader.result()
        ids = [entry["id"] for entry in entries]
        require(ids == sorted(set(ids)), f"{name}: entries came twice or out of order")
        seen: dict[str, list[str]] = {}
        for entry in entries:
            seen.setdefault(entry["user_id"], []).append(entry["to_persona_id"])
        require(seen == expected, f"{name}: the feed tells other changes than the writers made")
        came.append(f"{len(entries):,} entries on {name}")
    done_what = f"{WRITERS} writers change personas while a reader follows the feed"
    return Outcome(done_what, f"{changes:,} × each", f"{', '.join(came)}: each once, in order, none missing")


def one_user(world: World) -> Outcome:
    """Sixteen clients write one user at once; then everything tells the last write."""
    rounds, names = world.times(ROUNDS), []
    for name, servers in _databases(world):
        profiles = _two_profiles(servers[0])
        for number in range(rounds):
            user_id = f"user-{number}"
            responses = _at_once(servers, user_id, profiles)
            last = max(responses, key=lambda response: response["revision"])
            require(sorted(one["revision"] for one in responses) == [*range(1, AT_ONCE + 1)], "revisions")
            stored = httpx.get(f"{servers[0].url}/users/{user_id}/persona").json()
            require(stored["revision"] == AT_ONCE, f"{name}: revision {stored['revision']}")
            require(stored["persona"] == last["persona"], f"{name}: another persona than the last write's")
            history = httpx.get(f"{servers[0].url}/users/{user_id}/persona/changes?limit=1").json()["items"]
            require(
                history[0]["to_persona_id"] == last["persona"]["id"], f"{name}: another persona in the history"
            )
        counts = {one["id"]: one["users"] for one in httpx.get(f"{servers[0].url}/personas").json()["items"]}
        require(sum(counts.values()) == rounds, f"{name}: {counts}")
        stored_now = _exported(servers[0])
        require({key: users for key, users in counts.items() if users} == stored_now, f"{name}: {counts}")
        require(_last_of_each(servers[0], rounds) == stored_now, f"{name}: the feed tells another end")
        names.append(name)
    done = f"{AT_ONCE} clients PUT one user at once"
    came = f"the last acknowledged write is in persona, history, feed and counts on {' and '.join(names)}"
    return Outcome(done, f"{rounds} × each", came)


def _databases(world: World) -> Iterator[tuple[str, Sequence[Server]]]:
    """SQLite under one server, then PostgreSQL under two."""
    with _servers(world, [None]) as servers:
        yield "SQLite", servers
    with postgres() as database:
        url = new_database(database)
        with _servers(world, [url, url]) as servers:
            yield "PostgreSQL", servers


@contextmanager
def _servers(world: World, urls: Sequence[str | None]) -> Iterator[list[Server]]:
    folder = world.fresh("feed")
    artifacts = world.artifacts(folder)
    with ExitStack() as stack:
        yield [
            stack.enter_context(serving(folder / str(number), artifacts, **({"DATABASE_URL": url} if url else {})))
            for number, url in enumerate(urls)
        ]


def _two_profiles(server: Server) -> list[str]:
    """Two profiles of different personas."""
    by_persona: dict[str, str] = {}
    for age in range(13, 100):
        for budget in ("low", "high"):
            profile = json.dumps({"age": age, "budget_range": budget, "lead_time_days": age})
            response = httpx.post(f"{server.url}/segment", content=profile, headers=_JSON).json()
            by_persona.setdefault(response["persona"]["id"], profile)
            if len(by_persona) == 2:
                return list(by_persona.values())
    raise LookupError("The starter model has one persona alone.")


def _change(server: Server, writer: int, count: int, profiles: Sequence[str]) -> dict[str, list[str]]:
    """Change personas of a writer's own users in turn; the acknowledged personas of each, in order."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    moves: dict[str, list[str]] = {}
    for number in range(count):
        user_id = f"w{writer}-{number % USERS_EACH}"
        profile = profiles[number // USERS_EACH % 2]
        connection.request("PUT", f"/users/{user_id}/profile", profile, _JSON)
        response = connection.getresponse()
        body = json.loads(response.read())
        require(response.status in (200, 201), f"{response.status}: {body}")
        moves.setdefault(user_id, []).append(body["persona"]["id"])
    connection.close()
    return moves


def _read_until(server: Server, cursor: str, done: Event) -> list[dict[str, Any]]:
    """The entries after a cursor, until the writers have ended and nothing follows."""
    entries: list[dict[str, Any]] = []
    with httpx.Client(base_url=server.url, timeout=60) as client:
        while True:
            is_last = done.is_set()
            page = client.get("/users/changes", params={"after": cursor, "limit": 1_000}).raise_for_status().json()
            entries += page["items"]
            cursor = page["next_cursor"]
            if not page["items"] and is_last:
                return entries
            if not page["items"]:
                done.wait(0.05)


def _at_once(servers: Sequence[Server], user_id: str, profiles: Sequence[str]) -> list[dict[str, Any]]:
    start = Barrier(AT_ONCE)

    def put(number: int) -> dict[str, Any]:
        server = servers[number % len(servers)]
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.connect()
        start.wait()
        connection.request("PUT", f"/users/{user_id}/profile", profiles[number // 2 % 2], _JSON)
        body: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return body

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(put, range(AT_ONCE)))


def _exported(server: Server) -> dict[str, int]:
    """The number of users by persona, by reading all users."""
    lines = httpx.get(f"{server.url}/users:export").text.splitlines()
    return _counts(json.loads(line)["persona_id"] for line in lines)


def _last_of_each(server: Server, users: int) -> dict[str, int]:
    """The number of users by persona, as somebody has it who has followed the feed from its begin."""
    personas: dict[str, str] = {}
    cursor = ""
    while True:
        query = f"limit=1000&after={cursor}" if cursor else "limit=1000"
        page = httpx.get(f"{server.url}/users/changes?{query}").json()
        personas |= {entry["user_id"]: entry["to_persona_id"] for entry in page["items"]}
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    require(len(personas) == users, f"the feed tells of {len(personas)} users")
    return _counts(personas.values())


def _counts(persona_ids: Any) -> dict[str, int]:
    counts: dict[str, int] = {}
    for persona_id in persona_ids:
        counts[persona_id] = counts.get(persona_id, 0) + 1
    return counts
