"""The first example of the client's README runs as it is printed, and its methods exist."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from backpocket_segments import SegmentsClient

from testkit import ROOT
from testkit.access import admin_key_in
from testkit.server import serving

README = (ROOT / "client" / "README.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "how-to" / "use-the-python-client.md").read_text(encoding="utf-8")


def test_first_example_prints_gifts_for_the_users_that_there_are(artifacts: Path, tmp_path: Path) -> None:
    [example] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(example.splitlines()) <= 10
    key = admin_key_in(f"sqlite:///{tmp_path}/segments.db")
    with serving(tmp_path, artifacts) as server:
        with SegmentsClient(server.url, key) as segments:
            ada = segments.put_profile("ada", {"age": 68, "hobbies": ["DIY", "fishing"]})
            grace = segments.put_profile("grace", {"age": 24, "hobbies": ["gaming"]})
        environment = {"SEGMENTS_URL": server.url, "SEGMENTS_KEY": key, "PYTHONPATH": str(ROOT / "client")}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", example],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], **environment},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    for line, stored in zip(lines, (ada, grace), strict=True):
        assert stored.persona is not None
        assert re.fullmatch(
            rf"{stored.user_id} {re.escape(stored.persona.name)} \[('[\w ]+', ){{2}}'[\w ]+'\]", line
        )


@pytest.mark.parametrize("name", sorted(set(re.findall(r"(?:`|\bsegments\.)(\w+)\(", README + GUIDE))))
def test_methods_that_the_documents_name_exist(name: str) -> None:
    assert name in ("help", "SegmentsClient") or hasattr(SegmentsClient, name)
