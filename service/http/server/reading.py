"""Reading requests from a connection, one after the other: uvicorn's HTTP protocol with limits on what it reads.

What arrives while a complete request is being answered stays unparsed, and reading stops. So a pipeline costs no
more than one packet, and a request begins once its predecessor on the connection is answered.

- The head of a request, and the trailer of a chunked body, have at most `MAX_HEAD_BYTES` (431).
- An `Upgrade` is never taken: the request is read as if the header were not there (RFC 9110, section 7.8).
- Trailer fields are dropped: no app expects header fields after it has begun (RFC 9110, section 6.5.1).
- A response before the end of a long body closes the connection, after a while in which the rest is dropped.
- A client that closes its side after a whole request gets its response.
"""

import asyncio
from functools import lru_cache

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from service.http.server.lingering import HeldFlow, LingeringTransport
from service.http.server.refusals import refusal

# In the app's state: the client timeout in seconds, and the `Metrics`.
CLIENT_SECONDS = "client_seconds"
METRICS = "metrics"

HEAD_END = b"\r\n\r\n"
MAX_HEAD_BYTES = 64 * 1_024
# The parser cannot be stopped within a piece. A piece ends with a head, so that it holds one whole head at most.
MAX_PIECE_BYTES = 16 * 1_024
# The longest body of which the rest is awaited after an early response, for the connection to stay open.
MAX_DRAINED_BYTES = 64 * 1_024


class SequentialProtocol(HttpToolsProtocol):
    """One connection, of which one request at a time is read and answered."""

    transport: LingeringTransport
    flow: HeldFlow
    _unparsed = b""
    _parsed_to = 0
    _head_bytes = 0
    # Between the first and the last byte of a request; of its head.
    _receiving = False
    _in_head = False
    # Whether the head offers an upgrade, and is to be read without it.
    _is_read_again = False
    # Whether the connection stays open once the current request is answered, if it has arrived by then.
    _keep_alive = True
    # The status for bytes after a request that is still being answered.
    _refusal: int | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        lingering = LingeringTransport(transport, self.loop, self.client_seconds, self._has_more_to_read)
        super().connection_made(lingering)
        self.flow = HeldFlow(lingering)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed."""
        self.transport.lost()
        self._unparsed, self._receiving = b"", False
        super().connection_lost(exc)
        if self.cycle is not None:
            # Nobody reads it any more, and the cycle of references around it may live on for a while.
            self.cycle.body = bytearray()

    @property
    def client_seconds(self) -> float:
        """How long a client may take for a head, a body, or to read a response."""
        return float(self.app_state.get(CLIENT_SECONDS, 10.0))

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered; one may be arriving."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def is_arriving(self) -> bool:
        """Whether a request has begun and not ended, or empty lines came before one."""
        return self._receiving or self._head_bytes > 0

    def end_after_current(self) -> None:
        """Close the connection after the current request."""
        self._keep_alive = self.cycle.keep_alive = False

    # --- what arrives ------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Parse what the current request needs; what follows it waits until the request is answered."""
        if self.transport.is_lingering:
            self.transport.discard(len(data))
        elif self._unparsed:
            self._unparsed = self._unparsed[self._parsed_to :] + data
            self._parsed_to = 0
            self._parse()
        elif self._may_parse and len(data) <= MAX_PIECE_BYTES and data.count(HEAD_END) <= 1:
            self._unset_keepalive_if_required()
            self._feed(data)
        else:
            self._unparsed = data
            self._parse()

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client sends nothing more. It gets the response to a whole request; until then True."""
        cycle = self.cycle
        if cycle is None or cycle.more_body or cycle.response_started or self.transport.is_closing():
            return False
        self.flow.end()
        self._receiving = cycle.keep_alive = False
        return True

    @property
    def _may_parse(self) -> bool:
        """Whether the next byte belongs to the current request, or there is none."""
        cycle = self.cycle
        return cycle is None or (
            (cycle.response_complete or cycle.more_body) and self._refusal is None and not self.pipeline
        )

    def _has_more_to_read(self) -> bool:
        return self._receiving or bool(self._unparsed)

    def _parse(self) -> None:
        """Parse what is unparsed, piece by piece; stop reading while some of it must wait."""
        while self._unparsed and self._may_parse and not self.transport.is_closing():
            self._unset_keepalive_if_required()
            data, start = self._unparsed, self._parsed_to
            end = data.find(HEAD_END, start, start + MAX_PIECE_BYTES)
            self._parsed_to = min(start + MAX_PIECE_BYTES, len(data)) if end < 0 else end + len(HEAD_END)
            piece = data[start : self._parsed_to]
            if self._parsed_to == len(data):
                self._unparsed, self._parsed_to = b"", 0
            self._feed(piece)
        self.flow.hold(bool(self._unparsed))

    def _feed(self, piece: bytes) -> None:
        self._head_bytes += len(piece)
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            self._read_without_upgrade(piece[upgrade.args[0] :])
        except httptools.HttpParserError:
            self.refuse(400)
            return
        if self._head_bytes > MAX_HEAD_BYTES:
            self.refuse(431)
        elif self._receiving and not self._in_head:
            self._close_before_a_long_body()

    def _read_without_upgrade(self, following: bytes) -> None:
        """Parse the head again without its offer to change the protocol; `following`: what follows the head."""
        if self._is_read_again:
            head = _head_without_upgrade(
                self.parser.get_method(), self.url, self.parser.get_http_version(), self.headers
            )
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            self._unparsed, self._parsed_to = following + self._unparsed[self._parsed_to :], 0
            self._feed(head)
            self._parse()
        elif following:
            # After a CONNECT, which is refused: nothing says where in it a next request begins.
            self._receiving, self._unparsed, self._parsed_to = True, b"", 0

    def _close_before_a_long_body(self) -> None:
        """Have a response before the end of the body close the connection, unless the body is short."""
        cycle = self.cycle
        if cycle.more_body and cycle.keep_alive and not _is_drained(cycle):
            cycle.keep_alive = False

    # --- callbacks of the parser -------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A request begins."""
        self._receiving = self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is complete, unless it is to be read again."""
        # The parser stops at each CONNECT as at an upgrade, and says so.
        self._is_read_again = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        if not self._is_read_again:
            self._in_head, self._head_bytes = False, 0
            self.head_received()

    def head_received(self) -> None:
        """The head of a request has arrived."""
        super().on_headers_complete()
        # The scope has its own reference: trailer fields go nowhere.
        self.headers = []
        if self.parser.should_upgrade():
            self.cycle.keep_alive = False
        self._keep_alive = self.cycle.keep_alive

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete, unless its head is to be read again."""
        if not self._is_read_again:
            self._receiving, self._head_bytes = False, 0
            self.request_received()

    def request_received(self) -> None:
        """A whole request has arrived."""
        if not self.cycle.response_started:
            self.cycle.keep_alive = self._keep_alive
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The response is written; the next request is read."""
        super().on_response_complete()
        if self._refusal is not None:
            status, self._refusal = self._refusal, None
            self.refuse(status)
        elif self._unparsed:
            self._parse()

    # --- refusals ----------------------------------------------------------------------------------

    def refuse(self, status: int) -> None:
        """Close the connection for what has arrived on it, with this status where nothing else was answered."""
        cycle = self.cycle
        if self.transport.is_closing():
            return
        if self.is_idle:
            # What was answered before its end gets no second response.
            is_answered = self._receiving and not self._in_head
        elif self.pipeline or not cycle.more_body:
            self._refusal = status
            return
        else:
            is_answered = cycle.response_started
            cycle.disconnected = True
            cycle.message_event.set()
        self._receiving = True
        if not is_answered:
            self.transport.write(
                STATUS_LINE[status] + self.default_headers() + refusal(status, self.app_state.get(METRICS))
            )
        self.transport.close()

    def default_headers(self) -> bytes:
        """The lines of the server's own headers."""
        return _header_lines(tuple(self.server_state.default_headers))


def _is_drained(cycle: RequestResponseCycle) -> bool:
    """Whether the rest of the body is awaited after an early response."""
    # Whoever waits for `100 Continue` and gets a final response may or may not send the body.
    length = next((value for name, value in cycle.scope["headers"] if name == b"content-length"), b"")
    return length[:20].isdigit() and int(length[:20]) <= MAX_DRAINED_BYTES and not cycle.waiting_for_100_continue


def _head_without_upgrade(method: bytes, url: bytes, version: str, headers: list[tuple[bytes, bytes]]) -> bytes:
    lines = [b"%b %b HTTP/%b" % (method, url, version.encode())]
    for name, value in headers:
        if name == b"connection":
            value = b",".join(token for token in value.split(b",") if token.strip().lower() != b"upgrade")
        if name != b"upgrade":
            lines.append(b"%b: %b" % (name, value))
    return b"\r\n".join(lines) + HEAD_END


@lru_cache(4)
def _header_lines(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The lines of headers that change once a second, with the date."""
    return b"".join(b"%b: %b\r\n" % header for header in headers)
