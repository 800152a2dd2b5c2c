"""The results of one setting, as means over its models, and the targets they are judged by."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Final

import numpy as np

from benchmarks.partial_profiles.cache import Measured
from benchmarks.partial_profiles.cases import Setting, Truth
from benchmarks.partial_profiles.measure import Tally, accuracy, error, merged, noise
from benchmarks.partial_profiles.rivals import RIVALS
from models.scoring.columns import FloatArray

OURS: Final = RIVALS[0].name
# Most hidden fields for which there are targets; beyond, most of a profile is unknown.
MOST_JUDGED: Final = 6
# The largest calibration errors that are good enough: of `settled`, and of `confidence` with our simulator.
SETTLED_TARGET: Final = 0.02
CONFIDENCE_TARGETS: Final = {"easy": 0.03, "medium": 0.04, "hard": 0.06}

Measure = Callable[[FloatArray], float]


@dataclass(frozen=True)
class Results:
    """The cases of one setting."""

    setting: Setting
    cases: tuple[Measured, ...]

    @cached_property
    def models(self) -> list[list[Tally]]:
        """The tallies of each model. The folds of a survey count as one: each tests other people, and few."""
        by_case = [list(case.tallies) for case in self.cases]
        return [list(chain(*by_case))] if self.setting.generator == "survey" else by_case

    @property
    def counts(self) -> list[int]:
        """The numbers of hidden fields, ascending."""
        return sorted({tally.hidden for tally in self.models[0]})

    def counts_between(self, least: int, most: int = MOST_JUDGED) -> list[int]:
        """Those from `least` to `most`."""
        return [count for count in self.counts if least <= count <= most]

    def has(self, truth: Truth) -> bool:
        """Whether there are results by this truth."""
        return any(tally.truth == truth for tally in self.models[0])

    def has_chances(self, rival: str) -> bool:
        """Whether a method says how probably it is right."""
        own = [tally for tally in self.models[0] if tally.rival == rival]
        return bool(own) and all(tally.sure for tally in own)

    def mean(self, measure: Measure, rival: str, truth: Truth, counts: Sequence[int]) -> float:
        """The mean of a measure over the models and numbers of hidden fields, with the same weights.

        Models are measured one by one: in a sum, one that is too sure would make up for one that is not enough.
        """
        return float(
            np.mean([measure(merged(model, rival, truth, [count])) for model in self.models for count in counts])
        )

    def target(self, truth: Truth) -> float | None:
        """The largest error that is good enough; None where nobody named one."""
        if truth == "complete":
            return SETTLED_TARGET
        return CONFIDENCE_TARGETS[self.setting.variant] if self.setting.generator == "ours" else None

    def missed(self, truth: Truth) -> dict[int, float]:
        """Our error for the numbers of hidden fields where it is above the target."""
        target = self.target(truth)
        if target is None or not self.has(truth):
            return {}
        errors = {count: self.mean(error, OURS, truth, [count]) for count in self.counts_between(0)}
        return {count: value for count, value in errors.items() if round(value, 3) > target}

    @property
    def ceiling(self) -> float | None:
        """The mean ceiling of the cases; None without a planted persona."""
        ceilings = [case.ceiling for case in self.cases if case.ceiling is not None]
        return float(np.mean(ceilings)) if ceilings else None


def results_of(measured: Mapping[Setting, Sequence[Measured]]) -> list[Results]:
    """The results of each setting."""
    return [Results(setting, tuple(cases)) for setting, cases in measured.items()]


def bias(bins: FloatArray) -> float:
    """The mean probability less the share of correct trials: above 0 it is too sure."""
    return float(bins[:, 1].sum() / bins[:, 0].sum()) - accuracy(bins)


def misses(results: Sequence[Results]) -> list[str]:
    """A sentence for each setting and truth where a target was missed."""
    truths: tuple[Truth, ...] = ("complete", "planted")
    return [_miss(result, truth) for truth in truths for result in results if result.missed(truth)]


def _miss(result: Results, truth: Truth) -> str:
    missed, number = result.missed(truth), "settled" if truth == "complete" else "confidence"
    where = ", ".join(f"{value:.3f} with {count}" for count, value in missed.items())
    perfect = result.mean(noise, OURS, truth, list(missed))
    lean = result.mean(bias, OURS, truth, list(missed))
    direction = f"{abs(lean):.3f} too {'high' if lean > 0 else 'low'} on average"
    return (
        f"`{number}`, {result.setting.described}: {where} hidden, above {result.target(truth)}; "
        f"{direction}. Perfect ones would show {perfect:.3f}."
    )
