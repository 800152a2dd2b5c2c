"""A launcher whose children do what a test says."""

import queue
from dataclasses import dataclass, field

from service.retraining.launcher import Ended, Event, FitOrder, LaunchFailed


@dataclass
class FakeChild:
    """A training run that sends the events of the test, and ends when it is stopped."""

    events: queue.SimpleQueue[Event] = field(default_factory=queue.SimpleQueue)
    stopped: bool = False
    bytes_held: int = 0

    def next_event(self, timeout: float) -> Event | None:
        try:
            return self.events.get(timeout=timeout)
        except queue.Empty:
            return None

    def memory(self) -> int | None:
        return self.bytes_held

    def stop(self) -> None:
        self.stopped = True
        self.events.put(Ended(None, "Training was killed by signal 15 (SIGTERM)."))

    def say(self, event: Event) -> None:
        """Let the child say this next."""
        self.events.put(event)


@dataclass
class FakeLauncher:
    """Hands out `FakeChild`s, one an order; `refusal` makes it refuse."""

    refusal: str = ""
    orders: list[FitOrder] = field(default_factory=list)
    children: list[FakeChild] = field(default_factory=list)

    def launch(self, order: FitOrder) -> FakeChild:
        if self.refusal:
            raise LaunchFailed(self.refusal)
        self.orders.append(order)
        self.children.append(FakeChild())
        return self.children[-1]
