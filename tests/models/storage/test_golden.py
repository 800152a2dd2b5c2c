"""Golden predictions: a model that does not reproduce them is refused."""

from pathlib import Path

import pytest

from models.errors import (
    ArtifactDamaged,
)
from models.profile import Profile
from models.storage.manifest import GoldenPrediction
from models.storage.reading import read_artifact
from testkit.small_model import small_manifest, write_small_model


def test_golden_prediction_with_other_probabilities_is_refused(tmp_path: Path) -> None:
    wrong = GoldenPrediction(profile={}, persona_id="p_0", probabilities=(0.2, 0.5, 0.3))
    folder = write_small_model(tmp_path, golden=(wrong,))
    with pytest.raises(ArtifactDamaged, match="golden prediction 0"):
        read_artifact(folder, Profile)


@pytest.mark.parametrize("personas", [1, 2])
def test_golden_prediction_with_fewer_probabilities_is_refused(tmp_path: Path, personas: int) -> None:
    right = small_manifest().golden[0]
    fewer = right.model_copy(update={"probabilities": right.probabilities[:personas]})
    folder = write_small_model(tmp_path, golden=(fewer,))
    with pytest.raises(ArtifactDamaged, match="golden prediction 0"):
        read_artifact(folder, Profile)
