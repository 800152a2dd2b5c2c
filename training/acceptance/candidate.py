"""The refit that is checked before it may become the active model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from models.persona import GiverTexts, Persona
from models.scoring.columns import IntArray
from models.scoring.scorer import Scorer
from models.storage.manifest import Origin
from training.clustering.fit import Fit
from training.data.dataset import Dataset
from training.data.encoded import EncodedDataset


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A fit with its scorer and personas.

    `held_out_rows`: the profiles that it is checked on, which are not among the `fitted_rows` profiles that it was
    fitted on unless there are too few to hold any out. `refits`: fits of resampled profiles; None where they have
    yet to be made. `giver_texts`: persona id → its texts in the giver's voice.
    """

    origin: Origin
    fit: Fit
    scorer: Scorer
    personas: tuple[Persona, ...]
    fitted_rows: int
    held_out_rows: IntArray
    refits: tuple[Fit, ...] | None = None
    giver_texts: Mapping[str, GiverTexts] = field(default_factory=dict)

    @property
    def dataset(self) -> Dataset:
        """All profiles of the run."""
        return self.fit.encoded.dataset

    @cached_property
    def held_out(self) -> EncodedDataset:
        """The profiles of `held_out_rows`."""
        return self.fit.encoded.take(self.held_out_rows)
