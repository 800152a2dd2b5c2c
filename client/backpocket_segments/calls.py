"""Descriptions of requests and of what to do with responses; nothing here does input or output.

An operation is a generator that yields effects and gets their results: the two clients perform them, one by
threads and one by tasks, so that every rule stands once.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from backpocket_segments.errors import SegmentsError

T = TypeVar("T")

Query = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, kw_only=True)
class Call(Generic[T]):
    """One request, and the class of its result.

    `route`: the path as in the service's OpenAPI document; `path`: the ids in it. `content`: makes the body anew
    for each attempt; a body that can be made once alone is not `repeatable`. `least_timeout`: seconds that its
    work may take, however short the client's timeout is. `cached`: whether an ETag may save the transfer.
    """

    method: str
    route: str
    result: type[T]
    path: Mapping[str, str] = field(default_factory=dict)
    query: Query = field(default_factory=dict)
    json: object = None
    content: Callable[[], Iterator[bytes]] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    idempotent: bool = True
    repeatable: bool = True
    least_timeout: float = 0.0
    cached: bool = False

    @property
    def target(self) -> str:
        """The path with its ids, percent-encoded."""
        return self.route.format_map({name: path_segment(value) for name, value in self.path.items()})

    @property
    def parameters(self) -> dict[str, str]:
        """The query, without what is None."""
        return {name: _text(value) for name, value in self.query.items() if value is not None}

    def result_of(self) -> "Steps[T]":
        """An operation that is this call alone."""
        result: T = yield self
        return result


@dataclass(frozen=True)
class Together(Generic[T]):
    """Calls that may run side by side; the result is a list in their order."""

    calls: Sequence[Call[T]]

    def results_of(self) -> "Steps[list[T]]":
        """An operation that is these calls alone."""
        results: list[T] = yield self
        return results


@dataclass(frozen=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Open:
    """Send a request whose response is long; `Read` gets its bytes, chunk by chunk."""

    call: Call[Any]


@dataclass(frozen=True)
class Read:
    """The next chunk of the opened response; empty at its end."""


@dataclass(frozen=True)
class Emit(Generic[T]):
    """An item for the caller's loop, which has handled it when the operation goes on."""

    item: T


Effect = Call[Any] | Together[Any] | Pause | Open | Read
# An operation with one result, and an operation that emits items.
Steps = Generator[Effect, Any, T]
Source = Generator[Effect | Emit[T], Any, None]


class Run(Generic[T]):
    """An operation as it goes on: each effect is asked for with the outcome of the one before."""

    result: T

    def __init__(self, steps: Generator[Any, Any, T]) -> None:
        self._steps = steps

    def advance(self, outcome: object = None) -> Any:
        """The next effect; None at the end, which has a `result`. An error of ours is raised in the operation."""
        try:
            return self._steps.throw(outcome) if isinstance(outcome, SegmentsError) else self._steps.send(outcome)
        except StopIteration as end:
            self.result = end.value
            return None


# The result of a response without a body.
NOTHING: type[None] = type(None)


def path_segment(text: str) -> str:
    """An id as one segment of a path. Raises `ValueError` where it has no character."""
    if not text:
        raise ValueError("an id has at least one character")
    # Dots alone would be taken for "this folder" and "the one above".
    return text.replace(".", "%2E") if text in (".", "..") else quote(text, safe="")


def _text(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
