"""How many requests wait in this worker: received whole, and not started."""

from dataclasses import dataclass


@dataclass(slots=True)
class RequestQueue:
    """The number of requests that wait."""

    length: int = 0


@dataclass(slots=True)
class QueuedRequest:
    """One request, which waits from its last byte until work on it starts."""

    queue: RequestQueue
    received: bool = False
    started: bool = False

    def mark_received(self) -> None:
        """The last byte of the request has arrived."""
        if not self.received:
            self.received = True
            self.queue.length += not self.started

    def start(self) -> None:
        """The request waits no longer: it is worked on, or its client is gone."""
        if not self.started:
            self.started = True
            self.queue.length -= self.received
