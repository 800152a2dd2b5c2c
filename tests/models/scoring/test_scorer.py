"""The scorer: one profile and many, tables and vectors, give the same numbers."""

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
from testkit.small_scorer import KNOWN, small_scorer
from tests.support.profiles import profiles

SCORER = small_scorer()
PLAIN = small_scorer(imputes=False)


def components(scorer: Scorer) -> np.ndarray:
    """The PCA components (r, width) that correspond to the random tables."""
    blocks = []
    for encoding, table in zip(scorer.encoder.fields, scorer.tables, strict=True):
        slopes = np.zeros((encoding.width, len(scorer.base)))
        slopes[encoding.column_of if len(encoding.column_of) else [0]] = table.rows
        blocks.append((slopes / encoding.weight[:, None]).T)
    return np.hstack(blocks)


@pytest.mark.parametrize("scorer", [SCORER, PLAIN], ids=["imputing", "format 1"])
@given(batch=st.lists(profiles(), min_size=1, max_size=5))
def test_profile_scores_the_same_alone_and_in_a_batch(scorer: Scorer, batch: list[Profile]) -> None:
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
def test_tables_are_the_linear_map_of_the_vectors(batch: list[Profile]) -> None:
    columns = SCORER.encoder.code(batch)
    linear = SCORER.base + SCORER.encoder.encode(columns) @ components(SCORER).T
    np.testing.assert_allclose(SCORER.coordinates(columns), linear, atol=1e-9)


@given(profiles(), st.randoms(use_true_random=False))
def test_order_and_repeats_in_lists_do_not_matter(profile: Profile, random: object) -> None:
    hobbies = profile.hobbies or ()
    shuffled = [*hobbies, *hobbies[:2]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other = profile.model_copy(update={"hobbies": None if profile.hobbies is None else tuple(shuffled)})
    assert SCORER.score(other).distances == SCORER.score(profile).distances


@given(profiles())
def test_scoring_has_no_side_effect(profile: Profile) -> None:
    assert SCORER.score(profile) == SCORER.score(profile)


def test_without_imputation_the_position_of_the_empty_profile_is_the_base() -> None:
    score = PLAIN.score(Profile())
    np.testing.assert_allclose(score.distances, np.linalg.norm(PLAIN.base - PLAIN.centroids, axis=1), atol=1e-12)
    assert score.probabilities is None
    assert score.missing_fields == tuple(Profile.model_fields)


def test_empty_list_counts_as_an_answer() -> None:
    none, unanswered = SCORER.score(Profile(hobbies=())), SCORER.score(Profile())
    assert "hobbies" not in none.missing_fields
    assert none.distances != unanswered.distances


def test_unknown_values_are_reported_and_ignored() -> None:
    without = SCORER.score(Profile(hobbies=(KNOWN[0],)))
    score = SCORER.score(Profile(hobbies=("Sailing", KNOWN[0], "Sailing"), occupation="pilot"))
    assert score.unknown_values == (
        UnknownValue("occupation", "pilot"),
        UnknownValue("hobbies", "Sailing"),
    )
    assert score.distances == without.distances


def test_list_of_unknown_values_has_no_influence() -> None:
    score = SCORER.score(Profile(hobbies=("sailing",)))
    assert score.distances == SCORER.score(Profile()).distances
    assert "hobbies" not in score.missing_fields


def test_blank_answers_count_as_missing() -> None:
    score = SCORER.score(Profile(occupation="  ", hobbies=("", " ")))
    assert "occupation" in score.missing_fields
    assert score.unknown_values == ()
    assert score.distances == SCORER.score(Profile(hobbies=())).distances


@pytest.mark.parametrize("length", [1, CACHED_LENGTHS, len(KNOWN)])
def test_list_of_any_length_scores_as_in_a_batch(length: int) -> None:
    profile = Profile(hobbies=KNOWN[:length])
    batch = SCORER.scores(SCORER.encoder.code([profile])).distances
    np.testing.assert_allclose(SCORER.score(profile).distances, batch[0], atol=1e-12)


@given(profiles())
def test_numbers_too_large_to_pack_are_added_correctly(profile: Profile) -> None:
    tables = tuple(FieldTable(table.constant * 1e6, table.rows * 1e6) for table in SCORER.tables)
    scorer = replace(SCORER, tables=tables)
    batch = scorer.scores(scorer.encoder.code([profile])).distances
    np.testing.assert_allclose(scorer.score(profile).distances, batch[0], rtol=1e-12, atol=1e-6)


def test_taken_rows_score_as_their_originals() -> None:
    batch = [Profile(hobbies=KNOWN[:n], age=20 + n, occupation=KNOWN[n]) for n in range(5)]
    columns = SCORER.encoder.code(batch)
    rows = np.array([4, 0, 2, 2])
    np.testing.assert_array_equal(SCORER.distances(take(columns, rows)), SCORER.distances(columns)[rows])
