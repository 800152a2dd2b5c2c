"""The headline and what is said of personas and data: honest, in graded words."""

import pytest

from models.persona import Persona
from tests.training.report.conftest import manifest_of
from training.clustering.fit import Fit
from training.data.dataset import Dataset
from training.report.analysis.grades import silhouette_grade
from training.report.analysis.summary import headline, on_personas, on_quality
from training.report.content.stability import WholeStability
from training.report.document import DataQuality, FieldQuality, ListLength, PersonaDetail

PEOPLE = tuple(
    Persona(id=name, name=name, sentence="", size=10, share=share, traits=(), gift_affinities=())
    for name, share in (("Gamers", 0.6), ("Gardeners", 0.4))
)


def details(*stability: float | None) -> list[PersonaDetail]:
    return [
        PersonaDetail(answers=(), silhouette=0.3 - index / 10, stability=s) for index, s in enumerate(stability)
    ]


def quality(answered: float = 0.9, explained: float = 0.0, distinct: int = 1_000) -> DataQuality:
    hobbies = FieldQuality(
        field="hobbies", title="hobbies", answered=answered, values=9, rare_values=0, mean_ticks=3.0
    )
    length = ListLength(field="hobbies", title="hobbies", explained=explained, mean_lengths=(2.0, 3.0))
    return DataQuality(
        profiles=1_000, distinct=distinct, refused={}, notes=(), fields=(hobbies,), list_lengths=(length,)
    )


@pytest.mark.parametrize(
    ("silhouette", "words"),
    [(0.6, "clearly apart"), (0.3, "fairly well apart"), (0.09, "held together loosely"), (-0.1, "hardly apart")],
)
def test_silhouettes_have_grades_in_words(silhouette: float, words: str) -> None:
    assert silhouette_grade(silhouette) == words


def test_headline_names_the_largest_persona(dataset: Dataset, fitted: Fit) -> None:
    manifest = manifest_of(dataset, fitted)
    said = headline(manifest, 0.2345)
    assert said.startswith("Five personas, overlapping at their edges (silhouette 0.23): the largest, “")
    assert said.endswith("% of 2,000 simulated profiles.")
    assert manifest.personas[0].name in said


@pytest.mark.parametrize(
    ("configured_k", "why"), [("auto", "no groups were found"), (1, "groups were not looked for")]
)
def test_headline_of_one_persona_says_everyone(
    dataset: Dataset, fitted: Fit, configured_k: int | str, why: str
) -> None:
    manifest = manifest_of(dataset, fitted, configured_k)
    alone = manifest.model_copy(update={"personas": manifest.personas[:1]})
    assert headline(alone, None) == f"One persona, everyone: {why} among 2,000 simulated profiles."


def test_stable_personas_are_reported_as_stable() -> None:
    insights = [insight.sentence for insight in on_personas(PEOPLE, details(0.9, 0.8))]
    assert insights[1].startswith("“Gamers” is the most distinct persona")
    assert insights[2].startswith("Every persona is found again when profiles are redrawn")


def test_personas_of_an_unstable_model_are_not_to_be_relied_upon() -> None:
    whole = WholeStability(
        rows=100,
        refits=2,
        agreement=0.38,
        agreements=(0.3, 0.46),
        least=0.5,
        segments=(),
        solutions=(),
        sentence="",
        by_k="",
        across="",
    )
    said = [insight.sentence for insight in on_personas(PEOPLE, details(0.9, 0.8), whole)]
    assert "adjusted Rand index 0.38, at least 0.50 is wanted" in said[-1]
    assert not any("found again" in sentence for sentence in said)


def test_unstable_personas_are_named() -> None:
    insights = on_personas(PEOPLE, details(0.9, 0.5))[2].sentence
    assert insights.endswith("do not come back reliably (Jaccard): “Gardeners” (0.50).")


def test_criteria_that_were_not_computed_have_no_sentence() -> None:
    assert len(on_personas(PEOPLE, details(None, None))) == 2


def test_good_data_has_a_sentence_on_the_least_answered_field() -> None:
    (insight,) = on_quality(quality())
    assert insight.sentence == "Every field is answered by at least 90 % of the profiles (least: hobbies)."


def test_data_without_gaps_is_said_to_have_none() -> None:
    (insight,) = on_quality(quality(answered=1.0))
    assert insight.sentence == "All profiles answer every field."


def test_field_that_nobody_answers_is_no_warning() -> None:
    data = quality()
    never = data.fields[0].model_copy(update={"field": "occasion", "title": "occasion", "answered": 0.0})
    (insight,) = on_quality(data.model_copy(update={"fields": (*data.fields, never)}))
    assert (
        insight.sentence
        == "Every field with answers is answered by at least 90 % of the profiles (least: hobbies)."
    )


@pytest.mark.parametrize(
    ("data", "warning"),
    [
        (quality(answered=0.3), "Answered by fewer than half of the profiles: hobbies (30 %)."),
        (quality(distinct=800), "20 % of the profiles repeat another one to the letter."),
        (quality(explained=0.2), "they explain 20 % of the variance of the length of hobbies."),
    ],
)
def test_bad_data_has_a_warning(data: DataQuality, warning: str) -> None:
    assert any(insight.sentence.endswith(warning) for insight in on_quality(data))
