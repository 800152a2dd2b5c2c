"""Versions damaged in many ways, also in a running service: refused, and the old one stays active."""

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import httpx2 as httpx

from benchmarks.resilience.harness.world import Outcome, World, require
from models.errors import ArtifactError
from models.profile import Profile
from models.storage.artifact import ARRAYS, MANIFEST, SUMS
from models.storage.reading import read_artifact
from models.storage.registry import Registry
from testkit.server import Server, serving
from testkit.small_model import write_small_model
from testkit.waiting import eventually


def flipped(world: World) -> Outcome:
    """Change every byte of the manifest, and random bytes of the arrays, one at a time."""
    folder = write_small_model(world.fresh("flipped"))
    read_artifact(folder, Profile)
    counts = []
    for name, most in ((MANIFEST, None), (SUMS, None), (ARRAYS, world.times(2_000))):
        path = folder / name
        whole = path.read_bytes()
        positions = range(len(whole)) if most is None else sorted(world.chance.sample(range(len(whole)), k=most))
        step = 1 if world.share >= 1 else round(1 / world.share)
        for position in list(positions)[::step]:
            _refused(folder, path, whole, position, world.chance)
        path.write_bytes(whole)
        counts.append(f"{len(list(positions)[::step]):,} of {len(whole):,} bytes of `{name}`")
    read_artifact(folder, Profile)
    return Outcome("A byte of a version changed", ", ".join(counts), "every one refused with a sentence")


def _refused(folder: Path, path: Path, whole: bytes, position: int, chance: random.Random) -> None:
    damaged = bytearray(whole)
    damaged[position] ^= chance.randrange(1, 256)
    path.write_bytes(damaged)
    try:
        read_artifact(folder, Profile)
    except ArtifactError as error:
        require(len(str(error)) > 20, f"byte {position} of {path.name} is refused without a sentence")
    else:
        require(False, f"a change of byte {position} of {path.name} is not detected")


def damaged(world: World) -> Outcome:
    """In a running service: truncated, missing, swapped or absurd files, and a future format."""
    where = world.fresh("damaged")
    registry = Registry(world.artifacts(where))
    good = registry.required()
    names = []
    with serving(where, registry.root) as server:
        for number, (name, harm) in enumerate(_harms()):
            version = f"20261101-1200{number:02d}-0000000{number % 10}"
            bad = Path(shutil.copytree(registry.root / good, registry.root / version))
            _rename(bad, version)
            harm(bad)
            registry.activate(version)
            eventually(lambda: "active_followed" in _failing(server), 10)
            response = httpx.post(f"{server.url}/segment", json={})
            require(response.status_code == 200, f"{name}: /segment responds with {response.status_code}")
            require(response.json()["model_version"] == good, f"{name}: a damaged model is used")
            shutil.rmtree(bad)
            registry.activate(good)
            eventually(server.ready, 10)
            names.append(name)
    return Outcome(
        "A damaged version activated in a running service",
        f"{len(names)} × ({', '.join(names)})",
        "each refused, the model before it stayed active, `/readyz` reported it and recovered afterwards",
    )


def _failing(server: Server) -> list[str]:
    checks = httpx.get(f"{server.url}/readyz").json()["checks"]
    return [check["name"] for check in checks if not check["ok"] and len(check["detail"]) > 20]


def _harms() -> Iterator[tuple[str, Callable[[Path], object]]]:
    def cut(folder: Path) -> None:
        os.truncate(folder / ARRAYS, (folder / ARRAYS).stat().st_size // 2)

    def swapped(folder: Path) -> None:
        (folder / "report.json").rename(folder / "x")
        (folder / MANIFEST).rename(folder / "report.json")
        (folder / "x").rename(folder / MANIFEST)

    def future(folder: Path) -> None:
        _change(folder, format=999)

    def absurd(folder: Path) -> None:
        manifest = json.loads((folder / MANIFEST).read_text())
        manifest["fields"][0]["column_of"] = [10**12]
        _write(folder, manifest)

    def piped(folder: Path) -> None:
        (folder / ARRAYS).unlink()
        os.mkfifo(folder / ARRAYS)

    def a_folder(folder: Path) -> None:
        (folder / SUMS).unlink()
        (folder / SUMS).mkdir()

    yield "arrays cut", cut
    yield "arrays missing", lambda folder: (folder / ARRAYS).unlink()
    yield "sums missing", lambda folder: (folder / SUMS).unlink()
    yield "files swapped", swapped
    yield "format of the future", future
    yield "absurd shape", absurd
    yield "empty manifest", lambda folder: (folder / MANIFEST).write_bytes(b"")
    yield "manifest nested without end", lambda folder: (folder / MANIFEST).write_bytes(b"[" * 100_000)
    yield "a pipe for a file", piped
    yield "a folder for a file", a_folder


def _rename(folder: Path, version: str) -> None:
    _change(folder, version=version)


def _change(folder: Path, **changes: object) -> None:
    _write(folder, json.loads((folder / MANIFEST).read_text()) | changes)


def _write(folder: Path, manifest: dict[str, object]) -> None:
    """Write the manifest, and correct every checksum."""
    (folder / MANIFEST).write_text(json.dumps(manifest))
    files = manifest["files"]
    assert isinstance(files, dict)
    sums = {**files, MANIFEST: sha256((folder / MANIFEST).read_bytes()).hexdigest()}
    (folder / SUMS).write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())))
