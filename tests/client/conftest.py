"""Both clients, against the service in process."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import pytest
from backpocket_segments import AsyncSegmentsClient, Retries, SegmentsClient
from fastapi import FastAPI
from starlette.testclient import TestClient

from models.storage.registry import Registry
from tests.client.support import Blocking
from tests.service.conftest import app, launcher, registry, settings, store

__all__ = ["app", "launcher", "registry", "settings", "store"]

ONCE = Retries(attempts=1)


@pytest.fixture(params=["blocking", "asyncio"])
def segments(request: pytest.FixtureRequest, app: FastAPI, registry: Registry) -> Iterator[Any]:
    """A `SegmentsClient`, or an `AsyncSegmentsClient` behind the same face."""
    if request.param == "blocking":
        with (
            TestClient(app) as server,
            SegmentsClient("http://localhost", transport=server._transport, retries=ONCE) as client,
        ):
            yield client
        return
    with asyncio.Runner() as runner:
        asynchronous = AsyncSegmentsClient("http://localhost", transport=httpx.ASGITransport(app), retries=ONCE)
        lifespan = app.router.lifespan_context(app)
        runner.run(lifespan.__aenter__())
        yield Blocking(asynchronous, runner)
        runner.run(asynchronous.aclose())
        runner.run(lifespan.__aexit__(None, None, None))
