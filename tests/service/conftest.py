"""A service with a small model, a memory store and a launcher that the test controls."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from models.storage.registry import Registry
from service.app import create_app
from service.settings import Settings
from service.store.memory.store import MemoryStore
from testkit.small_model import write_small_model
from tests.support.launcher import FakeLauncher


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "data").mkdir()
    return Settings(
        _env_file=None,
        artifacts_dir=tmp_path / "artifacts",
        data_dir=tmp_path / "data",
        model_poll_seconds=0.02,
        job_beat_seconds=0.02,
        job_lease=1,
        retrain_stop_seconds=0.5,
    )


@pytest.fixture
def registry(settings: Settings) -> Registry:
    """A registry with one version, which is active."""
    registry = Registry(settings.artifacts_dir)
    registry.activate(write_small_model(registry.root, seed=0).name)
    return registry


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def launcher() -> FakeLauncher:
    return FakeLauncher()


@pytest.fixture
def app(settings: Settings, store: MemoryStore, launcher: FakeLauncher) -> FastAPI:
    return create_app(settings, store=store, launcher=launcher)


@pytest.fixture
def client(app: FastAPI, registry: Registry) -> Iterator[TestClient]:
    """Asks a service with an active model."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def modelless(app: FastAPI) -> Iterator[TestClient]:
    """Asks a service before there is a model."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
