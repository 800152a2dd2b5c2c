"""The active model: followed in the background, verified whole, then swapped as one reference.

A request calls `require` once and uses that value to its end, so that it never sees parts of two models. A version
that cannot be used is refused, and the previous model stays loaded.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models.errors import ArtifactError, ArtifactNotWritten, NoActiveModel, SegmentsError
from models.profile import Profile
from models.storage.artifact import ARRAYS, MANIFEST, SUMS, LoadedArtifact
from models.storage.persona_texts import with_texts, write_texts
from models.storage.registry import ACTIVE, Registry
from service.background.periodic_task import PeriodicTask
from service.observability.metrics import Metrics
from service.segmenting.segment_json import SegmentEncoder
from service.store.ports.personas import Overrides

log = logging.getLogger("service.model_in_force")

# Seconds that the start waits for the overrides of personas.
OVERRIDES_TIMEOUT = 2.0

FileStates = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the version that ACTIVE names is not loaded; `files` is how its files looked then."""

    version: str
    sentence: str
    files: FileStates
    retry_at: float


class ActiveModel:
    """Follows the registry's ACTIVE. `require` is for any thread; `refresh` blocks while it loads a model."""

    def __init__(
        self,
        registry: Registry,
        metrics: Metrics,
        poll_seconds: float,
        retry_seconds: float,
        read_overrides: Callable[[], Overrides] | None = None,
    ) -> None:
        self.registry = registry
        self._read_overrides = read_overrides
        self._overrides: Overrides = {}
        self._texts_are_written = True
        self._metrics = metrics
        self._retry_seconds = retry_seconds
        self._loaded: LoadedArtifact | None = None
        self._without_overrides: LoadedArtifact | None = None
        self._encoder: SegmentEncoder | None = None
        self._refusal: Refusal | None = None
        self._loading = threading.Lock()
        self._following_overrides = threading.Lock()
        self._overrides_read = threading.Event()
        self._model_follower = PeriodicTask(
            name="model-follower", interval=poll_seconds, work=self.refresh, log=log
        )
        # In a thread of its own: a store that hangs must not keep a model from being followed.
        self._overrides_follower = PeriodicTask(
            name="overrides-follower",
            interval=poll_seconds,
            work=self._follow_overrides,
            log=log,
            immediately=True,
        )

    @property
    def loaded(self) -> LoadedArtifact | None:
        """The active model; None before there is one."""
        return self._loaded

    @property
    def refusal(self) -> Refusal | None:
        """Why the version that ACTIVE names is not loaded; None when it is."""
        return self._refusal

    def loaded_if_current(self) -> LoadedArtifact | None:
        """The loaded model if ACTIVE names it: a worker that lags behind must not undo what others do."""
        loaded = self._loaded
        return loaded if loaded is not None and self.is_active(loaded) else None

    def is_active(self, loaded: LoadedArtifact) -> bool:
        """Whether ACTIVE names this model now; reads that file."""
        return loaded.manifest.version == active_version(self.registry)

    def require(self) -> LoadedArtifact:
        """The active model. Raises `NoActiveModel`."""
        return self._required(self._loaded)

    def require_without_overrides(self) -> LoadedArtifact:
        """The active model as training made it. Raises `NoActiveModel`."""
        return self._required(self._without_overrides)

    def _required(self, loaded: LoadedArtifact | None) -> LoadedArtifact:
        if loaded is None:
            raise NoActiveModel(
                "No model is active yet. Train one: POST /retrain with "
                '{"source": "simulated"}, or `python -m training fit --simulate 20000 --activate`.'
            )
        return loaded

    def require_encoder(self) -> SegmentEncoder:
        """The encoder of the active model's responses. Raises `NoActiveModel`."""
        return self.encoder_of(self.require())

    def encoder_of(self, loaded: LoadedArtifact) -> SegmentEncoder:
        """The encoder of a model that is active, or was a moment ago."""
        encoder = self._encoder
        return encoder if encoder is not None and encoder.loaded is loaded else SegmentEncoder(loaded)

    def start(self) -> None:
        """Load the active model if there is one, then follow it in the background."""
        self.refresh()
        self._model_follower.start()
        if self._read_overrides is not None:
            self._overrides_follower.start()
            self._overrides_read.wait(OVERRIDES_TIMEOUT)

    def stop(self) -> None:
        """Stop following; the model stays loaded."""
        self._model_follower.stop()
        self._overrides_follower.stop()

    def refresh_overrides(self) -> None:
        """Read people's overrides of personas, and lay them over the model. Raises `StoreUnavailable`."""
        if self._read_overrides is None:
            return
        # Read and swapped in one piece: else a slow reader would put older overrides over newer ones.
        with self._following_overrides:
            overrides = dict(self._read_overrides())
            self._use_overrides(overrides)
            self._write_texts(overrides)

    def _use_overrides(self, overrides: Overrides) -> None:
        with self._loading:
            if overrides != self._overrides:
                self._overrides = overrides
                if self._without_overrides is not None:
                    self._swap(with_texts(self._without_overrides, overrides))

    def _write_texts(self, overrides: Overrides) -> None:
        """Write the texts beside the versions, for training, unless they are there; a failure is logged once."""
        try:
            write_texts(self.registry.root, overrides)
            self._texts_are_written = True
        except ArtifactNotWritten as error:
            if self._texts_are_written:
                log.warning("people's texts for personas are not written beside the versions: %s", error)
            self._texts_are_written = False

    def refresh(self) -> None:
        """Read ACTIVE once, and load its version if that can be used. Never raises."""
        with self._loading:
            try:
                self._follow()
            except SegmentsError as error:
                self._refuse("", str(error), ())
            except Exception as error:
                # Whatever a folder may hold, the loaded model stays.
                log.exception("ACTIVE cannot be followed")
                self._refuse("", f"ACTIVE cannot be followed ({type(error).__name__}).", ())

    def _follow_overrides(self) -> None:
        try:
            self.refresh_overrides()
        except Exception:
            # The store may be away for a while; the overrides that were read last stay.
            log.warning("overrides of personas could not be read")
        finally:
            self._overrides_read.set()

    def _follow(self) -> None:
        version, loaded = self.registry.active(), self._loaded
        if version is None:
            if loaded is not None:
                self._refuse("", "ACTIVE names no version any more; the previous one stays loaded.", ())
        elif loaded is not None and loaded.manifest.version == version:
            self._refusal = None
        elif not self._is_refused(version):
            self._load(version)

    def _load(self, version: str) -> None:
        files = _file_states(self.registry.root, version)
        try:
            loaded = self.registry.load(version, Profile)
        except SegmentsError as error:
            self._refuse(version, str(error), files)
            return
        self._without_overrides, self._refusal = loaded, None
        self._swap(with_texts(loaded, self._overrides))
        origin = loaded.manifest.origin
        self._metrics.model_swaps.inc()
        self._metrics.model_created.set(loaded.manifest.created_at.timestamp())
        self._metrics.model_simulated.set(origin.simulated)
        fields = {"model_version": version, "simulated": origin.simulated}
        log.info("a model is active", extra={"fields": fields})

    def _swap(self, loaded: LoadedArtifact) -> None:
        encoder = SegmentEncoder(loaded)
        self._loaded, self._encoder = loaded, encoder

    def _is_refused(self, version: str) -> bool:
        """Whether the version was refused a short time ago and its files are unchanged."""
        refusal = self._refusal
        return (
            refusal is not None
            and refusal.version == version
            and time.monotonic() < refusal.retry_at
            and refusal.files == _file_states(self.registry.root, version)
        )

    def _refuse(self, version: str, sentence: str, files: FileStates) -> None:
        previous = self._refusal
        self._refusal = Refusal(version, sentence, files, retry_at=time.monotonic() + self._retry_seconds)
        if previous is not None and (previous.version, previous.files) == (version, files):
            return
        self._metrics.model_refusals.inc()
        log.error("the active model is refused: %s", sentence)


def active_version(registry: Registry) -> str | None:
    """The version that ACTIVE names; None where it names none or cannot be read."""
    try:
        return registry.active()
    except ArtifactError:
        return None


def _file_states(root: Path, version: str) -> FileStates:
    """Inode, size and time of ACTIVE and of a version's files; equal as long as they are unchanged."""
    paths = [root / ACTIVE, *(root / version / name for name in (MANIFEST, ARRAYS, SUMS))]
    return tuple(_file_state(path) for path in paths)


def _file_state(path: Path) -> object:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return (status.st_ino, status.st_size, status.st_mtime_ns)
