"""Every wrong value gets a sentence in the words of its field, and none in those of a library."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.support.problems import assert_problem

LIBRARY = re.compile(
    r"Input should|valid (tuple|list|dictionary|string|integer|number)|extract fields|instance of|unable to parse"
)
# A value of each kind of JSON, and texts and numbers that are too long, too short or out of range.
WRONG: tuple[Any, ...] = (None, True, 3, -1, 1e300, 2.5, "", "x", "x" * 3_000, [], [None], [1], ["x"] * 1_001, {})
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/segment"): {"age": 30, "hobbies": ["a"], "budget_range": "low", "occupation": "b"},
    ("PUT", "/users/ann/profile"): {"age": 30, "favourite_items": ["a"], "lead_time_days": 3},
    ("POST", "/segment/compare"): {"profile": {"age": 30}, "changes": {"hobbies": ["a"]}},
    ("POST", "/segment/batch"): {"profiles": [{"age": 30, "hobbies": ["a"]}]},
    ("POST", "/users/personas:batchGet"): {"user_ids": ["ann"]},
    ("PUT", "/users/ann/persona"): {"persona_id": "p_0"},
    ("POST", "/models/none/activate"): {"reason": "Because.", "by": "ops"},
    ("POST", "/retrain"): {"source": "file", "path": "a.csv", "k": 3, "seed": 1, "activate": "auto", "by": "ops"},
    ("PATCH", "/personas/p_0"): {"name": "A", "sentence": "B.", "note": "C", "by": "ops"},
}


def replaced(value: Any) -> Iterator[Any]:
    """The value with each of its parts replaced by each wrong value, itself included."""
    yield from WRONG
    if isinstance(value, dict):
        yield value | {"hobbys": 1}
        for name, inner in value.items():
            yield {other: rest for other, rest in value.items() if other != name}
            yield from (value | {name: wrong} for wrong in replaced(inner))
    if isinstance(value, list):
        yield from ([wrong] for wrong in replaced(value[0]))


def sentences(response: Any) -> list[str]:
    if response.status_code == 207:
        failures = [item["error"] for item in response.json()["items"] if item["status"] != 200]
        return [error["detail"] for failure in failures for error in failure["errors"]]
    if response.status_code != 422:
        return []
    return [error["detail"] for error in response.json()["errors"]]


@pytest.mark.parametrize("route", BODIES, ids=" ".join)
def test_no_sentence_speaks_of_a_library_s_types(client: TestClient, route: tuple[str, str]) -> None:
    said = {
        text
        for body in replaced(BODIES[route])
        for text in sentences(client.request(*route, json=body, headers={"If-Match": "*"}))
    }
    assert len(said) > 4
    assert [text for text in said if LIBRARY.search(text)] == []
    assert [text for text in said if text[-1] not in ".?" or text[-2] in ".?"] == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"hobbies": "gaming"}, 'hobbies is a list of texts, such as ["gaming", "board games"].'),
        ({"hobbies": [1]}, 'Each value of hobbies is a text, such as "gaming".'),
        ({"hobbies": ["x" * 201]}, "Each value of hobbies has at most 200 characters."),
        ({"hobbies": ["x"] * 201}, "hobbies has at most 200 values."),
        ({"age": "27"}, "age is a whole number, such as 27."),
        ({"age": 27.5}, "age is a whole number, such as 27."),
        ({"age": 5}, "age is at least 13."),
        ({"age": 500}, "age is at most 120."),
        ({"occupation": ["teacher"]}, 'occupation is a text, such as "teacher".'),
        ({"budget_range": "enormous"}, "budget_range is 'low', 'medium' or 'high'."),
        ([1, 2], 'The body is a JSON object, such as {"age": 27}.'),
        ("text", 'The body is a JSON object, such as {"age": 27}.'),
        ({"hobbys": []}, "Unknown field 'hobbys'. Did you mean 'hobbies'?"),
    ],
)
def test_wrong_profile_is_explained_in_the_words_of_its_field(client: TestClient, body: object, said: str) -> None:
    (error,) = assert_problem(client.post("/segment", json=body), 422, "invalid-request")["errors"]
    assert error["detail"] == said


def test_wrong_profile_of_a_batch_is_explained_in_the_same_words(client: TestClient) -> None:
    response = client.post("/segment/batch", json={"profiles": [{"hobbies": "gaming"}, [1, 2]]})
    assert sentences(response) == [
        'hobbies is a list of texts, such as ["gaming", "board games"].',
        'A profile is a JSON object, such as {"age": 27}.',
    ]


@pytest.mark.parametrize(
    ("target", "pointer", "said"),
    [
        ("/personas?limit=x", "/limit", "limit is a whole number."),
        ("/personas?limit=0", "/limit", "limit is at least 1."),
        ("/personas?cursor=" + "x" * 2_001, "/cursor", "cursor has at most 2000 characters."),
        ("/personas?limt=5", "/limt", "Unknown parameter 'limt'. Did you mean 'limit'?"),
        ("/personas?q=%27", "/q", "Unknown parameter 'q'. Known parameters: limit, cursor, voice."),
        ("/personas?limit=1&limit=2", "/limit", "limit is sent more than once."),
        ("/?verbose=1", "/verbose", "Unknown parameter 'verbose'. There are no parameters here."),
        ("/vocabulary?v=2", "/v", "Unknown parameter 'v'. There are no parameters here."),
    ],
)
def test_wrong_parameter_is_explained(client: TestClient, target: str, pointer: str, said: str) -> None:
    (error,) = assert_problem(client.get(target), 422, "invalid-request")["errors"]
    assert (error["place"], error["pointer"], error["detail"]) == ("query", pointer, said)


def test_wrong_header_and_empty_id_are_explained(client: TestClient) -> None:
    headers = {"Idempotency-Key": "with space"}
    (error,) = client.post("/retrain", json={"source": "users"}, headers=headers).json()["errors"]
    assert (error["place"], error["pointer"]) == ("header", "/Idempotency-Key")
    assert error["detail"].startswith("Idempotency-Key does not fit its description: ")
    (error,) = client.post("/users/personas:batchGet", json={"user_ids": [""]}).json()["errors"]
    assert error["detail"] == "Each value of user_ids has at least 1 character."


def test_misspelled_detail_of_an_assignment_is_refused_and_not_ignored(client: TestClient) -> None:
    (error,) = client.post("/segment?explian=true", json={}).json()["errors"]
    assert error["detail"] == "Unknown parameter 'explian'. Did you mean 'explain'?"
    (error,) = client.post("/segment?explain=perhaps", json={}).json()["errors"]
    assert error["detail"] == "explain is true or false."


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/docs", "/static/docs.js"])
def test_probe_or_page_may_send_any_parameter(client: TestClient, path: str) -> None:
    assert client.get(f"{path}?t=1764415000").status_code == 200


@pytest.mark.parametrize("body", [{"source": "simulated", "rows": 500.0, "k": 3.0, "seed": 1.0}])
def test_whole_number_with_a_point_is_an_integer_in_every_body(client: TestClient, body: dict[str, Any]) -> None:
    response = client.post("/retrain", json=body)
    assert response.status_code == 202, response.text
    assert json.loads(response.text)["request"] | {"rows": 500, "k": 3, "seed": 1} == response.json()["request"]
