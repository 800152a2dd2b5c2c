"""Personas of profiles; nothing is stored."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

from backpocket_segments.calls import Call, Steps, Together
from backpocket_segments.operations.batches import BATCH_TIMEOUT, MAX_BATCH, batches_of, moved_errors
from backpocket_segments.results.assignment import BatchFailure, BatchItem, BatchResponse, ItemProblem, Segmented

Voice = Literal["giver", "analyst"]


def segment(
    profile: Mapping[str, object],
    *,
    explain: bool = False,
    suggest: bool = False,
    distances: bool = False,
    voice: Voice | None = None,
) -> Steps[Segmented]:
    """The persona of a profile, any field of which may be missing.

    With `explain` its reasons, in the words of this `voice`; with `suggest` the next question to ask; with
    `distances` those to the personas on the map.
    """
    query = {
        "explain": explain or None,
        "suggest": suggest or None,
        "distances": distances or None,
        "voice": voice,
    }
    return Call(method="POST", route="/segment", result=Segmented, query=query, json=profile).result_of()


def segment_many(profiles: Iterable[Mapping[str, object]]) -> Steps[list[Segmented | ItemProblem]]:
    """The personas of any number of profiles, in their order, read by requests that run side by side.

    A profile that is not valid has an `ItemProblem`, whose pointers count from the first of all profiles.
    """
    calls = [
        Call(
            method="POST",
            route="/segment/batch",
            result=BatchResponse,
            json={"profiles": batch},
            least_timeout=BATCH_TIMEOUT,
        )
        for batch in batches_of(profiles)
    ]
    responses = yield from Together(calls).results_of()
    return [
        _outcome(item, number * MAX_BATCH) for number, response in enumerate(responses) for item in response.items
    ]


def _outcome(item: BatchItem | BatchFailure, offset: int) -> Segmented | ItemProblem:
    if isinstance(item, BatchItem):
        return item.result
    return replace(item.error, errors=moved_errors(item.error.errors, "/profiles", item.index, offset))
