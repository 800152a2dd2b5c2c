"""Pages in a real browser: what they show, and which hosts they contact."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# The browser's own requests are switched off, and those that are left find no host but this one.
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


def browse(url: str, folder: Path) -> tuple[str, set[str]]:
    """The page once its scripts have run, and the origins that it sent requests to."""
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
    requested = {origin(params["url"]) for params in map(parameters, events) if params.get("initiator") == page}
    return done.stdout, requested


def parameters(event: dict[str, Any]) -> dict[str, Any]:
    """A request in a line of the browser's log: its URL, and the page that sent it."""
    params: dict[str, Any] = event.get("params", {})
    return params if "url" in params else {}


def origin(url: str) -> str:
    """Scheme, host and port."""
    split = urlsplit(url)
    return f"{split.scheme}://{split.netloc}"
