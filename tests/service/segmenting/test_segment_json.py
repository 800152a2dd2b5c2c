"""Profiles of known answers: the bytes are those of pydantic, alone and in a batch."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from starlette.testclient import TestClient

from models.persona import Persona
from models.profile import Profile
from models.scoring.scorer import Scorer
from models.segment_model import SegmentModel
from models.storage.artifact import LoadedArtifact
from models.storage.reading import read_artifact
from service.http.responses import to_json
from service.http.schemas.segment import BatchItem, BatchResponse
from service.segmenting.assignment import assign
from service.segmenting.segment_json import SegmentEncoder
from testkit.reordered import reordered
from testkit.small_model import copy_old_model, small_manifest, small_personas
from testkit.small_scorer import small_scorer
from tests.support.profiles import profiles

NAMES = ('100 % "true" givers', "back\\slash", "Zoë ☃")


def encoder_of(scorer: Scorer, personas: Sequence[Persona]) -> SegmentEncoder:
    manifest = small_manifest()
    return SegmentEncoder(LoadedArtifact(manifest, SegmentModel(manifest.version, scorer, tuple(personas))))


SPECIAL_PERSONAS = tuple(
    persona.model_copy(update={"name": name, "id": f"p%s_{name}"})
    for persona, name in zip(small_personas(), NAMES, strict=True)
)
ENCODER = encoder_of(small_scorer(), SPECIAL_PERSONAS)
MODELS = {
    "three personas": ENCODER,
    "one persona": encoder_of(reordered(small_scorer(), [0]), small_personas()[:1]),
}
PROFILES = profiles().map(lambda profile: json.loads(profile.model_dump_json(exclude_unset=True)))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 200) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
ANYTHING = VALUES | st.dictionaries(st.sampled_from(["age", "hobbies", "occupation", "budget_range", "x"]), VALUES)


def alone(encoder: SegmentEncoder, profile: object) -> bytes | None:
    """The response to one profile by itself."""
    (content,) = encoder.encode_each([profile])
    return content


@limits(deadline=None)
@given(profiles=st.lists(PROFILES | ANYTHING, max_size=6))
def test_several_profiles_get_the_bytes_that_each_gets_alone(profiles: list[Any]) -> None:
    assert ENCODER.encode_each(profiles) == [alone(ENCODER, profile) for profile in profiles]


@pytest.mark.parametrize("encoder", MODELS.values(), ids=MODELS)
@limits(deadline=None)
@given(profile=PROFILES)
def test_profile_of_known_answers_gets_the_bytes_of_pydantic(
    encoder: SegmentEncoder, profile: dict[str, Any]
) -> None:
    content = alone(encoder, profile)
    assume(content is not None)
    assert content == to_json(assign(encoder.loaded.model, Profile.model_validate(profile)))


@pytest.mark.parametrize("encoder", MODELS.values(), ids=MODELS)
def test_complete_and_empty_profiles_have_known_answers(encoder: SegmentEncoder) -> None:
    full: dict[str, Any] = {
        "age": 30,
        "hobbies": ["value_1", "value_2"],
        "occupation": "value_0",
        "budget_range": "low",
    }
    profiles: list[dict[str, Any]] = [full, {}, {"hobbies": []}, {"age": None}]
    contents = [alone(encoder, profile) for profile in profiles]
    bases = [json.loads(content)["basis"] for content in contents if content is not None]
    assert bases == ["OWN_PROFILE", "FALLBACK", "OWN_PROFILE", "FALLBACK"]


def test_model_of_an_older_format_leaves_every_profile_to_the_standard_path(tmp_path: Path) -> None:
    encoder = SegmentEncoder(read_artifact(copy_old_model(tmp_path, 2), Profile))
    assert alone(encoder, {"age": 30}) is None
    assert encoder.encode_batch([{}, {"age": 30}])[1] == [0, 1]


# Hardly anything is known, and Hypothesis still fails the test if nothing is.
@limits(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.filter_too_much])
@given(profile=ANYTHING)
def test_known_value_is_accepted_by_pydantic_and_scored_alike(profile: Any) -> None:
    content = alone(ENCODER, profile)
    assume(content is not None)
    assert content == to_json(assign(ENCODER.loaded.model, Profile.model_validate(profile)))


@pytest.mark.parametrize("encoder", MODELS.values(), ids=MODELS)
@limits(deadline=None)
@given(batch=st.lists(PROFILES | ANYTHING, max_size=6))
def test_profile_in_a_batch_gets_what_it_gets_alone(encoder: SegmentEncoder, batch: list[Any]) -> None:
    items, unknown = encoder.encode_batch(batch)
    for index in unknown:
        items.put(index, to_json({"index": index, "status": 200, "result": None}))
    joined = json.loads(items.join("v"))["items"]
    for index, (item, profile) in enumerate(zip(joined, batch, strict=True)):
        content = alone(encoder, profile)
        assert (index in unknown) == (content is None)
        assert_same(item, {"index": index, "status": 200, "result": content and json.loads(content)})


def assert_same(one: Any, other: Any) -> None:
    """The same but for the last digits of numbers."""
    if isinstance(one, dict):
        assert [*one] == [*other]
        for name in one:
            assert_same(one[name], other[name])
    elif isinstance(one, list):
        for element, its_match in zip(one, other, strict=True):
            assert_same(element, its_match)
    elif isinstance(one, float):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)
    else:
        assert one == other


def test_batch_of_profiles_is_looked_up_by_columns() -> None:
    batch: list[dict[str, Any]] = [
        {"age": age, "hobbies": ["value_1"], "occupation": "value_2"} for age in range(20, 50)
    ]
    batch[7] = {"occupation": "Value 2"}
    batch[9] = {"age": True}
    batch[11] = {"age": 5}
    assert ENCODER.encode_batch(batch)[1] == [7, 9, 11]


@given(content=st.sampled_from([{}, {"age": 40}, {"hobbies": ["value_3"]}]), version=st.text(max_size=8))
def test_batch_response_is_what_its_schema_serialises_to(content: dict[str, Any], version: str) -> None:
    result = assign(ENCODER.loaded.model, Profile.model_validate(content))
    expected = BatchResponse(version, tuple(BatchItem(index, 200, result) for index in range(3)))
    items, unknown = ENCODER.encode_batch([content] * 3)
    items.put(1, to_json(expected.items[1]))
    joined = items.join(version)
    assert unknown == []
    assert_same(json.loads(joined), json.loads(to_json(expected)))
    assert to_json(json.loads(joined)) == joined


def test_empty_batch_response_is_what_its_schema_serialises_to() -> None:
    items, unknown = ENCODER.encode_batch([])
    assert (items.join("v"), unknown) == (to_json(BatchResponse("v", ())), [])


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


@pytest.mark.parametrize("batch", [BATCH, BATCH + HOSTILE], ids=["profiles", "profiles and other values"])
def test_profile_in_a_batch_over_http_gets_what_it_gets_alone(client: TestClient, batch: list[Any]) -> None:
    items = client.post("/segment/batch", json={"profiles": batch}).json()["items"]
    assert [item["index"] for item in items] == list(range(len(batch)))
    for item, profile in zip(items, batch, strict=True):
        response = client.post(
            "/segment", content=json.dumps(profile), headers={"content-type": "application/json"}
        )
        assert item["status"] == response.status_code
        if response.status_code == 200:
            assert_same(item["result"], response.json())
        else:
            # Not their sentences: pydantic has another for FastAPI where something is no object.
            pointers, in_batch = (
                [error["pointer"] for error in body["errors"]] for body in (response.json(), item["error"])
            )
            assert in_batch == [f"/profiles/{item['index']}{pointer}" for pointer in pointers]
