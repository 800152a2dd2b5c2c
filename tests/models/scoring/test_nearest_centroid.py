"""Models of formats 1 and 2 are served by the rule that they were written for."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.profile import Profile
from models.profile.missing_words import is_missing_word
from models.scoring.answer_rows import UnknownValue
from models.segment_model import SegmentModel
from models.storage.reading import read_artifact
from testkit import ROOT
from tests.support.profiles import profiles

DATA = ROOT / "tests" / "data"


def model_of(written: int) -> SegmentModel:
    (folder,) = (DATA / f"format-{written}").iterdir()
    return read_artifact(Path(folder), Profile).model


MODELS = {written: model_of(written) for written in (1, 2)}
IMPUTING = MODELS[2]
VALUES = {encoding.name: encoding.values for encoding in IMPUTING.encoder.fields}


@pytest.mark.parametrize("written", MODELS)
@given(batch=st.lists(profiles(), min_size=1, max_size=4))
def test_profile_scores_the_same_alone_and_in_a_batch(written: int, batch: list[Profile]) -> None:
    scorer = MODELS[written].scorer
    together, alone = scorer.scores(scorer.encoder.code(batch)), [scorer.score(profile) for profile in batch]
    assert together.clusters.tolist() == [score.cluster for score in alone]
    assert together.runners_up.tolist() == [score.runner_up for score in alone]
    if together.probabilities is not None:
        chances = np.array([score.probabilities for score in alone], np.float64)
        np.testing.assert_allclose(together.probabilities, chances, atol=1e-12)


@given(profiles())
def test_format_1_assigns_the_nearest_centroid_and_has_no_numbers(profile: Profile) -> None:
    model, assignment = MODELS[1], MODELS[1].assign(profile)
    distances = model.distances(profile)
    assert distances[assignment.persona.id] == min(distances.values())
    assert (assignment.probabilities, assignment.settled, assignment.typicality) == (None, None, None)


def test_format_2_gives_the_prior_to_an_empty_profile() -> None:
    assignment = IMPUTING.assign(Profile())
    assert assignment.missing_fields == tuple(VALUES)
    assert assignment.persona.size == max(persona.size for persona in IMPUTING.personas)
    assert assignment.confidence == pytest.approx(assignment.persona.share, abs=0.01)
    assert assignment.typicality is None


def test_confidence_of_format_2_is_also_how_settled_it_is() -> None:
    assignment = IMPUTING.assign(Profile(age=30, hobbies=VALUES["hobbies"][:2]))
    assert assignment.settled == assignment.confidence
    assert 0 < (assignment.confidence or 0) < 1
    assert 0 <= (assignment.typicality or 0) <= 1


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_old_format_falls_back_only_without_a_usable_answer(model: SegmentModel) -> None:
    answered = Profile(hobbies=()), Profile(age=30), Profile(hobbies=("sailing", VALUES["hobbies"][0]))
    unanswered = Profile(), Profile(hobbies=("sailing",)), Profile(occupation="n/a")
    assert [model.assign(profile).is_fallback for profile in answered] == [False] * 3
    assert [model.assign(profile).is_fallback for profile in unanswered] == [True] * 3


@given(profiles())
def test_unknown_and_missing_answers_are_those_that_the_vocabulary_lacks(profile: Profile) -> None:
    assignment = IMPUTING.assign(profile)
    for name in VALUES:
        answer = getattr(profile, name)
        values = answer if isinstance(answer, tuple) else (str(answer),)
        are_words = all(map(is_missing_word, values)) and (
            not isinstance(answer, tuple) or any(map(str.strip, values))
        )
        assert (name in assignment.missing_fields) == (answer is None or are_words)
    for unknown in assignment.unknown_values:
        assert isinstance(unknown, UnknownValue)
        assert unknown.value not in VALUES[unknown.field]


@pytest.mark.parametrize("written", MODELS)
def test_older_model_has_no_reasons_and_no_questions(written: int) -> None:
    assert MODELS[written].explain(Profile(age=30)) is None
    assert MODELS[written].next_questions(Profile(age=30)) is None
