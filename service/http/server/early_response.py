"""What a connection needs of whatever may answer a request before ASGI.

The connection knows this interface alone; `service.app` puts an implementation into the app's state.
"""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol


class FastRequest(NamedTuple):
    """A request that was received whole; `match`: what `EarlyResponder.match` returned for its head."""

    match: Any
    scope: Any
    body: bytes


class FastResponse(NamedTuple):
    """A whole response; `head`: its header lines, each with its line end."""

    status: int
    head: bytes
    content: bytes


class EarlyResponder(Protocol):
    """Answers requests before ASGI, or declines them."""

    def match(self, scope: Any) -> object | None:
        """What may answer a request with this head once its body is received; None declines it."""

    def submit(
        self,
        loop: asyncio.AbstractEventLoop,
        request: FastRequest,
        respond: Callable[[FastResponse | None], None],
        is_gone: Callable[[], bool],
    ) -> None:
        """Have a request answered in this iteration of the event loop, or once the store has done its part.

        `respond` must not raise; it gets the response, None where the request is declined. It gets None, too,
        where the client `is_gone` by then: no response is made for it. It is not called where the client is gone
        once the store has done its part.
        """
