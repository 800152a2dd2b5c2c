"""Golden predictions: made up, varied, and the model's own answers."""

import numpy as np

from models.profile import Profile
from models.storage.golden import check_golden
from models.storage.reading import read_artifact
from training.acceptance.golden_predictions import UNKNOWN, golden_predictions
from training.data.dataset import Dataset
from training.data.encoded import EncodedDataset
from training.pipeline import Trained


def test_golden_predictions_hold_full_and_empty_profiles_and_unknown_values(trained: Trained) -> None:
    model = read_artifact(trained.folder, Profile).model
    golden = golden_predictions(model, Profile, seed=0)
    answered = [len(example.profile) for example in golden]
    assert min(answered) == 0
    assert max(answered) == len(Profile.model_fields)
    assert any(UNKNOWN in repr(example.profile) for example in golden)
    check_golden(model, golden, Profile)


def test_same_seed_makes_the_same_golden_predictions(trained: Trained) -> None:
    model = read_artifact(trained.folder, Profile).model
    assert golden_predictions(model, Profile, seed=4) == golden_predictions(model, Profile, seed=4)
    assert golden_predictions(model, Profile, seed=4) != golden_predictions(model, Profile, seed=5)


def test_members_are_assigned_to_their_own_persona(trained: Trained, dataset: Dataset) -> None:
    model = read_artifact(trained.folder, Profile).model
    counts = np.bincount(
        model.scorer.scores(EncodedDataset.of(dataset, model.encoder).columns).clusters,
        minlength=len(model.personas),
    )
    assert counts.tolist() == [persona.size for persona in model.personas]
