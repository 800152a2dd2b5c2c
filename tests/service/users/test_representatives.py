"""The profile that stands for a giver in training: drawn by the seed and the user alone, with equal chances."""

import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from service.store.memory.users import MemoryUsers
from service.users.representatives import representatives

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def drawn(users: MemoryUsers, batch_size: int = 100, seed: int = 0) -> list[dict[str, object]]:
    return [json.loads(text) for batch in representatives(users, batch_size, seed) for text in batch]


def add(users: MemoryUsers, user_id: str, recipient_ages: tuple[int, ...], age: int | None = None) -> None:
    if age is not None:
        users.put(user_id, json.dumps({"age": age}), NOW, None)
    for number, recipient_age in enumerate(recipient_ages):
        profile = {"recipient_age": recipient_age, "hobbies": [user_id]}
        users.put_recipient(user_id, f"r{number}", json.dumps(profile), NOW)


@pytest.mark.parametrize("own", [None, 30], ids=["recipients alone", "with an own profile"])
def test_each_of_a_givers_profiles_is_drawn_equally_often(own: int | None) -> None:
    users = MemoryUsers()
    for number in range(1_000):
        add(users, f"u{number}", (10, 20, 40), own)
    counts = Counter(profile.get("recipient_age") for profile in drawn(users, seed=3))
    profiles = 3 if own is None else 4
    assert (len(counts), counts.total()) == (profiles, 1_000)
    expected = 1_000 / profiles
    # The statistic of Pearson's test; 16.3 is the 0.999 quantile of chi-square with three degrees of freedom.
    assert sum((count - expected) ** 2 / expected for count in counts.values()) < 16.3


def test_draw_depends_on_neither_order_nor_other_users() -> None:
    one, other = MemoryUsers(), MemoryUsers()
    for user_id in ("a", "b", "c", "d"):
        add(one, user_id, (10, 20, 40))
    for user_id in ("z", "d", "b", "0"):
        add(other, user_id, (10, 20, 40))
    of_both = [profile for profile in drawn(one) if profile["hobbies"] in (["b"], ["d"])]
    assert of_both == [profile for profile in drawn(other, 1) if profile["hobbies"] in (["b"], ["d"])]


def test_each_giver_counts_once_and_objectors_and_strangers_never() -> None:
    users = MemoryUsers()
    add(users, "many", tuple(range(10, 60)))
    add(users, "own", (), 30)
    add(users, "objector", (10,), 30)
    users.opt_out("objector", NOW)
    users.opt_out("stranger", NOW)
    first, second = drawn(users)
    assert (first["hobbies"], second) == (["many"], {"age": 30})


def test_recipients_profile_is_completed_with_the_givers_own_answers() -> None:
    users = MemoryUsers()
    for number in range(20):
        users.put(f"u{number}", '{"age": 30, "occasion": "birthday"}', NOW, None)
        users.put_recipient(f"u{number}", "r", '{"hobbies": ["gaming"]}', NOW)
    own = {"age": 30, "occasion": "birthday"}
    completed = {"age": 30, "hobbies": ["gaming"]}
    assert {json.dumps(profile, sort_keys=True) for profile in drawn(users)} == {
        json.dumps(profile, sort_keys=True) for profile in (own, completed)
    }
