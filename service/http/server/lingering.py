"""Closing a connection on which the client may still be sending, and reading that stops while requests wait.

A connection that is closed with unread bytes is reset, and a reset takes the response from a client that has not
read it yet (RFC 9112, section 9.6). So the closing is in two steps: the service says that it sends nothing more,
then reads and drops what still arrives, for a limited time and number of bytes.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl

# What a client may still send after the response: several times the largest body that is accepted by default.
MAX_DISCARDED_BYTES = 32 * 2**20


class LingeringTransport(asyncio.Transport):
    """A connection's transport, whose `close` lingers for at most `seconds` while `is_receiving`."""

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        seconds: float,
        is_receiving: Callable[[], bool],
    ) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._seconds = seconds
        self._is_receiving = is_receiving
        self._discarded = 0
        self._timeout: asyncio.TimerHandle | None = None
        # Called for each response: without a call in between.
        self.write = transport.write  # type: ignore[method-assign]
        self.get_write_buffer_size = transport.get_write_buffer_size  # type: ignore[method-assign]

    @property
    def is_lingering(self) -> bool:
        """Whether what arrives is dropped."""
        return self._timeout is not None

    def close(self) -> None:
        """Close after what is written; where the client may still be sending, linger."""
        if self.is_lingering or self._transport.is_closing():
            return
        if self._is_receiving() and self._transport.can_write_eof():
            self._timeout = self._loop.call_later(self._seconds, self._transport.close)
            self._transport.write_eof()
            self._transport.resume_reading()
        else:
            self._transport.close()

    def discard(self, length: int) -> None:
        """Drop so many bytes that arrived while lingering; close once they are too many."""
        self._discarded += length
        if self._discarded > MAX_DISCARDED_BYTES:
            self._transport.close()

    def lost(self) -> None:
        """Stop the timer: the connection is closed."""
        if self._timeout is not None:
            self._timeout.cancel()

    def is_closing(self) -> bool:
        """Whether nothing more can be written."""
        return self._timeout is not None or self._transport.is_closing()

    def abort(self) -> None:
        """Close without writing what is buffered."""
        self._transport.abort()

    def pause_reading(self) -> None:
        """Stop reading."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the transport knows, by name."""
        return self._transport.get_extra_info(name, default)


class HeldFlow(FlowControl):
    """Reading pauses where the app is slow to read a body, and while bytes of a later request are `held`."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__(transport)
        self._held = False
        self._stopped = False
        self._ended = False

    def pause_reading(self) -> None:
        """Pause for the app's sake."""
        if not self.read_paused:
            self.read_paused = True
            self._update()

    def resume_reading(self) -> None:
        """Resume for the app's sake."""
        if self.read_paused:
            self.read_paused = False
            self._update()

    def hold(self, held: bool) -> None:
        """Pause, or resume, for the sake of what is received and not parsed yet."""
        self._held = held
        self._update()

    def end(self) -> None:
        """Never read again: the client has sent its last byte."""
        self._ended = True

    def _update(self) -> None:
        stop = self.read_paused or self._held
        if stop != self._stopped and not self._ended:
            self._stopped = stop
            if stop:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()
