"""Counts that may be published: none of fewer than `MIN_GROUP` members, and none that others would give away.

A withheld count must not follow from what is published (complementary disclosure; Willenborg and de Waal, Elements
of Statistical Disclosure Control, 2001, ch. 4). Two things could give it away:

- a total of which it is the only part that is missing. Totals over the personas, and of a field with one answer
  those over its values, contain the withheld counts in fives (`in_fives`): from a total follows at most in which
  five their sum lies, and never one count.
- two fields crossed, whose cells add up to published counts of one field. There the smallest published cell of a
  row or column with one withheld cell is withheld, too (`protect_lines`).

Withheld is also a count of 0, so that nobody learns whether it is one.
"""

from typing import Final

import numpy as np

from models.affinities.counts import MIN_GROUP
from models.scoring.columns import BoolArray, IntArray

_MOST: Final = MIN_GROUP - 1
_MIDDLE: Final = _MOST // 2


def in_fives(members: int, withheld: int) -> int:
    """The sum of this many withheld counts, to be published: the middle of the five that it lies in.

    The highest five that the counts could reach is joined with the one below, lest it hold one sum alone.
    """
    if withheld == 0:
        return 0
    five = members // MIN_GROUP
    if members <= _MOST * withheld:
        five = min(five, (_MOST * withheld - 1) // MIN_GROUP)
    return MIN_GROUP * five + _MIDDLE


def protect_lines(counts: IntArray, shown: BoolArray, unlisted: IntArray, axis: int) -> BoolArray:
    """Withhold further cells: the smallest shown one of every line with exactly one withheld count.

    `counts`, `shown`: (k, a, b); the lines run along `axis`, 1 or 2. `unlisted`: the members of each line in
    no cell of it, which count as one more withheld count where there are any. Returns what may be shown.
    """
    hidden = ~shown
    missing = np.where(hidden, counts, 0).sum(axis=axis) + unlisted
    lone = (hidden.sum(axis=axis) + (unlisted > 0) == 1) & (missing > 0) & shown.any(axis=axis)
    smallest = np.expand_dims(np.where(shown, counts, np.iinfo(np.int64).max).argmin(axis=axis), axis)
    further = np.zeros_like(shown)
    np.put_along_axis(further, smallest, np.expand_dims(lone, axis), axis=axis)
    protected: BoolArray = shown & ~further
    return protected


def hides_gifts(merged: IntArray, counts: list[IntArray]) -> BoolArray:
    """Which counts of single gift fields, (k, values) each, give a small group away beside those of all together.

    The differences are people with the category in one field alone, or, of two fields, in both.
    """
    is_small = np.zeros(merged.shape, np.bool_)
    differences = [merged - own for own in counts]
    if len(counts) == 2:
        differences.append(counts[0] + counts[1] - merged)
    for difference in differences:
        is_small |= (difference > 0) & (difference < MIN_GROUP)
    return is_small
