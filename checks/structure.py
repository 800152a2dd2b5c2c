"""`python -m checks.structure` prints how the product is laid out: files, import chain, modules of a call.

Nothing fails here; the numbers show whether a change makes it easier or harder to find one's way.
"""

import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache, partial
from io import StringIO
from pathlib import Path
from types import FrameType

import grimp
import uvicorn

from checks.__main__ import PACKAGES, ROOT
from models.storage.registry import Registry
from service.app import create_app
from service.http.server.connection import BoundedProtocol
from service.settings import Settings
from service.store.sql.migrate import migrate
from testkit.small_model import write_small_model
from training.commands.main import main as run_training

PROFILE = b'{"age": 30, "hobbies": ["value_1"]}'
# A client that waits for leave to send its body never takes the fast path.
STANDARD = b"Expect: 100-continue\r\n"


def main() -> None:
    """Print the report."""
    for package in PACKAGES:
        folders = Counter(path.parent for path in (ROOT / package).rglob("*.py"))
        [(largest, most)] = folders.most_common(1)
        print(
            f"{package}/: {folders[ROOT / package]} files at the top, {folders.total()} in {len(folders)} folders,"
        )
        print(f"    at most {most} in one ({largest.relative_to(ROOT)}/)")
    chain = longest_import_chain()
    print(f"longest import chain: {len(chain)} modules\n    {' → '.join(chain)}")
    for call, modules in modules_of_calls():
        print(f"{call}: {len(modules)} modules\n    {' '.join(sorted(modules))}")


def longest_import_chain() -> tuple[str, ...]:
    """The longest path from a module to one that it imports; imports for type checkers alone do not count."""
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True, cache_dir=None)

    @cache
    def chain(module: str) -> tuple[str, ...]:
        return (module, *longest(graph.find_modules_directly_imported_by(module)))

    def longest(modules: set[str]) -> tuple[str, ...]:
        chains = [chain(module) for module in sorted(modules)]
        return max(chains, key=len, default=())

    return longest(graph.modules)


def modules_of_calls() -> Iterator[tuple[str, set[str]]]:
    """The modules whose functions run in a request, from its first byte to its response, and in a fit."""
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as port:
        for method, path in (("POST", "/segment"), ("PUT", "/users/u/profile")):
            for name, header in (("fast path if it has one", b""), ("standard path", STANDARD)):
                send = partial(request, port, method, path, header)
                send()
                yield f"{method} {path}, {name}", executed_modules(send)
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        fit = ["fit", "--simulate", "600", "--k", "3", "--out", folder]
        modules = executed_modules(partial(run_training, fit))
    yield "training fit", modules


@contextmanager
def server(folder: Path) -> Iterator[int]:
    """The service, with SQLite, in a thread of this process; its port."""
    registry = Registry(folder / "artifacts")
    registry.activate(write_small_model(registry.root).name)
    url = f"sqlite:///{folder}/segments.db"
    migrate(url)
    app = create_app(Settings(_env_file=None, artifacts_dir=registry.root, data_dir=folder, database_url=url))
    config = uvicorn.Config(app, port=0, http=BoundedProtocol, log_config=None, access_log=False)
    running = uvicorn.Server(config)
    threading.setprofile(_note)
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield running.servers[0].sockets[0].getsockname()[1]
    running.should_exit = True
    thread.join()


def request(port: int, method: str, path: str, header: bytes) -> None:
    """Send a profile, and read the response. Raises `RuntimeError` if it is no success."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode()
    length = f"Content-Length: {len(PROFILE)}\r\nConnection: close\r\n".encode()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head + length + header + b"\r\n")
        if header == STANDARD:
            connection.recv(4_096)
        connection.sendall(PROFILE)
        response = b"".join(iter(partial(connection.recv, 65_536), b""))
    if not response.startswith(b"HTTP/1.1 20"):
        raise RuntimeError(response.decode())


# The files whose functions run, while somebody wants to know.
_running: set[str] | None = None


def executed_modules(call: Callable[[], object]) -> set[str]:
    """Our modules whose functions run during a call, in any thread; being imported does not count."""
    global _running
    _running = set()
    sys.setprofile(_note)
    try:
        call()
    finally:
        sys.setprofile(None)
        files, _running = _running, None
    paths = [Path(file) for file in files if file.endswith(".py")]
    modules = [path.relative_to(ROOT).with_suffix("").parts for path in paths if path.is_relative_to(ROOT)]
    return {".".join(parts) for parts in modules if parts[0] in PACKAGES}


def _note(frame: FrameType, event: str, _: object) -> None:
    if _running is not None and event == "call" and frame.f_code.co_name != "<module>":
        _running.add(frame.f_code.co_filename)


if __name__ == "__main__":
    main()
