"""Checks beside the active model: every number in a sentence is that of the data, computed here in another way."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import silhouette_samples

from models.profile import Profile
from models.segment_model import SegmentModel
from models.storage.artifact import LoadedArtifact
from models.storage.reading import read_artifact
from tests.training.acceptance.refits import PEOPLE, sentences
from tests.training.conftest import QUICK
from training.data.dataset import Dataset, from_frame
from training.data.encoded import EncodedDataset
from training.pipeline import Trained


@pytest.fixture(scope="module")
def after(good: Trained) -> LoadedArtifact:
    return read_artifact(good.folder, Profile)


@pytest.fixture(scope="module")
def people() -> Dataset:
    return from_frame(PEOPLE.frame, Profile)


def held_out(people: Dataset) -> Dataset:
    """The tenth of the profiles that the refit was not fitted on, drawn by its seed."""
    rng = np.random.default_rng(QUICK.seed)
    return people.take(np.sort(rng.choice(len(people), len(people) // 10, replace=False)))


def persona_of_each(model: SegmentModel, people: Dataset) -> pd.Series:
    """The persona that the model assigns each profile, one by one."""
    profiles = people.profiles(np.arange(len(people)))
    return pd.Series([model.assign(profile).persona.id for profile in profiles])


def numbers(sentence: str) -> list[float]:
    return [float(text) for text in re.findall(r"\d+(?:\.\d+)?", sentence)]


def test_silhouettes_are_means_over_the_coordinates_of_both_models(
    good: Trained, before: LoadedArtifact, after: LoadedArtifact, people: Dataset
) -> None:
    sample = held_out(people)
    silhouettes = {}
    for name, model in (("candidate", after), ("active", before)):
        personas = persona_of_each(model.model, sample)
        silhouettes[name] = np.mean(
            [
                silhouette_samples(
                    space.scorer.coordinates(EncodedDataset.of(sample, space.encoder).columns), personas
                ).mean()
                for space in (after.model, before.model)
            ]
        )
    own, active = silhouettes["candidate"], silhouettes["active"]
    sentence = sentences(good.manifest, "passed")["silhouette"]
    assert numbers(sentence) == pytest.approx([own, active, abs(active - own), 0.05], abs=0.0006)
    assert ("a fall of" in sentence.split(";")[0]) == (active > own)


def test_share_that_changes_persona_is_that_of_the_held_out_profiles(
    good: Trained, before: LoadedArtifact, after: LoadedArtifact, people: Dataset
) -> None:
    sample = held_out(people)
    moved = np.mean(persona_of_each(before.model, sample) != persona_of_each(after.model, sample))
    sentence = sentences(good.manifest, "passed")["changed_personas"]
    assert numbers(sentence) == pytest.approx([100 * moved, 30], abs=0.051)


def test_shares_of_the_active_models_personas_are_those_of_all_profiles(
    good: Trained, before: LoadedArtifact, people: Dataset
) -> None:
    shares = persona_of_each(before.model, people).value_counts(normalize=True)
    then = pd.Series({persona.id: persona.share for persona in before.manifest.personas})
    passed = sentences(good.manifest, "passed")
    largest = str(shares.idxmax())
    assert numbers(passed["one_giant_persona"]) == pytest.approx(
        [100 * shares[largest], 100 * then[largest], 80], abs=0.051
    )
    assert before.model.by_id[largest].name in passed["one_giant_persona"]
    drift = shares.sub(then, fill_value=0.0).clip(lower=0.0).sum()
    assert numbers(passed["population"]) == pytest.approx([100 * drift, 30], abs=0.051)


def test_counts_of_new_and_retired_personas_are_those_of_ids(
    good: Trained, before: LoadedArtifact, after: LoadedArtifact
) -> None:
    passed = sentences(good.manifest, "passed")
    born = len(after.model.by_id.keys() - before.model.by_id.keys())
    retired = len(before.model.by_id.keys() - after.model.by_id.keys())
    assert numbers(passed["born_personas"]) == [born, 2]
    assert numbers(passed["retired_personas"]) == [retired, 1]
