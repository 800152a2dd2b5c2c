"""What the how-to pages say to do works as it is printed."""

import re
import subprocess
import sys
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.security.keys import make_key
from service.security.scopes import Scope
from service.settings import Settings
from service.store.ports.audit import AuditEntry
from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore
from testkit import ROOT
from tests.contract.support.records import assigned
from training.data.mapping.mapping import parse_mapping

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def block(name: str, language: str) -> str:
    """The one block in a language that a how-to page has."""
    text = (ROOT / "docs" / "how-to" / name).read_text(encoding="utf-8")
    [content] = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return str(content)


def test_mapping_of_the_page_can_be_read() -> None:
    mapping = parse_mapping(block("train-on-your-own-file.md", "toml"))
    assert set(mapping.rules) == {"age", "gift_history", "hobbies", "occupation", "budget_range"}
    assert mapping.descriptors.names == ("Gender", "Region", "Income")


def test_command_of_the_page_counts_users(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    exec(block("add-a-command.md", "python"), names)
    url = f"sqlite:///{tmp_path}/segments.db"
    migrate(url)
    names["COMMAND"].run(Namespace(), Settings(_env_file=None, database_url=url))
    assert capsys.readouterr().out == "0\n"


def test_a_store_moves_to_postgresql(tmp_path: Path, postgres_url: str) -> None:
    sqlite_url = f"sqlite:///{tmp_path}/segments.db"
    migrate(sqlite_url)
    old = SqlStore(sqlite_url)
    old.users.put("ada", '{"age": 68}', NOW, assigned("p_1"))
    old.users.put("ada", '{"age": 69}', NOW, assigned("p_2"))
    old.users.put("gone", "{}", NOW, assigned("p_1"))
    highest = old.feed.latest()
    old.rights.erase("gone", NOW, notice=False)
    old.audit.record(AuditEntry(at=NOW, actor="me", action="users.erase", subject=old.rights.subject("gone")))
    make_key(old.keys, "app", [Scope.ADMIN], NOW)
    users, changes, keys = old.users.get("ada"), old.personas.changes("ada", 10), old.keys.all()
    old.close()

    script = tmp_path / "copy_store.py"
    script.write_text(block("move-to-postgresql.md", "python"), encoding="utf-8")
    subprocess.run(
        [sys.executable, str(script), sqlite_url, postgres_url], cwd=ROOT, env={"PYTHONPATH": "."}, check=True
    )

    new = SqlStore(postgres_url)
    try:
        assert (new.users.get("ada"), new.personas.changes("ada", 10), new.keys.all()) == (users, changes, keys)
        new.users.put("ada", '{"age": 70}', NOW, assigned("p_1"))
        assert new.rights.erased(["gone", "ada"]) == {"gone"}
        assert new.audit.latest(10)[0].subject == new.rights.subject("gone")
        new.audit.record(AuditEntry(at=NOW, actor="me", action="users.read"))
        # Whoever follows the feed has seen what was erased since.
        assert [entry.user_id for entry in new.feed.entries(highest, 10) or ()] == ["ada"]
        assert new.feed.users_by_persona() == {"p_1": 1}
    finally:
        new.close()
