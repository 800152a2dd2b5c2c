"""Checks of fields: a field without answers is not called shuffled, and chance is allowed for."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.acceptance import Thresholds
from models.profile import Profile
from models.profile.field_kinds import declared_fields
from models.storage.artifact import LoadedArtifact
from models.storage.manifest import FieldStats
from tests.training.acceptance.refits import PEOPLE, failed, refit, sentences
from training.acceptance.field_stats import explained_share
from training.data.dataset import from_frame
from training.simulation.simulate import SimulationConfig, simulate
from training.text import percent_tenths

LEVELS = next(spec.levels for spec in declared_fields(Profile) if spec.name == "budget_range")


def without(name: str) -> pd.DataFrame:
    return PEOPLE.frame.drop(columns=name)


def hardly_answered(name: str) -> pd.DataFrame:
    """One profile in 40 answers the field."""
    answered = np.arange(len(PEOPLE.frame)) % 40 == 0
    return PEOPLE.frame.assign(**{name: PEOPLE.frame[name].astype(object).where(answered, None)})


def shuffled(name: str, share: float = 1.0) -> pd.DataFrame:
    """This share of the profiles deal their answers to a field anew among themselves."""
    rng = np.random.default_rng(0)
    rows = np.flatnonzero(rng.random(len(PEOPLE.frame)) < share)
    answers = PEOPLE.frame[name].to_numpy(dtype=object, copy=True)
    answers[rows] = answers[rng.permutation(rows)]
    return PEOPLE.frame.assign(**{name: pd.Series(answers, dtype=object)})


@pytest.mark.parametrize("poison", [without, hardly_answered])
def test_field_that_hardly_anybody_answers_fails_and_no_field_is_called_shuffled(
    poison: Callable[[str], pd.DataFrame], before: LoadedArtifact, tmp_path: Path
) -> None:
    manifest = refit(poison("gift_history"), before, tmp_path).manifest
    assert "answered 'gift_history'" in failed(manifest)["unanswered_field"]
    assert not {"shuffled_field", "one_value"} & failed(manifest).keys()


def test_shares_of_answers_are_those_of_the_data(before: LoadedArtifact, tmp_path: Path) -> None:
    frame = hardly_answered("gift_history")
    verdict = failed(refit(frame, before, tmp_path).manifest)["unanswered_field"]
    then = simulate(SimulationConfig(rows=2_000, seed=3)).frame["gift_history"].notna().mean()
    now = percent_tenths(frame["gift_history"].notna().mean())
    assert verdict == (
        f"{now} of the profiles answered 'gift_history', and {percent_tenths(then)} did when the active model was "
        f"trained; at least {percent_tenths(then / 4)} is wanted."
    )


def test_weak_fields_beside_unanswered_ones_are_not_judged(before: LoadedArtifact, tmp_path: Path) -> None:
    frame = shuffled("gift_history").drop(columns="hobbies")
    manifest = refit(frame, before, tmp_path).manifest
    assert failed(manifest)["unanswered_field"].startswith("Nobody answered 'hobbies'")
    sentence = sentences(manifest, "not_judged")["shuffled_field"]
    assert "'gift_history'" in sentence
    assert "hardly anybody answered 'hobbies'" in sentence
    assert "shuffled." not in sentence.removeprefix("Not judged: shuffled field.")


def test_answered_share_has_a_threshold(before: LoadedArtifact, tmp_path: Path) -> None:
    none = Thresholds(gate_min_answered_ratio=0.0)
    manifest = refit(hardly_answered("gift_history"), before, tmp_path, thresholds=none).manifest
    assert "unanswered_field" not in failed(manifest)


def test_field_shuffled_in_part_is_said_to_be_so(before: LoadedArtifact, tmp_path: Path) -> None:
    manifest = refit(shuffled("gift_history", 0.75), before, tmp_path).manifest
    assert "A part of its column may have been shuffled." in failed(manifest)["shuffled_field"]
    manifest = refit(shuffled("gift_history"), before, tmp_path).manifest
    assert "is wanted. Its column may have been shuffled." in failed(manifest)["shuffled_field"]


def test_field_of_little_strength_is_left_to_chance(before: LoadedArtifact, tmp_path: Path) -> None:
    weak = FieldStats(answered_share=0.9, commonest_share=0.1, strength=0.004, answered=1_800)
    figures = {**before.manifest.field_figures, "gift_history": weak}
    manifest = before.manifest.model_copy(update={"field_figures": figures})
    verdicts = refit(shuffled("gift_history"), LoadedArtifact(manifest, before.model), tmp_path).manifest
    passed = sentences(verdicts, "passed")
    judged, total = map(int, re.findall(r"(\d+) of (\d+) fields depend", sentence := passed["shuffled_field"])[0])
    assert total == len(Profile.model_fields)
    assert f"{total - judged} depended on them too little" in sentence


def test_fields_are_not_judged_where_none_had_strength(before: LoadedArtifact, tmp_path: Path) -> None:
    figures = {
        name: stats.model_copy(update={"strength": 0.0}) for name, stats in before.manifest.field_figures.items()
    }
    manifest = before.manifest.model_copy(update={"field_figures": figures})
    verdicts = refit(shuffled("gift_history"), LoadedArtifact(manifest, before.model), tmp_path).manifest
    assert "No field depended on the others enough" in sentences(verdicts, "not_judged")["shuffled_field"]


def test_statistics_without_a_number_of_answers_are_judged_alike(before: LoadedArtifact, tmp_path: Path) -> None:
    figures = {
        name: stats.model_copy(update={"answered": None}) for name, stats in before.manifest.field_figures.items()
    }
    older = LoadedArtifact(before.manifest.model_copy(update={"field_figures": figures}), before.model)
    frame = shuffled("gift_history")
    verdict, former = (failed(refit(frame, model, tmp_path).manifest) for model in (before, older))
    assert verdict == former
    assert "shuffled_field" in verdict


def test_strengths_are_shares_of_variance_between_the_personas_of_the_other_fields(
    before: LoadedArtifact, tmp_path: Path
) -> None:
    frame = shuffled("budget_range")
    sentence = failed(refit(frame, before, tmp_path).manifest)["shuffled_field"]
    then = strength(before, simulate(SimulationConfig(rows=2_000, seed=3)).frame, "budget_range")
    measured = [float(text) for text in re.findall(r"(\d+\.\d) %", sentence)]
    assert measured[:2] == pytest.approx([100 * strength(before, frame, "budget_range"), 100 * then], abs=0.06)
    assert 0 < measured[2] <= 25 * then


def strength(model: LoadedArtifact, frame: pd.DataFrame, name: str) -> float:
    """ε² of an ordinal field, by the persona of each profile without its answer, one by one."""
    answered = frame[frame[name].notna()].reset_index(drop=True)
    levels = answered[name].map({level: number for number, level in enumerate(LEVELS)}).astype(float)
    others = from_frame(answered.drop(columns=name), Profile)
    clusters = [model.model.assign(profile).persona.id for profile in others.profiles(np.arange(len(others)))]
    count, k = len(levels), len(model.model.personas)
    within = levels.groupby(np.array(clusters)).transform(lambda group: (group - group.mean()) ** 2).sum()
    return max(0.0, 1 - within / ((levels - levels.mean()) ** 2).sum() * (count - 1) / (count - k))


def test_error_of_a_strength_is_that_of_repeated_samples() -> None:
    rng, k = np.random.default_rng(0), 3
    drawn = []
    for _ in range(200):
        clusters = rng.integers(k, size=400)
        drawn.append(explained_share(rng.normal(size=(400, 2)) + 0.5 * clusters[:, None], clusters, k))
    shares, errors = np.array(drawn).T
    assert np.mean(errors) == pytest.approx(np.std(shares), rel=0.2)
