"""What is too old is removed in batches, by one worker at a time."""

import logging
import threading

import pytest

from service.background import retention
from service.background.retention import BATCH, MAX_BATCHES, Retention, RetentionRule
from service.observability.metrics import Metrics
from service.store.memory.leases import MemoryLeases


class Records:
    """Old records, of which each batch removes some."""

    def __init__(self, count: int) -> None:
        self.left, self.batches = count, list[int]()

    def remove(self, limit: int) -> int:
        removed = min(limit, self.left)
        self.left -= removed
        self.batches.append(removed)
        return removed


def retained(*rules: RetentionRule, leases: MemoryLeases | None = None, owner: str = "me") -> Retention:
    return Retention(
        rules=rules, leases=leases or MemoryLeases(), metrics=Metrics(), owner=owner, stopping=threading.Event()
    )


def test_old_records_are_removed_in_batches_counted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="service.upkeep")
    many, none = Records(BATCH * 2 + 7), Records(0)
    run = retained(RetentionRule("changes", many.remove), RetentionRule("retrains", none.remove))
    run.run()
    assert (many.batches, none.batches) == ([BATCH, BATCH, 7], [0])
    counted = run.metrics.registry.get_sample_value("segments_records_removed_total", {"kind": "changes"})
    assert counted == BATCH * 2 + 7
    (record,) = caplog.records
    assert record.levelno == logging.INFO
    assert record.__dict__["fields"] == {"kind": "changes", "count": BATCH * 2 + 7}


def test_run_leaves_the_rest_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    records, after = Records(MAX_BATCHES + 3), Records(1)
    run = retained(RetentionRule("changes", records.remove), RetentionRule("retrains", after.remove))
    run.run()
    assert (records.left, after.left) == (3, 0)
    run.run()
    assert records.left == 0


def test_one_of_two_workers_removes_records() -> None:
    leases, records = MemoryLeases(), Records(2 * BATCH)
    retained(RetentionRule("changes", records.remove), leases=leases).run()
    batches = len(records.batches)
    retained(RetentionRule("changes", records.remove), leases=leases, owner="you").run()
    assert (len(records.batches), records.left) == (batches, 0)


def test_worker_that_stops_begins_no_further_batch() -> None:
    records = Records(BATCH)
    run = retained(RetentionRule("changes", records.remove))
    run.stopping.set()
    run.run()
    assert records.batches == []
