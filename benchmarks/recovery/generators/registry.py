"""The generators of the benchmark by name, and what is measured with each."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import training
from benchmarks.recovery.generators.continuous import generator as continuous
from benchmarks.recovery.generators.drawn import Draw
from benchmarks.recovery.generators.second import generator as second
from benchmarks.recovery.generators.simulator import Simulator
from benchmarks.recovery.generators.tables import planted_tables
from benchmarks.recovery.generators.tables.planted_tables import TILTED, WITH_CLASSES, PlantedTables, is_csv
from training.simulation.simulate import DIFFICULTIES

PERSONAS: Final = 5
COUNTS: Final = (3, 4, 5, 6)

_OURS: Final = Path(training.__file__).parent / "simulation"
_HERE: Final = Path(__file__).parent


class Drawing(Protocol):
    """A source of draws."""

    def draw(self, variant: str, rows: int, personas: int, seed: int) -> Draw:
        """The draw of a seed."""


@dataclass(frozen=True, kw_only=True)
class Generator:
    """A generator. `title`: the heading of its tables; `note`: what it is, in sentences.

    `shuffled`: the variants of which fields are shuffled too. `has_lists`: whether items are shuffled as well.
    `classes`: the number of groups of variants that have a fixed one. `code`: the folder that draws depend on.
    """

    drawing: Drawing
    title: str
    note: str
    variants: tuple[str, ...]
    shuffled: tuple[str, ...]
    has_lists: bool = True
    classes: dict[str, int] = field(default_factory=dict)
    takes_files: bool = False
    code: Path = _HERE

    def chosen(self, variants: tuple[str, ...]) -> tuple[str, ...]:
        """Those of some variants that are of this generator; all of its own if there are none to choose from."""
        if not variants:
            return self.variants
        return tuple(name for name in variants if name in self.variants or (self.takes_files and is_csv(name)))

    def personas(self, variant: str) -> int:
        """How many groups a draw has where methods are given their number."""
        return self.classes.get(variant, PERSONAS)

    def counts(self, variant: str) -> tuple[int, ...]:
        """The numbers of groups of draws where the number is to be chosen."""
        most = self.classes.get(variant, max(COUNTS))
        return tuple(count for count in COUNTS if count <= most) or (most,)

    def shuffled_of(self, variants: tuple[str, ...]) -> tuple[str, ...]:
        """Of some of its variants those to shuffle; the first if none of them is."""
        return tuple(name for name in variants if name in self.shuffled or is_csv(name)) or variants[:1]


GENERATORS: Final[dict[str, Generator]] = {
    "ours": Generator(
        drawing=Simulator(),
        title="Our simulator",
        note="Profiles of `training.simulation`. The authors of the pipeline also wrote it, and tuned it with "
        "such a pipeline in mind: it plants differences in how readily people tick boxes, a distraction that our "
        "encoder was designed to withstand. These are not independent figures.",
        variants=tuple(DIFFICULTIES),
        shuffled=tuple(DIFFICULTIES)[:1],
        code=_OURS,
    ),
    "second": Generator(
        drawing=second.Second(),
        title="A second generator",
        note="Profiles with personas, written without a look at the simulator and at the pipeline: lists by "
        "successive choices among words of Zipf's popularity, their lengths heavy-tailed and unrelated to the "
        "persona; a taste, a style of answering and care, which tie all answers of a person together within a "
        "persona; answers missing for reasons; a tenth of the people of no persona. The ceiling sums exactly over "
        "all that is latent.",
        variants=tuple(second.VARIANTS),
        shuffled=("easy",),
    ),
    "continuous": Generator(
        drawing=continuous.Continuous(),
        title="Continuous traits",
        note="Three normal traits in place of classes. The planted label is the nearest of k centres in the space "
        "of the traits, so nothing is in clusters, and no number of personas is right. The ceiling is by Monte "
        "Carlo. It presumes that the reader knows the centres: K-Means of the true traits would stay below half "
        "of it, as the regions are one division of many.",
        variants=tuple(continuous.VARIANTS),
        shuffled=("sharp",),
    ),
    "tables": Generator(
        drawing=PlantedTables(),
        title="Real tables",
        note="Tables that scikit-learn ships, resampled with noise: by their own classes, or, as “tilted”, by "
        "personas that prefer rows along four columns of their own. The ceiling presumes that the reader knows "
        "the table by heart; a method that sees the draw alone cannot reach it.",
        variants=planted_tables.VARIANTS,
        shuffled=(*WITH_CLASSES, f"diabetes{TILTED}"),
        has_lists=False,
        classes=WITH_CLASSES,
        takes_files=True,
    ),
}
VARIANTS: Final = tuple(dict.fromkeys(name for generator in GENERATORS.values() for name in generator.variants))
