"""Startup checks: each refusal is one sentence, and the access line says who has access."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from service.commands.startup_checks import (
    MAKE_A_KEY,
    DatabaseInUse,
    NoWorkingKey,
    access_line,
    exclusive_database,
)
from service.retraining.process_launcher import PROJECT_ROOT
from service.security.scopes import Scope
from service.setting_values import comma_separated
from service.settings import Settings, SettingsError, is_loopback
from service.store.memory.keys import MemoryKeys
from service.store.ports.errors import StoreUnavailable
from testkit.access import NEVER_MADE, key_with, prefix
from testkit.waiting import eventually

EXPOSED = Settings(_env_file=None, host="0.0.0.0")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_address_is_not_exposed(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "segments.example.org", "localhost.evil.org", ""])
def test_other_address_is_exposed(host: str) -> None:
    assert not is_loopback(host)


def test_list_settings_are_separated_by_commas() -> None:
    assert comma_separated(" a, b,,c ,") == ("a", "b", "c")
    assert comma_separated(None) == ()


def test_access_line_on_loopback_without_a_key_says_that_everything_is_open() -> None:
    line = access_line(Settings(_env_file=None), MemoryKeys())
    assert "everything is open" in line
    assert MAKE_A_KEY in line


def test_exposed_address_without_a_key_is_refused_with_the_command_that_makes_one() -> None:
    with pytest.raises(NoWorkingKey, match=re.escape(MAKE_A_KEY)):
        access_line(EXPOSED, MemoryKeys())


@pytest.mark.parametrize("changes", [{}, {"insecure": True}, {"host": "0.0.0.0"}])
def test_service_that_requires_keys_is_not_started_without_one(changes: dict[str, Any]) -> None:
    keys, required = MemoryKeys(), Settings(_env_file=None, require_keys=True).model_copy(update=changes)
    with pytest.raises(NoWorkingKey, match=r"REQUIRE_KEYS is set, and no key exists: .*keys create"):
        access_line(required, keys)
    key_with(keys, Scope.ADMIN)
    assert "1 of 1 work" in access_line(required, keys)


def test_insecure_access_line_says_what_is_open() -> None:
    assert "may do everything" in access_line(EXPOSED.model_copy(update={"insecure": True}), MemoryKeys())


def test_key_of_the_secret_file_is_stored_and_never_printed(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{NEVER_MADE}\n")
    keys = MemoryKeys()
    line = access_line(EXPOSED.model_copy(update={"admin_key_file": tmp_path / "key"}), keys)
    assert "1 of 1" in line
    assert NEVER_MADE not in line
    assert [key.prefix for key in keys.all()] == [prefix(NEVER_MADE)]


def test_revoked_key_of_the_secret_file_stays_revoked(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(NEVER_MADE)
    settings = EXPOSED.model_copy(update={"admin_key_file": tmp_path / "key"})
    keys = MemoryKeys()
    access_line(settings, keys)
    keys.revoke(prefix(NEVER_MADE), keys.all()[0].created_at)
    with pytest.raises(NoWorkingKey, match="revoked"):
        access_line(settings, keys)


def test_missing_secret_file_is_named(tmp_path: Path) -> None:
    settings = EXPOSED.model_copy(update={"admin_key_file": tmp_path / "none"})
    with pytest.raises(SettingsError, match="ADMIN_KEY_FILE"):
        access_line(settings, MemoryKeys())


def test_sqlite_file_is_held_by_one_service_at_a_time(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/data/segments.db"
    with exclusive_database(url):
        with pytest.raises(DatabaseInUse, match=f"process {os.getpid()}"), exclusive_database(url):
            pass
        with exclusive_database(f"sqlite:///{tmp_path}/other.db"):
            pass
    with exclusive_database(url):
        pass


def test_postgresql_is_shared_by_several_services() -> None:
    url = "postgresql://me@db/segments"
    with exclusive_database(url), exclusive_database(url):
        pass


def test_folder_that_cannot_be_created_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StoreUnavailable, match="DATABASE_URL"),
        exclusive_database(f"sqlite:///{tmp_path}/file/segments.db"),
    ):
        pass


@contextmanager
def started(folder: Path, *arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """`serve` on a free port, once it listens; and the file that holds all its output."""
    output_file = folder / "output_file"
    with output_file.open("w") as output:
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
            eventually(lambda: "startup complete" in output_file.read_text() or process.poll() is not None, 30)
            yield process, output_file
        finally:
            process.terminate()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_exposed_service_without_a_key_does_not_start(tmp_path: Path, workers: str) -> None:
    with started(tmp_path, "--host", "0.0.0.0", WORKERS=workers) as (process, output_file):
        assert process.wait(30) == 2
    assert MAKE_A_KEY in output_file.read_text()
    assert output_file.read_text().count("\n") == 1


def test_every_line_of_a_start_is_json(tmp_path: Path) -> None:
    with started(tmp_path) as (_, output_file):
        lines = [json.loads(line) for line in output_file.read_text().splitlines()]
    said = " ".join(line["message"] for line in lines)
    for words in ("everything is open", "No model is active yet", "Listening on", "startup complete"):
        assert words in said
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)


def test_second_service_on_one_sqlite_file_names_the_first_which_ignores_sighup(tmp_path: Path) -> None:
    with started(tmp_path) as (first, output_file):
        first.send_signal(signal.SIGHUP)
        eventually(lambda: "SIGHUP:" in output_file.read_text())
        (tmp_path / "second").mkdir()
        url = f"sqlite:///{tmp_path}/data/segments.db"
        with started(tmp_path / "second", DATABASE_URL=url) as (second, refusal):
            assert second.wait(30) == 2
        assert f"process {first.pid}" in refusal.read_text()
        assert first.poll() is None
        first.terminate()
        assert first.wait(30) in (0, -signal.SIGTERM)
