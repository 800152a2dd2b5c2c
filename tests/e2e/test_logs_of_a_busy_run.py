"""A busy run, and all that it logs: no value, key or user id of a request."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2 as httpx

from models.storage.registry import Registry
from service.security.scopes import Scope
from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore
from testkit.access import bearer, key_with
from testkit.server import Server, serving
from testkit.small_model import write_small_model

# Words that nothing says by itself.
USERS = [f"zq-user-{number}@mail" for number in range(12)]
VALUES = ["Zqorbing", "zqpottery", "Zq'; DROP TABLE users", "zq\u00e9 caf\u00e9", "zqnested", "zqunknown_field"]
NUMBERS = [98_764_321, 91_919_191]
REQUEST_ID = "traced-by-the-caller-1"


def test_no_value_of_a_request_is_logged(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "artifacts")
    registry.activate(write_small_model(registry.root).name)
    url = f"sqlite:///{tmp_path}/segments.db"
    migrate(url)
    store = SqlStore(url)
    keys = [key_with(store.keys, Scope.ADMIN), key_with(store.keys, Scope.PERSONAS_READ)]
    store.close()
    with serving(tmp_path, registry.root, WORKERS="2", KEY_RATE="400", LOG_LEVEL="INFO") as server:
        statuses = [busy(server, key) for key in (*keys, keys[0] + "0", keys[0][:-1] + "x") for _ in range(3)]
        broken(server, keys[0])
    log = server.log.read_text(encoding="utf-8")
    assert {200, 201, 207, 400, 401, 403, 404, 405, 413, 415, 422} <= set().union(*statuses)
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert len([line for line in lines if line["logger"] == "service.access"]) > 150
    assert REQUEST_ID in log
    sent = [*USERS, *map(quote, USERS), *VALUES, *(value.lower() for value in VALUES), *map(str, NUMBERS)]
    sent += [key[13:] for key in keys] + ["zq"]
    assert [word for word in sent if word in log or json.dumps(word)[1:-1] in log] == []
    paths = {line["route"] for line in lines if line["logger"] == "service.access"}
    assert paths <= {"unmatched", *(route for route in paths if "zq" not in route)}


def busy(server: Server, key: str) -> set[int]:
    """Every kind of request, good and bad; the statuses."""
    with httpx.Client(base_url=server.url, headers=bearer(key) | {"X-Request-ID": REQUEST_ID}) as client:
        return {client.send(request).status_code for request in requests(client)}


def requests(client: httpx.Client) -> Iterator[httpx.Request]:
    profile = {"occupation": VALUES[0], "hobbies": VALUES[1:4]}
    for user in USERS:
        yield client.build_request("PUT", f"/users/{user}/profile", json=profile)
        yield client.build_request("GET", f"/users/{user}/persona")
    yield client.build_request("POST", "/segment", json=profile)
    yield client.build_request("POST", "/segment", json={VALUES[5]: NUMBERS[0], "age": NUMBERS[1]})
    yield client.build_request("POST", "/segment/batch", json={"profiles": [profile, {VALUES[5]: 1}]})
    yield client.build_request("POST", "/users/personas:batchGet", json={"user_ids": [*USERS, "no zq id"]})
    yield client.build_request("GET", f"/users/{quote('zq no/id')}/persona?zq={VALUES[0]}")
    yield client.build_request("GET", f"/{USERS[0]}/{VALUES[0]}")
    yield client.build_request("GET", f"/personas/{VALUES[0]}?cursor={VALUES[1]}")
    yield client.build_request("DELETE", f"/users/{USERS[0]}/profile")
    yield client.build_request("POST", "/retrain", json={"source": "file", "path": f"{VALUES[0]}.csv"})
    yield client.build_request("GET", f"/retrain/{VALUES[0]}")
    yield raw(client, b'{"hobbies": ["zqnested"', {})
    yield raw(client, b"zqnested", {"Content-Type": "text/zqnested"})
    yield raw(client, b" " * (5 * 2**20), {})


def raw(client: httpx.Client, content: bytes, headers: dict[str, Any]) -> httpx.Request:
    return client.build_request(
        "POST", "/segment", content=content, headers={"Content-Type": "application/json"} | headers
    )


def broken(server: Server, key: str) -> None:
    """Requests that are none, and one that ends in its middle."""
    for text in (
        f"GET /users/{USERS[0]}/persona ZQ/1.1\r\n{key}\r\n\r\n",
        f"zqnested {key}\r\n\r\n",
        f"PUT /users/{USERS[0]}/profile HTTP/1.1\r\nHost: zq\r\nAuthorization: Bearer {key}\r\n"
        'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"occupation": "Zqorbing"',
    ):
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
            connection.sendall(text.encode())
            connection.settimeout(0.5)
            try:
                connection.recv(4_096)
            except TimeoutError:
                continue
