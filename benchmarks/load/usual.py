"""The usual application: FastAPI, a typed body, a frame of one row, `pipeline.predict`. `PIPELINE` names the file.

uvicorn --factory benchmarks.load.usual:app
"""

import os
from typing import Any

import joblib
import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel

from models.profile import Profile


class Prediction(BaseModel):
    """The cluster of a profile."""

    cluster: int


def app() -> FastAPI:
    pipeline = joblib.load(os.environ["PIPELINE"])
    service = FastAPI()

    @service.get("/ping")
    def ping() -> dict[str, Any]:
        return {}

    @service.post("/predict")
    def predict(profile: Profile) -> Prediction:
        return Prediction(cluster=int(pipeline.predict(pd.DataFrame([profile.model_dump()]))[0]))

    return service
