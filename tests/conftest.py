"""Fixtures that several rooms need; each lives in `tests/support`."""

from functools import partialmethod

from starlette.testclient import TestClient

from testkit.postgres import postgres_server, postgres_url

# Without a key the service answers to this machine's own names, and Starlette's client would call it `testserver`.
TestClient.__init__ = partialmethod(TestClient.__init__, base_url="http://localhost")  # type: ignore[assignment]

__all__ = ["postgres_server", "postgres_url"]
