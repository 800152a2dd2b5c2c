"""Two models side by side: who lives on, who moves, what is known anew."""

import dataclasses

import numpy as np
import pytest

from models.profile import Profile
from models.segment_model import SegmentModel
from models.storage.artifact import LoadedArtifact
from models.storage.comparison import Reference
from models.storage.manifest import FieldManifest, Outcome, Verdict
from models.storage.reading import read_artifact
from testkit.reordered import reordered
from training.acceptance.comparison import compare, reference_of
from training.data.dataset import Dataset
from training.errors import UnusableInput
from training.pipeline import Trained

REFERENCE = Reference(rows=2_000, simulated=True, description="2,000 profiles of a test.", fingerprint="0" * 64)


@pytest.fixture(scope="module")
def model(trained: Trained) -> LoadedArtifact:
    return read_artifact(trained.folder, Profile)


def relabelled(loaded: LoadedArtifact, order: list[int]) -> LoadedArtifact:
    """The same model with its clusters in another order, and under new ids."""
    scorer = reordered(loaded.model.scorer, order)
    personas = tuple(loaded.model.personas[old].model_copy(update={"id": f"p_new_{old}"}) for old in order)
    return dataclasses.replace(loaded, model=SegmentModel(loaded.model.version, scorer, personas))


def changed(loaded: LoadedArtifact, **changes: object) -> LoadedArtifact:
    """The same model with other things in its manifest."""
    return dataclasses.replace(loaded, manifest=loaded.manifest.model_copy(update=changes))


# --- personas --------------------------------------------------------------------------------------


def test_model_compared_with_itself_has_no_changes(model: LoadedArtifact, dataset: Dataset) -> None:
    comparison = compare(model, model, dataset, REFERENCE)
    personas = comparison.personas
    assert [(match.before, match.overlap) for match in personas.matches] == [(one, 1.0) for one in personas.after]
    assert (personas.changed_share, personas.adjusted_rand) == (0.0, 1.0)
    assert (personas.born, personas.retired, comparison.vocabulary) == ((), (), ())
    assert comparison.sentences == (
        "All 5 personas live on; no profile changes persona.",
        "Both models scored 2,000 profiles of a test.",
    )


def test_personas_are_matched_by_members_whatever_their_order_and_ids(
    model: LoadedArtifact, dataset: Dataset
) -> None:
    personas = compare(model, relabelled(model, [3, 0, 4, 1, 2]), dataset, REFERENCE).personas
    assert [match.before.name for match in personas.matches] == [match.after.name for match in personas.matches]
    assert {match.overlap for match in personas.matches} == {1.0}
    assert personas.changed_share == 0.0
    assert np.trace(np.array(personas.transitions)) == len(dataset)


def test_transitions_count_every_profile_once(model: LoadedArtifact, smaller: Trained, dataset: Dataset) -> None:
    personas = compare(model, read_artifact(smaller.folder, Profile), dataset, REFERENCE).personas
    table = np.array(personas.transitions)
    assert table.shape == (5, 3)
    assert table.sum() == len(dataset)
    np.testing.assert_allclose(table.sum(axis=1) / len(dataset), [persona.share for persona in personas.before])
    np.testing.assert_allclose(table.sum(axis=0) / len(dataset), [persona.share for persona in personas.after])


def test_fewer_personas_are_retired_and_their_members_move(
    model: LoadedArtifact, smaller: Trained, dataset: Dataset
) -> None:
    comparison = compare(model, read_artifact(smaller.folder, Profile), dataset, REFERENCE)
    personas = comparison.personas
    assert len(personas.matches) + len(personas.retired) == 5
    assert len(personas.matches) + len(personas.born) == 3
    assert len(personas.retired) >= 2
    assert 0 < personas.adjusted_rand < 1
    assert personas.changed_share >= sum(persona.share for persona in personas.retired)
    gone = [sentence for sentence in comparison.sentences if sentence.startswith("Gone: ")]
    assert len(gone) == len(personas.retired)
    assert f"{len(personas.matches)} of 5 personas live" in comparison.sentences[0]


def test_more_personas_are_new(model: LoadedArtifact, smaller: Trained, dataset: Dataset) -> None:
    comparison = compare(read_artifact(smaller.folder, Profile), model, dataset, REFERENCE)
    assert len(comparison.personas.born) >= 2
    new = next(sentence for sentence in comparison.sentences if sentence.startswith("New: "))
    assert "before mostly in" in new


def test_personas_below_the_minimum_overlap_are_not_matched(model: LoadedArtifact, dataset: Dataset) -> None:
    personas = compare(model, model, dataset, REFERENCE, minimum_overlap=1.0).personas
    assert (personas.matches, personas.changed_share) == ((), 1.0)
    assert personas.retired == personas.before
    assert personas.born == personas.after


def test_persona_without_members_in_the_sample_is_matched_by_id(model: LoadedArtifact, dataset: Dataset) -> None:
    one_profile = dataset.take(np.arange(1))
    assert len(compare(model, model, one_profile, REFERENCE).personas.matches) == 5


def test_renamed_persona_has_a_sentence(model: LoadedArtifact, dataset: Dataset) -> None:
    first, *others = model.model.personas
    personas = (first.model_copy(update={"name": "Gift lovers"}), *others)
    renamed = dataclasses.replace(model, model=dataclasses.replace(model.model, personas=personas))
    sentences = compare(model, renamed, dataset, REFERENCE).sentences
    assert f"“{first.name}” is now called “Gift lovers”." in sentences


# --- what the manifests say ------------------------------------------------------------------------


def test_gained_and_lost_values_are_listed_by_field(model: LoadedArtifact, dataset: Dataset) -> None:
    def learned(field: FieldManifest) -> FieldManifest:
        added = tuple(f"new_{number}" for number in range(7)) if field.name == "hobbies" else ()
        return field.model_copy(update={"values": field.values[1:] + added}) if added else field

    fields = tuple(map(learned, model.manifest.fields))
    comparison = compare(model, changed(model, fields=fields), dataset, REFERENCE)
    (change,) = comparison.vocabulary
    assert (change.field, change.gained, change.lost) == ("hobbies", 7, 1)
    assert change.gained_values == ("new_0", "new_1", "new_2", "new_3", "new_4")
    assert "Values newly known: 7; no longer known: 1." in comparison.sentences


def test_models_of_different_profiles_are_compared(
    model: LoadedArtifact, smaller: Trained, dataset: Dataset
) -> None:
    comparison = compare(model, read_artifact(smaller.folder, Profile), dataset, REFERENCE)
    assert all(change.lost for change in comparison.vocabulary)
    rows = next(metric for metric in comparison.metrics if metric.name == "rows")
    assert (rows.before, rows.after) == (2_000, 500)


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("passed", "failed", "No longer as wanted: It is small."),
        ("failed", "passed", "As wanted now: It is small."),
        (None, "failed", "Not as wanted: It is small."),
        ("not_judged", "failed", "Not as wanted: It is small."),
        ("passed", "not_judged", "It is small."),
        ("failed", "not_judged", "It is small."),
        ("not_judged", "passed", None),
        ("passed", "passed", None),
        (None, "passed", None),
        (None, "not_judged", None),
        ("passed", None, None),
    ],
)
def test_changed_verdict_has_a_sentence(
    model: LoadedArtifact,
    dataset: Dataset,
    before: Outcome | None,
    after: Outcome | None,
    sentence: str | None,
) -> None:
    def judged(outcome: Outcome | None) -> LoadedArtifact:
        verdicts = () if outcome is None else (Verdict(name="size", outcome=outcome, sentence="It is small."),)
        return changed(model, verdicts=verdicts)

    comparison = compare(judged(before), judged(after), dataset, REFERENCE)
    about_the_check = [text for text in comparison.sentences if "small" in text]
    assert about_the_check == ([sentence] if sentence else [])


def test_comparison_without_profiles_is_refused(model: LoadedArtifact, dataset: Dataset) -> None:
    with pytest.raises(UnusableInput, match="no profile to compare"):
        compare(model, model, dataset.take(np.arange(0)), REFERENCE)


def test_reference_describes_its_sample(dataset: Dataset) -> None:
    reference = reference_of(dataset, "profiles of a test", simulated=False)
    assert (reference.rows, reference.fingerprint, reference.description) == (
        2_000,
        dataset.fingerprint,
        "2,000 profiles of a test.",
    )
