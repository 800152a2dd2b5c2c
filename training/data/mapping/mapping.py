"""Mappings: how the columns of a file become profile fields.

A mapping is a TOML file with one table for each field it fills, named after the field. `from` names the column
(or columns) of the file; one more key says what is done with it:

    [age]                           # rename: the column as it is
    from = "Age"

    [gift_history]                  # split: text into a list
    from = "Gifts so far"
    split = ","

    [hobbies]                       # ratings: the columns rated 4 or more, as a list
    from = ["History", "Countryside, outdoors"]
    at_least = 4                    # without it: the columns that are ticked (True, yes, x, 1, the column's name)
    names = { "Countryside, outdoors" = "outdoors" }        # optional; else the column's own name

    [occupation]                    # recode: old value → new value
    from = "Job"
    recode = { "sw eng" = "engineer", "n/a" = "" }          # "" is no answer
    others = "refuse"               # the row (default); "drop": the answer; "keep": as it is

    [budget_range]                  # bins: below 20 low, from 20 to below 60 medium, from 60 high
    from = "Euros"
    edges = [20, 60]
    labels = ["low", "medium", "high"]                      # one more than edges; "" is no answer

    [age]                           # the age on a day, from dates of birth
    from = "Born"
    age_on = 2026-01-31
    format = "%d.%m.%Y"             # optional; else 1984-03-31

    [user_id]                       # the customer's id, which `score` writes beside each persona
    from = "Customer ID"

Every table may say `missing` (more words for a missing answer), `not_missing` (words that are answers here) and
`decimal` ("." or ","). Before the first table they stand for all fields, beside `delimiter` and `encoding` of a
text file, and `ignore`: columns that are left out on purpose (`*` stands for any letters).

One more table names columns that no model learns, and that the report compares between the personas afterwards:

    [descriptors]
    categories = ["Gender", "Region"]
    numbers = ["Income"]

Such a column fills no field, even where it has the name of one.

A table without `from` is about the column of the field's own name. A row with all rated columns empty is not
answered; a row without a rating high enough has an empty list. Columns that are profile fields already, and that
no table fills, are unchanged. There are no constants: an answer that all profiles share distinguishes none. All
errors are `UnusableInput`.
"""

import codecs
import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Self

import pandas as pd
from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from models.profile.field_kinds import FieldSpec, Kind, Numeric, declared_fields
from models.profile.missing_words import MissingWords
from models.profile.vocabulary import normalise
from training.data.descriptors import CATEGORY, NUMBER, with_descriptors
from training.data.formats.number_format import Decimal
from training.data.headers import ID_COLUMNS, nearest, quoted
from training.data.mapping.field_rule import CellReader, ColumnName, FieldRule
from training.data.mapping.field_rules import AsText, Rename, Rule
from training.data.mapping.file_options import FileOptions
from training.errors import UnusableInput

_OPTIONS: Final = ", ".join(FileOptions.model_fields)
_NO_READERS: Final[Mapping[str, CellReader]] = {}
# Keys of a table that say how its column is written, and not which it is.
_WRITTEN: Final = frozenset({"missing", "not_missing", "decimal", "split", "recode", "others", "edges", "labels"})


class DescriptorColumns(BaseModel):
    """The columns of a file that are descriptors, by what they hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    categories: tuple[ColumnName, ...] = ()
    numbers: tuple[ColumnName, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.categories, *self.numbers)


class FieldMapping(BaseModel):
    """The rules of a mapping, by the field that each fills, the columns that are descriptors, the column of the
    id, and how the file is written.
    """

    model_config = ConfigDict(frozen=True)
    rules: dict[str, Rule] = {}
    descriptors: DescriptorColumns = DescriptorColumns()
    options: FileOptions = FileOptions()
    user_id: ColumnName | None = None

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        names = self.descriptors.names
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            raise ValueError(f"the descriptors name {quoted(twice)} more than once")
        both = [name for name in names if name in self.sources]
        if both:
            raise ValueError(f"{quoted(both)} cannot fill a field and be a descriptor")
        return self

    @property
    def sources(self) -> frozenset[str]:
        """All columns that the rules read."""
        return frozenset(name for rule in self.rules.values() for name in rule.sources)

    def words(self, field: str) -> MissingWords:
        """The words for a missing answer in the cells of a field."""
        rule, options = self.rules.get(field), self.options
        more, answers = (rule.missing, rule.not_missing) if rule else ((), ())
        return MissingWords.of(
            [word for word in options.missing if word not in answers] + [*more],
            [word for word in options.not_missing if word not in more] + [*answers],
        )

    def decimal(self, field: str) -> Decimal | None:
        """The decimal mark of a field's columns, if it is declared."""
        rule = self.rules.get(field)
        return (rule.decimal if rule else None) or self.options.decimal

    def described(self, profile_class: type[BaseModel]) -> tuple[type[BaseModel], "FieldMapping"]:
        """The profile class with the descriptors as fields, and the mapping with a rule for each of them."""
        kinds: dict[str, Kind] = dict.fromkeys(self.descriptors.categories, CATEGORY)
        kinds |= dict.fromkeys(self.descriptors.numbers, NUMBER)
        if not kinds:
            return profile_class, self
        fields = {f"descriptor_{number}": column for number, column in enumerate(kinds, start=1)}
        rules = {field: _descriptor_rule(column, kinds[column]) for field, column in fields.items()}
        described = with_descriptors(
            profile_class, {field: (column, kinds[column]) for field, column in fields.items()}
        )
        return described, self.model_copy(update={"rules": {**self.rules, **rules}})


def _descriptor_rule(column: str, kind: Kind) -> Rename:
    return (Rename if isinstance(kind, Numeric) else AsText).model_validate({"from": column})


def load_mapping(path: Path) -> FieldMapping:
    """The mapping in a TOML file, or in a JSON file of the same tables; UTF-8, or UTF-16 with its mark."""
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-16" if raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig")
    except OSError as error:
        raise UnusableInput(f"Mapping {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UnusableInput(f"Mapping {path} is not UTF-8 text.") from error
    parse = parse_json_mapping if path.suffix.lower() == ".json" else parse_mapping
    return parse(text.replace("\r\n", "\n"), str(path))


def parse_mapping(text: str, name: str = "mapping") -> FieldMapping:
    """The mapping in TOML text; `name` is what errors call it."""
    try:
        return _validated(tomllib.loads(text), name)
    except tomllib.TOMLDecodeError as error:
        hint = " A field can have one table only." if "twice" in str(error) else ""
        raise UnusableInput(f"{name} is not a mapping in TOML: {error}.{hint}") from error
    except RecursionError as error:
        raise UnusableInput(f"{name} is nested too deeply to be a mapping.") from error


def parse_json_mapping(text: str, name: str = "mapping") -> FieldMapping:
    """The mapping in JSON text: an object of the tables that TOML would have."""
    try:
        tables = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnusableInput(f"{name} is not a mapping in JSON.") from error
    if not isinstance(tables, dict):
        raise UnusableInput(f"{name} is not a mapping: it has to be an object with a member for each field.")
    return _validated(tables, name)


def _validated(tables: dict[str, Any], name: str) -> FieldMapping:
    if not tables:
        raise UnusableInput(f"{name} fills no field: it has no table, such as [age].")
    options = {key: tables.pop(key) for key in FileOptions.model_fields if key in tables}
    mapping: dict[str, Any] = {"options": options, "descriptors": tables.pop("descriptors", {})}
    if ID_COLUMNS[0] in tables:
        mapping["user_id"] = _id_source(tables.pop(ID_COLUMNS[0]))
    for key, value in tables.items():
        if not isinstance(value, dict) and (near := nearest(key, FileOptions.model_fields)):
            raise UnusableInput(
                f"{name}: there is no key '{key}'{near}. The keys are {_OPTIONS}, and a table a field."
            )
    mapping["rules"] = {field: _with_source(field, table) for field, table in tables.items()}
    try:
        return FieldMapping.model_validate(mapping)
    except ValidationError as error:
        raise UnusableInput(f"{name}: {_in_words(error)}") from error


def _id_source(table: Any) -> Any:
    """The column of `[user_id]`; what is no such table fails validation."""
    if isinstance(table, dict) and len(table) == 1:
        return table.get("from", table.get("column", table))
    return table


def _with_source(field: str, table: Any) -> Any:
    """The table, with the column of the field's own name where it names none."""
    if isinstance(table, dict) and table and set(table) <= _WRITTEN:
        return {"from": field, **table}
    return table


def check(mapping: FieldMapping, names: Sequence[str], profile_class: type[BaseModel]) -> None:
    """Raise `UnusableInput` if the mapping does not fit the profile class or a file with these columns."""
    specs = {spec.name: spec for spec in declared_fields(profile_class)}
    for field, rule in mapping.rules.items():
        if field not in specs:
            raise UnusableInput(
                f"The mapping fills '{field}', which is not a profile field{nearest(field, specs)}. "
                f"The fields are {', '.join(name for name in specs if not specs[name].descriptor)}."
            )
        _check_target(specs[field], rule)
        reader = "The list of descriptors" if specs[field].descriptor else f"The mapping of '{field}'"
        for source in rule.sources:
            if source not in names:
                raise UnusableInput(
                    f"{reader} reads column {quoted([source])}, which {_not_among(source, names)}."
                )
            if names.count(source) > 1:
                raise UnusableInput(
                    f"{reader} reads column {quoted([source])}, which occurs more than once in the file."
                )


def apply(
    mapping: FieldMapping, frame: pd.DataFrame, readers: Mapping[str, CellReader] = _NO_READERS
) -> pd.DataFrame:
    """The frame with the mapped fields as columns, beside its other columns. `readers`: by field."""
    fields = {field: rule.column(frame, readers.get(field, CellReader())) for field, rule in mapping.rules.items()}
    other = {*fields, *mapping.descriptors.names}
    rest = [name for name in frame.columns if name not in other]
    return pd.DataFrame({**frame[rest], **fields}, frame.index)


def _check_target(spec: FieldSpec, rule: FieldRule) -> None:
    if spec.kind.name not in rule.targets:
        what = type(rule).__name__.lower()
        raise UnusableInput(f"The mapping of '{spec.name}' cannot use {what}: the field is {spec.kind.name}.")
    levels = {"", *map(normalise, spec.levels)}
    unknown = [word for word in rule.words if normalise(word) not in levels]
    if spec.levels and unknown:
        raise UnusableInput(
            f"The mapping of '{spec.name}' gives {quoted(unknown)}; its levels are {quoted(spec.levels)}."
        )


def _not_among(source: str, names: Iterable[str]) -> str:
    close = get_close_matches(source, names, n=3, cutoff=0.4)
    hint = (
        f" (nearest: {quoted(close)})" if close else f"; its columns are {quoted(list(dict.fromkeys(names))[:20])}"
    )
    return f"the file does not have{hint}"


def _in_words(error: ValidationError) -> str:
    tags = {"rules", "options", "rename", "split", "ratings", "recode", "bins", "age_on"}
    messages = [
        (".".join(str(step) for step in problem["loc"] if step not in tags), _message(problem))
        for problem in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return "; ".join(f"[{where}] {message}" if where else message for where, message in messages[:5])


def _message(problem: ErrorDetails) -> str:
    return "Should be a table, with a line from = ..." if problem["type"] == "model_type" else problem["msg"]
