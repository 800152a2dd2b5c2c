"""Responses before ASGI: what a connection hands to whatever may answer a request early, and what it gets back.

The connection knows this interface alone; `service.app` puts an implementation into the app's state.
"""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol


class FastResponse(NamedTuple):
    """A whole answer; `head`: the lines of its headers, each with its end."""

    status: int
    head: bytes
    content: bytes


class FastRequest(NamedTuple):
    """A whole request, and what was found in its head that may answer it."""

    found: Any
    scope: Any
    body: bytes


class EarlyResponder(Protocol):
    """Answers requests before ASGI, or leaves them to the app."""

    def find(self, scope: Any) -> object | None:
        """What may answer a request with this head once its body is here; None: the app is to be asked."""

    def soon(
        self,
        loop: asyncio.AbstractEventLoop,
        asked: FastRequest,
        take: Callable[[FastResponse | None], None],
        gone: Callable[[], bool],
    ) -> None:
        """Answer a whole request in this iteration of the event loop.

        `take` gets the response, None where the app is to be asked, and must not raise. A request whose client is
        `gone` by then gets none.
        """
