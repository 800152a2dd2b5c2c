"""Limits and patterns that several schemas, and the parameters of routes, share."""

from pydantic import ConfigDict

MAX_BATCH = 1_000
MAX_PAGE = 1_000
USER_ID = r"^[A-Za-z0-9][A-Za-z0-9._~:@+-]{0,127}$"

# Of request bodies: an unknown field is refused, and no text is read as a number.
STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)
