"""Users who objected, were erased or have recipients get the standard path's response, byte for byte."""

from datetime import UTC, datetime

import pytest

from service.store.memory.store import MemoryStore
from tests.service.fastpath.requests import FULL, JSON
from tests.service.fastpath.test_put_profile import stable, target
from tests.support.both_paths import BothPaths, on_the_wire
from tests.support.problems import assert_problem

NOW = datetime(2026, 11, 29, tzinfo=UTC)


@pytest.fixture
def stored(both: BothPaths) -> MemoryStore:
    store: MemoryStore = both.app.state.services.store
    return store


def test_persona_of_a_user_who_objected_is_answered_on_both_paths(both: BothPaths, stored: MemoryStore) -> None:
    stored.users.put("objector", "{}", NOW, None)
    stored.users.opt_out("objector", NOW)
    both.assert_fast("GET", "/users/objector/persona")
    assert b'"OPTED_OUT"' in both.standard("GET", "/users/objector/persona").content


def test_profile_of_a_user_who_objected_is_answered_without_a_persona(
    both: BothPaths, stored: MemoryStore
) -> None:
    for user_id in ("one-objector", "other-objector"):
        stored.users.opt_out(user_id, NOW)
    fast, _ = both.fast("PUT", target("one-objector"), FULL, JSON)
    standard = both.standard("PUT", target("other-objector"), FULL, JSON)
    assert fast is not None
    assert stable(on_the_wire(fast)) == stable(standard)
    assert stable(standard)[2]["persona"] is None


def test_profile_of_an_erased_user_is_refused_on_both_paths(both: BothPaths, stored: MemoryStore) -> None:
    stored.rights.erase("erased", NOW)
    both.assert_fast("PUT", target("erased"), FULL, JSON)
    assert_problem(both.client.put(target("erased"), json={}), 409, "user-erased")
    assert stored.users.get("erased") is None


def test_persona_of_a_user_with_recipients_is_left_to_the_standard_path(
    both: BothPaths, stored: MemoryStore
) -> None:
    stored.users.put_recipient("giver", "mum", "{}", NOW)
    both.client.get("/users/giver/persona").raise_for_status()
    both.assert_declined("GET", "/users/giver/persona")
