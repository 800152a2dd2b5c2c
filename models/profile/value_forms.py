"""Forms of a value that mean the same to people and to JSON, brought to one before validation."""

from collections.abc import Sequence
from typing import Any

from pydantic import BeforeValidator

from models.profile.vocabulary import normalise


def whole_number(value: Any) -> Any:
    """24.0 as 24: an integer is a number without a fraction (JSON Schema, 2020-12, section 6.1.1)."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def level_of(levels: Sequence[str], value: Any) -> Any:
    """The level that a text spells in any case, with hyphens or spaces; any other value as it is."""
    if not isinstance(value, str) or value in levels:
        return value
    spelled = normalise(value)
    return next((level for level in levels if normalise(level) == spelled), value)


# For whole numbers that are no field of a profile; after their limits in an annotation.
WHOLE_NUMBER = BeforeValidator(whole_number)
