"""The socket that the service listens on."""

import socket

from models.errors import SegmentsError

BACKLOG = 2_048


class AddressTaken(SegmentsError):
    """The service cannot listen on the address."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on the address. Raises `AddressTaken`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # Two services on one port both bind, and only the second one's listening fails.
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressTaken(
            f"Cannot listen on {host} port {port}: {error.strerror or error}. "
            "Choose another with PORT or --port, or stop what listens there."
        ) from error
    listener.set_inheritable(True)
    return listener


def url_of(listener: socket.socket) -> str:
    """The URL that reaches the socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
