"""wrk, for a bounded time, on one core of its own, at addresses of loopback only."""

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
    """What is asked for, over and over. With `numbers`, `{n}` in the path counts from 1 up to that, and again.

    `bodies`: in place of one body several, in turn: what is asked twice in a row would be in everybody's caches.
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
    """What came of it: requests a second, the times in milliseconds, and how many failed.

    Failed are those without an answer or with a status of 400 or more; to wrk a redirect is an answer.
    """

    rate: float
    p50: float
    p99: float
    failed: int


class WrkMissing(Exception):
    """There is no wrk on this machine."""


def load(url: str, request: Request, connections: int, seconds: int, core: int, folder: Path) -> Load:
    """Ask `url` (loopback) for the request on so many connections. Raises `WrkMissing`."""
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
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
    found = _RESULT.search(told)
    if found is None:
        raise RuntimeError(f"wrk told no result: {told[-500:]}")
    requests, duration, p50, p99, refused, broken = (float(group) for group in found.groups())
    return Load(requests / duration * 1e6, p50 / 1_000, p99 / 1_000, int(refused + broken))


def _in_turn(request: Request) -> str:
    """Requests that are made ready once, and sent one after the other."""
    # A request without a body says nothing of its length.
    pairs = ((_lua(path), _lua(body) if body else "nil") for path, body in request.in_turn())
    asked = ", ".join(f"{{{path}, {body}}}" for path, body in pairs)
    return f"""
local asked, ready, place = {{{asked}}}, {{}}, 0
init = function(args)
  for n, each in ipairs(asked) do
    ready[n] = wrk.format(nil, each[1], nil, each[2])
  end
end
request = function()
  place = place % #ready + 1
  return ready[place]
end"""


def _lua(text: str) -> str:
    """A Lua string; its escapes are those of JSON but for \\u, which does not occur in ASCII without controls."""
    return json.dumps(text, ensure_ascii=False)
