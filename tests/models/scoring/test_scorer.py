"""The scorer: one profile and many, rows and formulas, give the same numbers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.profile import Profile
from models.scoring.answer_rows import UnknownValue
from models.scoring.columns import take
from models.scoring.evidence import evidence_of_column
from models.scoring.known_answers.single import LONGEST_LIST
from models.scoring.scorer import Scorer, two_largest
from testkit.reordered import reordered
from testkit.small_scorer import KNOWN, small_scorer
from tests.support.profiles import profiles

SCORER = small_scorer()
ONE = reordered(SCORER, [0])
BATCHES = st.lists(profiles(), min_size=1, max_size=5)


def components(scorer: Scorer) -> np.ndarray:
    """The PCA components (r, width) that correspond to the random tables of the map."""
    blocks = []
    for encoding, table in zip(scorer.encoder.fields, scorer.map.tables, strict=True):
        slopes = np.zeros((encoding.width, len(scorer.map.base)))
        slopes[encoding.column_of if len(encoding.column_of) else [0]] = table.rows
        blocks.append((slopes / encoding.weight[:, None]).T)
    return np.hstack(blocks)


@pytest.mark.parametrize("scorer", [SCORER, ONE], ids=["three personas", "one persona"])
@given(batch=BATCHES)
def test_profile_scores_the_same_alone_and_in_a_batch(scorer: Scorer, batch: list[Profile]) -> None:
    together = scorer.scores(scorer.encoder.code(batch))
    alone = [scorer.score(profile) for profile in batch]
    assert together.clusters.tolist() == [score.cluster for score in alone]
    others = [-1 if score.runner_up is None else score.runner_up for score in alone]
    assert together.runners_up.tolist() == others
    for many, each_alone in (
        (together.probabilities, [score.probabilities for score in alone]),
        (together.settled, [score.settled for score in alone]),
        (together.typicality, [score.typicality for score in alone]),
        (together.margin, [score.margin for score in alone]),
    ):
        assert many is not None
        np.testing.assert_allclose(many, np.array(each_alone, np.float64), atol=1e-9)


@given(BATCHES)
def test_log_odds_are_the_prior_and_the_evidence_of_each_answer(batch: list[Profile]) -> None:
    columns = SCORER.encoder.code(batch)
    fields = zip(SCORER.encoder.fields, SCORER.classifier.fields, strict=True)
    sums = sum(evidence_of_column(field.evidence, code, columns[code.name]) for code, field in fields)
    logits = np.log(SCORER.classifier.prior) + np.asarray(sums)[:, :-1]
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    scores = SCORER.scores(columns)
    assert scores.probabilities is not None
    np.testing.assert_allclose(scores.probabilities, expected, atol=1e-12)
    np.testing.assert_array_equal(scores.clusters, expected.argmax(axis=1))


@given(BATCHES)
def test_tables_of_the_map_are_the_linear_map_of_the_vectors(batch: list[Profile]) -> None:
    columns = SCORER.encoder.code(batch)
    linear = SCORER.map.base + SCORER.encoder.encode(columns) @ components(SCORER).T
    np.testing.assert_allclose(SCORER.coordinates(columns), linear, atol=1e-9)
    gaps = np.linalg.norm(linear[:, None] - SCORER.map.centroids, axis=2)
    np.testing.assert_allclose(SCORER.distances(columns), gaps, atol=1e-9)


@given(profiles(), st.randoms(use_true_random=False))
def test_order_and_repeats_in_lists_do_not_matter(profile: Profile, random: object) -> None:
    hobbies = profile.hobbies or ()
    shuffled = [*hobbies, *hobbies[:2]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other = profile.model_copy(update={"hobbies": None if profile.hobbies is None else tuple(shuffled)})
    assert SCORER.score(other).probabilities == SCORER.score(profile).probabilities


@given(profiles())
def test_scoring_has_no_side_effect(profile: Profile) -> None:
    assert SCORER.score(profile) == SCORER.score(profile)


def test_empty_profile_has_the_prior_and_no_typicality() -> None:
    score = SCORER.score(Profile())
    assert score.probabilities == pytest.approx([0.5, 0.3, 0.2])
    assert (score.cluster, score.runner_up, score.typicality) == (0, 1, None)
    assert score.margin == pytest.approx(0.2)
    assert score.missing_fields == tuple(Profile.model_fields)


def test_empty_list_counts_as_an_answer() -> None:
    none, unanswered = SCORER.score(Profile(hobbies=())), SCORER.score(Profile())
    assert "hobbies" not in none.missing_fields
    assert none.probabilities != unanswered.probabilities


def test_unknown_values_are_reported_and_ignored() -> None:
    without = SCORER.score(Profile(hobbies=(KNOWN[0],)))
    score = SCORER.score(Profile(hobbies=("Sailing", KNOWN[0], "Sailing"), occupation="pilot"))
    assert score.unknown_values == (UnknownValue("occupation", "pilot"), UnknownValue("hobbies", "Sailing"))
    assert (score.probabilities, score.settled) == (without.probabilities, without.settled)


def test_list_of_unknown_values_has_no_influence() -> None:
    score = SCORER.score(Profile(hobbies=("sailing",)))
    assert score.probabilities == SCORER.score(Profile()).probabilities
    assert "hobbies" not in score.missing_fields


@pytest.mark.parametrize("word", ["n/a", "NULL", " None ", "-", "#DIV/0!", "unknown"])
def test_word_for_a_missing_answer_scores_as_no_answer(word: str) -> None:
    score = SCORER.score(Profile(age=30, hobbies=(word, ""), occupation=word))
    assert score == SCORER.score(Profile(age=30))


def test_word_for_a_missing_answer_in_a_list_is_left_out() -> None:
    value = SCORER.encoder.fields[3].values[0]
    score = SCORER.score(Profile(hobbies=(value, "N/A")))
    assert SCORER.encoder.fields[3].name == "hobbies"
    assert score == SCORER.score(Profile(hobbies=(value,)))


def test_blank_answers_count_as_missing() -> None:
    score = SCORER.score(Profile(occupation="  ", hobbies=("", " ")))
    assert "occupation" in score.missing_fields
    assert score.unknown_values == ()
    assert score.probabilities == SCORER.score(Profile(hobbies=())).probabilities


UNANSWERED = {
    "empty": Profile(),
    "unknown value": Profile(occupation="pilot"),
    "list of unknown values": Profile(hobbies=("sailing", "curling")),
    "words for a missing answer": Profile(occupation="n/a", hobbies=("none",)),
    "field that says nothing": Profile.model_validate({[*Profile.model_fields][-1]: 7}),
}
ANSWERED = {
    "known value": Profile(occupation=KNOWN[0]),
    "known value among unknown ones": Profile(hobbies=("sailing", KNOWN[0])),
    "empty list": Profile(hobbies=()),
    "number": Profile(age=30),
    "level": Profile(budget_range="low"),
}


@pytest.mark.parametrize("scorer", [SCORER, ONE], ids=["three personas", "one persona"])
@pytest.mark.parametrize("profile", UNANSWERED.values(), ids=UNANSWERED)
def test_profile_without_usable_answer_is_scored_as_the_empty_one(scorer: Scorer, profile: Profile) -> None:
    score = scorer.score(profile)
    assert score.is_fallback
    assert score.probabilities == scorer.score(Profile()).probabilities


@pytest.mark.parametrize("scorer", [SCORER, ONE], ids=["three personas", "one persona"])
@pytest.mark.parametrize("profile", ANSWERED.values(), ids=ANSWERED)
def test_profile_with_a_usable_answer_is_scored_by_it(scorer: Scorer, profile: Profile) -> None:
    assert not scorer.score(profile).is_fallback


@pytest.mark.parametrize("length", [1, LONGEST_LIST, len(KNOWN)])
def test_list_of_any_length_scores_as_in_a_batch(length: int) -> None:
    profile = Profile(hobbies=KNOWN[:length])
    batch = SCORER.scores(SCORER.encoder.code([profile])).probabilities
    assert batch is not None
    np.testing.assert_allclose(np.array(SCORER.score(profile).probabilities), batch[0], atol=1e-12)


def test_taken_rows_score_as_their_originals() -> None:
    batch = [Profile(hobbies=KNOWN[:n], age=20 + n, occupation=KNOWN[n]) for n in range(5)]
    columns = SCORER.encoder.code(batch)
    rows = np.array([4, 0, 2, 2])
    taken, whole = SCORER.scores(take(columns, rows)), SCORER.scores(columns)
    assert taken.probabilities is not None
    assert whole.probabilities is not None
    np.testing.assert_allclose(taken.probabilities, whole.probabilities[rows], atol=1e-12)


def test_two_largest_prefer_the_first_of_equal_numbers() -> None:
    numbers = np.array([[1.0, 2.0, 1.0], [3.0, 3.0, 3.0], [1.0, 2.0, 3.0], [0.0, -math.inf, -math.inf]])
    first, second, most, next_most = two_largest(numbers)
    assert first.tolist() == [1, 0, 2, 0]
    assert second[:3].tolist() == [0, 1, 1]
    assert most.tolist() == [2.0, 3.0, 3.0, 0.0]
    assert next_most[:3].tolist() == [1.0, 3.0, 2.0]
