"""The file of results: the output of every benchmark below its command, and failures."""

from pathlib import Path

import pytest

import benchmarks.__main__ as bench


def test_section_has_the_command_and_its_output() -> None:
    text, code = bench.section("Title", ["-c", "print('| a |')"])
    assert code == 0
    assert text == "## Title\n\n    python -c print('| a |')\n\n| a |\n"


def test_failure_is_reported_after_the_output() -> None:
    text, code = bench.section("Title", ["-c", "print('half'); raise SystemExit('no wrk here')"])
    assert code == 1
    assert "half" in text
    assert "**Failed with exit code 1.** no wrk here" in text


def test_file_starts_with_date_versions_and_machine_and_a_failure_fails_the_run(
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
    # There is no such benchmark.
    assert "**Failed with exit code 1.**" in text
