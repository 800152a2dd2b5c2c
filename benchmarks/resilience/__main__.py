"""`python -m benchmarks.resilience [STEP …]`: run the steps in order; `--write` updates the report."""

import argparse
import platform
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from datetime import date
from pathlib import Path

from benchmarks.resilience import artifacts, disk, kills, replicas, soak, stopping
from benchmarks.resilience.clients import crowds, fuzz, generated_client, hostile, protocol
from benchmarks.resilience.harness.world import Outcome, World
from benchmarks.resilience.store import contention, database, feed, users
from testkit import ROOT

Step = Callable[[World], Outcome]
STEPS: dict[str, Step] = {
    "kill-server": kills.of_the_server,
    "kill-worker": kills.of_a_worker,
    "kill-child": kills.of_the_child,
    "kill-postgresql": kills.of_postgresql,
    **users.STEPS,
    "database-gone": database.gone_slow_or_silent,
    "database-locked": database.locked,
    "database-frozen": database.frozen,
    "writers-and-readers": contention.writers_and_readers,
    "two-patches": contention.two_patches,
    "feed-followed": feed.followed,
    "one-user": feed.one_user,
    "disk-artifacts": disk.artifacts,
    "disk-profiles": disk.profiles,
    "disk-logs": disk.logs,
    "artifacts-flipped": artifacts.flipped,
    "artifacts-damaged": artifacts.damaged,
    "sigterm": stopping.under_load,
    "fuzz-admin": fuzz.with_a_key,
    "fuzz-nobody": fuzz.without_a_key,
    "generated-client": generated_client.used,
    "crowd-idle": crowds.idle_and_busy,
    "crowd-dripping": crowds.dripping,
    "crowd-held": crowds.held,
    "heads-without-end": protocol.heads_without_end,
    "pipeline": protocol.long_pipelines,
    "refused-bodies": protocol.refused_bodies,
    "hostile-bodies": hostile.both_paths,
    "replicas": replicas.two,
    "soak": soak.half_load,
}
REPORT = ROOT / "docs/reliability.md"
ROW = re.compile(r"^\| `(?P<step>[a-z-]+)` \|.*$", re.MULTILINE)


def main() -> int:
    """Run the steps. Returns 1 if one of them failed."""
    options = _parser().parse_args()
    broken = []
    with tempfile.TemporaryDirectory(prefix="resilience-") as folder:
        # PostgreSQL's user must be able to enter it.
        Path(folder).chmod(0o755)
        world = World(Path(folder), options.share)
        for name in options.steps or STEPS:
            started = time.monotonic()
            try:
                outcome = STEPS[name](world)
            except Exception:
                traceback.print_exc()
                broken.append(name)
                continue
            seconds = time.monotonic() - started
            row = f"| `{name}` | {outcome.done} | {outcome.times} | {outcome.result} | {seconds:.0f} s |"
            print(row, flush=True)
            if options.write:
                _write_row(name, row)
    print(f"{platform.python_version()}, {date.today()}; broken: {', '.join(broken) or 'nothing'}")
    return 1 if broken else 0


def _write_row(name: str, row: str) -> None:
    """Replace the row of a step in the report."""
    text = REPORT.read_text(encoding="utf-8")
    new = ROW.sub(lambda match: row if match["step"] == name else match[0], text)
    if row not in new:
        raise LookupError(f"{REPORT} has no row for `{name}`")
    REPORT.write_text(new, encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks.resilience", description="What the service survives.")
    parser.add_argument("steps", nargs="*", choices=[*STEPS, []], metavar="STEP", help=", ".join(STEPS))
    parser.add_argument(
        "--share", type=float, default=1.0, help="share of the work, 1 for all, 0.05 for a quick look"
    )
    parser.add_argument("--write", action="store_true", help=f"write the results into {REPORT.name}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
