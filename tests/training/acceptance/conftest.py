"""A model, and a refit on other people of the same kinds."""

import pytest

from models.profile import Profile
from models.storage.artifact import LoadedArtifact
from models.storage.reading import read_artifact
from tests.training.acceptance.refits import PEOPLE, refit
from training.pipeline import Trained


@pytest.fixture(scope="session")
def before(trained: Trained) -> LoadedArtifact:
    return read_artifact(trained.folder, Profile)


@pytest.fixture(scope="session")
def good(before: LoadedArtifact, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A refit on other people of the same kinds."""
    return refit(PEOPLE.frame, before, tmp_path_factory.mktemp("good"))
