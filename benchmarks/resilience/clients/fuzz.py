"""schemathesis on the whole OpenAPI document, with a key and without: no 5xx, every response as documented.

It has its own environment (`make .venv-trust/.complete`), as it uses HTTP and the project's environment does not
need its dependencies.
"""

import re
import subprocess

from benchmarks.resilience.harness.world import Outcome, World, require
from testkit import ROOT
from testkit.access import admin_key_in
from testkit.server import serving

PROGRAM = ROOT / ".venv-trust/bin/schemathesis"
CONFIGURATION = ROOT / "benchmarks/resilience/schemathesis.toml"
# For each operation, in fuzzing.
EXAMPLES = 300
# Unknown cursors, versions and ids are refused although their schema is a text. Without a key a request is refused
# before it is validated.
NOT_WITH_A_KEY = "positive_data_acceptance"
NOT_WITHOUT = "positive_data_acceptance,negative_data_rejection,missing_required_header"


def with_a_key(world: World) -> Outcome:
    """As admin, with every scope."""
    return _run(world, "as admin", key=True, excluded=NOT_WITH_A_KEY)


def without_a_key(world: World) -> Outcome:
    """Without a key where keys are required: every request is refused."""
    return _run(world, "without a key", key=False, excluded=NOT_WITHOUT)


def _run(world: World, who: str, key: bool, excluded: str) -> Outcome:
    require(PROGRAM.exists(), "schemathesis is not installed: make .venv-trust/.complete")
    folder = world.fresh("fuzz")
    admin = admin_key_in(f"sqlite:///{folder}/segments.db")
    # Fuzzing names training files that do not exist; it can start simulated retrains, so they are small.
    settings = {"KEY_RATE": "0", "RETRAIN_ROWS": "1000"}
    with serving(folder, world.artifacts(folder), **settings) as server:
        command = [str(PROGRAM), "--config-file", str(CONFIGURATION), "run", f"{server.url}/openapi.json"]
        command += ["--url", server.url, "--workers", "1"]
        command += ["--checks", "all", "--exclude-checks", excluded, "--max-examples", str(world.times(EXAMPLES))]
        command += ["--seed", "7", "--generation-database", "none", "--continue-on-failure", "--no-color"]
        command += ["--warnings", "off", "--request-timeout", "35", "--suppress-health-check", "all"]
        command += ["--header", f"Authorization: Bearer {admin}"] if key else []
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=3_000, check=False)
        require(
            "a request failed" not in server.log.read_text(), f"a request failed: {server.log.read_text()[-3000:]}"
        )
    match = re.search(r"([\d,]+) generated", done.stdout) or re.search(r"Test cases:\s+(.*)", done.stdout)
    require(done.returncode == 0, f"schemathesis found errors:\n{done.stdout[-9000:]}{done.stderr[-2000:]}")
    count = match[1] if match else "?"
    return Outcome(f"schemathesis on the whole document, {who}, all checks", f"{count} cases", "nothing found")
