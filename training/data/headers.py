"""The columns of a file: profile fields, the id, and notes on the others."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from pydantic import BaseModel

from models.console import printable_line
from models.profile.field_kinds import declared_fields
from models.profile.vocabulary import normalise
from training.errors import UnusableInput

# Columns that may hold the id of the row; the first one present is used.
ID_COLUMNS = ("user_id", "id")
# What such columns are called elsewhere, normalised.
_ID_HEADERS = (
    *ID_COLUMNS,
    *("userid", "customer_id", "customerid", "client_id", "clientid", "member_id", "person_id", "uid", "cust_id"),
    *("customer_no", "customer_number", "kunden_id", "kundennummer"),
)
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


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a file hold the fields: `of_field`, by field; `id`; and `ambiguous` ones, which hold none.

    `remarks`: sentences on what was assumed, with the field that each is about; "" for the id.
    """

    of_field: Mapping[str, str]
    id: str | None = None
    ambiguous: frozenset[str] = frozenset()
    remarks: tuple[tuple[str, str], ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """The sentences."""
        return tuple(sentence for _, sentence in self.remarks)


def find_columns(names: Sequence[str], profile_class: type[BaseModel], besides: Collection[str] = ()) -> Columns:
    """The columns that are fields, or the id, by their headers: "Age" is `age`, "Gift history" is `gift_history`.

    A header that occurs more than once is nobody's. `besides`: columns that are something else.
    """
    counts = Counter(names)
    free = [name for name in counts if name and name not in besides]
    exact = {name: name for name in free if name in field_names(profile_class)}
    by_form: dict[str, list[str]] = {}
    for name in free:
        by_form.setdefault(normalise(name), []).append(name)
    of_field, ambiguous, remarks = {}, set[str](), list[tuple[str, str]]()
    for field in field_names(profile_class):
        candidates = [exact[field]] if field in exact else by_form.get(normalise(field), [])
        if len(candidates) > 1:
            remarks.append((field, f"Columns {quoted(candidates)} could all be {field}; none is used."))
            ambiguous.update(candidates)
        elif candidates and counts[candidates[0]] == 1:
            of_field[field] = candidates[0]
            if candidates[0] != field:
                remarks.append((field, f"Column {quoted(candidates)} is read as {field}."))
        elif candidates:
            remarks.append((field, _repeated(candidates[0])))
            ambiguous.update(candidates)
    ids = [name for form in _ID_HEADERS for name in by_form.get(form, ()) if name not in of_field.values()]
    id_name = next((name for name in [*filter(ids.__contains__, ID_COLUMNS), *ids] if counts[name] == 1), None)
    if id_name is None:
        remarks += [("", _repeated(name)) for name in ids]
    elif id_name not in ID_COLUMNS:
        remarks.append(("", f"Column {quoted([id_name])} is read as the id."))
    return Columns(of_field, id_name, frozenset(ambiguous), tuple(remarks))


def _repeated(name: str) -> str:
    return f"Column {quoted([name])} occurs more than once; it is not used."


def refuse_unknown(names: Sequence[str], profile_class: type[BaseModel], notes: Sequence[str] = ()) -> None:
    """Raise `UnusableInput` for a file without a column that is a field. `notes`: why some are not used."""
    raise UnusableInput(
        " ".join(
            [
                *notes,
                f"No column is a profile field. The columns are {quoted(names[:10])}; "
                f"the fields are {', '.join(field_names(profile_class))}. Rename the columns, or say with "
                "--mapping which is which (python -m training mapping draft FILE writes a first one).",
            ]
        )
    )


def unknown_columns(names: Sequence[str], profile_class: type[BaseModel]) -> tuple[str, ...]:
    """A sentence for each column of a frame that is not used.

    Raises `UnusableInput` when no column is a field.
    """
    fields = field_names(profile_class)
    if not set(names) & set(fields):
        refuse_unknown(names, profile_class)
    used = {*fields, TRUTH_COLUMN, id_column(names, profile_class)}
    return unused_columns([name for name in names if name not in used], fields)


def unused_columns(names: Sequence[str], fields: Sequence[str]) -> tuple[str, ...]:
    """A sentence for each of these columns, which are not used."""
    notes = [
        f"Column {quoted([name])} is not a profile field{nearest(name, fields)}; it is not used."
        for name in names[:_MOST_NOTES]
    ]
    if len(names) > _MOST_NOTES:
        notes.append(f"{len(names) - _MOST_NOTES} more columns are not used.")
    return tuple(notes)


def nearest(name: str, names: Iterable[str]) -> str:
    """The nearest known name in parentheses, " (nearest: 'age')", or ""."""
    names_by_folded = {name.casefold(): name for name in names}
    close = get_close_matches(name.casefold(), names_by_folded, n=1, cutoff=0.5)
    return f" (nearest: '{names_by_folded[close[0]]}')" if close else ""


def quoted(names: Iterable[str]) -> str:
    """Names in quotes, separated by commas, with characters that cannot be seen written out."""
    return ", ".join(f"'{printable_line(name)}'" for name in names)
