"""Rows of numbers held side by side in one integer, so that one addition adds them all.

A number v is held as v · 2^44, rounded, and number i of a row counts 2^(64·i) times: adding such integers adds
every number of the rows to the one at its place, exactly and in any order. Rounding moves a number by 2^-45 at
most, about 3·10^-14. Numbers below `LARGEST` leave room for 512 rows (2^10 · 2^9 · 2^44 = 2^63); a profile has
far fewer.
"""

import struct
from collections.abc import Sequence

Row = tuple[float, ...]

LARGEST = 1_024.0
# What a number is multiplied with to be held, and what it is held in.
UNIT, STEP = 2.0**44, 2.0**-44
_LANE_BITS = 64


def join(row: Sequence[float]) -> int | None:
    """The numbers of a row as one integer; None where one is too large, or none at all."""
    if not all(-LARGEST < number < LARGEST for number in row):
        return None
    return sum(round(number * UNIT) << _LANE_BITS * place for place, number in enumerate(row))


class PackedRows:
    """Takes sums of rows of so many numbers apart."""

    def __init__(self, count: int) -> None:
        self._bytes = count * _LANE_BITS // 8
        self._unpack = struct.Struct(f"<{count}q").unpack
        # Lifts every number above 0, so that none borrows from the next; taken off again in each by itself.
        self._lift = sum(1 << _LANE_BITS * (place + 1) - 1 for place in range(count))

    def split(self, total: int) -> list[float]:
        """The numbers of a sum of rows, in steps."""
        lifted = (total + self._lift) ^ self._lift
        return [*self._unpack(lifted.to_bytes(self._bytes, "little"))]
