"""Clients that nobody here wrote: the JDK's, curl with HTTP/2, and a browser on a page of another origin."""

import html
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from models.storage.registry import Registry
from testkit.access import admin_key_in
from testkit.server import Server, serving
from testkit.small_model import write_small_model
from tests.support.browser import CHROMIUM, browse

CLIENTS = Path(__file__).with_name("clients")
PROFILE = '{"age": 24, "hobbies": ["value_1"]}'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("clients")
    registry = Registry(folder / "artifacts")
    registry.activate(write_small_model(registry.root).name)
    with serving(folder / "server", registry.root) as server:
        yield server


def assert_segmented(printed: str) -> None:
    """A client printed the status and the body of an assignment that knows the answers."""
    status, _, body = printed.strip().partition(" ")
    assert status in ("200", "201"), printed
    assert json.loads(body)["persona"]["id"]
    assert {"age", "hobbies"}.isdisjoint(json.loads(body)["missing_fields"])


@pytest.mark.skipif(shutil.which("javac") is None, reason="needs a JDK (apt-get install openjdk-17-jdk-headless)")
def test_java_s_own_client_sends_a_body(server: Server, tmp_path: Path) -> None:
    subprocess.run(["javac", "-d", str(tmp_path), str(CLIENTS / "Segment.java")], check=True)
    for method, path in (("POST", "/segment"), ("PUT", "/users/java/profile")):
        command = ["java", "-cp", str(tmp_path), "Segment", server.url + path, method, PROFILE]
        assert_segmented(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def has_http2() -> bool:
    if shutil.which("curl") is None:
        return False
    return "HTTP2" in subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(not has_http2(), reason="needs curl with HTTP/2")
@pytest.mark.parametrize("chunks", [[], ["-H", "Transfer-Encoding: chunked"]], ids=["length", "chunked"])
def test_curl_that_offers_http_2_sends_a_body(server: Server, chunks: list[str]) -> None:
    options = ["--http2", "--silent", "--show-error", "--noproxy", "*", "-H", "Content-Type: application/json"]
    command = ["curl", *options, *chunks, "-d", PROFILE, "-w", "\n%{http_code}", f"{server.url}/segment"]
    body, _, status = subprocess.run(command, capture_output=True, text=True, check=True).stdout.rpartition("\n")
    assert_segmented(f"{status} {body}")


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without writing about it."""

    def log_message(self, *_: Any) -> None:
        """Write nothing."""


@contextmanager
def another_origin() -> Iterator[str]:
    """A server of the page, on a port of its own and so of another origin; its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(CLIENTS))) as site:
        thread = threading.Thread(target=site.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{site.server_address[1]}"
        site.shutdown()
        thread.join()


def responses_of_page(folder: Path, site: str, allowed: str) -> dict[str, Any]:
    """What a page of `site` could read of the responses of a service that lets pages of `allowed` in."""
    registry = Registry(folder / "artifacts")
    registry.activate(write_small_model(registry.root).name)
    (folder / "server").mkdir()
    key = admin_key_in(f"sqlite:///{folder}/server/segments.db")
    with serving(folder / "server", registry.root, CORS_ORIGINS=allowed) as server:
        query = urlencode({"service": server.url, "key": key})
        page, _ = browse(f"{site}/page.html?{query}", folder)
    printed = re.search(r'<pre id="responses">(.*?)</pre>', page, re.DOTALL)
    assert printed is not None
    responses: dict[str, Any] = json.loads(html.unescape(printed[1])) if printed[1] != "…" else {}
    return responses


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (apt-get install chromium)")
def test_page_of_another_origin_uses_the_whole_api_and_reads_refusals(tmp_path: Path) -> None:
    with another_origin() as site:
        responses = responses_of_page(tmp_path, site, f"{site}/")
    assert {name: response.get("status") for name, response in responses.items()} == {
        "segment": 200,
        "refusal": 422,
        "missing": 404,
        "put": 201,
        "patch": 200,
        "retrain": 422,
        "head": 200,
        "keyless": 401,
    }
    assert all(response["requestId"] for response in responses.values())
    assert responses["refusal"]["body"]["errors"][0]["detail"].startswith("hobbies is a list of texts")
    assert responses["patch"]["body"]["note"] == "From a page."


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (apt-get install chromium)")
def test_page_of_an_origin_that_is_not_listed_reads_nothing(tmp_path: Path) -> None:
    with another_origin() as site:
        assert responses_of_page(tmp_path, site, "https://app.example") == {}
