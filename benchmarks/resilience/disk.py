"""A full or read-only disk below artifacts, profiles or logs: small disks in memory; needs root."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx

from benchmarks.resilience.harness.load import PROFILE, Writers
from benchmarks.resilience.harness.world import Outcome, World, require
from testkit import ROOT
from testkit.server import Server, free_port, serving
from testkit.waiting import eventually


def artifacts(world: World) -> Outcome:
    """Full, then read-only, while a retrain writes its version."""
    folder = world.fresh("disk-artifacts")
    disk = folder / "disk"
    with _disk(disk, "6m"), serving(folder, world.artifacts(disk)) as server:
        before = _segment(server)
        filler = _fill(disk, leave=64 * 1_024)
        full = _failed_retrain(server, disk)
        filler.unlink()
        _remount(disk, "ro")
        read_only = _failed_retrain(server, disk)
        _remount(disk, "rw")
        require(_segment(server) == before, "the active model gives another response")
        again = server.ended(server.retrain(activate="never")["id"])
        require(again["status"] == "SUCCEEDED", f"it did not recover: {again['error']}")
    came = (
        f'full: "{full}"; read-only: "{read_only}"; nothing partially written, the old model stayed active, '
        "then it worked"
    )
    return Outcome("The disk full, then read-only, while a retrain writes a version", "2 ×", came)


def profiles(world: World) -> Outcome:
    """Full while profiles are written to SQLite, then free again; read-only at the start."""
    folder = world.fresh("disk-profiles")
    disk = folder / "disk"
    with _disk(disk, "3m"):
        url = f"sqlite:///{disk}/segments.db"
        with serving(folder, world.artifacts(folder), DATABASE_URL=url) as server:
            filler = _fill(disk, leave=1_024)
            with Writers(server, users=400) as load:
                eventually(lambda: load.statuses[503] > 20, 60)
                filler.unlink()
                written = load.writes
                eventually(lambda: load.writes > written + 50, 60)
            load.check()
            unexpected = {status for status in load.statuses if status not in (200, 201, 503)}
            require(not unexpected, f"writes got {unexpected}")
            refused = load.statuses[503]
        _remount(disk, "ro")
        sentence = _refused_start(world.artifacts(folder / "again"), url)
        _remount(disk, "rw")
    came = f"{refused} writes got 503, all {load.writes:,} acknowledged ones were stored, it recovered"
    return Outcome(
        "The disk of the SQLite file full under writes; read-only at the start",
        "2 ×",
        f'{came}; start: "{sentence}"',
    )


def logs(world: World) -> Outcome:
    """A log of which no byte can be written."""
    folder, port = world.fresh("disk-logs"), free_port()
    settings = {
        "ARTIFACTS_DIR": str(world.artifacts(folder)),
        "DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/segments.db",
    }
    number = world.times(2_000)
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "service", "serve", "--port", str(port)]
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings}, stdout=full, stderr=full)
        server = Server(settings, port, folder / "none", process)
        try:
            eventually(server.ready, 60)
            with httpx.Client(base_url=server.url) as client:
                statuses = {client.post("/segment", json=PROFILE).status_code for _ in range(number)}
                statuses |= {client.put(f"/users/u-{n}/profile", json=PROFILE).status_code for n in range(20)}
            require(statuses == {200, 201}, f"responses were {statuses}")
        finally:
            code = server.stop()
    require(code in (0, -15, 120), f"it ended with {code}")
    return Outcome("No byte of the log can be written (`/dev/full`)", f"{number:,} requests", "all succeeded")


@contextmanager
def _disk(folder: Path, size: str) -> Iterator[None]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _remount(folder: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", str(folder)], check=True)


def _fill(disk: Path, leave: int) -> Path:
    """Write a file that leaves `leave` bytes free."""
    status = os.statvfs(disk)
    filler = disk / "filler"
    filler.write_bytes(b"\0" * (status.f_bavail * status.f_frsize - leave))
    return filler


def _failed_retrain(server: Server, disk: Path) -> str:
    before = sorted(path.name for path in (disk / "artifacts").iterdir())
    ended = server.ended(server.retrain(activate="always")["id"])
    require(ended["status"] == "FAILED", f"the retrain is {ended['status']}")
    after = sorted(path.name for path in (disk / "artifacts").iterdir())
    require(after == before, f"{set(after) - set(before)} was left behind")
    require(server.ready(), "it is no longer ready")
    return str(ended["error"])


def _segment(server: Server) -> object:
    response = httpx.post(f"{server.url}/segment", json=PROFILE)
    require(response.status_code == 200, f"/segment responds with {response.status_code}")
    return response.json()


def _refused_start(folder: Path, url: str) -> str:
    command = [sys.executable, "-m", "service", "serve", "--port", "0"]
    settings = {"ARTIFACTS_DIR": str(folder), "DATABASE_URL": url}
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, timeout=60, check=False
    )
    require(done.returncode == 2 and done.stderr.count("\n") == 1, f"the start printed {done.stderr[-500:]}")
    return done.stderr.strip().replace(url.removeprefix("sqlite:///"), "segments.db")
