"""Limits on a JSON body that hold before it is parsed, as parsing stops everything else."""

import json

import pytest
from starlette.testclient import TestClient

from service.http.json_bodies import MAX_NAMES, MAX_SHORT_BODY, MAX_VALUES
from tests.support.problems import assert_problem

JSON = {"Content-Type": "application/json"}
ONE_PROFILE = [
    ("POST", "/segment"),
    ("POST", "/segment/next-question"),
    ("PUT", "/users/ann/profile"),
    ("POST", "/retrain"),
]


@pytest.mark.parametrize(("method", "path"), ONE_PROFILE)
def test_body_of_one_profile_has_a_limit_of_its_own(client: TestClient, method: str, path: str) -> None:
    body = b"{" + b" " * (MAX_SHORT_BODY - 2) + b"}"
    assert client.request(method, path, content=body, headers=JSON).status_code != 413
    assert_problem(client.request(method, path, content=body + b" ", headers=JSON), 413, "body-too-large")


def test_body_of_one_profile_that_comes_in_chunks_has_the_same_limit(client: TestClient) -> None:
    response = client.post("/segment", content=iter([b"{", b" " * MAX_SHORT_BODY, b"}"]), headers=JSON)
    assert_problem(response, 413, "body-too-large")


@pytest.mark.parametrize("item", [b"[]", b"{}", b"1", b'{"":1}', b'"a"'])
def test_batch_of_too_many_values_is_refused_unparsed(client: TestClient, item: bytes) -> None:
    # Parsed, it would be malformed.
    body = b'{"profiles":[' + (item + b",") * MAX_VALUES
    problem = assert_problem(client.post("/segment/batch", content=body, headers=JSON), 422, "invalid-request")
    assert str(MAX_VALUES) in json.dumps(problem)


def test_batch_of_too_many_names_is_refused_unparsed(client: TestClient) -> None:
    body = b"{" + b",".join(b'"%d":1' % number for number in range(MAX_NAMES + 1))
    problem = assert_problem(client.post("/segment/batch", content=body, headers=JSON), 422, "invalid-request")
    assert str(MAX_NAMES) in json.dumps(problem)


def test_batch_of_a_thousand_rich_profiles_is_answered(client: TestClient) -> None:
    profile = {"age": 30, "hobbies": [f"hobby {number}" for number in range(90)]}
    response = client.post("/segment/batch", json={"profiles": [profile] * 1_000})
    assert response.status_code == 207
    assert len(response.json()["items"]) == 1_000
