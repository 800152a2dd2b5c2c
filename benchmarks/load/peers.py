"""Other ways to serve the same model: its `pipeline.joblib`, behind one route that predicts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import joblib
import pandas as pd

from benchmarks.load.rounds import NotAnswered, answers
from benchmarks.load.servers import Running
from benchmarks.load.wrk import Request
from models.profile import Profile


@dataclass(frozen=True, slots=True)
class Peer:
    """A server that answers `POST /predict`. `many`: it takes a list of profiles and answers a list."""

    name: str
    app: str
    many: bool = False
    needs: str | None = None

    @property
    def installed(self) -> bool:
        """Whether its library is there."""
        return self.needs is None or find_spec(self.needs) is not None

    def asked(self, request: Request) -> Request:
        """The same profiles as bodies of this server."""
        bodies = tuple(f"[{body}]" if self.many else body for body in request.bodies)
        return replace(request, path="/predict", bodies=bodies)

    def cluster(self, answer: Any) -> int:
        """The cluster in an answer, under whichever name."""
        (found,) = answer.values()
        return int(found[0] if self.many else found)


PEERS: Final = (
    Peer("the usual application", "benchmarks.load.usual:app"),
    Peer("vetiver", "benchmarks.load.vetiver_app:app", many=True, needs="vetiver"),
)


def predicted(pipeline: Path, bodies: Sequence[str]) -> list[int]:
    """The cluster of each profile, by the pipeline itself."""
    profiles = [Profile.model_validate_json(body).model_dump() for body in bodies]
    return [int(cluster) for cluster in joblib.load(pipeline).predict(pd.DataFrame(profiles))]


def prove(peer: Peer, server: Running, request: Request, clusters: Sequence[int]) -> None:
    """Raise `NotAnswered` unless the peer predicts these clusters: what does not predict is fast."""
    told = [peer.cluster(json.loads(answer.content)) for answer in answers(server, request)]
    wrong = sum(mine != theirs for mine, theirs in zip(told, clusters, strict=True))
    if wrong:
        raise NotAnswered(f"{peer.name} gives {wrong} of {len(told)} profiles another cluster than the pipeline")
