"""`/docs` in a real browser: every operation is there to try, and no other host is contacted."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest

from models.storage.registry import Registry
from testkit.server import serving
from testkit.small_model import write_small_model

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# The browser's own errands are switched off, and what is left of them finds no host but this one.
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--virtual-time-budget=10000",
)


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (apt-get install chromium)")
def test_docs_page_shows_every_operation_and_contacts_no_other_host(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "artifacts")
    registry.activate(write_small_model(registry.root).name)
    with serving(tmp_path / "server", registry.root) as server:
        page, asked = browse(f"{server.url}/docs", tmp_path)
        document = httpx.get(f"{server.url}/openapi.json").json()
    shown = set(re.findall(r'id="operations-[a-z]+-(\w+)"', page))
    declared = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
    assert declared <= shown
    assert asked == {server.url}


def browse(url: str, folder: Path) -> tuple[str, set[str]]:
    """The page once its scripts have run, and of each URL that it asked for the origin."""
    log = folder / "net.json"
    done = subprocess.run(
        [str(CHROMIUM), *SWITCHES, f"--user-data-dir={folder}/browser", f"--log-net-log={log}", "--dump-dom", url],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    page = origin(url)
    asked = {origin(params["url"]) for params in map(parameters, events) if params.get("initiator") == page}
    return done.stdout, asked


def parameters(event: dict[str, Any]) -> dict[str, Any]:
    """What a line of the browser's log says of a request: its URL, and who asked for it."""
    params: dict[str, Any] = event.get("params", {})
    return params if "url" in params else {}


def origin(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
