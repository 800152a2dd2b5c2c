"""Fixtures that several rooms need; each lives in `tests/support`."""

from tests.support.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]
