"""Profiles recognised at sight: the bytes are those of the slow way, alone and in a batch."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from starlette.testclient import TestClient

from models.persona import Persona
from models.profile import Profile
from models.scoring.scorer import Scorer
from models.segment_model import SegmentModel
from models.storage.artifact import LoadedArtifact
from service.http.responses import to_json
from service.http.schemas.segment import BatchItem, BatchResponse
from service.segmenting.assignment import assign
from service.segmenting.segment_json import SegmentEncoder
from testkit.small_model import small_manifest, small_personas
from tests.support.profiles import profiles, small_scorer

NAMES = ('100 % "true" givers', "back\\slash", "Zoë ☃")


def swift(scorer: Scorer, personas: Sequence[Persona]) -> SegmentEncoder:
    manifest = small_manifest()
    return SegmentEncoder(LoadedArtifact(manifest, SegmentModel(manifest.version, scorer, tuple(personas))))


def one_alone(scorer: Scorer) -> Scorer:
    return replace(scorer, centroids=scorer.centroids[:1])


ODD_NAMES = tuple(
    each.model_copy(update={"name": name, "id": f"p%s_{name}"})
    for each, name in zip(small_personas(), NAMES, strict=True)
)
SWIFT = swift(small_scorer(), ODD_NAMES)
MODELS = {
    "completing": SWIFT,
    "format 1": swift(small_scorer(complete=False), small_personas()),
    "one persona": swift(one_alone(small_scorer(complete=False)), small_personas()[:1]),
}
SENT = profiles().map(lambda each: json.loads(each.model_dump_json(exclude_unset=True)))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 200) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
ANYTHING = VALUES | st.dictionaries(st.sampled_from(["age", "hobbies", "occupation", "budget_range", "x"]), VALUES)


def alone(answering: SegmentEncoder, profile: object) -> bytes | None:
    """The answer to one profile by itself."""
    (found,) = answering.answer_each([profile])
    return found


@limits(deadline=None)
@given(profiles=st.lists(SENT | ANYTHING, max_size=6))
def test_stage_by_stage_each_gets_to_the_byte_what_it_gets_alone(profiles: list[Any]) -> None:
    assert SWIFT.answer_each(profiles) == [alone(SWIFT, each) for each in profiles]


@pytest.mark.parametrize("answering", MODELS.values(), ids=MODELS)
@limits(deadline=None)
@given(profile=SENT)
def test_a_profile_of_known_answers_gets_the_bytes_that_pydantic_writes(
    answering: SegmentEncoder, profile: dict[str, Any]
) -> None:
    found = alone(answering, profile)
    if found is not None:
        assert found == to_json(assign(answering.loaded.model, Profile.model_validate(profile)))


@pytest.mark.parametrize("answering", MODELS.values(), ids=MODELS)
def test_complete_and_empty_profiles_are_recognised(answering: SegmentEncoder) -> None:
    full: dict[str, Any] = {
        "age": 30,
        "hobbies": ["value_1", "value_2"],
        "occupation": "value_0",
        "budget_range": "low",
    }
    sent: list[dict[str, Any]] = [full, {}, {"hobbies": []}, {"age": None}]
    assert all(alone(answering, each) is not None for each in sent)


@limits(deadline=None)
@given(profile=ANYTHING)
def test_what_is_recognised_pydantic_accepts_and_scores_the_same(profile: Any) -> None:
    found = alone(SWIFT, profile)
    if found is not None:
        assert found == to_json(assign(SWIFT.loaded.model, Profile.model_validate(profile)))


@pytest.mark.parametrize("answering", MODELS.values(), ids=MODELS)
@limits(deadline=None)
@given(batch=st.lists(SENT | ANYTHING, max_size=6))
def test_in_a_batch_each_gets_what_it_gets_alone(answering: SegmentEncoder, batch: list[Any]) -> None:
    items, rest = answering.items(batch)
    for place in rest:
        items.put(place, to_json({"index": place, "status": 200, "result": None}))
    found = json.loads(items.answer("v"))["items"]
    for place, (item, profile) in enumerate(zip(found, batch, strict=True)):
        one = alone(answering, profile)
        assert (place in rest) == (one is None)
        assert_same(item, {"index": place, "status": 200, "result": one and json.loads(one)})


def assert_same(one: Any, other: Any) -> None:
    """The same but for the last digits of numbers."""
    if isinstance(one, dict):
        assert [*one] == [*other]
        for name in one:
            assert_same(one[name], other[name])
    elif isinstance(one, list):
        for each, its in zip(one, other, strict=True):
            assert_same(each, its)
    elif isinstance(one, float):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)
    else:
        assert one == other


def test_a_batch_of_one_cast_is_recognised_by_columns() -> None:
    batch: list[dict[str, Any]] = [
        {"age": 20 + each, "hobbies": ["value_1"], "occupation": "value_2"} for each in range(30)
    ]
    batch[7] = {"occupation": "Value 2"}
    batch[9] = {"age": True}
    batch[11] = {"age": 5}
    assert SWIFT.items(batch)[1] == [7, 9, 11]


@given(content=st.sampled_from([{}, {"age": 40}, {"hobbies": ["value_3"]}]), version=st.text(max_size=8))
def test_the_body_of_a_batch_is_what_its_schema_serialises_to(content: dict[str, Any], version: str) -> None:
    result = assign(SWIFT.loaded.model, Profile.model_validate(content))
    asked = BatchResponse(version, tuple(BatchItem(place, 200, result) for place in range(3)))
    items, rest = SWIFT.items([content] * 3)
    items.put(1, to_json(asked.items[1]))
    written = items.answer(version)
    assert rest == []
    assert_same(json.loads(written), json.loads(to_json(asked)))
    assert to_json(json.loads(written)) == written


def test_the_body_of_a_batch_of_none_is_what_its_schema_serialises_to() -> None:
    items, rest = SWIFT.items([])
    assert (items.answer("v"), rest) == (to_json(BatchResponse("v", ())), [])


BATCH: list[Any] = [
    {"age": 30, "hobbies": ["value_1"]},
    {"hobbies": ["Value 1", "never seen"]},
    {"age": 5},
    {},
    {"age": True},
    {"hobbies": ["value_1"] * 200},
]
HOSTILE: list[Any] = [
    {"hobbies": [["value_1"]]},
    {"occupation": {"value_1": 1}},
    {"hobby": None},
    {"age": 10**400},
    "value_1",
    None,
    [{}],
]


@pytest.mark.parametrize("batch", [BATCH, BATCH + HOSTILE], ids=["of one cast", "of every kind"])
def test_over_http_each_of_a_batch_gets_what_it_gets_alone(client: TestClient, batch: list[Any]) -> None:
    items = client.post("/segment/batch", json={"profiles": batch}).json()["items"]
    assert [item["index"] for item in items] == list(range(len(batch)))
    for item, profile in zip(items, batch, strict=True):
        alone = client.post("/segment", content=json.dumps(profile), headers={"content-type": "application/json"})
        assert item["status"] == alone.status_code
        if alone.status_code == 200:
            assert_same(item["result"], alone.json())
        else:
            # Not their sentences: pydantic has another for FastAPI where something is no object.
            told, here = ([each["pointer"] for each in body["errors"]] for body in (alone.json(), item["error"]))
            assert here == [f"/profiles/{item['index']}{pointer}" for pointer in told]
