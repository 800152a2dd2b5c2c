"""The model that answers: followed in the background, verified whole, then swapped by one reference.

A request takes `require()` once and keeps what it got, so that it never sees parts of two models. A version
that cannot be used is refused, and the one before it goes on answering.
"""

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from models.artifact import ARRAYS, MANIFEST, SUMS, LoadedArtifact
from models.errors import NoActiveModel, SegmentsError
from models.profile import Profile
from models.registry import ACTIVE, Registry
from service.metrics import Metrics

log = logging.getLogger(__name__)

Signature = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the version that ACTIVE names is not the one that answers; `signature` is how its files looked."""

    version: str
    sentence: str
    signature: Signature
    retry_at: float


class ModelInForce:
    """Follows the registry's ACTIVE. `require` is for any thread; `refresh` blocks while it loads."""

    def __init__(self, registry: Registry, metrics: Metrics, poll_seconds: float, retry_seconds: float) -> None:
        self._registry = registry
        self._metrics = metrics
        self._poll_seconds = poll_seconds
        self._retry_seconds = retry_seconds
        self._loaded: LoadedArtifact | None = None
        self._refusal: Refusal | None = None
        self._loading = threading.Lock()
        self._stopped = threading.Event()
        self._follower: threading.Thread | None = None

    @property
    def loaded(self) -> LoadedArtifact | None:
        """What answers now; None before there is a model."""
        return self._loaded

    @property
    def refusal(self) -> Refusal | None:
        """Why ACTIVE is not followed; None when it is."""
        return self._refusal

    def require(self) -> LoadedArtifact:
        """What answers now. Raises `NoActiveModel`."""
        loaded = self._loaded
        if loaded is None:
            raise NoActiveModel(
                "No model is in force yet. Train one: POST /retrain with "
                '{"source": "simulated"}, or `python -m training fit --simulate 20000 --activate`.'
            )
        return loaded

    def start(self) -> None:
        """Load the active model if there is one, then go on following in the background."""
        self.refresh()
        self._follower = threading.Thread(target=self._follow, name="model-follower", daemon=True)
        self._follower.start()

    def stop(self) -> None:
        """Stop following; the model stays."""
        self._stopped.set()
        if self._follower is not None:
            self._follower.join(timeout=5)

    def refresh(self) -> None:
        """Look at ACTIVE once, and follow it if its version can be used. Never raises."""
        with self._loading:
            try:
                self._look()
            except SegmentsError as error:
                self._refuse("", str(error), ())
            except Exception as error:
                # Whatever a folder may hold, the model in force goes on answering.
                log.exception("ACTIVE cannot be followed")
                self._refuse("", f"ACTIVE cannot be followed ({type(error).__name__}).", ())

    def _follow(self) -> None:
        while not self._stopped.wait(self._poll_seconds):
            self.refresh()

    def _look(self) -> None:
        version = self._registry.active()
        loaded = self._loaded
        if version is None:
            self._lose(loaded)
        elif loaded is not None and loaded.manifest.version == version:
            self._refusal = None
        elif not self._refused_already(version):
            self._load(version)

    def _lose(self, loaded: LoadedArtifact | None) -> None:
        if loaded is not None:
            self._refuse("", "ACTIVE names no version any more; the one before it answers.", ())

    def _load(self, version: str) -> None:
        seen = _signature(self._registry.root, version)
        try:
            loaded = self._registry.load(version, Profile)
        except SegmentsError as error:
            self._refuse(version, str(error), seen)
            return
        self._loaded, self._refusal = loaded, None
        origin = loaded.manifest.origin
        self._metrics.model_swaps.inc()
        self._metrics.model_created.set(loaded.manifest.created_at.timestamp())
        self._metrics.model_simulated.set(origin.simulated)
        log.info(
            "a model is in force",
            extra={"fields": {"model_version": version, "simulated": origin.simulated}},
        )

    def _refused_already(self, version: str) -> bool:
        refusal = self._refusal
        return (
            refusal is not None
            and refusal.version == version
            and time.monotonic() < refusal.retry_at
            and refusal.signature == _signature(self._registry.root, version)
        )

    def _refuse(self, version: str, sentence: str, seen: Signature) -> None:
        before = self._refusal
        retry_at = time.monotonic() + self._retry_seconds
        self._refusal = Refusal(version, sentence, seen, retry_at)
        if before is not None and (before.version, before.signature) == (version, seen):
            return
        self._metrics.model_refusals.inc()
        log.error("the active model is refused: %s", sentence)


def _signature(root: Path, version: str) -> Signature:
    """How the files of a version look from outside; equal as long as nobody has touched them."""
    paths = [root / ACTIVE, *(root / version / name for name in (MANIFEST, ARRAYS, SUMS))]
    return tuple(_stat(path) for path in paths)


def _stat(path: Path) -> object:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return (status.st_ino, status.st_size, status.st_mtime_ns)
