"""Packed fixed-point rows (SWAR): the numbers of a row side by side in one integer, so that one addition adds all.

A number v is stored as round(v · 2^44), and number i of a row is shifted left by 64 · i bits. Adding such integers
adds the rows number by number, exactly and in any order. Rounding moves a number by at most 2^-45, about 3·10^-14.
Sums stay below 2^19, so that 2^19 · 2^44 = 2^63: the rows of a field are below `LARGEST`, those of one value of a
list below `LARGEST_LISTED` (`FieldEvidence.fits`), and a profile has a few dozen of the former and fewer than two
thousand of the latter.
"""

import struct
from collections.abc import Sequence
from typing import Final

LARGEST: Final = 8_192.0
LARGEST_LISTED: Final = 64.0
# A stored number is the number times UNIT; STEP is the value of one.
UNIT: Final = 2.0**44
STEP: Final = 2.0**-44
_NUMBER_BITS: Final = 64


def pack(row: Sequence[float]) -> int:
    """Pack a row into one integer. Raises `ValueError` where a number is too large or not finite."""
    if not all(-LARGEST < number < LARGEST for number in row):
        raise ValueError(f"A row has a number that is not below {LARGEST:,.0f}.")
    return sum(round(number * UNIT) << _NUMBER_BITS * index for index, number in enumerate(row))


class PackedRows:
    """Unpacks sums of packed rows of `count` numbers."""

    def __init__(self, count: int) -> None:
        self._bytes = count * _NUMBER_BITS // 8
        self._unpack = struct.Struct(f"<{count}q").unpack
        # Makes every number positive, so that none borrows from the next; it is subtracted again number by number.
        self._lift = sum(1 << _NUMBER_BITS * (index + 1) - 1 for index in range(count))

    def unpack(self, total: int) -> list[float]:
        """The numbers of a sum of packed rows, in steps of `STEP`."""
        lifted = (total + self._lift) ^ self._lift
        return [*self._unpack(lifted.to_bytes(self._bytes, "little"))]
