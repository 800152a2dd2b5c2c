"""The scorer: one profile and many, by tables and by vectors, give the same numbers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.profile import Profile
from models.scoring.answer_rows import CACHED_LENGTHS, UnknownValue
from models.scoring.columns import take
from models.scoring.scorer import Scorer
from models.scoring.single import FieldTable
from tests.support.profiles import KNOWN, profiles, small_scorer

SCORER = small_scorer()
PLAIN = small_scorer(complete=False)


def components(scorer: Scorer) -> np.ndarray:
    """The PCA components (r, width) that the made-up tables stand for."""
    parts = []
    for encoding, table in zip(scorer.encoder.fields, scorer.tables, strict=True):
        slopes = np.zeros((encoding.width, len(scorer.base)))
        slopes[encoding.column_of if len(encoding.column_of) else [0]] = table.rows
        parts.append((slopes / encoding.weight[:, None]).T)
    return np.hstack(parts)


@pytest.mark.parametrize("scorer", [SCORER, PLAIN], ids=["completing", "format 1"])
@given(batch=st.lists(profiles(), min_size=1, max_size=5))
def test_one_profile_alone_gets_what_it_gets_in_a_batch(scorer: Scorer, batch: list[Profile]) -> None:
    together = scorer.scores(scorer.encoder.code(batch))
    alone = [scorer.score(profile) for profile in batch]
    np.testing.assert_allclose(together.distances, [score.distances for score in alone], atol=1e-9)
    assert together.clusters.tolist() == [score.cluster for score in alone]
    assert together.runners_up.tolist() == [score.runner_up for score in alone]
    assert together.hidden.tolist() == [score.hidden for score in alone]
    if together.probabilities is not None:
        chances = np.array([score.probabilities for score in alone], np.float64)
        np.testing.assert_allclose(together.probabilities, chances, atol=1e-9)


@given(st.lists(profiles(), min_size=1, max_size=5))
def test_the_tables_are_the_linear_map_of_the_vectors(batch: list[Profile]) -> None:
    columns = SCORER.encoder.code(batch)
    linear = SCORER.base + SCORER.encoder.encode(columns) @ components(SCORER).T
    np.testing.assert_allclose(SCORER.coordinates(columns), linear, atol=1e-9)


@given(profiles(), st.randoms(use_true_random=False))
def test_order_and_repeats_of_lists_change_nothing(profile: Profile, random: object) -> None:
    hobbies = profile.hobbies or ()
    shuffled = [*hobbies, *hobbies[:2]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other = profile.model_copy(update={"hobbies": None if profile.hobbies is None else tuple(shuffled)})
    assert SCORER.score(other).distances == SCORER.score(profile).distances


@given(profiles())
def test_scoring_changes_nothing(profile: Profile) -> None:
    assert SCORER.score(profile) == SCORER.score(profile)


def test_without_expectations_the_empty_profile_stands_at_the_base() -> None:
    score = PLAIN.score(Profile())
    np.testing.assert_allclose(score.distances, np.linalg.norm(PLAIN.base - PLAIN.centroids, axis=1), atol=1e-12)
    assert score.probabilities is None
    assert len(score.missing_fields) == 13


def test_no_hobbies_is_an_answer_and_says_something() -> None:
    none, unanswered = SCORER.score(Profile(hobbies=())), SCORER.score(Profile())
    assert "hobbies" not in none.missing_fields
    assert none.distances != unanswered.distances


def test_unknown_values_are_told_back_and_left_out() -> None:
    known = SCORER.score(Profile(hobbies=(KNOWN[0],)))
    score = SCORER.score(Profile(hobbies=("Sailing", KNOWN[0], "Sailing"), occupation="pilot"))
    assert score.unknown_values == (
        UnknownValue("occupation", "pilot"),
        UnknownValue("hobbies", "Sailing"),
    )
    assert score.distances == known.distances


def test_a_list_in_which_nothing_is_known_says_nothing() -> None:
    score = SCORER.score(Profile(hobbies=("sailing",)))
    assert score.distances == SCORER.score(Profile()).distances
    assert "hobbies" not in score.missing_fields


def test_blank_answers_are_no_answers() -> None:
    score = SCORER.score(Profile(occupation="  ", hobbies=("", " ")))
    assert "occupation" in score.missing_fields
    assert score.unknown_values == ()
    assert score.distances == SCORER.score(Profile(hobbies=())).distances


@pytest.mark.parametrize("length", [1, CACHED_LENGTHS, len(KNOWN)])
def test_any_length_of_list_agrees_with_the_batch(length: int) -> None:
    profile = Profile(hobbies=KNOWN[:length])
    batch = SCORER.scores(SCORER.encoder.code([profile])).distances
    np.testing.assert_allclose(SCORER.score(profile).distances, batch[0], atol=1e-12)


@given(profiles())
def test_numbers_of_any_size_are_added_right(profile: Profile) -> None:
    tables = tuple(FieldTable(table.constant * 1e6, table.rows * 1e6) for table in SCORER.tables)
    scorer = replace(SCORER, tables=tables)
    batch = scorer.scores(scorer.encoder.code([profile])).distances
    np.testing.assert_allclose(scorer.score(profile).distances, batch[0], rtol=1e-12, atol=1e-6)


def test_rows_can_be_taken_in_any_order() -> None:
    batch = [Profile(hobbies=KNOWN[:n], age=20 + n, occupation=KNOWN[n]) for n in range(5)]
    columns = SCORER.encoder.code(batch)
    rows = np.array([4, 0, 2, 2])
    np.testing.assert_array_equal(SCORER.distances(take(columns, rows)), SCORER.distances(columns)[rows])
