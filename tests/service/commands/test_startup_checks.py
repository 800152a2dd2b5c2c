"""Starting: what must not be served is refused in a sentence, and who may ask is said."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.commands.startup_checks import (
    MAKE_A_KEY,
    DatabaseInUse,
    NobodyMayAsk,
    access_line,
    alone_with_database,
)
from service.retraining.launcher import PROJECT_ROOT
from service.settings import Settings, SettingsError, is_loopback, listed
from service.store.memory.keys import MemoryKeys
from service.store.ports.store import StoreUnavailable
from testkit.access import NEVER_MADE, prefix
from testkit.waiting import eventually

EXPOSED = Settings(_env_file=None, host="0.0.0.0")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_an_address_of_this_machine_alone_is_not_exposed(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "segments.example.org", "localhost.evil.org", ""])
def test_every_other_address_is_exposed(host: str) -> None:
    assert not is_loopback(host)


def test_settings_of_several_are_written_with_commas() -> None:
    assert listed(" a, b,,c ,") == ("a", "b", "c")
    assert listed(None) == ()


def test_on_loopback_it_is_said_that_everything_is_open() -> None:
    line = access_line(Settings(_env_file=None), MemoryKeys())
    assert "everything is open" in line
    assert MAKE_A_KEY in line


def test_elsewhere_without_a_key_the_command_is_named_that_makes_one() -> None:
    with pytest.raises(NobodyMayAsk, match=re.escape(MAKE_A_KEY)):
        access_line(EXPOSED, MemoryKeys())


def test_insecure_says_what_it_means() -> None:
    assert "may do everything" in access_line(EXPOSED.model_copy(update={"insecure": True}), MemoryKeys())


def test_the_key_of_the_secret_file_is_kept_and_no_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{NEVER_MADE}\n")
    keys = MemoryKeys()
    line = access_line(EXPOSED.model_copy(update={"admin_key_file": tmp_path / "key"}), keys)
    assert "1 of 1" in line
    assert NEVER_MADE not in line
    assert [key.prefix for key in keys.all()] == [prefix(NEVER_MADE)]


def test_a_revoked_key_in_the_secret_file_is_not_brought_back(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(NEVER_MADE)
    settings = EXPOSED.model_copy(update={"admin_key_file": tmp_path / "key"})
    keys = MemoryKeys()
    access_line(settings, keys)
    keys.revoke(prefix(NEVER_MADE), keys.all()[0].created_at)
    with pytest.raises(NobodyMayAsk, match="revoked"):
        access_line(settings, keys)


def test_a_secret_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    settings = EXPOSED.model_copy(update={"admin_key_file": tmp_path / "none"})
    with pytest.raises(SettingsError, match="ADMIN_KEY_FILE"):
        access_line(settings, MemoryKeys())


def test_one_service_at_a_time_has_a_sqlite_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/data/segments.db"
    with alone_with_database(url):
        with pytest.raises(DatabaseInUse, match=f"process {os.getpid()}"), alone_with_database(url):
            pass
        with alone_with_database(f"sqlite:///{tmp_path}/other.db"):
            pass
    with alone_with_database(url):
        pass


def test_several_services_may_share_a_postgresql() -> None:
    url = "postgresql://me@db/segments"
    with alone_with_database(url), alone_with_database(url):
        pass


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StoreUnavailable, match="DATABASE_URL"),
        alone_with_database(f"sqlite:///{tmp_path}/file/segments.db"),
    ):
        pass


@contextmanager
def started(folder: Path, *arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """`serve` on a free port, once it listens; and the file of all that it says."""
    said = folder / "said"
    with said.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", "serve", "--port", "0", *arguments],
            cwd=folder,
            env={"PYTHONPATH": str(PROJECT_ROOT), "PATH": "/usr/bin:/bin", **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
        )
    with process:
        try:
            eventually(lambda: "startup complete" in said.read_text() or process.poll() is not None, 30)
            yield process, said
        finally:
            process.terminate()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_without_a_key_nothing_is_served_to_others_however_many_workers(tmp_path: Path, workers: str) -> None:
    with started(tmp_path, "--host", "0.0.0.0", WORKERS=workers) as (process, said):
        assert process.wait(30) == 2
    assert MAKE_A_KEY in said.read_text()
    assert said.read_text().count("\n") == 1


def test_a_second_start_on_one_sqlite_file_says_who_has_it_and_sighup_ends_nothing(tmp_path: Path) -> None:
    with started(tmp_path) as (first, said):
        first.send_signal(signal.SIGHUP)
        eventually(lambda: "SIGHUP:" in said.read_text())
        (tmp_path / "second").mkdir()
        url = f"sqlite:///{tmp_path}/data/segments.db"
        with started(tmp_path / "second", DATABASE_URL=url) as (second, refusal):
            assert second.wait(30) == 2
        assert f"process {first.pid}" in refusal.read_text()
        assert first.poll() is None
        first.terminate()
        assert first.wait(30) in (0, -signal.SIGTERM)
