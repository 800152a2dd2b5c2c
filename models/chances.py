"""The probabilities of `models.completion` for one profile, from plain tuples."""

import math

import numpy as np

from models.completion import Completion
from models.lanes import Row


class Chances:
    """The probabilities of `models.completion` for one profile, from plain tuples."""

    def __init__(self, completion: Completion) -> None:
        self.live = completion.live
        self._prior: Row = tuple(completion.prior.tolist())
        self._certain = [tuple(row) for row in np.eye(len(completion.prior)).tolist()]

    def of(self, nearest: int, distances: Row, hidden: int, temperature: float) -> Row:
        """The chance of each persona, with so many fields hidden."""
        if not hidden:
            return self._certain[nearest]
        if hidden == self.live:
            return self._prior
        return softmax_of([-distance * distance / temperature for distance in distances])


def softmax_of(logits: list[float]) -> Row:
    """Softmax of a few numbers."""
    most = max(logits)
    powers = [math.exp(each - most) for each in logits]
    total = sum(powers)
    return tuple([power / total for power in powers])
