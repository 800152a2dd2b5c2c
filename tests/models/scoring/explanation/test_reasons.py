"""Reasons: one for each answer, they add up to the lead, and their sentences agree with their signs."""

import math
import re
from pathlib import Path

import pytest
from hypothesis import given

from models.profile import Profile
from models.profile.voice import Voice
from models.scoring.explanation.reasons import Explanation
from models.segment_model import SegmentModel
from models.storage.reading import read_artifact
from testkit.small_model import NAMES, copy_old_model, small_personas
from testkit.small_scorer import small_scorer
from tests.support.profiles import profiles

MODEL = SegmentModel("v", small_scorer(), small_personas())


def explained(profile: Profile) -> Explanation:
    explanation = MODEL.explain(profile)
    assert explanation is not None
    return explanation


@given(profile=profiles())
def test_base_and_reasons_add_up_to_the_log_odds(profile: Profile) -> None:
    assignment, explanation = MODEL.assign(profile), explained(profile)
    assert assignment.runner_up is not None
    assert assignment.probabilities is not None
    odds = assignment.probabilities[assignment.persona.id] / assignment.probabilities[assignment.runner_up.id]
    assert explanation.lead == pytest.approx(math.log(odds), abs=1e-9)
    assert explanation.base + sum(reason.contribution for reason in explanation.reasons) == pytest.approx(
        explanation.lead, abs=1e-9
    )


def test_contribution_is_the_change_of_the_log_odds_by_the_answer() -> None:
    with_it, without = (explained(Profile(age=age, occupation="value_3")) for age in (70, None))
    pair = MODEL.assign(Profile(age=70, occupation="value_3")), MODEL.assign(Profile(occupation="value_3"))
    if (pair[0].persona, pair[0].runner_up) == (pair[1].persona, pair[1].runner_up):
        own = {reason.field: reason.contribution for reason in with_it.reasons}["age"]
        assert own == pytest.approx(with_it.lead - without.lead, abs=1e-9)


def test_model_of_an_older_format_gives_no_reasons(tmp_path: Path) -> None:
    model = read_artifact(copy_old_model(tmp_path, 2), Profile).model
    assert model.explain(Profile(age=30)) is None
    assert model.next_questions(Profile(age=30)) is None


@given(profiles())
def test_reasons_cover_the_answers_that_the_model_knows(profile: Profile) -> None:
    explanation, assignment = explained(profile), MODEL.assign(profile)
    named = {reason.field for reason in explanation.reasons}
    unknown = {item.field for item in assignment.unknown_values}
    given_fields = {name for name in Profile.model_fields if name not in assignment.missing_fields}
    assert given_fields - unknown <= named <= given_fields


@given(profiles())
def test_sentence_names_the_persona_that_its_contribution_favours_first(profile: Profile) -> None:
    explanation, assignment = explained(profile), MODEL.assign(profile)
    assert assignment.runner_up is not None
    for reason in explanation.reasons:
        ours, other = assignment.persona.name, assignment.runner_up.name
        wanted = ours if reason.contribution >= 0 else other
        named = re.findall("|".join(NAMES), reason.sentence)
        assert named[0] == wanted


def sentences(voice: Voice, profile: Profile) -> dict[str, str]:
    """By field, the start of the first sentence of each, up to what is said of the personas."""
    explanation = MODEL.explain(profile, voice)
    assert explanation is not None
    of_values = [reason for reason in explanation.reasons if reason.value is not None]
    return {reason.field: re.split("[:,]", reason.sentence)[0] for reason in of_values}


ONE_OF_EACH = Profile(
    age=30,
    occupation="value_1",
    budget_range="low",
    hobbies=("value_2",),
    recipient_age=61,
    gift_history=("value_3",),
)


@pytest.mark.parametrize(
    ("relationship", "recipient"),
    [
        ("mother", "mother"),
        ("My Mother", "mother"),
        ("aunt or uncle", "aunt or uncle"),
        ("mother in law", "mother-in-law"),
        ("best-friend", "best friend"),
    ],
)
def test_recipient_is_called_by_who_they_are(relationship: str, recipient: str) -> None:
    profile = ONE_OF_EACH.model_copy(update={"relationship": relationship})
    assert sentences("giver", profile)["hobbies"] == f"Your {recipient} is into value_2"
    assert sentences("analyst", profile)["hobbies"] == f"Their {recipient} is into value_2"


@pytest.mark.parametrize("relationship", [None, "parents", "somebody special", "self", "n/a", ""])
def test_other_recipient_is_the_person_who_gets_the_gift(relationship: str | None) -> None:
    profile = ONE_OF_EACH.model_copy(update={"relationship": relationship})
    assert sentences("giver", profile)["recipient_age"] == "The person you give to is 61 of it"
    assert sentences("analyst", profile)["recipient_age"] == "The person they give to is 61 of it"


def test_sentence_about_the_giver_follows_the_voice() -> None:
    to_giver, to_analyst = sentences("giver", ONE_OF_EACH), sentences("analyst", ONE_OF_EACH)
    of_giver = ["age", "occupation", "budget_range", "gift_history"]
    assert [to_giver[name] for name in of_giver] == [
        "You are 30 of it", "You are into value_1", "You are into low", "You are into value_3"
    ]  # fmt: skip
    assert [to_analyst[name] for name in of_giver] == [
        "They are 30 of it", "They are into value_1", "They are into low", "They are into value_3"
    ]  # fmt: skip


@pytest.mark.parametrize(("voice", "whose"), [("giver", "your"), ("analyst", "their")])
def test_what_is_not_on_a_list_is_said_in_the_voice(voice: Voice, whose: str) -> None:
    explanation = MODEL.explain(Profile(hobbies=()), voice)
    assert explanation is not None
    assert explanation.reasons[0].sentence.startswith(f"What is not among {whose} answers to hobbies counts too")


def test_voice_changes_nothing_but_sentences() -> None:
    giver, analyst = MODEL.explain(ONE_OF_EACH, "giver"), MODEL.explain(ONE_OF_EACH, "analyst")
    assert giver is not None
    assert analyst is not None
    unsaid = [
        [(reason.field, reason.value, reason.contribution) for reason in explanation.reasons]
        for explanation in (giver, analyst)
    ]
    assert unsaid[0] == unsaid[1]


def test_empty_list_has_a_reason() -> None:
    explanation = explained(Profile(hobbies=()))
    assert [(reason.field, reason.value) for reason in explanation.reasons] == [("hobbies", None)]


def test_reasons_are_sorted_by_size() -> None:
    explanation = explained(Profile(age=30, occupation="value_3", hobbies=("value_1", "value_2")))
    sizes = [abs(reason.contribution) for reason in explanation.reasons]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == 5
