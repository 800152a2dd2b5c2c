"""vetiver serving the same pipeline. `PIPELINE` names the file; vetiver is in the optional extra `peers`.

uvicorn --factory benchmarks.load.vetiver_app:app

A prototype from a frame would take each field for required, and of the type of its first value. vetiver is
therefore told how to make one of a class, by the function that it names for this; it checks a body and makes a
frame of it. Without a prototype it would hand the pipeline the body's dicts, and answer 500.
"""

import os
from typing import Any

import joblib
from vetiver import VetiverAPI, VetiverModel
from vetiver.prototype import vetiver_create_prototype

from models.profile import Profile


def app() -> Any:
    vetiver_create_prototype.register(type(Profile), lambda profile_class: profile_class)
    model = VetiverModel(joblib.load(os.environ["PIPELINE"]), "segments", prototype_data=Profile)
    return VetiverAPI(model, check_prototype=True).app
