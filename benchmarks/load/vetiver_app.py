"""vetiver serving the same pipeline. `PIPELINE` names the file; vetiver is in the optional extra `peers`.

uvicorn --factory benchmarks.load.vetiver_app:app

A prototype from a frame would make each field required, with the type of its first value. Therefore the registered
function makes one from the profile class, with which vetiver validates a body and converts it to a frame. Without
a prototype it would pass the body's dicts to the pipeline, and respond with 500.
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
