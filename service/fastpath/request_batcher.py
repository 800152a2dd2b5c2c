"""Requests that are answered without waiting for anything, and so without a task for each: those of one turn of
the event loop together, stage by stage.

Sixteen profiles that are all parsed, then all recognised, then all scored take less than half of what they take
one after the other: each stage finds the processor's caches as the profile before left them
(benchmarks/README.md).
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from service.http.server.early_response import FastRequest, FastResponse


class Answers(Protocol):
    """What answers at once (`service.fastpath.dispatcher`)."""

    def find(self, scope: Any) -> object | None:
        """What may answer a request with this head once its body is here; None: the app is to be asked."""

    def answer(self, asked: Sequence[FastRequest]) -> Sequence[FastResponse | None]:
        """The answers in the order of the requests; None where the app is to be asked, as after a defect."""


class RequestBatcher:
    """Gathers the requests that are whole in one turn of the loop, and has them answered after it."""

    def __init__(self, answers: Answers) -> None:
        self.find = answers.find
        self._answer = answers.answer
        self._waiting: list[tuple[FastRequest, Callable[[FastResponse | None], None], Callable[[], bool]]] = []

    def soon(
        self,
        loop: asyncio.AbstractEventLoop,
        asked: FastRequest,
        take: Callable[[FastResponse | None], None],
        gone: Callable[[], bool],
    ) -> None:
        """Have a request answered with the others of this turn.

        `take` gets the answer, None where the app is to be asked, and must not raise. Of whom is `gone` by then
        none is made.
        """
        if not self._waiting:
            loop.call_soon(self._answer_all)
        self._waiting.append((asked, take, gone))

    def _answer_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        there = [not gone() for _, _, gone in waiting]
        answers = iter(self._of([asked for (asked, _, _), still in zip(waiting, there, strict=True) if still]))
        for (_, take, _), still in zip(waiting, there, strict=True):
            take(next(answers) if still else None)

    def _of(self, asked: Sequence[FastRequest]) -> Sequence[FastResponse | None]:
        try:
            return self._answer(asked)
        except Exception:
            # A defect of ours is told by the app.
            return [None] * len(asked)
