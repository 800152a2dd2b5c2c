"""A pipeline that version 0.1.0 wrote is still read, though its classes live in other modules now."""

import sys
import warnings

import joblib
import numpy as np

from models.profile import Profile
from testkit import ROOT
from training.clustering import encoding
from training.data.dataset import from_frame
from training.simulation.simulate import SimulationConfig, simulate

# Of `python -m training fit --simulate 600 --seed 1` at 0.1.0, and how many of those 600 were in each cluster.
PIPELINE = ROOT / "tests" / "data" / "pipeline-0.1.0" / "pipeline.joblib"
SIZES = [153, 132, 120, 100, 95]


def test_pipeline_of_the_previous_release_loads_and_predicts_as_before() -> None:
    with warnings.catch_warnings():
        # scikit-learn warns where another release of it wrote the file.
        warnings.simplefilter("ignore")
        pipeline = joblib.load(PIPELINE)
    dataset = from_frame(simulate(SimulationConfig(rows=600, seed=1)).frame, Profile)
    assert np.bincount(pipeline.predict(dataset)).tolist() == SIZES


def test_alias_keeps_the_new_name_of_a_module() -> None:
    joblib.load(PIPELINE)
    assert sys.modules["training.encoding"] is encoding
    assert encoding.__spec__ is not None
    assert encoding.__spec__.name == "training.clustering.encoding"
