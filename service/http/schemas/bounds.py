"""Limits that several schemas, and the parameters of routes, share, and the type of ids."""

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, StringConstraints

from service.store.ports.texts import MAX_ID_LENGTH, id_fault

MAX_BATCH = 1_000
MAX_PAGE = 1_000
# A cursor holds an id of 256 characters, of up to four bytes each.
MAX_CURSOR = 2_000
ID_RULE = f"any text of 1 to {MAX_ID_LENGTH} characters without control characters"

# Of request bodies: an unknown field is refused, and no text is read as a number.
STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)


def _valid_id(text: str) -> str:
    if (fault := id_fault(text)) is not None:
        raise ValueError(fault[0].upper() + fault[1:])
    return text


# The id of a user or a recipient, as the client's own systems make it.
IdText = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID_LENGTH), AfterValidator(_valid_id)]
