"""The client that blocks."""

import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
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


def _blocking(operation: Callable[P, Steps[T]]) -> Callable[Concatenate["SegmentsClient", P], T]:
    def perform(client: "SegmentsClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return client.perform(operation(*args, **kwargs))

    return as_method(perform, operation)


def _iterating(operation: Callable[P, Source[T]]) -> Callable[Concatenate["SegmentsClient", P], Iterator[T]]:
    def iterate(client: "SegmentsClient", /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return client.iterate(operation(*args, **kwargs))

    return as_method(iterate, operation)


class SegmentsClient:
    """Asks the service at `url` with an API `key`. Several threads may use it; close it, or use it in a `with`.

    `timeout`: seconds for each step of an attempt (to connect, to send, to wait for the next bytes); `retries`:
    when a request is sent again; `side_by_side`: how many requests of a long list run at once. The methods are
    described in `backpocket_segments.operations`.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout: float = 10.0,
        retries: Retries | None = None,
        side_by_side: int = 4,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._options = Options(url=url, key=key, timeout=timeout)
        self._session = Session(retries or Retries())
        self._http = httpx.Client(**self._options.for_httpx(), transport=transport)
        self._threads = ThreadPoolExecutor(side_by_side, "segments")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._options.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._threads.shutdown()
        self._http.close()

    segment = _blocking(assignments.segment)
    segment_many = _blocking(assignments.segment_many)
    personas = _blocking(catalogue.personas)
    persona = _blocking(catalogue.persona)
    vocabulary = _blocking(catalogue.vocabulary)
    persona_affinities = _blocking(catalogue.persona_affinities)
    members = _iterating(catalogue.members)
    put_profile = _blocking(users.put_profile)
    upsert_many = _blocking(users.upsert_many)
    get_persona = _blocking(users.get_persona)
    get_personas = _blocking(users.get_personas)
    user_affinities = _blocking(users.user_affinities)
    put_recipient = _blocking(recipient_profiles.put_recipient)
    get_recipient = _blocking(recipient_profiles.get_recipient)
    get_recipient_persona = _blocking(recipient_profiles.get_recipient_persona)
    delete_recipient = _blocking(recipient_profiles.delete_recipient)
    recipients = _iterating(recipient_profiles.recipients)
    import_users = _blocking(transfers.import_users)
    get_import = _blocking(jobs.get_import)
    refused_rows = _iterating(transfers.refused_rows)
    export_users = _iterating(transfers.export_users)
    latest_cursor = _blocking(transfers.latest_cursor)
    changes = _iterating(transfers.changes)
    retrain = _blocking(jobs.retrain)
    get_retrain = _blocking(jobs.get_retrain)
    export_user = _blocking(rights.export_user)
    erase = _blocking(rights.erase)
    remove_tombstone = _blocking(rights.remove_tombstone)
    objection = _blocking(rights.objection)
    audit = _iterating(rights.audit)

    def perform(self, steps: Steps[T]) -> T:
        """The result of an operation, whose effects are performed one after the other."""
        return self._run(steps, self._perform)

    def iterate(self, source: Source[T]) -> Iterator[T]:
        """The items of an operation, as the loop asks for them."""
        with closing(_Body()) as body:
            run = Run(source)
            effect = run.advance()
            while effect is not None:
                if isinstance(effect, Emit):
                    yield effect.item
                    effect = run.advance()
                else:
                    effect = run.advance(_outcome(lambda step: self._perform(step, body), effect))

    def _run(self, steps: Generator[Any, Any, T], perform: Callable[[Any], Any]) -> T:
        run = Run(steps)
        effect = run.advance()
        while effect is not None:
            effect = run.advance(_outcome(perform, effect))
        return run.result

    def _perform(self, effect: Effect, body: "_Body | None" = None) -> Any:
        match effect:
            case Call():
                return self._attempt(effect)
            case Together(calls):
                return list(self._threads.map(self._attempt, calls))
            case Pause(seconds):
                return time.sleep(seconds)
            case Open(call):
                return self._attempt(call, body)
            case Read():
                assert body is not None
                return body.read()

    def _attempt(self, call: Call[Any], body: "_Body | None" = None) -> Any:
        attempts = self._session.attempts(call, long=body is not None)
        return self._run(attempts, lambda step: self._step(step, body))

    def _step(self, step: Send | Pause, body: "_Body | None") -> Reply | None:
        if isinstance(step, Send):
            return self._send(step, body)
        time.sleep(step.seconds)
        return None

    def _send(self, send: Send, body: "_Body | None") -> Reply:
        request = self._http.build_request(**arguments_of(send, self._options), content=content_of(send))
        try:
            response = self._http.send(request, stream=True)
            if body is not None and response.is_success:
                body.response = response
                return reply_of(response)
            with closing(response):
                return reply_of(response, response.read())
        except httpx.TransportError as error:
            raise failure_of(error) from error


def _outcome(perform: Callable[[Any], Any], effect: Any) -> Any:
    """The result of an effect, or our error."""
    try:
        return perform(effect)
    except SegmentsError as error:
        return error


class _Body:
    """The body of the response that an operation has opened."""

    response: httpx.Response | None = None
    _chunks: Iterator[bytes] | None = None

    def read(self) -> bytes:
        """The next chunk; empty at the end. Raises `ConnectionFailed`."""
        assert self.response is not None
        self._chunks = self._chunks or self.response.iter_bytes()
        try:
            return next(filter(None, self._chunks), b"")
        except httpx.TransportError as error:
            raise failure_of(error) from error

    def close(self) -> None:
        """Give the connection back."""
        if self.response is not None:
            self.response.close()
