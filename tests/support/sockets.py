"""HTTP on a bare socket: requests as they stand on the wire, and what comes back."""

import re
import socket

# Seconds that a client is given by the servers of these tests, and how much longer it may take on a busy machine.
GIVEN = 0.6
SLACK = 4.0
LAST = b"connection: close\r\n"


def connect(port: int) -> socket.socket:
    """A connection that waits no longer than a test may take."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.settimeout(GIVEN + SLACK)
    return connection


def rest(connection: socket.socket) -> bytes:
    """All that comes until the other side hangs up."""
    received = b""
    while piece := connection.recv(65_536):
        received += piece
    return received


def post(body: bytes, head: bytes = b"", path: bytes = b"/segment", version: bytes = b"1.1") -> bytes:
    """A POST of JSON; `head`: more lines of it."""
    lines = b"POST %b HTTP/%b\r\nhost: here\r\ncontent-type: application/json\r\n%b" % (path, version, head)
    return lines + b"content-length: %d\r\n\r\n%b" % (len(body), body)


def statuses(received: bytes) -> list[bytes]:
    """The status of each answer."""
    return re.findall(rb"HTTP/1.1 (\d+)", received)
