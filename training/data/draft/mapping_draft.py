"""A first mapping of a file, with comments: which column is which field, guessed from names and the first rows.

Guesses that could be wrong without anybody noticing stand as comments. The result is a mapping that reads the
file.
"""

import datetime
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import takewhile
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import BaseModel

from models.console import printable_line
from models.profile.field_kinds import FieldSpec, MultiLabel, Numeric, Ordinal, declared_fields
from models.profile.missing_words import is_missing_word
from models.profile.vocabulary import normalise
from training.data.cells.cells import Cells, plain
from training.data.draft.draft_column import MOST_LEVELS, DraftColumn
from training.data.files.reading import open_source
from training.data.formats.cell_format import cell_text
from training.data.formats.list_format import DEFAULT, find_separator
from training.data.formats.number_format import find_number_format
from training.data.headers import ID_COLUMNS, find_columns
from training.errors import UnusableInput

# What columns are called elsewhere, by field.
_SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "age": (
        "age_in_years",
        "alter",
        "date_of_birth",
        "birth_date",
        "birthdate",
        "birthday",
        "dob",
        "born",
        "birth",
        "year_of_birth",
        "birth_year",
        "year_birth",
        "yob",
    ),
    "relationship": ("relation", "recipient", "buys_for", "beziehung"),
    "occupation": ("job", "job_title", "profession", "work", "beruf"),
    "hobbies": ("hobby", "interests", "interest", "likes", "activities"),
    "favourite_items": ("favorite_items", "favourites", "favorites", "favorite_products"),
    "favourite_movies": ("favorite_movies", "movies", "films", "film_genres", "genres"),
    "last_gift_category": ("last_gift", "last_purchase_category", "last_category"),
    "gift_history": ("gifts", "past_gifts", "gifts_so_far", "purchase_history", "categories_bought"),
    "occasion": ("event", "occasion_type", "anlass"),
    "budget_range": ("budget", "total_spent", "spending", "amount_spent", "price_range", "spend"),
    "store_preference": ("store", "shop", "channel", "preferred_store", "shopping_preference"),
    "purchases_last_year": ("purchases", "orders", "number_of_orders", "orders_count", "gifts_bought"),
    "lead_time_days": ("lead_time", "days_ahead", "days_before"),
}
_CLOSE: Final = 0.84
# A column of text with more values than that is no category: comments, times, names.
_MOST_CATEGORIES: Final = 50


def draft_mapping(path: Path, profile_class: type[BaseModel]) -> str:
    """The mapping as TOML text. Raises `UnusableInput` where the file cannot be read, or holds no rows."""
    source = open_source(path)
    names = [name for name in dict.fromkeys(source.names) if name and source.names.count(name) == 1]
    chunk = next(iter(source.chunks(names)), None)
    if chunk is None or not len(chunk.lines):
        raise UnusableInput(f"{path} holds no rows.")
    columns = {name: DraftColumn(name, _texts(cells)) for name, cells in chunk.cells.items()}
    specs = declared_fields(profile_class)
    header = find_columns(names, profile_class)
    guesses = _guesses(specs, columns, header.of_field, header.id)
    lines = [
        f"# A first mapping of {printable_line(path.name)}, from the names of its columns and its first rows.",
        "# Check every line. Lines that begin with # do nothing; docs/mapping.md has the format.",
        *(f"# {printable_line(note)}" for note in source.notes),
        "",
        "# More words for a missing answer than the usual ones (n/a, NULL, -, ? …); columns left out on purpose:",
        '# missing = ["99"]',
        '# ignore = ["*"]',
        "",
        *_id_lines(header.id),
    ]
    fitting = {}
    for spec in specs:
        column = columns.get(guesses.get(spec.name, ""))
        lines += [*(_table(spec, column) if column else _empty_table(spec)), ""]
        if column and column.suits(spec):
            fitting[spec.name] = column.name
    unused = [column for name, column in columns.items() if name not in {*fitting.values(), header.id}]
    lists = [spec.name for spec in specs if isinstance(spec.kind, MultiLabel) and spec.name not in fitting]
    return "\n".join([*lines, *_unused_lines(unused, lists)]).rstrip("\n") + "\n"


def toml_string(text: str) -> str:
    """A text in TOML, with characters that cannot be seen as escapes."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(
        character if unicodedata.category(character)[0] != "C" else f"\\U{ord(character):08x}"
        for character in quoted
    )


def _texts(cells: Cells) -> tuple[str, ...]:
    """The distinct texts of cells, the most common first."""
    counts = Counter(map(cell_text, plain(cells)))
    return tuple(text for text, _ in counts.most_common() if not is_missing_word(text))


def _guesses(
    specs: Sequence[FieldSpec],
    columns: Mapping[str, DraftColumn],
    of_field: Mapping[str, str],
    id_name: str | None,
) -> dict[str, str]:
    """The column of each field that has one: by its name, by a usual name, or by a name that is spelled alike."""
    guesses = dict(of_field)
    for spec in specs:
        free = {normalise(name): name for name in columns if name not in {*guesses.values(), id_name}}
        usual = (spec.name, *_SYNONYMS.get(spec.name, ()))
        near = [name for word in usual for name in get_close_matches(word, free, n=1, cutoff=_CLOSE)]
        if spec.name not in guesses and near:
            guesses[spec.name] = free[near[0]]
    return guesses


def _id_lines(name: str | None) -> list[str]:
    if name is None:
        return ["# The customer's id, which score writes beside each persona:", "# [user_id]", '# from = ""', ""]
    return [f"[{ID_COLUMNS[0]}]", f"from = {toml_string(name)}", ""]


def _table(spec: FieldSpec, column: DraftColumn) -> Iterator[str]:
    if not column.suits(spec):
        yield from _unsuitable(spec, column)
        return
    yield f"[{spec.name}]  # {column.facts}"
    yield f"from = {toml_string(column.name)}"
    match spec.kind:
        case Numeric() if column.are_years and spec.name == "age":
            yield f"age_on = {datetime.date.today().isoformat()}  # the day on which the ages count"
            yield 'format = "%Y"  # years of birth'
        case Numeric() if column.are_dates:
            yield f"age_on = {datetime.date.today().isoformat()}  # the day on which the ages count"
        case Numeric():
            yield from _number_lines(column)
        case Ordinal():
            yield from _level_lines(spec, column)
        case MultiLabel():
            separator, _ = find_separator(column.texts)
            if separator != DEFAULT:
                yield f"split = {toml_string(separator)}"
        case _:
            yield '# recode = { "old" = "new" }'


def _unsuitable(spec: FieldSpec, column: DraftColumn) -> Iterator[str]:
    """The table as a comment, of a column that is called like the field and holds something else."""
    yield f"# [{spec.name}]  # {spec.title}: {printable_line(column.name)} holds {column.facts}"
    if isinstance(spec.kind, MultiLabel):
        yield "# A list needs text, or several columns that are rated or ticked:"
        yield f"# from = [{toml_string(column.name)}]"
        return
    yield "# These are no numbers; a number for each of them makes some:"
    yield f"# from = {toml_string(column.name)}"
    yield f"# recode = {{ {', '.join(f'{toml_string(text)} = 0' for text in column.texts[:MOST_LEVELS])} }}"


def _number_lines(column: DraftColumn) -> Iterator[str]:
    finding = find_number_format(column.texts)
    yield from (f"# {printable_line(note)}" for note in finding.notes)
    if finding.notes:
        yield f"decimal = {toml_string(finding.format.decimal)}"


def _level_lines(spec: FieldSpec, column: DraftColumn) -> Iterator[str]:
    levels = {normalise(level) for level in spec.levels}
    if {normalise(text) for text in column.texts} <= levels:
        return
    numbers = column.numbers
    if numbers is not None and len(numbers) >= len(spec.levels):
        shares = np.linspace(0, 1, len(spec.levels) + 1)[1:-1]
        edges = sorted({float(f"{edge:.2g}") for edge in np.quantile(numbers, shares)})
        if len(edges) == len(spec.levels) - 1:
            yield f"edges = {json.dumps(edges)}  # thirds of what occurs: choose your own"
            yield f"labels = [{', '.join(map(toml_string, spec.levels))}]"
            return
    yield f'# The levels are {", ".join(spec.levels)}; "" is no answer.'
    pairs = ", ".join(f'{toml_string(text)} = ""' for text in column.texts[:MOST_LEVELS])
    yield f"recode = {{ {pairs} }}"
    yield 'others = "drop"'


def _empty_table(spec: FieldSpec) -> list[str]:
    return [f"# [{spec.name}]  # {spec.title}: no column looks like it", '# from = ""']


def _options(columns: Sequence[DraftColumn], field: str) -> list[str]:
    """A table, as a comment, of a list whose options are columns; what their names have in common is left out."""
    names = [column.name for column in columns]
    prefix = re.sub(r"[^\W_]+$", "", _common_start(names))
    shorter = ", ".join(f"{toml_string(name)} = {toml_string(name[len(prefix) :])}" for name in names)
    return [
        f"# [{field}]",
        f"# from = [{', '.join(map(toml_string, names))}]",
        *([f"# names = {{ {shorter} }}"] if prefix else []),
        "",
    ]


def _common_start(names: Sequence[str]) -> str:
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in same)


def _unused_lines(unused: Sequence[DraftColumn], lists: Sequence[str]) -> Iterator[str]:
    """`lists`: the fields that hold lists and have no column."""
    ticked = [column for column in unused if column.is_ticked]
    rated = [column for column in unused if column.is_rated and not column.is_ticked]
    if len(ticked) > 1 and lists:
        yield "# Columns that are ticked or not may be the options of a list:"
        yield from _options(ticked, lists[0])
    if len(rated) > 1 and lists:
        yield "# Columns of ratings may be the options of a list; from which rating on do they count?"
        yield from (*_options(rated, lists[0])[:-1], "# at_least = 4", "")
    if unused:
        amounts = [column for column in unused if column.is_amount]
        own = [column for column in unused if not column.is_amount and len(column.texts) > _MOST_CATEGORIES]
        categories = [column for column in unused if column not in (*amounts, *own)]
        yield "# Columns without a table, which nothing reads. A descriptor is compared between the personas:"
        yield "# [descriptors]"
        yield from _names("# categories", categories)
        yield from _names("# numbers", amounts)
        yield from _names("# Dates or text with too many values to compare", own)
        yield from (f"#   {printable_line(column.name)}: {column.facts}" for column in unused)


def _names(start: str, columns: Sequence[DraftColumn]) -> list[str]:
    return [f"{start} = [{', '.join(toml_string(column.name) for column in columns)}]"] if columns else []
