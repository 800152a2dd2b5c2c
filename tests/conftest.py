"""Fixtures that several rooms need; each lives in `tests/support`."""

from testkit.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]
