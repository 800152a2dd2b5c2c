"""The page of a report in a real browser: it fits a phone and a desktop, contacts no host, and prints."""

import re
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.browser import CHROMIUM, SWITCHES, browse
from tests.support.sample_report import sample_report
from training.report.page import PAGE, write_report

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (apt-get install chromium)")

WIDTHS = (320, 400, 1280)
# Shows the page as wide as each of these and writes down by how much it is too wide.
HARNESS = """<!doctype html><body><script>
for (const width of WIDTHS) {
  const frame = document.createElement("iframe");
  frame.style = `width: ${width}px; height: 900px; border: 0`;
  frame.onload = () => {
    const root = frame.contentDocument.documentElement;
    const broken = [...frame.contentDocument.images].filter((image) => image.naturalWidth === 0).length;
    const line = document.createElement("p");
    line.textContent = `${width} overflows by ${root.scrollWidth - root.clientWidth}, ${broken} broken`;
    document.body.append(line);
  };
  frame.src = "report.html";
  document.body.append(frame);
}
</script>"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with names that do not fit, and the harness beside it."""
    names = (*(f"Name {number}" for number in range(4)), "Unbreakable" * 12, "Many words " * 12)
    folder = write_report(sample_report(names), tmp_path_factory.mktemp("report")).parent
    (folder / "harness.html").write_text(HARNESS.replace("WIDTHS", str(list(WIDTHS))), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class Silent(SimpleHTTPRequestHandler):
    """Says nothing on standard error."""

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_page_fits_every_width_and_shows_every_picture(address: str, tmp_path: Path) -> None:
    shown, _ = browse(f"{address}/harness.html", tmp_path)
    measured = re.findall(r"(\d+) overflows by (\d+), (\d+) broken", shown)
    assert sorted(measured) == sorted((str(width), "0", "0") for width in WIDTHS)


def test_page_contacts_no_host(address: str, tmp_path: Path) -> None:
    shown, requested = browse(f"{address}/{PAGE}", tmp_path)
    assert "Methods and glossary" in shown
    assert {origin for origin in requested if not origin.startswith("data:")} <= {address}


@pytest.mark.parametrize(
    ("switch", "suffix", "starts"), [("screenshot", "png", b"\x89PNG"), ("print-to-pdf", "pdf", b"%PDF")]
)
def test_page_can_be_captured_and_printed_from_the_disk(
    folder: Path, tmp_path: Path, switch: str, suffix: str, starts: bytes
) -> None:
    out = tmp_path / f"page.{suffix}"
    command = [str(CHROMIUM), *SWITCHES, f"--user-data-dir={tmp_path}/browser", f"--{switch}={out}"]
    subprocess.run([*command, (folder / PAGE).as_uri()], capture_output=True, timeout=120, check=True)
    content = out.read_bytes()
    assert content.startswith(starts)
    assert len(content) > 20_000
