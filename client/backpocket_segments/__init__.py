"""The client of BackPocket Segments: personas of profiles and users, affinities, imports, exports and changes.

`SegmentsClient` blocks, `AsyncSegmentsClient` is for asyncio; results are in `backpocket_segments.results`, errors
in `backpocket_segments.errors`.
"""

from backpocket_segments.async_client import AsyncSegmentsClient
from backpocket_segments.client import SegmentsClient
from backpocket_segments.cursors import CursorFile, CursorStore
from backpocket_segments.errors import (
    AlreadyRunning,
    Conflict,
    ConnectionFailed,
    CursorExpired,
    InvalidRequest,
    JobFailed,
    ModelsDiffer,
    NotAllowed,
    NotFound,
    SegmentsError,
    SegmentsProblem,
    TimedOut,
    Unavailable,
    UnexpectedResponse,
    UserErased,
)
from backpocket_segments.retries import Retries

__all__ = [
    "AlreadyRunning",
    "AsyncSegmentsClient",
    "Conflict",
    "ConnectionFailed",
    "CursorExpired",
    "CursorFile",
    "CursorStore",
    "InvalidRequest",
    "JobFailed",
    "ModelsDiffer",
    "NotAllowed",
    "NotFound",
    "Retries",
    "SegmentsClient",
    "SegmentsError",
    "SegmentsProblem",
    "TimedOut",
    "Unavailable",
    "UnexpectedResponse",
    "UserErased",
]
