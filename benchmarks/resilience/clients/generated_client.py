"""A client that openapi-python-client generates from the service's own document, used against a live server."""

import httpx2 as httpx

from benchmarks.resilience.harness.world import Outcome, World, require
from testkit.access import admin_key_in
from testkit.generated_client import generate, use
from testkit.server import serving


def used(world: World) -> Outcome:
    """Generate the client without a warning, and use every group of routes by it."""
    folder = world.fresh("generated")
    admin = admin_key_in(f"sqlite:///{folder}/segments.db")
    with serving(folder, world.artifacts(folder)) as server:
        document = folder / "openapi.json"
        document.write_bytes(httpx.get(f"{server.url}/openapi.json").content)
        warnings = generate(document, folder)
        require("WARNING" not in warnings.upper(), f"the generator complains: {warnings[-3000:]}")
        done = use(folder, server.url, admin)
    require(done.returncode == 0, f"the generated client failed: {done.stdout[-2000:]}{done.stderr[-3000:]}")
    calls = len(done.stdout.splitlines())
    return Outcome(
        "A client by openapi-python-client, used with a key: every group of routes, and refusals",
        f"{calls} calls",
        "generated without a warning, each response of the class that the document says",
    )
