"""The model that answers: followed in the background, verified whole, then swapped by one reference.

A request takes `require()` once and keeps what it got, so that it never sees parts of two models. A version
that cannot be used is refused, and the one before it goes on answering.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models.errors import ArtifactError, NoActiveModel, SegmentsError
from models.profile import Profile
from models.storage.artifact import ARRAYS, MANIFEST, SUMS, LoadedArtifact
from models.storage.registry import ACTIVE, Registry
from service.active_model.overrides import Edits, with_edits
from service.background.periodic_task import PeriodicTask
from service.observability.metrics import Metrics
from service.segmenting.segment_json import SegmentEncoder

log = logging.getLogger("service.model_in_force")

# How long the first answers wait for what people wrote of the personas.
EDITS_PATIENCE = 2.0

Signature = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the version that ACTIVE names is not the one that answers; `signature` is how its files looked."""

    version: str
    sentence: str
    signature: Signature
    retry_at: float


class ActiveModel:
    """Follows the registry's ACTIVE. `require` is for any thread; `refresh` blocks while it loads."""

    def __init__(
        self,
        registry: Registry,
        metrics: Metrics,
        poll_seconds: float,
        retry_seconds: float,
        get_edits: Callable[[], Edits] | None = None,
    ) -> None:
        self.registry = registry
        self._get_edits = get_edits
        self._edits: Edits = {}
        self._plain: LoadedArtifact | None = None
        self._metrics = metrics
        self._retry_seconds = retry_seconds
        self._loaded: LoadedArtifact | None = None
        self._swift: SegmentEncoder | None = None
        self._refusal: Refusal | None = None
        self._loading = threading.Lock()
        self._edits_read = threading.Event()
        self._model_follower = PeriodicTask(
            name="model-follower", interval=poll_seconds, work=self.refresh, log=log
        )
        # In a thread of its own: a store that hangs must not keep a model from being followed.
        self._edits_follower = PeriodicTask(
            name="edits-follower", interval=poll_seconds, work=self._follow_edits, log=log, immediately=True
        )

    @property
    def loaded(self) -> LoadedArtifact | None:
        """What answers now; None before there is a model."""
        return self._loaded

    @property
    def refusal(self) -> Refusal | None:
        """Why ACTIVE is not followed; None when it is."""
        return self._refusal

    def loaded_if_current(self) -> LoadedArtifact | None:
        """The loaded model if ACTIVE names it: a worker that lags behind must not undo what others do."""
        loaded = self._loaded
        if loaded is None or loaded.manifest.version != active_version(self.registry):
            return None
        return loaded

    def require(self) -> LoadedArtifact:
        """What answers now. Raises `NoActiveModel`."""
        loaded = self._loaded
        if loaded is None:
            raise NoActiveModel(
                "No model is in force yet. Train one: POST /retrain with "
                '{"source": "simulated"}, or `python -m training fit --simulate 20000 --activate`.'
            )
        return loaded

    def require_encoder(self) -> SegmentEncoder:
        """The same, for profiles that are recognised at sight. Raises `NoActiveModel`."""
        return self.encoder_of(self.require())

    def encoder_of(self, loaded: LoadedArtifact) -> SegmentEncoder:
        """The same for a model that answers, or answered a moment ago."""
        swift = self._swift
        return swift if swift is not None and swift.loaded is loaded else SegmentEncoder(loaded)

    def start(self) -> None:
        """Load the active model if there is one, then go on following in the background."""
        self.refresh()
        self._model_follower.start()
        if self._get_edits is not None:
            self._edits_follower.start()
            self._edits_read.wait(EDITS_PATIENCE)

    def stop(self) -> None:
        """Stop following; the model stays."""
        self._model_follower.stop()
        self._edits_follower.stop()

    def refresh_edits(self) -> None:
        """Read what people wrote of the personas, and answer with it. Raises `StoreUnavailable`."""
        if self._get_edits is None:
            return
        edits = dict(self._get_edits())
        with self._loading:
            if edits != self._edits:
                self._edits = edits
                if self._plain is not None:
                    self._answer_with(with_edits(self._plain, edits))

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

    def _follow_edits(self) -> None:
        try:
            self.refresh_edits()
        except Exception:
            # The store may be away for a while; what was last read stands until then.
            log.warning("edits of personas could not be read")
        finally:
            self._edits_read.set()

    def _look(self) -> None:
        version = self.registry.active()
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
        seen = _signature(self.registry.root, version)
        try:
            loaded = self.registry.load(version, Profile)
        except SegmentsError as error:
            self._refuse(version, str(error), seen)
            return
        self._plain, self._refusal = loaded, None
        self._answer_with(with_edits(loaded, self._edits))
        origin = loaded.manifest.origin
        self._metrics.model_swaps.inc()
        self._metrics.model_created.set(loaded.manifest.created_at.timestamp())
        self._metrics.model_simulated.set(origin.simulated)
        log.info(
            "a model is in force",
            extra={"fields": {"model_version": version, "simulated": origin.simulated}},
        )

    def _answer_with(self, loaded: LoadedArtifact) -> None:
        swift = SegmentEncoder(loaded)
        self._loaded, self._swift = loaded, swift

    def _refused_already(self, version: str) -> bool:
        refusal = self._refusal
        return (
            refusal is not None
            and refusal.version == version
            and time.monotonic() < refusal.retry_at
            and refusal.signature == _signature(self.registry.root, version)
        )

    def _refuse(self, version: str, sentence: str, seen: Signature) -> None:
        before = self._refusal
        retry_at = time.monotonic() + self._retry_seconds
        self._refusal = Refusal(version, sentence, seen, retry_at)
        if before is not None and (before.version, before.signature) == (version, seen):
            return
        self._metrics.model_refusals.inc()
        log.error("the active model is refused: %s", sentence)


def active_version(registry: Registry) -> str | None:
    """The version that ACTIVE names; None where it names none or cannot be read."""
    try:
        return registry.active()
    except ArtifactError:
        return None


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
