"""The child process: its arguments, its events, its limits, and that it never outlives its parent."""

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from models.acceptance import Thresholds
from service.retraining.child_process import LAST_LINES, ChildProcess, exit_sentence
from service.retraining.launcher import Ended, Event, FitOrder, LaunchFailed, Step
from service.retraining.process_launcher import (
    PROJECT_ROOT,
    ProcessLauncher,
    child_environment,
    fit_arguments,
)
from service.settings import Settings
from testkit.processes import gone
from testkit.waiting import eventually

ORDER = FitOrder(out=Path("models/artifacts"), k="auto", seed=7, rows=500)


def launch(script: str, nice: int = 0) -> ChildProcess:
    """A child that runs this script in place of training."""
    command = (sys.executable, "-c", textwrap.dedent(script))
    launcher = ProcessLauncher(threads=1, nice=nice, stop_seconds=0.5, command=command)
    child = launcher.launch(ORDER)
    assert isinstance(child, ChildProcess)
    return child


def events_of(child: ChildProcess) -> list[Event]:
    """All events until the end."""
    events: list[Event] = []
    while not (events and isinstance(events[-1], Ended)):
        event = child.next_event(10)
        assert event is not None
        events.append(event)
    return events


def test_order_becomes_arguments_of_training() -> None:
    assert fit_arguments(ORDER) == [
        *("fit", "--simulate", "500", "--k", "auto", "--seed", "7"),
        *("--out", str(Path("models/artifacts").resolve())),
        *("--no-activate", "--progress", "json", "--stop-when-stdin-closes"),
    ]


def test_data_file_is_passed_with_its_origin() -> None:
    order = FitOrder(out=Path("out"), k=5, seed=0, data=Path("/data/x.csv"), origin="users")
    assert fit_arguments(order)[:5] == ["fit", "--data", "/data/x.csv", "--origin", "users"]
    mapped = dataclasses.replace(order, mapping=Path("/data/map.toml"))
    assert fit_arguments(mapped)[5:7] == ["--mapping", "/data/map.toml"]


def test_training_parses_the_arguments() -> None:
    from training.commands.main import parser

    options = parser().parse_args(fit_arguments(ORDER))
    assert (options.simulate, options.seed, options.activate) == (500, 7, False)


def test_child_environment_limits_threads_and_withholds_secrets() -> None:
    environment = {"PATH": "/bin", "DATABASE_URL": "x", "database_password_file": "y", "OMP_NUM_THREADS": "64"}
    child = child_environment(environment, 2)
    assert child["OMP_NUM_THREADS"] == child["OPENBLAS_NUM_THREADS"] == "2"
    assert child["PATH"] == "/bin"
    assert not {"DATABASE_URL", "database_password_file"} & set(child)


def test_progress_and_result_become_events() -> None:
    child = launch(
        """
        import json
        print(json.dumps({"stage": "fitting", "progress": 0.5}))
        print(json.dumps({"message": "hello"}))
        print("no json")
        print("[" * 100_000)
        print(json.dumps({"stage": "done", "progress": 7}))
        print(json.dumps({"result": {"version": "v"}}))
        """
    )
    assert events_of(child) == [Step("fitting", 0.5), Step("done", 1.0), Ended("v")]


def test_failure_has_its_sentence_and_the_last_lines() -> None:
    child = launch(
        """
        import sys
        for number in range(100): print("line", number, file=sys.stderr)
        print('{"error": "The file has no rows."}')
        sys.exit(2)
        """
    )
    (ended,) = events_of(child)
    assert isinstance(ended, Ended)
    assert (ended.version, ended.error) == (None, "The file has no rows.")
    assert len(ended.last_lines) == LAST_LINES
    assert ended.last_lines[-1] == "line 99"


def test_result_of_a_failed_child_is_ignored() -> None:
    child = launch("""import sys; print('{"result": {"version": "v"}}'); sys.exit(1)""")
    assert events_of(child) == [Ended(None, "Training ended with exit code 1.")]


def test_killed_child_is_reported_with_its_signal() -> None:
    child = launch("import time; time.sleep(60)")
    os.kill(child.pid, signal.SIGKILL)
    assert events_of(child) == [Ended(None, "Training was killed by signal 9 (SIGKILL).")]


def test_silent_child_gives_no_event() -> None:
    child = launch("import time; time.sleep(60)")
    assert child.next_event(0.01) is None
    child.stop()


def test_child_that_ignores_termination_is_killed() -> None:
    child = launch(
        """
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print('{"stage": "deaf", "progress": 0}', flush=True)
        time.sleep(60)
        """
    )
    assert child.next_event(10) == Step("deaf", 0.0)
    child.stop()
    assert gone(child.pid)


def test_processes_of_a_child_end_with_it() -> None:
    child = launch(
        """
        import json, subprocess, sys
        inner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        print(json.dumps({"stage": str(inner.pid), "progress": 0}), flush=True)
        """
    )
    step, ended = events_of(child)
    assert isinstance(step, Step)
    assert isinstance(ended, Ended)
    eventually(lambda: gone(int(step.stage)))


def test_child_runs_with_its_niceness() -> None:
    child = launch("import time; time.sleep(60)", nice=7)
    assert os.getpriority(os.PRIO_PROCESS, child.pid) == 7
    child.stop()


def test_child_ends_when_its_parent_dies() -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(
                """
                import sys, time
                from pathlib import Path
                from service.retraining.launcher import FitOrder
                from service.retraining.process_launcher import ProcessLauncher
                waits = "import sys; sys.stdin.read()"
                command = (sys.executable, "-c", waits)
                launcher = ProcessLauncher(threads=1, nice=0, stop_seconds=1.0, command=command)
                child = launcher.launch(FitOrder(out=Path("."), k=2, seed=0, rows=100))
                print(child.pid, flush=True)
                time.sleep(60)
                """
            ),
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT_ROOT,
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert not gone(pid)
        parent.kill()
        eventually(lambda: gone(pid))


def test_command_that_cannot_start_is_refused() -> None:
    with pytest.raises(LaunchFailed, match="could not be started"):
        ProcessLauncher(threads=1, nice=0, stop_seconds=1.0, command=("/no/such/python",)).launch(ORDER)


@pytest.mark.parametrize(
    ("code", "words"), [(-9, "SIGKILL"), (-99, "unknown"), (0, "without its result"), (3, "3")]
)
def test_exit_code_has_a_sentence(code: int, words: str) -> None:
    assert words in exit_sentence(code)


def test_thresholds_are_passed_one_by_one_and_parsed() -> None:
    from training.commands.main import parser

    order = dataclasses.replace(ORDER, thresholds=Settings(_env_file=None).acceptance_thresholds())
    options = parser().parse_args(fit_arguments(order))
    assert ("max_changed_share", "0.3") in options.bound
    assert len(options.bound) == len(Thresholds.model_fields)


def test_memory_of_a_child_is_measured() -> None:
    child = launch('held = bytearray(200_000_000); print(\'{"stage": "x", "progress": 1}\', flush=True); input()')
    assert child.next_event(10) == Step("x", 1.0)
    assert 200_000_000 < (child.memory() or 0) < 400_000_000
    child.stop()
    eventually(lambda: child.memory() is None or child.memory() == 0)


def test_messages_of_training_are_among_the_last_lines() -> None:
    child = launch("""print('{"message": "Trained on 5 profiles."}'); raise SystemExit(2)""")
    (ended,) = events_of(child)
    assert isinstance(ended, Ended)
    assert ended.last_lines == ("Trained on 5 profiles.",)
