"""The socket that the service listens on."""

import errno
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
    except (OSError, UnicodeError, TypeError) as error:
        listener.close()
        raise AddressTaken(f"Cannot listen on {host} port {port}: {_advice(error)}") from error
    listener.set_inheritable(True)
    return listener


def _advice(error: OSError | UnicodeError | TypeError) -> str:
    """Why not, and what to do."""
    if not isinstance(error, OSError):
        # A name that cannot be encoded for the DNS.
        return "HOST is no address. Unset it, or give --host 127.0.0.1 or 0.0.0.0."
    reason = error.strerror or str(error)
    if isinstance(error, socket.gaierror):
        return (
            f"HOST is no address ({reason}). Unset it, or give --host 127.0.0.1 or 0.0.0.0. "
            "(conda exports HOST as the name of its platform.)"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return f"HOST is no address of this machine ({reason}). Give --host 127.0.0.1 or 0.0.0.0."
    if error.errno == errno.EACCES:
        return f"{reason}. Ports below 1024 need a privilege; choose another with PORT or --port."
    return f"{reason}. Choose another with PORT or --port, or stop what listens there."


def url_of(listener: socket.socket) -> str:
    """The URL that reaches the socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
