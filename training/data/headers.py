"""The columns of a file: profile fields, the id, and notes on the others."""

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from pydantic import BaseModel

from models.profile.field_kinds import declared_fields
from training.errors import UnusableInput

# Columns that may hold the id of the row; the first one present is used.
ID_COLUMNS = ("user_id", "id")
# The planted persona of simulated profiles, which is not a profile field.
TRUTH_COLUMN = "persona_truth"
_MOST_NOTES = 20


def field_names(profile_class: type[BaseModel]) -> tuple[str, ...]:
    """The names of the profile's fields."""
    return tuple(spec.name for spec in declared_fields(profile_class))


def id_column(names: Iterable[str], profile_class: type[BaseModel]) -> str | None:
    """The column that is the id of the rows, if there is one; a field of that name is a field."""
    there = set(names) - set(field_names(profile_class))
    return next((name for name in ID_COLUMNS if name in there), None)


def refuse_duplicates(names: Sequence[str]) -> None:
    """Raises `UnusableInput` when two columns have one name."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise UnusableInput(f"Column {quoted(twice[:5])} occurs more than once; each needs its own name.")


def unknown_columns(names: Sequence[str], profile_class: type[BaseModel]) -> tuple[str, ...]:
    """A sentence for each column that is not used.

    Raises `UnusableInput` when no column is a field.
    """
    fields = field_names(profile_class)
    if not set(names) & set(fields):
        raise UnusableInput(
            f"No column is a profile field. The columns are {quoted(names[:10])}; "
            f"the fields are {', '.join(fields)}. Rename the columns, or say with --mapping which is which."
        )
    used = {*fields, TRUTH_COLUMN, id_column(names, profile_class)}
    unused = [name for name in names if name not in used]
    notes = [
        f"Column '{name}' is not a profile field{nearest(name, fields)}; it is not used."
        for name in unused[:_MOST_NOTES]
    ]
    if len(unused) > _MOST_NOTES:
        notes.append(f"{len(unused) - _MOST_NOTES} more columns are not used.")
    return tuple(notes)


def nearest(name: str, names: Iterable[str]) -> str:
    """The nearest known name in parentheses, " (nearest: 'age')", or ""."""
    names_by_folded = {name.casefold(): name for name in names}
    close = get_close_matches(name.casefold(), names_by_folded, n=1, cutoff=0.5)
    return f" (nearest: '{names_by_folded[close[0]]}')" if close else ""


def quoted(names: Iterable[str]) -> str:
    """Names in quotes, separated by commas."""
    return ", ".join(f"'{name}'" for name in names)
