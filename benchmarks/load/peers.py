"""Other servers of the same model: its `pipeline.joblib` behind one route that predicts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import joblib
import pandas as pd

from benchmarks.load.rounds import NotAnswered, responses
from benchmarks.load.servers import Running
from benchmarks.load.wrk import Request
from models.profile import Profile


@dataclass(frozen=True, slots=True)
class Peer:
    """A server with `POST /predict`. `many`: it takes a list of profiles and responds with a list."""

    name: str
    app: str
    many: bool = False
    needs: str | None = None

    @property
    def installed(self) -> bool:
        """Whether its library is installed."""
        return self.needs is None or find_spec(self.needs) is not None

    def request_of(self, request: Request) -> Request:
        """The same profiles as bodies for this server."""
        bodies = tuple(f"[{body}]" if self.many else body for body in request.bodies)
        return replace(request, path="/predict", bodies=bodies)

    def cluster(self, body: Any) -> int:
        """The cluster in a response body, under any name."""
        (predicted,) = body.values()
        return int(predicted[0] if self.many else predicted)


PEERS: Final = (
    Peer("the usual application", "benchmarks.load.usual:app"),
    Peer("vetiver", "benchmarks.load.vetiver_app:app", many=True, needs="vetiver"),
)


def predicted(pipeline: Path, bodies: Sequence[str]) -> list[int]:
    """The cluster of each profile, by the pipeline itself."""
    profiles = [Profile.model_validate_json(body).model_dump() for body in bodies]
    return [int(cluster) for cluster in joblib.load(pipeline).predict(pd.DataFrame(profiles))]


def prove(peer: Peer, server: Running, request: Request, clusters: Sequence[int]) -> None:
    """Raise `NotAnswered` unless the peer predicts these clusters: a server that does not predict is fast."""
    assigned = [peer.cluster(json.loads(response.content)) for response in responses(server, request)]
    wrong = sum(own != expected for own, expected in zip(assigned, clusters, strict=True))
    if wrong:
        raise NotAnswered(
            f"{peer.name} gives {wrong} of {len(assigned)} profiles another cluster than the pipeline"
        )
