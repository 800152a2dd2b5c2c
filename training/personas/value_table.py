"""Persona × value tables: counts, shares and lifts, and those of them that may be stated."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.affinities.counts import MIN_GROUP
from models.scoring.columns import BoolArray, CodeColumn, Column, FloatArray, IntArray, NumberColumn
from training.personas.disclosure import in_fives


@dataclass(frozen=True)
class ValueTable:
    """How often each cluster gives each value of a field.

    `counts` (k, values); `answered` (k,): members who answered the field at all. `one_answer`: nobody has two of
    the values.

    What is published is stated: no count of fewer than `MIN_GROUP` members, and none that follows from others.
    """

    counts: IntArray
    answered: IntArray
    one_answer: bool = False

    @cached_property
    def everyone(self) -> FloatArray:
        """Share of all who answered, (values,)."""
        everyone: FloatArray = self.counts.sum(axis=0) / max(int(self.answered.sum()), 1)
        return everyone

    @cached_property
    def shares(self) -> FloatArray:
        """Share of the members who answered, (k, values)."""
        shares: FloatArray = self.counts / np.maximum(self.answered, 1)[:, None]
        return shares

    @cached_property
    def lifts(self) -> FloatArray:
        """Share relative to everyone's, (k, values), shrunk toward 1 where few profiles are expected.

        The gamma-Poisson shrinkage (N + a) / (E + a) of Clayton and Kaldor (Biometrics 43, 1987), with a from the
        moments of all cells: where they differ no more than by chance, a is infinite and every lift is 1.
        """
        if self.prior is None:
            return np.ones_like(self._expected)
        lifts: FloatArray = (self.counts + self.prior) / (self._expected + self.prior)
        return lifts

    @cached_property
    def prior(self) -> float | None:
        """The weight of the prior of `lifts`, in expected members; None stands for infinity."""
        expected = self._expected
        deviation = np.sum((self.counts - expected) ** 2 / np.maximum(expected, 1e-300))
        surplus = float(deviation) - np.count_nonzero(expected)
        return None if surplus <= 0 else float(expected.sum()) / surplus

    @cached_property
    def residuals(self) -> FloatArray:
        """Adjusted standardised residuals, (k, values): standard normal where members are like the rest.

        Haberman, Biometrics 29 (1973); Agresti, Categorical Data Analysis, 3.3.
        """
        members = (self.answered / max(self.answered.sum(), 1))[:, None]
        variance = self._expected * (1 - self.everyone) * (1 - members)
        deviation = self.counts - self._expected
        residuals: FloatArray = np.zeros_like(variance)
        np.divide(deviation, np.sqrt(variance), where=variance > 1e-12, out=residuals)
        return residuals

    @cached_property
    def _expected(self) -> FloatArray:
        expected: FloatArray = self.answered[:, None] * self.everyone
        return expected

    @cached_property
    def shown(self) -> BoolArray:
        """Which counts are of enough members to be stated, (k, values)."""
        shown: BoolArray = self.counts >= MIN_GROUP
        return shown

    @cached_property
    def stated_answered(self) -> IntArray:
        """`answered` as it is stated: of a field with one answer with the withheld counts in fives, (k,).

        0 for fewer than `MIN_GROUP`.
        """
        stated: IntArray = self.answered
        if self.one_answer:
            shown = np.where(self.shown, self.counts, 0).sum(axis=1)
            withheld = (~self.shown).sum(axis=1).tolist()
            rest = map(in_fives, (self.answered - shown).tolist(), withheld)
            stated = shown + np.fromiter(rest, np.int64, len(shown))
        return np.where(self.answered >= MIN_GROUP, stated, 0)

    @cached_property
    def stated_shares(self) -> FloatArray:
        """Shares of `stated_answered`, (k, values); NaN where the count is withheld."""
        shares: FloatArray = np.where(
            self.shown, self.counts / np.maximum(self.stated_answered, 1)[:, None], np.nan
        )
        return shares

    @cached_property
    def stated_everyone(self) -> FloatArray:
        """Everyone's shares with the withheld counts in fives, (values,)."""
        hidden = np.where(self.shown, 0, self.counts).sum(axis=0).tolist()
        others = np.fromiter(map(in_fives, hidden, (~self.shown).sum(axis=0).tolist()), np.int64, len(hidden))
        totals = np.where(self.shown, self.counts, 0).sum(axis=0) + others
        everyone: FloatArray = np.minimum(totals / max(int(self.stated_answered.sum()), 1), 1.0)
        return everyone

    @cached_property
    def most_shares(self) -> FloatArray:
        """Stated shares, (k, values); where the count is withheld the most that it may be, at most everyone's."""
        most = np.minimum((MIN_GROUP - 1) / np.maximum(self.stated_answered, 1)[:, None], self.stated_everyone)
        shares: FloatArray = np.where(self.shown, self.stated_shares, most)
        return shares

    @cached_property
    def stated_prior(self) -> float | None:
        """`prior` to three digits."""
        return None if self.prior is None else float(f"{self.prior:.3g}")

    @cached_property
    def stated_lifts(self) -> FloatArray:
        """`lifts` by what is stated, (k, values); where the count is withheld the most that it may be, to 1."""
        prior, expected = self.stated_prior, self.stated_answered[:, None] * self.stated_everyone
        if prior is None:
            return np.ones_like(expected)
        most = np.minimum((MIN_GROUP - 1 + prior) / (expected + prior), 1.0)
        lifts: FloatArray = np.where(self.shown, (self.counts + prior) / (expected + prior), most)
        return lifts


def value_table(column: Column, clusters: IntArray, k: int, values: int) -> ValueTable:
    """Count a coded column, or one of level numbers."""
    if isinstance(column, NumberColumn):
        column = CodeColumn(np.nan_to_num(column.values, nan=-1).astype(np.int64))
    if isinstance(column, CodeColumn):
        is_answered = column.codes >= 0
        codes, owners = column.codes[is_answered], clusters[is_answered]
    else:
        is_answered = column.answered
        codes, owners = column.codes, clusters[column.rows]
    counts = np.bincount(owners * values + codes, minlength=k * values).reshape(k, values)
    one_answer = isinstance(column, CodeColumn)
    return ValueTable(counts, np.bincount(clusters[is_answered], minlength=k), one_answer)
