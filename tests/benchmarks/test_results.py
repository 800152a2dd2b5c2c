"""The file of results: every benchmark's output under its command, and what failed said so."""

from pathlib import Path

import pytest

import benchmarks.__main__ as bench


def test_a_section_has_the_command_and_what_it_printed() -> None:
    told, code = bench.section("Title", ["-c", "print('| a |')"])
    assert code == 0
    assert told == "## Title\n\n    python -c print('| a |')\n\n| a |\n"


def test_what_failed_is_said_after_what_it_still_printed() -> None:
    told, code = bench.section("Title", ["-c", "print('half'); raise SystemExit('no wrk here')"])
    assert code == 1
    assert "half" in told
    assert "**Failed with exit code 1.** no wrk here" in told


def test_the_file_starts_with_date_versions_and_machine_and_a_failed_benchmark_fails_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "RESULTS.md"
    monkeypatch.setattr("sys.argv", ["benchmarks", "--only", "quick", "--out", str(out)])
    monkeypatch.setitem(bench.BENCHMARKS, "quick", ("Quick", [], []))
    with pytest.raises(SystemExit, match="failed: quick"):
        bench.main()
    text = out.read_text(encoding="utf-8")
    assert "UTC, commit" in text
    assert "cores (" in text
    assert "numpy " in text
    # There is no such benchmark, which is told.
    assert "**Failed with exit code 1.**" in text
