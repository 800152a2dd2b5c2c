"""The cost of authorizing a request by its key: `python -m benchmarks.access`."""

import timeit
from datetime import UTC, datetime

from service.security.guard import authorize
from service.security.keyring import Keyring
from service.security.keys import make_key
from service.security.open_access import OpenAccess
from service.security.scopes import Scope
from service.store.memory.keys import MemoryKeys

ROUNDS, CALLS = 7, 100_000
KEYS = 100


def main() -> None:
    """Print the fastest of some rounds, in µs a call, and the cost of the one sha256 that it needs."""
    store = MemoryKeys()
    made = [make_key(store, f"key {number}", [Scope.SEGMENT_ASSIGN], datetime.now(UTC)) for number in range(KEYS)]
    headers = [
        (b"host", b"127.0.0.1:8000"),
        (b"user-agent", b"benchmark"),
        (b"accept", b"*/*"),
        (b"content-type", b"application/json"),
        (b"content-length", b"300"),
        (b"authorization", f"Bearer {made[KEYS // 2].text}".encode()),
    ]
    for name, rate in (("authorize", 0.0), ("authorize, with a rate", 1e9)):
        ring = Keyring(store, 1.0, rate, OpenAccess.LOCAL)
        ring.refresh()
        show(name, lambda ring=ring: authorize(ring, headers, Scope.SEGMENT_ASSIGN))
    empty = Keyring(MemoryKeys(), 1.0, 0.0, OpenAccess.LOCAL)
    empty.refresh()
    show("authorize, no key exists", lambda: authorize(empty, headers, Scope.SEGMENT_ASSIGN))
    show("one sha256", "hashlib.sha256(text).digest()", f"import hashlib; text = {made[0].text.encode()!r}")


def show(name: str, what: object, setup: str = "pass") -> None:
    """Print one line."""
    times = timeit.repeat(what, setup, number=CALLS, repeat=ROUNDS)  # type: ignore[arg-type]
    print(f"{name:24} {min(times) / CALLS * 1e6:6.2f} µs")


if __name__ == "__main__":
    main()
