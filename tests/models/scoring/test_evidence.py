"""Evidence: formulas of one answer, what follows from the answered fields, and which tables are usable."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.profile import Profile
from models.profile.field_kinds import FieldSpec, declared_fields
from models.scoring.columns import NumberColumn
from models.scoring.evidence import Evidence, answered_figures, evidence_of_column
from models.segment_model import SegmentModel
from testkit.small_model import small_personas
from testkit.small_scorer import KNOWN, small_scorer
from tests.support.profiles import profiles

SCORER = small_scorer()
MODEL = SegmentModel("v", SCORER, small_personas())
FIELDS = len(SCORER.encoder.fields)


def answer(spec: FieldSpec, number: int) -> object:
    match spec.kind.name:
        case "numeric":
            return 20 + number
        case "ordinal":
            return spec.levels[number % len(spec.levels)]
        case "categorical":
            return KNOWN[number % len(KNOWN)]
        case _:
            return KNOWN[: number % 4]


def complete(number: int) -> Profile:
    answers = {spec.name: answer(spec, number + index) for index, spec in enumerate(declared_fields(Profile))}
    return Profile.model_validate(answers)


@given(st.integers(0, 60))
def test_complete_profile_is_settled_but_not_certain(number: int) -> None:
    score = SCORER.score(complete(number))
    assert score.settled == 1.0
    assert score.probabilities is not None
    assert 1 / 3 <= score.probabilities[score.cluster] < 1.0


def test_profile_is_settled_where_the_hidden_field_says_nothing() -> None:
    last = declared_fields(Profile)[-1].name
    assert SCORER.score(complete(3).model_copy(update={last: None})).settled == 1.0


@given(profiles())
def test_probabilities_add_up_and_the_persona_is_the_most_probable(profile: Profile) -> None:
    assignment = MODEL.assign(profile)
    assert assignment.probabilities is not None
    assert sum(assignment.probabilities.values()) == pytest.approx(1.0)
    assert assignment.confidence == max(assignment.probabilities.values())
    assert assignment.probabilities[assignment.persona.id] == assignment.confidence


def test_unknown_value_hides_its_field_like_a_missing_answer() -> None:
    unknown, missing = SCORER.score(Profile(age=30, occupation="pilot")), SCORER.score(Profile(age=30))
    assert (unknown.probabilities, unknown.settled) == (missing.probabilities, missing.settled)
    assert "occupation" not in unknown.missing_fields


def test_number_counts_no_further_than_its_limits() -> None:
    age = SCORER.encoder.fields[0]
    evidence = Evidence(np.zeros(2), np.array([[1.0, 0.0], [0.5, 0.0]]), np.array([20.0, 60.0]))
    column = NumberColumn(np.array([20.0, 40.0, 60.0, 600.0, -5.0, np.nan]))
    numbers = evidence_of_column(evidence, age, column)
    np.testing.assert_allclose(numbers[:, 0], [-0.5, 0.0, 1.5, 1.5, -0.5, 0.0])


@given(st.lists(st.booleans(), min_size=FIELDS, max_size=FIELDS))
def test_figures_of_answered_fields_are_their_sums(answered: list[bool]) -> None:
    classifier = SCORER.classifier
    figures = answered_figures(classifier, np.array([answered], np.float64))
    own = [field for field, flag in zip(classifier.fields, answered, strict=True) if flag]
    hidden = [field for field, flag in zip(classifier.fields, answered, strict=True) if not flag]
    reach = sum(float(field.reach[0]) for field in hidden)
    assert figures.reach[0] == pytest.approx(reach**-0.5 if reach else 0.0)
    for persona in range(3):
        variance = sum(float(field.likelihood_variance[persona]) for field in own)
        mean = sum(float(field.likelihood_mean[persona]) for field in own)
        slope = variance**-0.5 if variance else 0.0
        assert figures.slopes[0, persona] == pytest.approx(slope)
        offset = slope * (mean + np.log(classifier.prior[persona]) / classifier.exponent)
        assert figures.offsets[0, persona] == pytest.approx(offset)


@pytest.mark.parametrize(
    "change",
    [
        {"evidence": Evidence(np.full(4, 9_000.0), np.zeros((len(KNOWN), 4)), np.zeros(2))},
        {"evidence": Evidence(np.zeros(4), np.full((len(KNOWN), 4), 65.0), np.zeros(2))},
        {"reach": np.array([-1.0])},
        {"likelihood_variance": np.full(3, -1.0)},
        {"kind_shares": np.zeros((0, 3))},
        {"phrases": ("are into one thing",)},
    ],
    ids=["large constant", "large row", "negative reach", "negative variance", "no kinds", "few phrases"],
)
def test_field_with_unusable_tables_does_not_fit(change: dict[str, object]) -> None:
    names = [encoding.name for encoding in SCORER.encoder.fields]
    index = names.index("hobbies")
    field = SCORER.classifier.fields[index]
    assert field.fits(SCORER.encoder.fields[index], 3)
    assert not replace(field, **change).fits(SCORER.encoder.fields[index], 3)  # type: ignore[arg-type]
