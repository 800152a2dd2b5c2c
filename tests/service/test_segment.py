"""POST /segment and /segment/batch."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from models.profile import Profile
from models.registry import Registry
from service.assignment import MAX_WARNINGS
from tests.support.problems import assert_problem
from tests.support.waiting import eventually

FULL = {"age": 30, "hobbies": ["Value 1", "value-2"], "budget_range": "high", "occupation": "value_3"}


def test_a_profile_gets_the_persona_that_the_model_gives_it(client: TestClient, registry: Registry) -> None:
    model = registry.load_active(Profile).model
    expected = model.assign(Profile.model_validate(FULL))
    answer = client.post("/segment", json=FULL).json()
    assert answer["persona"] == {"id": expected.persona.id, "name": expected.persona.name}
    assert answer["distances"] == expected.distances
    assert answer["model_version"] == model.version
    assert answer["missing_fields"] == list(expected.missing_fields)
    assert answer["warnings"] == []


def test_the_empty_profile_is_answered(client: TestClient) -> None:
    answer = client.post("/segment", json={})
    assert answer.status_code == 200
    assert set(answer.json()["missing_fields"]) == set(Profile.model_fields)


def test_null_is_the_same_as_absent(client: TestClient) -> None:
    nulls = dict.fromkeys(Profile.model_fields)
    assert client.post("/segment", json=nulls).json() == client.post("/segment", json={}).json()


def test_an_unknown_value_is_told_back_as_it_was_sent(client: TestClient) -> None:
    warnings = client.post("/segment", json={"hobbies": ["Zorbing!", "value_1"]}).json()["warnings"]
    assert [(w["code"], w["field"], w["value"]) for w in warnings] == [("UNKNOWN_VALUE", "hobbies", "Zorbing!")]


def test_very_many_unknown_values_are_told_in_one_warning_at_last(client: TestClient) -> None:
    strange = [f"strange {number}" for number in range(200)]
    warnings = client.post("/segment", json={"hobbies": strange}).json()["warnings"]
    assert len(warnings) == MAX_WARNINGS + 1
    assert warnings[-1]["code"] == "MORE_UNKNOWN_VALUES"
    assert "150" in warnings[-1]["detail"]


def test_answers_say_that_the_model_was_made_from_simulated_profiles(client: TestClient) -> None:
    assert client.post("/segment", json={}).headers["segments-model-origin"] == "simulated"


def test_an_unknown_field_names_the_nearest_known_one(client: TestClient) -> None:
    problem = assert_problem(client.post("/segment", json={"hobies": []}), 422, "invalid-request")
    assert problem["errors"][0]["pointer"] == "/hobies"
    assert "'hobbies'" in problem["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("profile", "pointer"),
    [
        ({"age": "thirty-four"}, "/age"),
        ({"age": 7}, "/age"),
        ({"budget_range": "enormous"}, "/budget_range"),
        ({"hobbies": "chess"}, "/hobbies"),
        ({"hobbies": ["x" * 201]}, "/hobbies/0"),
        ({"hobbies": ["fine", 5]}, "/hobbies/1"),
        ({"a/b~c": 1}, "/a~1b~0c"),
    ],
)
def test_what_does_not_fit_is_pointed_at_and_not_repeated(
    client: TestClient, profile: dict[str, object], pointer: str
) -> None:
    answer = client.post("/segment", json=profile)
    problem = assert_problem(answer, 422, "invalid-request")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert not any(value in answer.text for value in ("thirty-four", "enormous", "chess", "xxx"))


def test_without_a_model_the_answer_says_what_to_do(modelless: TestClient) -> None:
    answer = modelless.post("/segment", json={})
    problem = assert_problem(answer, 503, "no-model")
    assert "POST /retrain" in problem["detail"]
    assert int(answer.headers["retry-after"]) > 0


def test_each_profile_of_a_batch_has_its_own_outcome(client: TestClient) -> None:
    batch = {"profiles": [FULL, {"age": 7}, "no profile", {}, {"hobies": []}]}
    answer = client.post("/segment/batch", json=batch)
    assert answer.status_code == 207
    items = answer.json()["items"]
    assert [(item["index"], item["status"]) for item in items] == [
        (0, 200),
        (1, 422),
        (2, 422),
        (3, 200),
        (4, 422),
    ]
    assert items[0]["result"] == client.post("/segment", json=FULL).json()
    assert items[1]["error"]["errors"][0]["pointer"] == "/profiles/1/age"
    assert "'hobbies'" in items[4]["error"]["errors"][0]["detail"]
    assert "error" not in items[0]
    assert "result" not in items[1]


def test_a_batch_of_none_is_answered(client: TestClient) -> None:
    assert client.post("/segment/batch", json={"profiles": []}).json()["items"] == []


def test_a_batch_states_its_maximum(client: TestClient) -> None:
    assert client.post("/segment/batch", json={"profiles": [{}] * 1_000}).status_code == 207
    answer = client.post("/segment/batch", json={"profiles": [{}] * 1_001})
    problem = assert_problem(answer, 422, "invalid-request")
    assert "1000" in problem["errors"][0]["detail"]


def test_a_batch_item_with_very_many_errors_is_refused_in_few_words(client: TestClient) -> None:
    wrong = {name: [1] * 200 for name in ("hobbies", "gift_history")}
    strange = {f"field_{number}": 1 for number in range(1_000)}
    answer = client.post("/segment/batch", json={"profiles": [wrong, {"hobbies": ["x"] * 10_000}, strange]})
    assert [len(item["error"]["errors"]) for item in answer.json()["items"]] == [2, 1, 1]


LONG_LISTS = {
    name: [f"{name} {number} {'x' * 60}" for number in range(200)] for name in ("hobbies", "gift_history")
}


@pytest.mark.parametrize(("path", "body"), [("/segment/batch", {"profiles": [FULL]}), ("/segment", LONG_LISTS)])
def test_what_may_take_long_waits_for_its_turn_and_nobody_waits_for_it(
    client: TestClient, app: FastAPI, path: str, body: object
) -> None:
    turn = app.state.services.long_work
    assert client.portal is not None
    client.portal.call(turn.acquire)
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(client.post, path, json=body)
        eventually(lambda: "in_flight 2.0" in client.get("/metrics").text)
        assert client.post("/segment", json=FULL).status_code == 200
        assert not asked.done()
        client.portal.call(turn.release)
        assert asked.result().status_code in (200, 207)


def test_a_long_profile_gets_the_persona_that_it_gets_in_a_batch(client: TestClient) -> None:
    alone = client.post("/segment", json=LONG_LISTS).json()
    (item,) = client.post("/segment/batch", json={"profiles": [LONG_LISTS]}).json()["items"]
    assert item["result"]["persona"] == alone["persona"]
    assert item["result"]["warnings"][-1]["detail"] == alone["warnings"][-1]["detail"]
