"""POST /segment and /segment/batch."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from models.profile import Profile
from models.storage.registry import Registry
from service.segmenting.assignment import MAX_WARNINGS
from testkit.small_model import write_small_model
from testkit.waiting import eventually
from tests.support.problems import assert_problem

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


def test_an_answer_says_how_sure_it_is(client: TestClient, registry: Registry) -> None:
    expected = registry.load_active(Profile).model.assign(Profile.model_validate(FULL))
    answer = client.post("/segment", json=FULL).json()
    told = ("confidence", "probabilities", "margin", "typicality", "is_outlier")
    assert [answer[name] for name in told] == [getattr(expected, name) for name in told]
    assert expected.runner_up is not None
    assert answer["runner_up"] == {"id": expected.runner_up.id, "name": expected.runner_up.name}
    assert "explanation" not in answer
    assert "next_question" not in answer


def test_reasons_are_told_to_whoever_asks_and_add_up(client: TestClient) -> None:
    answer = client.post("/segment?explain=true", json=FULL).json()
    told, distances = answer["explanation"], answer["distances"]
    lead = distances[answer["runner_up"]["id"]] ** 2 - distances[answer["persona"]["id"]] ** 2
    assert told["lead"] == pytest.approx(lead, abs=1e-9)
    assert told["base"] + sum(reason["contribution"] for reason in told["reasons"]) == pytest.approx(
        lead, abs=1e-9
    )
    assert {reason["field"] for reason in told["reasons"]} == set(FULL)
    assert answer["next_question"] is None


def test_the_next_question_is_suggested_to_whoever_asks(client: TestClient) -> None:
    suggested = client.post("/segment?suggest=true", json=FULL).json()["next_question"]
    asked = client.post("/segment/next-question", json=FULL).json()
    assert suggested == asked["next_question"] == asked["questions"][0]
    assert suggested["field"] not in FULL
    assert asked["entropy"] > 0


def test_the_answer_is_the_same_with_and_without_details(client: TestClient) -> None:
    plain = client.post("/segment", json=FULL).json()
    detailed = client.post("/segment?explain=true&suggest=true", json=FULL).json()
    assert {name: detailed[name] for name in plain} == plain


def test_a_comparison_holds_both_answers_and_what_moved(client: TestClient) -> None:
    changes = {"age": None, "hobbies": ["value_5"]}
    compared = client.post("/segment/compare", json={"profile": FULL, "changes": changes}).json()
    after = {**FULL, **changes}
    assert compared["before"] == client.post("/segment", json=FULL).json()
    assert compared["after"] == client.post("/segment", json=after).json()
    assert compared["persona_changed"] == (compared["before"]["persona"] != compared["after"]["persona"])
    for name, change in compared["probability_changes"].items():
        moved = compared["after"]["probabilities"][name] - compared["before"]["probabilities"][name]
        assert change == pytest.approx(moved)
    alone = client.post("/segment", json={**FULL, "age": None}).json()
    assert [each["field"] for each in compared["alone"]] == ["age", "hobbies"]
    assert compared["alone"][0]["persona"] == alone["persona"]


def test_a_comparison_without_changes_moves_nothing(client: TestClient) -> None:
    compared = client.post("/segment/compare", json={"profile": FULL, "changes": {}}).json()
    assert compared["before"] == compared["after"]
    assert set(compared["distance_changes"].values()) == {0.0}
    assert compared["alone"] == []


def test_what_does_not_fit_in_a_comparison_is_pointed_at(client: TestClient) -> None:
    answer = client.post("/segment/compare", json={"profile": {"hobies": []}, "changes": {"age": 7}})
    problem = assert_problem(answer, 422, "invalid-request")
    assert [error["pointer"] for error in problem["errors"]] == ["/profile/hobies", "/changes/age"]
    assert "'hobbies'" in problem["errors"][0]["detail"]


def test_a_comparison_of_very_many_fields_is_refused_in_few_words(client: TestClient) -> None:
    strange = {f"field_{number}": 1 for number in range(5_000)}
    problem = assert_problem(
        client.post("/segment/compare", json={"profile": strange, "changes": {}}), 422, "invalid-request"
    )
    assert [error["pointer"] for error in problem["errors"]] == ["/profile"]


def test_a_model_of_format_1_answers_what_it_can(client: TestClient, registry: Registry) -> None:
    registry.activate(write_small_model(registry.root, seed=1, imputes=False).name)
    eventually(lambda: client.post("/segment", json={}).json()["confidence"] is None)
    answer = client.post("/segment?explain=true&suggest=true", json=FULL).json()
    assert answer["probabilities"] is None
    assert answer["explanation"]["reasons"]
    assert answer["next_question"] is None
    asked = client.post("/segment/next-question", json=FULL).json()
    assert (asked["next_question"], asked["questions"], asked["entropy"]) == (None, [], None)
    compared = client.post("/segment/compare", json={"profile": FULL, "changes": {"age": 40}}).json()
    assert compared["probability_changes"] is None


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


def test_a_slip_is_told_with_what_may_have_been_meant(client: TestClient) -> None:
    [warning] = client.post("/segment", json={"hobbies": ["vlaue_1", "value_2"]}).json()["warnings"]
    assert warning["suggestions"][0] == "value_1"
    assert "Did you mean 'value_1'?" in warning["detail"]


def test_very_many_unknown_values_are_told_in_one_warning_at_last(client: TestClient) -> None:
    strange = [f"strange {number}" for number in range(200)]
    warnings = client.post("/segment", json={"hobbies": strange}).json()["warnings"]
    assert len(warnings) == MAX_WARNINGS + 1
    assert (warnings[-1]["code"], warnings[-1]["field"], warnings[-1]["count"]) == (
        "MORE_UNKNOWN_VALUES",
        "hobbies",
        150,
    )


def test_unknown_values_are_counted_by_field_and_never_by_value(client: TestClient) -> None:
    client.post("/segment", json={"hobbies": [f"strange {number}" for number in range(70)]})
    client.put("/users/u-1/profile", json={"hobbies": ["strange"], "occupation": "odd"})
    text = client.get("/metrics").text
    assert 'segments_unknown_values_total{field="hobbies"} 71.0' in text
    assert 'segments_unknown_values_total{field="occupation"} 1.0' in text
    assert "strange" not in text


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


def test_a_batch_can_be_asked_for_details_too(client: TestClient) -> None:
    [item] = client.post("/segment/batch?explain=true&suggest=true", json={"profiles": [FULL]}).json()["items"]
    assert item["result"] == client.post("/segment?explain=true&suggest=true", json=FULL).json()


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
