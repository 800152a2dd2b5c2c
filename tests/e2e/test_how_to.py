"""What the how-to pages say to do works as it is printed."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from service.security.keys import make_key
from service.security.scopes import Scope
from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore
from testkit import ROOT
from tests.contract.support.records import assigned

MOVE = ROOT / "docs" / "how-to" / "move-to-postgresql.md"
NOW = datetime(2026, 11, 29, tzinfo=UTC)


def python_block(page: Path) -> str:
    [block] = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return str(block)


def test_a_store_moves_to_postgresql(tmp_path: Path, postgres_url: str) -> None:
    sqlite_url = f"sqlite:///{tmp_path}/segments.db"
    migrate(sqlite_url)
    old = SqlStore(sqlite_url)
    old.users.put("ada", '{"age": 68}', NOW, assigned("p_1"))
    old.users.put("ada", '{"age": 69}', NOW, assigned("p_2"))
    make_key(old.keys, "app", [Scope.ADMIN], NOW)
    users, changes, keys = old.users.get("ada"), old.personas.changes("ada", 10), old.keys.all()
    old.close()

    script = tmp_path / "copy_store.py"
    script.write_text(python_block(MOVE), encoding="utf-8")
    subprocess.run(
        [sys.executable, str(script), sqlite_url, postgres_url], cwd=ROOT, env={"PYTHONPATH": "."}, check=True
    )

    new = SqlStore(postgres_url)
    try:
        assert (new.users.get("ada"), new.personas.changes("ada", 10), new.keys.all()) == (users, changes, keys)
        new.users.put("ada", '{"age": 70}', NOW, assigned("p_1"))
        assert len(new.personas.changes("ada", 10)) == len(changes) + 1 == 2
    finally:
        new.close()
