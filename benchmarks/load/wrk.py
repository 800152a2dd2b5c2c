"""wrk, for a limited time, on a core of its own, against loopback only."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

# A script of its own for each request: wrk has no options for a method and a body.
_SCRIPT = """
wrk.method = {method}
wrk.headers["Content-Type"] = "application/json"
{headers}
{in_turn}
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %.1f %.1f %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), errors.status, errors.connect + errors.read + errors.timeout))
end
"""
_RESULT = re.compile(r"RESULT (\d+) (\d+) ([\d.]+) ([\d.]+) (\d+) (\d+)")


@dataclass(frozen=True, slots=True)
class Request:
    """A repeated request. With `numbers`, `{n}` in the path counts from 1 to that, and again.

    `bodies`: several bodies in turn in place of one: a repeated body would be in the processor's caches.
    """

    method: str
    path: str
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    numbers: int = 0
    bodies: tuple[str, ...] = ()

    def in_turn(self) -> list[tuple[str, str]]:
        """The path and the body of each request, in order."""
        bodies = self.bodies or (self.body,)
        count = max(1, self.numbers, len(bodies))
        return [(self.path.replace("{n}", str(n + 1)), bodies[n % len(bodies)]) for n in range(count)]


@dataclass(frozen=True, slots=True)
class Load:
    """The result: requests a second, times in milliseconds, and the number of failed requests.

    A request failed if it got no response or a status of 400 or more; to wrk a redirect is a success.
    """

    rate: float
    p50: float
    p99: float
    failed: int


class WrkMissing(Exception):
    """wrk is not installed."""


def load(url: str, request: Request, connections: int, seconds: int, core: int, folder: Path) -> Load:
    """Send the request to `url` (loopback) on `connections` connections. Raises `WrkMissing`."""
    if shutil.which("wrk") is None:
        raise WrkMissing("wrk is needed: apt-get install wrk")
    script = folder / "request.lua"
    headers = "\n".join(f"wrk.headers[{_lua(name)}] = {_lua(value)}" for name, value in request.headers)
    script.write_text(
        _SCRIPT.format(method=_lua(request.method), headers=headers, in_turn=_in_turn(request)),
        encoding="utf-8",
    )
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(script)]
    command = ["taskset", "-c", str(core), "wrk", *options, url]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
    result = _RESULT.search(output)
    if result is None:
        raise RuntimeError(f"wrk printed no result: {output[-500:]}")
    requests, duration, p50, p99, refused, broken = (float(group) for group in result.groups())
    return Load(requests / duration * 1e6, p50 / 1_000, p99 / 1_000, int(refused + broken))


def _in_turn(request: Request) -> str:
    """A Lua script that formats all requests once, and sends them in turn."""
    # A request without a body has no Content-Length.
    pairs = ((_lua(path), _lua(body) if body else "nil") for path, body in request.in_turn())
    requests = ", ".join(f"{{{path}, {body}}}" for path, body in pairs)
    return f"""
local requests, formatted, index = {{{requests}}}, {{}}, 0
init = function(args)
  for n, pair in ipairs(requests) do
    formatted[n] = wrk.format(nil, pair[1], nil, pair[2])
  end
end
request = function()
  index = index % #formatted + 1
  return formatted[index]
end"""


def _lua(text: str) -> str:
    """A Lua string; its escapes are those of JSON except \\u, which does not occur in ASCII without controls."""
    return json.dumps(text, ensure_ascii=False)
