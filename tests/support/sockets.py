"""HTTP on a bare socket: raw requests, and raw responses."""

import re
import socket

# The client timeout in seconds of the servers of these tests, and how much longer it may take on a busy machine.
CLIENT_TIMEOUT = 0.6
SLACK = 4.0
LAST = b"connection: close\r\n"


def connect(port: int) -> socket.socket:
    """A connection with a timeout."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.settimeout(CLIENT_TIMEOUT + SLACK)
    return connection


def rest(connection: socket.socket) -> bytes:
    """Everything received until the server closes the connection."""
    received = b""
    while piece := connection.recv(65_536):
        received += piece
    return received


def post(body: bytes, head: bytes = b"", path: bytes = b"/segment", version: bytes = b"1.1") -> bytes:
    """A POST of JSON; `head`: more header lines."""
    lines = b"POST %b HTTP/%b\r\nhost: localhost\r\ncontent-type: application/json\r\n%b" % (path, version, head)
    return lines + b"content-length: %d\r\n\r\n%b" % (len(body), body)


def statuses(received: bytes) -> list[bytes]:
    """The status of each response."""
    return re.findall(rb"HTTP/1.1 (\d+)", received)
