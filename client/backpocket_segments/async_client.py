"""The client for asyncio."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator, Sequence
from contextlib import aclosing
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import httpx2 as httpx

from backpocket_segments.calls import Call, Effect, Emit, Open, Pause, Read, Run, Source, Steps, Together
from backpocket_segments.errors import SegmentsError
from backpocket_segments.operations import (
    assignments,
    catalogue,
    jobs,
    recipient_profiles,
    rights,
    transfers,
    users,
)
from backpocket_segments.retries import Retries
from backpocket_segments.session import Reply, Send, Session
from backpocket_segments.signatures import as_method
from backpocket_segments.transport import Options, arguments_of, content_of, failure_of, reply_of

P = ParamSpec("P")
T = TypeVar("T")
Perform = Callable[[Any], Coroutine[Any, Any, Any]]


def _awaited(
    operation: Callable[P, Steps[T]],
) -> Callable[Concatenate["AsyncSegmentsClient", P], Coroutine[Any, Any, T]]:
    async def perform(client: "AsyncSegmentsClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await client.perform(operation(*args, **kwargs))

    return as_method(perform, operation)


def _async_iterating(
    operation: Callable[P, Source[T]],
) -> Callable[Concatenate["AsyncSegmentsClient", P], AsyncIterator[T]]:
    def iterate(client: "AsyncSegmentsClient", /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        return client.iterate(operation(*args, **kwargs))

    return as_method(iterate, operation)


class AsyncSegmentsClient:
    """`SegmentsClient` for asyncio: the same arguments and methods, whose results are awaited.

    Close it by `aclose`, or use it in an `async with`.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout: float = 10.0,
        retries: Retries | None = None,
        side_by_side: int = 4,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._options = Options(url=url, key=key, timeout=timeout)
        self._session = Session(retries or Retries())
        self._http = httpx.AsyncClient(**self._options.for_httpx(), transport=transport)
        self._side_by_side = side_by_side

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._options.url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    segment = _awaited(assignments.segment)
    segment_many = _awaited(assignments.segment_many)
    personas = _awaited(catalogue.personas)
    persona = _awaited(catalogue.persona)
    vocabulary = _awaited(catalogue.vocabulary)
    persona_affinities = _awaited(catalogue.persona_affinities)
    members = _async_iterating(catalogue.members)
    put_profile = _awaited(users.put_profile)
    upsert_many = _awaited(users.upsert_many)
    get_persona = _awaited(users.get_persona)
    get_personas = _awaited(users.get_personas)
    user_affinities = _awaited(users.user_affinities)
    put_recipient = _awaited(recipient_profiles.put_recipient)
    get_recipient = _awaited(recipient_profiles.get_recipient)
    get_recipient_persona = _awaited(recipient_profiles.get_recipient_persona)
    delete_recipient = _awaited(recipient_profiles.delete_recipient)
    recipients = _async_iterating(recipient_profiles.recipients)
    import_users = _awaited(transfers.import_users)
    get_import = _awaited(jobs.get_import)
    refused_rows = _async_iterating(transfers.refused_rows)
    export_users = _async_iterating(transfers.export_users)
    latest_cursor = _awaited(transfers.latest_cursor)
    changes = _async_iterating(transfers.changes)
    retrain = _awaited(jobs.retrain)
    get_retrain = _awaited(jobs.get_retrain)
    export_user = _awaited(rights.export_user)
    erase = _awaited(rights.erase)
    remove_tombstone = _awaited(rights.remove_tombstone)
    objection = _awaited(rights.objection)
    audit = _async_iterating(rights.audit)

    async def perform(self, steps: Steps[T]) -> T:
        """The result of an operation, whose effects are performed one after the other."""
        return await self._run(steps, self._perform)

    async def iterate(self, source: Source[T]) -> AsyncIterator[T]:
        """The items of an operation, as the loop asks for them."""
        async with aclosing(_Body()) as body:
            # Only what is awaited differs from the client that blocks.
            # pylint: disable=duplicate-code
            run = Run(source)
            effect = run.advance()
            while effect is not None:
                if isinstance(effect, Emit):
                    yield effect.item
                    effect = run.advance()
                else:
                    effect = run.advance(await _outcome(lambda step: self._perform(step, body), effect))

    async def _run(self, steps: Generator[Any, Any, T], perform: Perform) -> T:
        run = Run(steps)
        effect = run.advance()
        while effect is not None:
            effect = run.advance(await _outcome(perform, effect))
        return run.result

    async def _perform(self, effect: Effect, body: "_Body | None" = None) -> Any:
        match effect:
            case Call():
                return await self._attempt(effect)
            case Together(calls):
                return await self._together(calls)
            case Pause(seconds):
                return await asyncio.sleep(seconds)
            case Open(call):
                return await self._attempt(call, body)
            case Read():
                assert body is not None
                return await body.read()

    async def _together(self, calls: Sequence[Call[Any]]) -> list[Any]:
        slots = asyncio.Semaphore(self._side_by_side)

        async def attempt(call: Call[Any]) -> Any:
            async with slots:
                return await self._attempt(call)

        tasks = [asyncio.ensure_future(attempt(call)) for call in calls]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _attempt(self, call: Call[Any], body: "_Body | None" = None) -> Any:
        attempts = self._session.attempts(call, long=body is not None)
        return await self._run(attempts, lambda step: self._step(step, body))

    async def _step(self, step: Send | Pause, body: "_Body | None") -> Reply | None:
        return await (asyncio.sleep(step.seconds) if isinstance(step, Pause) else self._send(step, body))

    async def _send(self, send: Send, body: "_Body | None") -> Reply:
        content = content_of(send)
        request = self._http.build_request(
            **arguments_of(send, self._options), content=None if content is None else _in_a_thread(content)
        )
        try:
            response = await self._http.send(request, stream=True)
            if body is not None and response.is_success:
                body.response = response
                return reply_of(response)
            async with aclosing(response):
                return reply_of(response, await response.aread())
        except httpx.TransportError as error:
            raise failure_of(error) from error


async def _in_a_thread(content: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The chunks of an iterator that may block."""
    while chunk := await asyncio.to_thread(next, content, b""):
        yield chunk


async def _outcome(perform: Perform, effect: Any) -> Any:
    """The result of an effect, or our error."""
    try:
        return await perform(effect)
    except SegmentsError as error:
        return error


class _Body:
    """The body of the response that an operation has opened."""

    response: httpx.Response | None = None
    _chunks: AsyncIterator[bytes] | None = None

    async def read(self) -> bytes:
        """The next chunk; empty at the end. Raises `ConnectionFailed`."""
        assert self.response is not None
        self._chunks = self._chunks or self.response.aiter_bytes()
        try:
            async for chunk in self._chunks:
                if chunk:
                    return chunk
        except httpx.TransportError as error:
            raise failure_of(error) from error
        return b""

    async def aclose(self) -> None:
        """Give the connection back."""
        if self.response is not None:
            await self.response.aclose()
