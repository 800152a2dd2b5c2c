"""HTTP and the offline scorer give one answer, to complete profiles the analysts' pipeline as well."""

from pathlib import Path

from benchmarks.agreement import compare
from testkit.server import serving


def test_http_offline_scorer_and_pipeline_agree_on_every_profile(tmp_path: Path, artifacts: Path) -> None:
    with serving(tmp_path / "server", artifacts) as server:
        result = compare(server.url, artifacts, tmp_path, rows=200, seed=5)
    assert result.profiles == 400
    assert result.differing == 0
