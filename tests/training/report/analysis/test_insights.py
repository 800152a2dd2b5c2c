"""Insights: planted facts are found, and chance is called chance."""

import numpy as np
import pandas as pd
import pytest

from models.persona import Persona
from models.profile import Profile
from training.data.dataset import Dataset, from_frame
from training.report.analysis.counts.answers import holders_of, value_tables
from training.report.analysis.counts.roles import gift_field
from training.report.analysis.counts.tables import age_bands, history_against_hobbies
from training.report.analysis.insights import age_and_gifts, history_and_hobbies, season, trends
from training.report.document import Report


def sentences(report: Report, topic: str) -> list[str]:
    return [insight.sentence for insight in report.insights if insight.topic == topic]


def people(*names: str) -> list[Persona]:
    return [
        Persona(id=name, name=name, sentence="", size=1, share=1 / len(names), traits=(), gift_affinities=())
        for name in names
    ]


def shuffled(dataset: Dataset) -> Dataset:
    """The same margins, every field on its own."""
    rng = np.random.default_rng(0)
    columns = {name: column.take(rng.permutation(len(dataset))) for name, column in dataset.columns.items()}
    return Dataset(
        profile_class=dataset.profile_class,
        vocabularies=dataset.vocabularies,
        columns=columns,
        line_numbers=dataset.line_numbers,
    )


def test_trends_of_gifts_with_age_are_reported(report: Report) -> None:
    lines = sentences(report, "age_and_gifts")
    assert any(sentence.startswith("The share who give novelty gifts falls with age: from ") for sentence in lines)
    assert any(sentence.startswith("The share who give practical gifts rises with age: ") for sentence in lines)


def test_absent_trend_with_age_is_reported(dataset: Dataset) -> None:
    mixed = shuffled(dataset)
    (insight,) = age_and_gifts(mixed, age_bands(mixed))
    assert insight.sentence == "No gift history value moves with age by more than chance."


def ageing(chances: list[float], people_each: int) -> Dataset:
    """People of six bands of age, of whom these shares give one gift; all give another."""
    rng = np.random.default_rng(0)
    ages = np.repeat(np.arange(25, 85, 10), people_each)
    gives = rng.random(len(ages)) < np.repeat(chances, people_each)
    gifts = [["books", "toys"] if toy else ["books"] for toy in gives]
    return from_frame(pd.DataFrame({"age": ages, "gift_history": gifts}), Profile)


def test_non_monotonic_share_is_not_reported_as_a_trend() -> None:
    valley = ageing([0.90, 0.47, 0.44, 0.43, 0.41, 0.58], 500)
    (insight,) = age_and_gifts(valley, age_bands(valley))
    assert insight.sentence == "No gift history value moves with age much and all the way."


def test_small_significant_change_is_not_called_chance() -> None:
    slope = ageing([0.50, 0.508, 0.516, 0.524, 0.532, 0.54], 8_000)
    (insight,) = age_and_gifts(slope, age_bands(slope))
    assert insight.sentence == "No gift history value moves with age much and all the way."


def test_trend_z_is_standard_normal_without_a_trend(dataset: Dataset) -> None:
    gifts = gift_field(dataset)
    assert gifts is not None
    rng, gifts_held = np.random.default_rng(0), holders_of(dataset, gifts, 16)
    z = np.concatenate([trends(rng.normal(50, 9, len(dataset)), gifts_held) for _ in range(20)])
    assert z.std() == pytest.approx(1.0, abs=0.15)


def test_pairs_of_hobby_and_gift_are_reported(report: Report) -> None:
    lines = sentences(report, "history_and_hobbies")
    assert 1 <= len(lines) <= 2
    assert all(" name as gift history, " in sentence for sentence in lines)


def test_absent_pairs_of_hobby_and_gift_are_reported(dataset: Dataset) -> None:
    (insight,) = history_and_hobbies(history_against_hobbies(shuffled(dataset)))
    assert insight.sentence == "No pair of hobbies and gift history goes together by more than chance."


def test_profiles_with_many_ticks_make_no_pair() -> None:
    rng = np.random.default_rng(0)
    chances = np.repeat([0.2, 0.8], 400)
    rows = [
        {
            name: [f"{name} {number}" for number in range(8) if rng.random() < chance]
            for name in ("hobbies", "gifts")
        }
        for chance in chances
    ]
    dataset = from_frame(pd.DataFrame(rows).rename(columns={"gifts": "gift_history"}), Profile)
    (insight,) = history_and_hobbies(history_against_hobbies(dataset))
    assert insight.sentence.startswith("No pair")


def test_personas_sharing_an_occasion_are_named_together() -> None:
    occasions = (
        ["christmas"] * 90 + ["birthday"] * 10 + ["christmas"] * 80 + ["birthday"] * 20 + ["birthday"] * 100
    )
    dataset = from_frame(pd.DataFrame({"occasion": occasions}), Profile)
    tables = value_tables(dataset, np.repeat([0, 1, 2], 100), 3)
    together = season(dataset, tables, people("A", "B", "C"))[0].sentence
    assert together == "“A” (90 %) and “B” (80 %) both shop for Christmas more than everyone (57 %)."


def test_occasion_shared_by_everyone_distinguishes_no_persona() -> None:
    dataset = from_frame(pd.DataFrame({"occasion": ["christmas", "birthday"] * 100}), Profile)
    tables = value_tables(dataset, np.repeat([0, 1], 100), 2)
    (insight,) = season(dataset, tables, people("A", "B"))
    assert insight.sentence == "No persona's occasion differs from everyone's by more than chance."


def test_season_of_one_persona_is_that_of_everyone() -> None:
    dataset = from_frame(pd.DataFrame({"occasion": ["christmas"] * 75 + ["birthday"] * 25}), Profile)
    (insight,) = season(dataset, value_tables(dataset, np.zeros(100, np.int64), 1), people("A"))
    assert insight.sentence == "Of everyone, 75 % shop for Christmas and 25 % shop for birthdays."


def test_insights_are_limited_by_topic(report: Report) -> None:
    assert 8 <= len(report.insights) <= 12
    assert [insight.topic for insight in report.insights][:2] == ["personas", "personas"]
