"""No input causes a 5xx or crashes the service; invalid input gets a problem."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.support.problems import assert_problem

JSON = {"Content-Type": "application/json"}
BODY_ROUTES = [
    ("POST", "/segment"),
    ("POST", "/segment/batch"),
    ("PUT", "/users/u-1/profile"),
    ("POST", "/users/personas:batchGet"),
    ("POST", "/retrain"),
]
NOT_JSON = {
    "nothing": b"",
    "half": b'{"age": ',
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 25_000,
    "deep and closed": b"[" * 50_000 + b"]" * 50_000,
    "NaN": b'{"age": NaN}',
    "Infinity": b'{"age": Infinity}',
    "minus Infinity": b'{"age": -Infinity}',
    "a huge number": b'{"age": ' + b"9" * 100_000 + b"}",
    "UTF-16": '{"age": 30}'.encode("utf-16"),
    "UTF-32": '{"age": 30}'.encode("utf-32"),
    "Latin-1": '{"occupation": "café"}'.encode("latin-1"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "half of a pair": b'{"occupation": "\\ud800"}',
    "half of a pair in bytes": b'{"occupation": "\xed\xa0\x80"}',
    "raw NUL": b'{"occupation": "\x00"}',
    "trailing": b"{} {}",
    "single quotes": b"{'age': 30}",
    "comment": b"{} // ok",
}
NOT_FITTING = {
    "null": b"null",
    "list": b"[]",
    "text": b'"text"',
    "number": b"1e400",
    "true": b"true",
    "many fields": json.dumps({f"field{n}": n for n in range(10_000)}).encode(),
    "long name": json.dumps({"x" * 200_000: 1}).encode(),
    "many items": b'{"hobbies": [' + b"1," * 60_000 + b"1]}",
    "many texts": b'{"hobbies": [' + b'"a",' * 60_000 + b'"a"]}',
    "a long text": json.dumps({"occupation": "x" * 200_000}).encode(),
    "a big number": b'{"age": ' + b"9" * 4_000 + b"}",
    "an exponent": b'{"age": 1e999}',
    "a fraction": b'{"age": 30.5}',
    "text for number": b'{"age": "30"}',
    "true for number": b'{"age": true}',
    "nested": b'{"hobbies": [["a"]]}',
    "object for list": b'{"hobbies": {"0": "a"}}',
    "twice, the last wrong": b'{"age": 30, "age": []}',
    "empty name": b'{"": 1}',
    "names with a meaning in Python": b'{"__class__": 1, "model_config": 2, "\\u0000": 3}',
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One service for all of these: it has to live through them."""
    from models.storage.registry import Registry
    from service.app import create_app
    from service.settings import Settings
    from service.store.memory.store import MemoryStore
    from testkit.small_model import write_small_model
    from tests.support.launcher import FakeLauncher

    folder = tmp_path_factory.mktemp("hostile")
    registry = Registry(folder / "artifacts")
    registry.activate(write_small_model(registry.root).name)
    own = Settings(_env_file=None, artifacts_dir=registry.root, data_dir=folder / "data")
    app = create_app(own, store=MemoryStore(), launcher=FakeLauncher("not here"))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
        assert client.post("/segment", json={"age": 30}).status_code == 200


@pytest.mark.parametrize(("method", "path"), BODY_ROUTES)
@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_body_that_is_not_json_gets_400(service: TestClient, method: str, path: str, body: bytes) -> None:
    response = service.request(method, path, content=body, headers=JSON)
    problem = assert_problem(
        response, 422 if not body else 400, "invalid-request" if not body else "malformed-json"
    )
    assert len(response.content) < 2_000
    assert problem["detail"]


@pytest.mark.parametrize(("method", "path"), BODY_ROUTES)
@pytest.mark.parametrize("body", NOT_FITTING.values(), ids=NOT_FITTING.keys())
def test_invalid_json_body_gets_422_with_few_errors(
    service: TestClient, method: str, path: str, body: bytes
) -> None:
    response = service.request(method, path, content=body, headers=JSON)
    problem = assert_problem(response, 422, "invalid-request")
    assert 1 <= len(problem["errors"]) <= 100
    assert len(response.content) < 20_000


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/xml",
        "application/json; charset=utf-16",
        "application/jsonx",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/json, text/plain",
        "application/json charset=utf-8",
        "application/json; version",
        'application/json; version=1; charset="latin1"',
        "text/plain; x=application/json",
        "application/+xml",
        "text/json+xml",
        "\xff",
    ],
)
@pytest.mark.parametrize(("method", "path"), BODY_ROUTES)
def test_other_content_type_gets_415(service: TestClient, method: str, path: str, content_type: str) -> None:
    headers = [(b"Content-Type", content_type.encode("latin-1"))] if content_type else []
    response = service.request(method, path, content=b"{}", headers=headers)
    assert_problem(response, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "application/json; version=1",
        'application/json; profile="https://a.example/p;q"; charset=utf8',
        "application/json;",
        "application/vnd.x+json",
        "application/problem+json; charset=UTF-8",
        "Application/Vnd.Backpocket.V1+JSON;version=2",
    ],
)
def test_each_spelling_of_the_json_content_type_is_accepted(service: TestClient, content_type: str) -> None:
    response = service.post("/segment", content=b"{}", headers={"Content-Type": content_type})
    assert response.status_code == 200


def test_compressed_body_gets_415(service: TestClient) -> None:
    response = service.post("/segment", content=b"{}", headers=JSON | {"Content-Encoding": "gzip"})
    assert_problem(response, 415, "unsupported-media-type")


def test_body_with_a_content_length_over_the_limit_gets_413(service: TestClient) -> None:
    response = service.post("/segment", content=b" " * (4 * 2**20 + 1), headers=JSON)
    assert_problem(response, 413, "body-too-large")


def test_chunked_body_over_the_limit_gets_413(service: TestClient) -> None:
    chunks = (b" " * 2**20 for _ in range(6))
    response = service.post("/segment", content=chunks, headers=JSON)
    assert_problem(response, 413, "body-too-large")


@pytest.mark.parametrize("length", [b"-1", b"x", b"9" * 400, b"\xb2"])
def test_malformed_content_length_does_no_harm(service: TestClient, length: bytes) -> None:
    headers = [(b"Content-Type", b"application/json"), (b"Content-Length", length)]
    assert service.post("/segment", content=b"{}", headers=headers).status_code in (200, 413)


@pytest.mark.parametrize(
    "path",
    [
        "/%",
        "/%zz",
        "/%00",
        "/%ff%fe",
        "/users/%zz/persona",
        "/personas/%ed%a0%80",
        "/retrain/%00",
        "/retrain/" + "a" * 60_000,
        "/personas/..%2f..%2fetc",
        "/static/docs/..%2f..%2fcore.py",
        "/static/docs/%00",
        "/" + "a/" * 1_000,
    ],
)
def test_malformed_path_is_a_problem(service: TestClient, path: str) -> None:
    response = service.get(path)
    assert response.status_code in (400, 404, 422)
    assert_problem(response, response.status_code, response.json()["type"].rpartition(":")[2])


@pytest.mark.parametrize(
    "query",
    [
        "limit=%ff",
        "limit=1&limit=x",
        "cursor=%00",
        "cursor=" + "a" * 10_000,
        "limit=nan",
        "limit=1.5",
        "limit=%F0%9F%8E%81",
        "cursor=eyJ9",
        "=",
        "&&&",
        "limit[]=1",
    ],
)
@pytest.mark.parametrize("path", ["/personas", "/retrain"])
def test_malformed_query_does_no_harm(service: TestClient, path: str, query: str) -> None:
    response = service.get(f"{path}?{query}")
    assert response.status_code in (200, 422)
    if response.status_code == 422:
        assert_problem(response, 422, response.json()["type"].rpartition(":")[2])


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
names = st.sampled_from(
    ["age", "hobbies", "budget_range", "occupation", "profiles", "user_ids", "source", "path", "k", "rows"]
)


@given(body=anything | st.dictionaries(names | st.text(), anything), route=st.sampled_from(BODY_ROUTES))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_json_body_causes_a_5xx(service: TestClient, body: Any, route: tuple[str, str]) -> None:
    response = service.request(*route, content=json.dumps(body).encode(), headers=JSON)
    assert response.status_code < 500, response.text


@given(body=st.binary(max_size=200), route=st.sampled_from(BODY_ROUTES))
@settings(max_examples=200, deadline=None)
def test_no_bytes_cause_a_5xx(service: TestClient, body: bytes, route: tuple[str, str]) -> None:
    assert service.request(*route, content=body, headers=JSON).status_code < 500
