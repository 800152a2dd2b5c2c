"""The active model: loaded whole, followed, and still in use when its successor cannot be used."""

import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from models.errors import NoActiveModel
from models.storage.artifact import ARRAYS, MANIFEST
from models.storage.persona_texts import TEXTS, read_texts
from models.storage.registry import ACTIVE, Registry
from service.active_model.active_model import ActiveModel
from service.observability.metrics import Metrics
from service.settings import Settings
from service.store.ports.personas import PersonaOverride
from testkit.small_model import write_small_model
from testkit.waiting import eventually

OVERRIDES = {
    "p_1": PersonaOverride(
        persona_id="p_1",
        name="Bookworms",
        sentence=None,
        note=None,
        revision=1,
        edited_at=datetime(2026, 11, 1, tzinfo=UTC),
        edited_by="key",
    )
}


@pytest.fixture
def versions(settings: Settings) -> Registry:
    """A registry without any version."""
    return Registry(settings.artifacts_dir)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def model(versions: Registry, metrics: Metrics) -> Iterator[ActiveModel]:
    model = ActiveModel(versions, metrics, poll_seconds=0.02, retry_seconds=60)
    yield model
    model.stop()


def activate(versions: Registry, seed: int) -> Path:
    folder = write_small_model(versions.root, seed=seed)
    versions.activate(folder.name)
    return folder


def refusals(metrics: Metrics) -> float | None:
    return metrics.registry.get_sample_value("segments_model_refusals_total")


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_require_without_a_model_is_refused(model: ActiveModel) -> None:
    model.start()
    with pytest.raises(NoActiveModel, match="POST /retrain"):
        model.require()
    assert model.refusal is None


def test_active_model_is_loaded_at_the_start(model: ActiveModel, versions: Registry) -> None:
    folder = activate(versions, 0)
    model.start()
    assert model.require().manifest.version == folder.name


def test_newly_activated_model_is_followed(model: ActiveModel, versions: Registry) -> None:
    activate(versions, 0)
    model.start()
    newer = activate(versions, 1)
    eventually(lambda: model.require().manifest.version == newer.name, seconds=2)


def test_required_model_stays_whole_while_models_change(model: ActiveModel, versions: Registry) -> None:
    activate(versions, 0)
    model.start()
    taken = model.require()
    newer = activate(versions, 1)
    eventually(lambda: model.require().manifest.version == newer.name)
    assert taken.manifest.version == taken.model.version != newer.name


@pytest.mark.parametrize("name", [MANIFEST, ARRAYS])
def test_damaged_successor_is_refused_and_the_model_stays(
    model: ActiveModel, versions: Registry, metrics: Metrics, name: str
) -> None:
    first = activate(versions, 0)
    model.start()
    flip(write_small_model(versions.root, seed=1) / name)
    versions.activate("20261101-120001-00000001")
    refusal = eventually(lambda: model.refusal)
    assert refusal.sentence
    assert model.require().manifest.version == first.name
    assert refusals(metrics) == 1


def test_refused_version_is_not_loaded_again_until_its_files_change(
    model: ActiveModel, versions: Registry, metrics: Metrics
) -> None:
    folder = write_small_model(versions.root, seed=1)
    good = (folder / ARRAYS).read_bytes()
    flip(folder / ARRAYS)
    versions.activate(folder.name)
    for _ in range(3):
        model.refresh()
    assert refusals(metrics) == 1
    (folder / ARRAYS).write_bytes(good)
    model.refresh()
    assert model.require().manifest.version == folder.name
    assert model.refusal is None


@pytest.mark.parametrize("content", [b"\xff\xfe", b"../../etc\n", b"x" * 10_000, b"20260101-000000-00000000\n"])
def test_active_file_that_names_no_version_is_refused(
    model: ActiveModel, versions: Registry, content: bytes
) -> None:
    first = activate(versions, 0)
    model.start()
    (versions.root / ACTIVE).write_bytes(content)
    eventually(lambda: model.refusal)
    assert model.require().manifest.version == first.name


def test_model_stays_when_its_folder_is_removed(model: ActiveModel, versions: Registry) -> None:
    first = activate(versions, 0)
    model.start()
    shutil.rmtree(versions.root)
    assert "ACTIVE" in eventually(lambda: model.refusal).sentence
    assert model.require().manifest.version == first.name


def test_no_request_fails_while_models_change(client: TestClient, registry: Registry) -> None:
    versions = [write_small_model(registry.root, seed=seed).name for seed in (1, 2, 3)]
    stop = threading.Event()

    def change() -> None:
        while not stop.wait(0.03):
            versions.append(versions.pop(0))
            registry.activate(versions[0])

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(150):
            answer = client.post("/segment/batch", json={"profiles": [{}] * 20}).json()
            assert {item["result"]["model_version"] for item in answer["items"]} == {answer["model_version"]}
            assert client.get("/readyz").status_code == 200
    finally:
        stop.set()
        thread.join()


def test_damaged_or_missing_texts_of_people_are_written_again(versions: Registry, metrics: Metrics) -> None:
    activate(versions, seed=1)
    model = ActiveModel(versions, metrics, 60, 60, read_overrides=lambda: OVERRIDES)
    texts = versions.root / TEXTS
    for damage in (lambda: None, texts.unlink, lambda: texts.write_text("{")):
        damage()
        model.refresh_overrides()
        assert read_texts(versions.root)["p_1"].name == "Bookworms"


def test_texts_that_cannot_be_written_are_logged_once_and_tried_again(
    versions: Registry, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    model = ActiveModel(versions, metrics, 60, 60, read_overrides=lambda: OVERRIDES)
    model.refresh_overrides()
    model.refresh_overrides()
    assert caplog.text.count("are not written beside the versions") == 1
    versions.root.mkdir(parents=True)
    model.refresh_overrides()
    assert read_texts(versions.root)["p_1"].name == "Bookworms"
