"""Use case: whether this worker is ready. Each probe makes all checks, within a bounded time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic
from typing import Annotated

from pydantic import Field

from models.errors import SegmentsError
from models.profile import Profile
from models.storage.golden import check_golden
from service.active_model.active_model import ActiveModel
from service.store.ports.leases import LeaseStore
from service.store.ports.store import Store

# How long the outcome of a write counts: probes come every few seconds, and each write reaches the disk.
WRITE_SECONDS = 5.0
# How long a probe waits for a write, which may have to wait for those of requests; then the last outcome counts.
WRITE_GRACE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether this worker can answer every request, and which check fails if not."""

    ready: bool
    model_version: str | None
    simulated: Annotated[bool | None, Field(description="Whether the model was made from simulated profiles.")]
    checks: tuple[Check, ...]


class WriteCheck:
    """Tries whether the store can be written, by a lease that expires at once; at most every `WRITE_SECONDS`.

    A standby, a setting of the server or a full disk lets reads through and refuses writes. `reason`: why, for
    what the store raised, in words that name no host, user or file; None where the write had to wait for others.
    """

    def __init__(self, leases: LeaseStore, owner: str, reason: Callable[[SegmentsError], str | None]) -> None:
        self._leases = leases
        self._owner = owner
        self._reason = reason
        self.failure: str | None = None
        self._valid_until = 0.0

    def make(self) -> None:
        """Find out whether writes fail, and why: `failure`, which is None while they do not."""
        if monotonic() >= self._valid_until:
            self.failure = self._try()
            self._valid_until = monotonic() + WRITE_SECONDS

    def _try(self) -> str | None:
        try:
            self._leases.take("readiness", self._owner, 0.0)
        except SegmentsError as error:
            return self._reason(error)
        return None


class ReadinessProbe:
    """Checks model and store in threads of its own, so that a store that hangs does not hang the probe."""

    def __init__(self, model: ActiveModel, store: Store, writes: WriteCheck, timeout: float) -> None:
        self._model = model
        self._store = store
        self._writes = writes
        self._timeout = timeout
        self._threads = ThreadPoolExecutor(3, thread_name_prefix="readiness")
        self._store_check: Future[Check] | None = None
        self._write_check: Future[None] | None = None

    def close(self) -> None:
        """Release the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def check(self) -> Readiness:
        """Make all checks."""
        store = asyncio.create_task(self._store_in_time())
        model = await asyncio.wrap_future(self._threads.submit(self._check_model))
        loaded = self._model.loaded
        checks = (*model, await store)
        return Readiness(
            ready=all(check.ok for check in checks),
            model_version=loaded.manifest.version if loaded else None,
            simulated=loaded.manifest.origin.simulated if loaded else None,
            checks=checks,
        )

    def _check_model(self) -> tuple[Check, Check, Check]:
        # ACTIVE may have changed a moment ago.
        self._model.refresh()
        return (self._check_loaded(), self._check_golden(), self._check_active())

    def _check_loaded(self) -> Check:
        if self._model.loaded is None:
            return Check("model_loaded", False, "No model is active.")
        return Check("model_loaded", True, "A model is active.")

    def _check_golden(self) -> Check:
        loaded = self._model.loaded
        if loaded is None:
            return Check("golden_predictions", False, "There is no model to check.")
        try:
            check_golden(loaded.model, loaded.manifest.golden, Profile)
        except SegmentsError as error:
            return Check("golden_predictions", False, str(error))
        return Check("golden_predictions", True, "The model gives the results that it gave when it was made.")

    def _check_active(self) -> Check:
        if refusal := self._model.refusal:
            return Check("active_followed", False, refusal.sentence)
        return Check("active_followed", True, "The loaded model is the one that ACTIVE names.")

    async def _store_in_time(self) -> Check:
        if self._store_check is None or self._store_check.done():
            self._store_check = self._threads.submit(self._check_store)
        check = asyncio.wrap_future(self._store_check)
        done, _ = await asyncio.wait([check], timeout=self._timeout)
        if not done:
            return Check("store", False, f"The store did not answer within {self._timeout:g} s.")
        return await self._with_writes() if check.result().ok else check.result()

    async def _with_writes(self) -> Check:
        """The check of a store that can be read."""
        if self._write_check is None or self._write_check.done():
            self._write_check = self._threads.submit(self._writes.make)
        await asyncio.wait([asyncio.wrap_future(self._write_check)], timeout=WRITE_GRACE_SECONDS)
        if (failure := self._writes.failure) is not None:
            return Check("store", False, f"The store can be read and not written: {failure}")
        return Check("store", True, "The store answers, and can be written.")

    def _check_store(self) -> Check:
        try:
            self._store.check()
        except SegmentsError as error:
            return Check("store", False, str(error))
        return Check("store", True, "The store answers.")
