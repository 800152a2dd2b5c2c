"""One client at a steady pace: python -m benchmarks.resilience.harness.probe PORT SECONDS [PATH].

It sends profiles to `/segment`, or reads PATH, where `{n}` counts from 0 to 9.

It has its own process, so that it measures the service and not the load generator. Prints the latency of each
response, in ms, and the counts by status (0: no response).
"""

import http.client
import json
import socket
import sys
import time
from collections import Counter

PACE = 0.01
BODY = json.dumps({"age": 30, "hobbies": ["gaming", "coding"], "budget_range": "high"})


def measure(port: int, seconds: float, path: str | None = None) -> tuple[list[float], Counter[int]]:
    """Measure for `seconds`."""
    taken, statuses = list[float](), Counter[int]()
    until = time.monotonic() + seconds
    connection = connected(port)
    while time.monotonic() < until:
        started = time.perf_counter()
        try:
            if path is None:
                connection.request("POST", "/segment", BODY, {"content-type": "application/json"})
            else:
                connection.request("GET", path.replace("{n}", str(len(taken) % 10)))
            response = connection.getresponse()
            response.read()
        except (http.client.HTTPException, OSError):
            statuses[0] += 1
            connection.close()
            connection = connected(port)
            continue
        taken.append((time.perf_counter() - started) * 1_000)
        statuses[response.status] += 1
        time.sleep(max(0.0, PACE - (time.perf_counter() - started)))
    connection.close()
    return taken, statuses


def connected(port: int) -> http.client.HTTPConnection:
    """A connection to the service."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.connect()
    # Head and body are two packets; the second must not wait for the acknowledgement of the first.
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


if __name__ == "__main__":
    latencies, counts = measure(int(sys.argv[1]), float(sys.argv[2]), *sys.argv[3:])
    print(json.dumps({"taken": latencies, "statuses": dict(counts)}))
