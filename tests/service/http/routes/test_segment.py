"""POST /segment and /segment/batch."""

import math
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from models.profile import Profile
from models.storage.registry import Registry
from service.app import create_app
from service.segmenting.assignment import MAX_WARNINGS
from service.settings import Settings
from service.store.memory.store import MemoryStore
from testkit.small_model import copy_old_model
from testkit.waiting import eventually
from tests.support.problems import assert_problem

FULL = {"age": 30, "hobbies": ["Value 1", "value-2"], "budget_range": "high", "occupation": "value_3"}


def test_profile_gets_the_persona_of_the_model(client: TestClient, registry: Registry) -> None:
    model = registry.load_active(Profile).model
    expected = model.assign(Profile.model_validate(FULL))
    response = client.post("/segment", json=FULL).json()
    assert response["persona"] == {"id": expected.persona.id, "name": expected.persona.name}
    assert "distances" not in response
    assert response["model_version"] == model.version
    assert response["missing_fields"] == list(expected.missing_fields)
    assert response["warnings"] == []


def test_distances_are_added_on_request(client: TestClient, registry: Registry) -> None:
    expected = registry.load_active(Profile).model.distances(Profile.model_validate(FULL))
    assert client.post("/segment?distances=true", json=FULL).json()["distances"] == expected


def test_response_has_the_confidence(client: TestClient, registry: Registry) -> None:
    expected = registry.load_active(Profile).model.assign(Profile.model_validate(FULL))
    response = client.post("/segment", json=FULL).json()
    names = ("confidence", "probabilities", "margin", "settled", "typicality", "is_outlier")
    assert [response[name] for name in names] == [getattr(expected, name) for name in names]
    assert expected.runner_up is not None
    assert response["runner_up"] == {"id": expected.runner_up.id, "name": expected.runner_up.name}
    assert "explanation" not in response
    assert "next_question" not in response


def test_explanation_adds_up_to_the_log_odds(client: TestClient) -> None:
    response = client.post("/segment?explain=true", json=FULL).json()
    explanation, chances = response["explanation"], response["probabilities"]
    lead = math.log(chances[response["persona"]["id"]] / chances[response["runner_up"]["id"]])
    assert explanation["lead"] == pytest.approx(lead, abs=1e-9)
    assert explanation["base"] + sum(reason["contribution"] for reason in explanation["reasons"]) == pytest.approx(
        lead, abs=1e-9
    )
    assert {reason["field"] for reason in explanation["reasons"]} == set(FULL)
    assert response["next_question"] is None


def test_explanation_speaks_to_the_giver_or_to_an_analyst(client: TestClient) -> None:
    profile = {"age": 30, "hobbies": ["value_1"], "relationship": "mother"}

    def first_words(query: str) -> set[str]:
        reasons = client.post(f"/segment?{query}", json=profile).json()["explanation"]["reasons"]
        [item] = client.post(f"/segment/batch?{query}", json={"profiles": [profile]}).json()["items"]
        assert item["result"]["explanation"]["reasons"] == reasons
        return {" ".join(reason["sentence"].split()[:2]) for reason in reasons if reason["value"]}

    assert first_words("explain=true") == first_words("explain=true&voice=giver") == {"You are", "Your mother"}
    assert first_words("explain=true&voice=analyst") == {"They are", "Their mother"}


def test_voice_without_an_explanation_changes_nothing(client: TestClient) -> None:
    assert client.post("/segment?voice=analyst", json=FULL).json() == client.post("/segment", json=FULL).json()
    assert_problem(client.post("/segment?voice=poet", json=FULL), 422, "invalid-request")


def test_next_question_is_suggested_on_request(client: TestClient) -> None:
    suggested = client.post("/segment?suggest=true", json=FULL).json()["next_question"]
    questions = client.post("/segment/next-question", json=FULL).json()
    assert suggested == questions["next_question"] == questions["questions"][0]
    assert suggested["field"] not in FULL
    assert questions["entropy"] > 0


def test_details_change_nothing_else_in_the_response(client: TestClient) -> None:
    plain = client.post("/segment", json=FULL).json()
    detailed = client.post("/segment?explain=true&suggest=true", json=FULL).json()
    assert {name: detailed[name] for name in plain} == plain


def test_what_if_has_both_assignments_and_their_differences(client: TestClient) -> None:
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
    assert [change["field"] for change in compared["alone"]] == ["age", "hobbies"]
    assert compared["alone"][0]["persona"] == alone["persona"]


def test_what_if_without_changes_differs_in_nothing(client: TestClient) -> None:
    compared = client.post("/segment/compare", json={"profile": FULL, "changes": {}}).json()
    assert compared["before"] == compared["after"]
    assert set(compared["probability_changes"].values()) == {0.0}
    assert compared["alone"] == []


def test_what_if_points_at_invalid_fields(client: TestClient) -> None:
    response = client.post("/segment/compare", json={"profile": {"hobies": []}, "changes": {"age": 7}})
    problem = assert_problem(response, 422, "invalid-request")
    assert [error["pointer"] for error in problem["errors"]] == ["/profile/hobies", "/changes/age"]
    assert "'hobbies'" in problem["errors"][0]["detail"]


def test_what_if_with_very_many_fields_is_one_error(client: TestClient) -> None:
    unknown = {f"field_{number}": 1 for number in range(5_000)}
    problem = assert_problem(
        client.post("/segment/compare", json={"profile": unknown, "changes": {}}), 422, "invalid-request"
    )
    assert [error["pointer"] for error in problem["errors"]] == ["/profile"]


def test_model_of_format_1_has_null_for_what_it_lacks(settings: Settings) -> None:
    registry = Registry(settings.artifacts_dir)
    registry.activate(copy_old_model(registry.root, 1).name)
    with TestClient(create_app(settings, store=MemoryStore())) as client:
        response = client.post("/segment?explain=true&suggest=true", json=FULL).json()
        assert response["confidence"] is response["probabilities"] is response["settled"] is None
        assert response["explanation"] is response["next_question"] is None
        questions = client.post("/segment/next-question", json=FULL).json()
        assert (questions["next_question"], questions["questions"], questions["entropy"]) == (None, [], None)
        compared = client.post("/segment/compare", json={"profile": FULL, "changes": {"age": 40}}).json()
        assert compared["probability_changes"] is None


def test_empty_profile_is_assigned(client: TestClient) -> None:
    response = client.post("/segment", json={})
    assert response.status_code == 200
    assert set(response.json()["missing_fields"]) == set(Profile.model_fields)


@pytest.mark.parametrize(
    ("profile", "basis"),
    [
        ({}, "FALLBACK"),
        ({"age": None}, "FALLBACK"),
        ({"hobbies": ["Zorbing!"]}, "FALLBACK"),
        ({"hobbies": []}, "OWN_PROFILE"),
        ({"hobbies": ["Zorbing!", "value_1"]}, "OWN_PROFILE"),
    ],
)
def test_response_says_what_the_persona_rests_on(
    client: TestClient, profile: dict[str, object], basis: str
) -> None:
    assert client.post("/segment", json=profile).json()["basis"] == basis
    assert client.post("/segment?explain=true", json=profile).json()["basis"] == basis
    assert client.put("/users/ada/profile", json=profile).json()["basis"] == basis
    [item] = client.post("/segment/batch", json={"profiles": [profile]}).json()["items"]
    assert item["result"]["basis"] == basis


def test_null_equals_an_absent_answer(client: TestClient) -> None:
    nulls = dict.fromkeys(Profile.model_fields)
    assert client.post("/segment", json=nulls).json() == client.post("/segment", json={}).json()


def test_unknown_value_is_in_the_warnings_as_it_was_sent(client: TestClient) -> None:
    warnings = client.post("/segment", json={"hobbies": ["Zorbing!", "value_1"]}).json()["warnings"]
    assert [(w["code"], w["field"], w["value"]) for w in warnings] == [("UNKNOWN_VALUE", "hobbies", "Zorbing!")]


def test_misspelt_value_is_warned_of_with_suggestions(client: TestClient) -> None:
    [warning] = client.post("/segment", json={"hobbies": ["vlaue_1", "value_2"]}).json()["warnings"]
    assert warning["suggestions"][0] == "value_1"
    assert "Did you mean 'value_1'?" in warning["detail"]


def test_very_many_unknown_values_share_one_last_warning(client: TestClient) -> None:
    unknown = [f"unknown {number}" for number in range(200)]
    warnings = client.post("/segment", json={"hobbies": unknown}).json()["warnings"]
    assert len(warnings) == MAX_WARNINGS + 1
    assert (warnings[-1]["code"], warnings[-1]["field"], warnings[-1]["count"]) == (
        "MORE_UNKNOWN_VALUES",
        "hobbies",
        150,
    )


def test_unknown_values_are_counted_by_field_and_not_by_value(client: TestClient) -> None:
    client.post("/segment", json={"hobbies": [f"unknown {number}" for number in range(70)]})
    client.put("/users/u-1/profile", json={"hobbies": ["unheard of"], "occupation": "other"})
    text = client.get("/metrics").text
    assert 'segments_unknown_values_total{field="hobbies"} 71.0' in text
    assert 'segments_unknown_values_total{field="occupation"} 1.0' in text
    assert "unknown 1" not in text


def test_responses_name_the_origin_of_the_model(client: TestClient) -> None:
    assert client.post("/segment", json={}).headers["segments-model-origin"] == "simulated"


def test_unknown_field_is_refused_with_the_nearest_known_one(client: TestClient) -> None:
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
def test_invalid_field_is_pointed_at_and_its_value_not_quoted(
    client: TestClient, profile: dict[str, object], pointer: str
) -> None:
    response = client.post("/segment", json=profile)
    problem = assert_problem(response, 422, "invalid-request")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert not any(value in response.text for value in ("thirty-four", "enormous", "chess", "xxx"))


def test_problem_without_a_model_says_what_to_do(modelless: TestClient) -> None:
    response = modelless.post("/segment", json={})
    problem = assert_problem(response, 503, "no-model")
    assert "POST /retrain" in problem["detail"]
    assert int(response.headers["retry-after"]) > 0


def test_each_profile_of_a_batch_has_its_own_outcome(client: TestClient) -> None:
    batch = {"profiles": [FULL, {"age": 7}, "no profile", {}, {"hobies": []}]}
    response = client.post("/segment/batch", json=batch)
    assert response.status_code == 207
    items = response.json()["items"]
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


def test_batch_has_details_on_request(client: TestClient) -> None:
    [item] = client.post("/segment/batch?explain=true&suggest=true", json={"profiles": [FULL]}).json()["items"]
    assert item["result"] == client.post("/segment?explain=true&suggest=true", json=FULL).json()


def test_empty_batch_has_no_items(client: TestClient) -> None:
    assert client.post("/segment/batch", json={"profiles": []}).json()["items"] == []


def test_batch_over_the_maximum_is_refused(client: TestClient) -> None:
    assert client.post("/segment/batch", json={"profiles": [{}] * 1_000}).status_code == 207
    response = client.post("/segment/batch", json={"profiles": [{}] * 1_001})
    problem = assert_problem(response, 422, "invalid-request")
    assert "1000" in problem["errors"][0]["detail"]


def test_errors_of_a_batch_item_are_limited(client: TestClient) -> None:
    wrong = {name: [1] * 200 for name in ("hobbies", "gift_history")}
    unknown = {f"field_{number}": 1 for number in range(1_000)}
    response = client.post("/segment/batch", json={"profiles": [wrong, {"hobbies": ["x"] * 10_000}, unknown]})
    assert [len(item["error"]["errors"]) for item in response.json()["items"]] == [2, 1, 1]


LONG_LISTS = {
    name: [f"{name} {number} {'x' * 60}" for number in range(200)] for name in ("hobbies", "gift_history")
}


@pytest.mark.parametrize(("path", "body"), [("/segment/batch", {"profiles": [FULL]}), ("/segment", LONG_LISTS)])
def test_long_request_waits_for_the_one_before_without_delaying_others(
    client: TestClient, app: FastAPI, path: str, body: object
) -> None:
    semaphore = app.state.services.long_work
    assert client.portal is not None
    client.portal.call(semaphore.acquire)
    with ThreadPoolExecutor(1) as thread:
        long = thread.submit(client.post, path, json=body)
        eventually(lambda: "in_flight 2.0" in client.get("/metrics").text)
        assert client.post("/segment", json=FULL).status_code == 200
        assert not long.done()
        client.portal.call(semaphore.release)
        assert long.result().status_code in (200, 207)


def test_long_profile_gets_the_same_persona_alone_and_in_a_batch(client: TestClient) -> None:
    alone = client.post("/segment", json=LONG_LISTS).json()
    (item,) = client.post("/segment/batch", json={"profiles": [LONG_LISTS]}).json()["items"]
    assert item["result"]["persona"] == alone["persona"]
    assert item["result"]["warnings"][-1]["detail"] == alone["warnings"][-1]["detail"]
