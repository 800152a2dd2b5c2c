"""vetiver serving the same pipeline. `PIPELINE` names the file; vetiver is in the optional extra `peers`.

uvicorn --factory benchmarks.load.vetiver_app:app
"""

import os
from typing import Any

import joblib
import pandas as pd
from vetiver import VetiverAPI, VetiverModel

from models.profile import Profile


def app() -> Any:
    pipeline = joblib.load(os.environ["PIPELINE"])
    row = pd.DataFrame([Profile(age=30, hobbies=("x",)).model_dump()])
    return VetiverAPI(VetiverModel(pipeline, "segments", prototype_data=row), check_prototype=False).app
