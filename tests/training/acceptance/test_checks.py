"""Acceptance checks: a good refit passes, and each kind of poisoned data fails the check that says why."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.acceptance import Thresholds
from models.storage.artifact import COMPARISON, LoadedArtifact
from models.storage.manifest import Origin, Verdict
from models.storage.reading import read_comparison, read_manifest
from tests.training.acceptance.refits import PEOPLE, failed, refit, sentences
from tests.training.conftest import QUICK
from training.pipeline import Trained, UnreadableModel
from training.simulation.simulate import SimulationConfig, simulate

# --- a good refit ----------------------------------------------------------------------------------


def test_refit_on_similar_profiles_passes_every_check(good: Trained) -> None:
    assert failed(good.manifest) == {}
    assert {verdict.name for verdict in good.manifest.verdicts} == {
        "structure", "smallest_persona", "largest_persona", "stability", "unknown_values", "outliers",
        "repeated_rows", "origin", "silhouette", "changed_personas", "born_personas", "retired_personas",
        "one_giant_persona", "population", "unanswered_field", "shuffled_field", "one_value",
    }  # fmt: skip


def test_every_verdict_has_a_sentence(good: Trained) -> None:
    assert all(verdict.sentence.endswith(".") for verdict in good.manifest.verdicts)


def test_refit_is_checked_on_held_out_profiles(good: Trained) -> None:
    assert (good.manifest.metrics["rows"], good.manifest.metrics["held_out_rows"]) == (2_160, 240)
    assert sum(persona.size for persona in good.manifest.personas) == 2_400


def test_manifest_carries_personas_and_lineage_on(good: Trained, before: LoadedArtifact) -> None:
    manifest = good.manifest
    assert manifest.previous == before.manifest.version
    assert {p.id for p in manifest.personas} == {p.id for p in before.manifest.personas}
    assert [step.version for step in manifest.lineage] == [before.manifest.version, manifest.version]
    assert {passage.fate for passage in manifest.lineage[0].passages} == {"BORN"}
    assert {passage.fate for passage in manifest.lineage[1].passages} == {"KEPT"}
    names = {persona.id: persona.name for persona in before.manifest.personas}
    same_names = [persona for persona in manifest.personas if persona.name == names[persona.id]]
    assert len(same_names) >= 4


def test_comparison_with_the_active_model_is_written_beside_the_manifest(
    good: Trained, before: LoadedArtifact
) -> None:
    comparison = read_comparison(good.folder, read_manifest(good.folder))
    assert comparison is not None
    assert (comparison.before.version, comparison.after.version) == (
        before.manifest.version,
        good.manifest.version,
    )
    assert np.array(comparison.personas.transitions).sum() == comparison.reference.rows == 2_400
    assert len(comparison.personas.matches) == 5
    assert "5 personas live on" in comparison.sentences[0]


def test_first_model_has_no_comparison(trained: Trained) -> None:
    assert not (trained.folder / COMPARISON).exists()
    assert read_comparison(trained.folder, read_manifest(trained.folder)) is None


# --- poison ----------------------------------------------------------------------------------------


def of_one_kind() -> pd.DataFrame:
    """Nineteen in twenty are of one kind."""
    people = simulate(
        SimulationConfig(
            rows=2_400, seed=5, noise=0.01, personas=("bookish_home_cook", "trendy_tech_shopper"), weights=(19, 1)
        )
    )
    return people.frame


def shuffled() -> pd.DataFrame:
    frame = PEOPLE.frame.copy()
    order = np.random.default_rng(0).permutation(len(frame))
    frame["gift_history"] = frame["gift_history"].to_numpy(dtype=object)[order]
    return frame


def of_one_value() -> pd.DataFrame:
    frame = PEOPLE.frame.copy()
    filled = np.random.default_rng(0).random(len(frame)) < 0.9
    frame["last_gift_category"] = frame["last_gift_category"].astype(object).where(~filled, "books")
    return frame


def repeated() -> pd.DataFrame:
    return pd.concat([PEOPLE.frame, PEOPLE.frame.iloc[[7] * 200]], ignore_index=True)


def copied() -> pd.DataFrame:
    return pd.concat([PEOPLE.frame, PEOPLE.frame.iloc[:200]], ignore_index=True)


@pytest.mark.parametrize(
    ("poison", "verdict", "said"),
    [
        (of_one_kind, "one_giant_persona", "of these profiles to one persona, “"),
        (shuffled, "shuffled_field", "What people answer to 'gift_history' has little to do with"),
        (of_one_value, "one_value", "'last_gift_category' gave one and the same answer"),
        (repeated, "repeated_rows", "of the rows repeat another one word for word"),
        (copied, "repeated_rows", "of the rows repeat another one word for word"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_poisoned_data_fails_its_check(
    poison: object, verdict: str, said: str, before: LoadedArtifact, tmp_path: Path
) -> None:
    assert callable(poison)
    manifest = refit(poison(), before, tmp_path).manifest
    assert said in failed(manifest)[verdict]


def test_verdicts_contain_no_profile_value(before: LoadedArtifact, tmp_path: Path) -> None:
    frame = of_one_value().replace({"last_gift_category": "books"}, "a secret of somebody")
    assert "secret" not in " ".join(failed(refit(frame, before, tmp_path).manifest).values())


# --- thresholds, and the model compared with -------------------------------------------------------


def test_threshold_can_be_changed(before: LoadedArtifact, tmp_path: Path) -> None:
    manifest = refit(copied(), before, tmp_path, thresholds=Thresholds(gate_max_repeated_share=0.2)).manifest
    assert failed(manifest) == {}


@pytest.mark.parametrize(
    ("thresholds", "name"),
    [
        ({"gate_min_stability": 1.0}, "stability"),
        ({"gate_max_changed_share": 0.0}, "changed_personas"),
        ({"gate_max_drift": 0.0}, "population"),
    ],
)
def test_exceeded_threshold_fails_by_name(
    thresholds: dict[str, float], name: str, before: LoadedArtifact, tmp_path: Path
) -> None:
    manifest = refit(PEOPLE.frame, before, tmp_path, thresholds=Thresholds.model_validate(thresholds)).manifest
    assert list(failed(manifest)) == [name]


def test_too_many_new_personas_are_named(before: LoadedArtifact, tmp_path: Path) -> None:
    config = QUICK.model_copy(update={"k": 9})
    manifest = refit(PEOPLE.frame, before, tmp_path, config=config).manifest
    assert re.match(r"[345] personas are new \(", failed(manifest)["born_personas"])


def test_real_profiles_are_not_judged_beside_simulated_ones(before: LoadedArtifact, tmp_path: Path) -> None:
    manifest = refit(of_one_value(), before, tmp_path, source="users", simulated=False).manifest
    unjudged = sentences(manifest, "not_judged")
    assert (failed(manifest), manifest.outcome) == ({}, "not_judged")
    assert {"silhouette", "changed_personas", "population", "one_value"} <= unjudged.keys()
    assert all("stand-in" in sentence for sentence in unjudged.values())


def test_simulated_model_does_not_replace_a_real_one(before: LoadedArtifact, tmp_path: Path) -> None:
    origin: Origin = before.manifest.origin.model_copy(update={"simulated": False, "source": "users"})
    real = LoadedArtifact(before.manifest.model_copy(update={"origin": origin}), before.model)
    assert "simulated profiles" in failed(refit(PEOPLE.frame, real, tmp_path).manifest)["origin"]


def test_unreadable_active_model_fails_the_identity_check(tmp_path: Path) -> None:
    manifest = refit(PEOPLE.frame, UnreadableModel("It is damaged."), tmp_path).manifest
    assert failed(manifest).keys() == {"identity"}
    assert manifest.previous is None


def test_model_without_field_stats_can_be_succeeded(before: LoadedArtifact, tmp_path: Path) -> None:
    bare = before.manifest.model_copy(update={"lineage": (), "field_figures": {}})
    manifest = refit(PEOPLE.frame, LoadedArtifact(bare, before.model), tmp_path).manifest
    assert failed(manifest) == {}
    assert list(sentences(manifest, "not_judged")) == ["unanswered_field", "shuffled_field", "one_value"]
    assert [step.version for step in manifest.lineage] == [before.manifest.version, manifest.version]


def test_few_profiles_are_not_held_out(before: LoadedArtifact, tmp_path: Path) -> None:
    trained = refit(PEOPLE.frame.iloc[:300], before, tmp_path)
    assert (trained.manifest.metrics["rows"], trained.manifest.metrics["held_out_rows"]) == (300, 0)


def test_verdict_holds_value_and_threshold(good: Trained) -> None:
    by_name: dict[str, Verdict] = {verdict.name: verdict for verdict in good.manifest.verdicts}
    assert by_name["changed_personas"].bound == 0.30
    assert (by_name["changed_personas"].value or 0) < 0.1
