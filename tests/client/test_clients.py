"""Both clients use the routes of the service, in process."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx2 as httpx
import pytest
from backpocket_segments import (
    AsyncSegmentsClient,
    InvalidRequest,
    NotAllowed,
    NotFound,
    SegmentsClient,
    UserErased,
)
from backpocket_segments.results import ItemProblem, Segmented
from fastapi import FastAPI
from starlette.testclient import TestClient

from models.storage.registry import Registry
from service.security.scopes import Scope
from service.store.memory.store import MemoryStore
from testkit.access import NEVER_MADE, key_with
from tests.client.conftest import ONCE

PROFILE = {"age": 24, "hobbies": ["value_1", "Quidditch"]}


def test_profile_gets_its_persona_with_reasons_that_were_asked_for(segments: Any) -> None:
    plain, explained = segments.segment(PROFILE), segments.segment(PROFILE, explain=True, suggest=True)
    assert plain.persona == explained.persona
    assert plain.explanation is None
    assert plain.warnings[0].value == "Quidditch"
    assert sum(plain.probabilities.values()) == pytest.approx(1)
    reasons = explained.explanation.reasons
    assert explained.explanation.lead == pytest.approx(
        explained.explanation.base + sum(reason.contribution for reason in reasons)
    )
    assert explained.next_question.field in plain.missing_fields


def test_2500_profiles_are_segmented_in_their_order_and_an_invalid_one_fails_no_other(segments: Any) -> None:
    profiles: list[dict[str, object]] = [{"age": 13 + index % 80} for index in range(2_500)]
    profiles[2_100] = {"age": 5, "hobbys": []}
    outcomes = segments.segment_many(profile for profile in profiles)
    assert len(outcomes) == 2_500
    problem = outcomes.pop(2_100)
    assert isinstance(problem, ItemProblem)
    assert {error.pointer for error in problem.errors} == {"/profiles/2100/age", "/profiles/2100/hobbys"}
    assert all(isinstance(outcome, Segmented) for outcome in outcomes)
    for index in (0, 1_000, 2_400):
        alone = segments.segment(profiles[index if index < 2_100 else index + 1])
        assert outcomes[index].persona == alone.persona
        assert outcomes[index].confidence == pytest.approx(alone.confidence)


def test_no_profiles_are_no_request(segments: Any) -> None:
    assert segments.segment_many([]) == []


def test_unchanged_catalogue_is_transferred_once(segments: Any) -> None:
    personas = segments.personas()
    persona = personas.items[0]
    assert segments.personas() is personas
    assert segments.persona(persona.id) is segments.persona(persona.id)
    assert segments.persona(persona.id) == replace(persona, users=None)
    assert segments.vocabulary() is segments.vocabulary()
    assert {field.name for field in segments.vocabulary().fields} > {"age", "hobbies"}


def test_stored_users_are_read_in_the_order_of_their_ids(segments: Any) -> None:
    stored = segments.put_profile("ada", PROFILE)
    assert (stored.user_id, stored.revision) == ("ada", 1)
    persona = segments.get_persona("ada")
    assert persona.persona == stored.persona
    assert persona.assigned_at == stored.assigned_at
    ids = [f"nobody-{index}" for index in range(1_500)] + ["ada"]
    personas = segments.get_personas(ids)
    assert [item.user_id for item in personas.items] == ids
    assert personas.items[-1].persona == stored.persona
    assert {item.status for item in personas.items[:-1]} == {"NOT_FOUND"}
    assert personas.model_version == persona.model_version


def test_2500_profiles_are_stored_in_their_order_and_an_invalid_one_fails_no_other(segments: Any) -> None:
    profiles = [(f"u{index % 2_400}", {"age": 13 + index % 100}) for index in range(2_500)]
    profiles[1_200] = ("u1200", {"age": 5})
    outcomes = segments.upsert_many(iter(profiles))
    assert [(item.index, item.user_id) for item in outcomes] == [
        (index, user_id) for index, (user_id, _) in enumerate(profiles)
    ]
    assert [error.pointer for error in outcomes[1_200].errors] == ["/users/1200/profile/age"]
    statuses = [item.status for item in outcomes]
    assert statuses == [201] * 1_200 + [422] + [201] * 1_199 + [200] * 100
    assert outcomes[2_407].persona == segments.get_persona("u7").persona
    assert outcomes[2_407].revision == 2


def test_profiles_by_id_are_stored(segments: Any) -> None:
    [item] = segments.upsert_many({"ada": PROFILE})
    assert (item.user_id, item.status, item.persona) == ("ada", 201, segments.get_persona("ada").persona)


def test_gifts_of_a_user_are_those_of_their_personas_by_probability(segments: Any) -> None:
    ada = segments.put_profile("ada", PROFILE)
    affinities = segments.user_affinities("ada")
    assert affinities.probabilities == pytest.approx(dict(ada.probabilities))
    lows = [item.lift_interval.low for item in affinities.items]
    assert lows == sorted(lows, reverse=True)
    [item] = segments.get_personas(["ada"], include="affinities").items
    assert 0 < len(item.affinities) <= 5
    assert segments.user_affinities("nobody", fallback=True).status == "FALLBACK"


def test_export_has_every_user_once(segments: Any) -> None:
    stored = {
        item.user_id: item.persona.id for item in segments.upsert_many((f"u{i:04}", {}) for i in range(1_500))
    }
    exported = list(segments.export_users())
    assert {user.user_id: user.persona_id for user in exported} == stored
    assert len(exported) == 1_500
    assert {(user.status, user.basis) for user in exported} == {("FALLBACK", "FALLBACK")}


def test_reasons_and_personas_speak_to_whom_was_asked_for(segments: Any) -> None:
    sentences = {
        voice: [
            reason.sentence
            for reason in segments.segment({"age": 24}, explain=True, voice=voice).explanation.reasons
        ]
        for voice in ("giver", "analyst")
    }
    assert sentences["giver"] != sentences["analyst"]
    persona_id = segments.personas(voice="giver").items[0].id
    assert segments.persona(persona_id, voice="giver").id == persona_id


def test_no_users_have_a_model_all_the_same(segments: Any) -> None:
    personas = segments.get_personas([])
    assert personas.items == ()
    assert personas.model_version


def test_id_with_characters_of_urls_is_one_id(segments: Any) -> None:
    for user_id in ("gid://shop/Customer/731", "a%2Fb", "..", ".", "?&#%", "auth0|64f0", "Zoë \u2028💡"):
        assert segments.put_profile(user_id, {}).user_id == user_id
        assert segments.get_persona(user_id).user_id == user_id


def test_id_without_a_character_is_no_request(segments: Any) -> None:
    with pytest.raises(ValueError, match="at least one character"):
        segments.get_persona("")


def test_stranger_gets_the_commonest_persona_as_a_fallback(segments: Any) -> None:
    persona = segments.get_persona("nobody", fallback=True)
    assert (persona.status, persona.basis, persona.revision) == ("FALLBACK", "FALLBACK", 0)
    [item] = segments.get_personas(["nobody"], fallback=True).items
    assert (item.status, item.persona) == ("FALLBACK", persona.persona)


def test_recipients_are_stored_and_decide_the_persona(segments: Any) -> None:
    for recipient in ("aunt", "son/1"):
        stored = segments.put_recipient("ada", recipient, {"hobbies": ["value_2"]})
        assert stored.assignment.persona == segments.get_recipient_persona("ada", recipient).assignment.persona
    assert segments.get_recipient("ada", "son/1").profile["hobbies"] == ["value_2"]
    assert [item.recipient_id for item in segments.recipients("ada", page_size=1)] == ["aunt", "son/1"]
    persona = segments.get_persona("ada")
    assert (persona.basis, persona.recipients) == ("RECIPIENTS", ("aunt", "son/1"))
    segments.delete_recipient("ada", "aunt")
    with pytest.raises(NotFound):
        segments.get_recipient("ada", "aunt")


def test_feed_has_what_happened_since_the_latest_cursor(segments: Any) -> None:
    segments.put_profile("ada", PROFILE)
    cursor = segments.latest_cursor()
    persona = segments.put_profile("grace", PROFILE).persona
    [change] = segments.changes(cursor)
    assert (change.type, change.user_id, change.to_persona_id) == ("USER_ADDED", "grace", persona.id)
    assert [item.user_id for item in segments.changes(page_size=1)] == ["ada", "grace"]


def test_members_of_a_persona_are_counted_and_listed(segments: Any) -> None:
    stored = {f"u{index}": segments.put_profile(f"u{index}", {"age": 20 + 10 * index}) for index in range(6)}
    for persona in segments.personas().items:
        expected = [user_id for user_id, profile in stored.items() if profile.persona.id == persona.id]
        assert [member.user_id for member in segments.members(persona.id, page_size=1)] == expected
        assert persona.users == len(expected)
        assert list(segments.members(persona.id, min_confidence=1)) == []


def test_erased_user_comes_back_when_the_tombstone_is_removed_and_not_before(segments: Any) -> None:
    segments.put_profile("ada", PROFILE)
    assert segments.export_user("ada")["profile"]["age"] == 24
    segments.erase("ada")
    with pytest.raises(NotFound):
        segments.export_user("ada")
    with pytest.raises(UserErased):
        segments.put_profile("ada", PROFILE)
    assert [item.status for item in segments.upsert_many({"ada": PROFILE})] == [409]
    segments.remove_tombstone("ada")
    assert segments.put_profile("ada", PROFILE).revision == 1
    assert [entry.action for entry in segments.audit(page_size=1)] == [
        "users.tombstone.remove", "users.erase", "users.export",
    ]  # fmt: skip


def test_user_who_objects_has_no_persona_until_the_objection_is_withdrawn(segments: Any) -> None:
    stored = segments.put_profile("ada", PROFILE)
    assert segments.objection("ada").opted_out
    assert (segments.get_persona("ada").status, segments.get_persona("ada").persona) == ("OPTED_OUT", None)
    assert not segments.objection("ada", withdrawn=True).opted_out
    assert segments.get_persona("ada").persona == stored.persona


def test_affinities_of_a_persona_have_intervals_around_their_shares(segments: Any) -> None:
    persona_id = segments.personas().items[0].id
    affinities = segments.persona_affinities(persona_id)
    assert affinities.items
    assert all(item.interval.low <= item.share <= item.interval.high for item in affinities.items)
    with pytest.raises(InvalidRequest) as caught:
        segments.persona_affinities(persona_id, field="hobbies", by="hobbies")
    assert caught.value.name == "no-such-affinities"


def test_stranger_is_not_found(segments: Any) -> None:
    with pytest.raises(NotFound) as caught:
        segments.get_persona("nobody")
    assert caught.value.name == "user-not-found"
    assert caught.value.request_id
    assert "PUT /users/{user_id}/profile" in caught.value.detail


def test_invalid_profile_is_refused_with_a_pointer(segments: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        segments.segment({"age": 5})
    assert [error.pointer for error in caught.value.errors] == ["/age"]
    assert "age is at least 13" in str(caught.value)


def test_retrain_is_started_and_followed(segments: Any) -> None:
    job = segments.retrain("simulated", rows=1_000, k=3)
    assert job.request["rows"] == 1_000
    assert segments.get_retrain(job.id).id == job.id


@pytest.mark.parametrize("key", [None, NEVER_MADE])
def test_request_without_a_valid_key_is_not_allowed(
    app: FastAPI, store: MemoryStore, registry: Registry, key: str | None
) -> None:
    valid = key_with(store.keys, Scope.SEGMENT_ASSIGN)
    with TestClient(app) as server:
        transport = server._transport
        with SegmentsClient("http://localhost", valid, transport=transport, retries=ONCE) as segments:
            assert segments.segment({}).persona
            with pytest.raises(NotAllowed, match="personas:read"):
                segments.personas()
        with SegmentsClient("http://localhost", key, transport=transport, retries=ONCE) as segments:
            with pytest.raises(NotAllowed) as caught:
                segments.segment({})
            assert caught.value.status == 401


def test_one_client_serves_many_tasks(app: FastAPI, registry: Registry) -> None:
    async def segment_twenty() -> set[str]:
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            AsyncSegmentsClient("http://localhost", "a key", transport=transport) as segments,
        ):
            assert repr(segments) == "AsyncSegmentsClient('http://localhost')"
            results = await asyncio.gather(*(segments.segment({"age": 20 + age}) for age in range(20)))
            return {result.model_version for result in results}

    assert len(asyncio.run(segment_twenty())) == 1


def test_one_client_serves_many_threads(app: FastAPI, registry: Registry) -> None:
    with (
        TestClient(app) as server,
        SegmentsClient("http://localhost", transport=server._transport, retries=ONCE) as segments,
        ThreadPoolExecutor(8) as threads,
    ):
        catalogues = list(threads.map(lambda _: segments.personas().items, range(40)))
    assert all(catalogue == catalogues[0] for catalogue in catalogues)
