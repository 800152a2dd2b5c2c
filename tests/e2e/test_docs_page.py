"""`/docs` in a real browser: every operation is there to try, and no other host is contacted."""

import re
from pathlib import Path

import httpx2 as httpx
import pytest

from models.storage.registry import Registry
from testkit.server import serving
from testkit.small_model import write_small_model
from tests.support.browser import CHROMIUM, browse


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (apt-get install chromium)")
def test_docs_page_shows_every_operation_and_contacts_no_other_host(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "artifacts")
    registry.activate(write_small_model(registry.root).name)
    with serving(tmp_path / "server", registry.root) as server:
        page, requested = browse(f"{server.url}/docs", tmp_path)
        document = httpx.get(f"{server.url}/openapi.json").json()
    shown = set(re.findall(r'id="operations-[a-z]+-(\w+)"', page))
    declared = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
    assert declared <= shown
    assert requested == {server.url}
