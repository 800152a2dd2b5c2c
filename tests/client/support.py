"""Both clients behind one face, and calls as operations describe them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from backpocket_segments import AsyncSegmentsClient
from backpocket_segments.calls import Call, Open, Run, Together


class Blocking:
    """An `AsyncSegmentsClient` that is called like a `SegmentsClient`, in an event loop of its own."""

    def __init__(self, client: AsyncSegmentsClient, runner: asyncio.Runner) -> None:
        self._client = client
        self._runner = runner

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            return self._items(result) if isinstance(result, AsyncIterator) else self._runner.run(result)

        return call

    def _items(self, items: AsyncIterator[Any]) -> Iterator[Any]:
        async def following() -> Any:
            return await anext(items)

        try:
            while True:
                try:
                    yield self._runner.run(following())
                except StopAsyncIteration:
                    return
        finally:
            self._runner.run(items.aclose())  # type: ignore[attr-defined]


def first_call(operation: Any) -> Call[Any]:
    """The first call of an operation."""
    effect = Run(operation).advance()
    match effect:
        case Open(call):
            return call
        case Together(calls):
            return calls[0]
    assert isinstance(effect, Call)
    return effect
