"""Clients that openapi-python-client and openapi-typescript generate from the document of a live server."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx2 as httpx
import pytest

from models.storage.registry import Registry
from testkit.access import admin_key_in
from testkit.generated_client import generate, use
from testkit.server import serving
from testkit.small_model import write_small_model

TYPESCRIPT = Path(__file__).with_name("clients") / "typescript"
NODE = shutil.which("node")
MODULES = TYPESCRIPT / "node_modules"


class Service(NamedTuple):
    """A server with a key, and its OpenAPI document."""

    url: str
    key: str
    document: Path


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("generated-clients")
    registry = Registry(folder / "artifacts")
    registry.activate(write_small_model(registry.root).name)
    key = admin_key_in(f"sqlite:///{folder}/segments.db")
    with serving(folder, registry.root) as server:
        document = folder / "openapi.json"
        document.write_bytes(httpx.get(f"{server.url}/openapi.json").content)
        yield Service(server.url, key, document)


def test_generated_python_client_gets_the_types_that_the_document_states(service: Service, tmp_path: Path) -> None:
    warnings = generate(service.document, tmp_path)
    assert "WARNING" not in warnings.upper()
    done = use(tmp_path, service.url, service.key)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {"users.put_user_profile 201", "users.get_user_persona 404", "segment.segment_batch 207"} <= set(
        done.stdout.splitlines()
    )


@pytest.mark.skipif(NODE is None, reason="needs Node.js (apt-get install nodejs npm, then make env)")
@pytest.mark.skipif(not MODULES.is_dir(), reason="needs what npm installs (make env, where npm is installed)")
def test_generated_typescript_client_compiles_and_gets_what_it_expects(service: Service, tmp_path: Path) -> None:
    for name in ("use.ts", "tsconfig.json", "package.json"):
        shutil.copy(TYPESCRIPT / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(MODULES)
    assert NODE is not None
    commands = (
        [MODULES / "openapi-typescript" / "bin" / "cli.js", service.document, "--output", "schema.d.ts"],
        [MODULES / "typescript" / "bin" / "tsc"],
        ["use.js", service.url, service.key],
    )
    for command in commands:
        done = subprocess.run([NODE, *command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    put, read, missing, batch = map(json.loads, done.stdout.splitlines())
    assert put[:2] == [201, 1]
    assert read == [200, "typescript", put[2]]
    assert missing == [404, "urn:segments:problem:user-not-found"]
    assert batch == [207, 200, 200]
