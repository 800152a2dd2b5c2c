"""Clients that send requests to a running server without a pause, to see what a change under load does to them."""

import threading
import time
from collections.abc import Callable, Sequence

import httpx2 as httpx

REQUESTS_A_CONNECTION = 20


class ConstantLoad:
    """One thread an action, which gets a client and the request's number; `failures` holds what actions raised."""

    def __init__(self, url: str, actions: Sequence[Callable[[httpx.Client, int], None]], pause: float) -> None:
        self.url, self.pause = url, pause
        self.failures: list[str] = []
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._repeat, args=(action,)) for action in actions]

    def __enter__(self) -> "ConstantLoad":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, action: Callable[[httpx.Client, int], None]) -> None:
        number = 0
        while not self._stopping.is_set():
            # A new connection now and then, so that requests reach every worker.
            with httpx.Client(base_url=self.url, timeout=30) as client:
                for _ in range(REQUESTS_A_CONNECTION):
                    self._attempt(action, client, number)
                    number += 1

    def _attempt(self, action: Callable[[httpx.Client, int], None], client: httpx.Client, number: int) -> None:
        try:
            action(client, number)
        except (httpx.HTTPError, AssertionError, KeyError) as error:
            self.failures.append(repr(error))
        time.sleep(self.pause)
