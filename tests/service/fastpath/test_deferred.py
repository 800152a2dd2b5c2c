"""Responses that wait for work in another thread: sent when it ends or takes too long, once each."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Thread

from service.fastpath.deferred import Awaited, Deferred, DeferredResponses
from service.http.responses import RenderedResponse
from service.http.server.early_response import FastRequest, FastResponse


class FakeFinisher:
    """Answers with the ids of the requests, and whether their work was done; remembers each call."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def finish(self, deferred: Sequence[Deferred]) -> list[FastResponse]:
        self.calls.append([response.own_id for response in deferred])
        return [
            FastResponse(200 if response.awaited.work.done() else 503, b"", response.own_id.encode())
            for response in deferred
        ]


def never(_: object) -> RenderedResponse:
    raise AssertionError


Respond = Callable[[FastResponse | None], None]


class Sent:
    """Deferred responses of works by name, and what was sent of them."""

    def __init__(self, seconds: float = 30.0) -> None:
        self.finisher, self.statuses = FakeFinisher(), dict[str, int]()
        self.works: dict[str, Future[None]] = {}
        self.responses = DeferredResponses(self.finisher, seconds)

    def add(self, *names: str, gone: tuple[str, ...] = ()) -> None:
        self.works |= {name: Future() for name in names}
        waiting = [self._deferred(name, name in gone) for name in names]
        self.responses.add(asyncio.get_running_loop(), waiting)

    def _deferred(self, name: str, is_gone: bool) -> tuple[Deferred, Respond, Callable[[], bool]]:
        deferred = Deferred(FastRequest(None, {}, b""), name, 0.0, Awaited(self.works[name], never))

        def respond(response: FastResponse | None) -> None:
            assert response is not None
            assert name not in self.statuses
            self.statuses[name] = response.status

        return deferred, respond, lambda: is_gone

    async def end(self, *names: str) -> None:
        """End works in another thread, as a group commit does."""

        def run() -> None:
            for name in names:
                self.works[name].set_result(None)

        # The event loop makes no response before all have ended.
        thread = Thread(target=run)
        thread.start()
        thread.join()
        for _ in range(3):
            await asyncio.sleep(0)


def test_works_that_end_together_are_answered_together_whenever_they_began() -> None:
    async def run() -> None:
        sent = Sent()
        sent.add("one", "two")
        sent.add("three")
        await sent.end("three", "one")
        assert sent.finisher.calls == [["three", "one"]]
        await sent.end("two")
        assert sent.statuses == {"one": 200, "two": 200, "three": 200}

    asyncio.run(run())


def test_work_that_has_ended_already_is_answered_in_a_later_iteration() -> None:
    async def run() -> None:
        sent = Sent()
        sent.works["one"] = Future()
        sent.works["one"].set_result(None)
        sent.responses.add(asyncio.get_running_loop(), [sent._deferred("one", False)])
        assert sent.statuses == {}
        await asyncio.sleep(0)
        assert sent.statuses == {"one": 200}

    asyncio.run(run())


def test_client_that_is_gone_is_counted_and_not_answered() -> None:
    async def run() -> None:
        sent = Sent()
        sent.add("here", "gone", gone=("gone",))
        await sent.end("here", "gone")
        assert sent.finisher.calls == [["here", "gone"]]
        assert sent.statuses == {"here": 200}

    asyncio.run(run())


def test_work_that_takes_too_long_is_answered_once_and_its_end_changes_nothing() -> None:
    async def run() -> None:
        sent = Sent(seconds=0.0)
        sent.add("slow")
        while not sent.statuses:
            await asyncio.sleep(0.001)
        assert sent.statuses == {"slow": 503}
        await sent.end("slow")
        assert [names for names in sent.finisher.calls if names] == [["slow"]]

    asyncio.run(run())
