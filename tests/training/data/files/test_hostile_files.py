"""Any mapping file and any file of profiles is read, or refused with a sentence."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.profile import Profile
from training.data.dataset import read_dataset
from training.data.mapping.mapping import apply, check, load_mapping, parse_mapping
from training.errors import UnusableInput

Result = TypeVar("Result")

FIELDS = list(Profile.model_fields)
COLUMNS = ["Age", "Gifts so far", "History", "Job", "Euros", *FIELDS]
QUICK = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])

scalars = st.text(max_size=8) | st.integers(-(2**70), 2**70) | st.floats() | st.booleans()
values = scalars | st.lists(scalars, max_size=4) | st.dictionaries(st.text(max_size=6), scalars, max_size=3)
columns = st.sampled_from(COLUMNS) | st.text(max_size=8)
rules = st.dictionaries(
    st.sampled_from(
        [
            *("from", "split", "at_least", "names", "recode", "others", "edges", "labels", "age_on", "format"),
            *("missing", "not_missing", "decimal"),
        ]
    )
    | st.text(max_size=6),
    values | columns | st.lists(columns, max_size=3),
    max_size=4,
)
likely_rules = st.fixed_dictionaries(
    {"from": columns},
    optional={
        "split": st.text(max_size=3),
        "recode": st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
        "others": st.sampled_from(["refuse", "drop", "keep"]),
        "edges": st.lists(st.floats() | st.integers(-5, 90), max_size=4),
        "age_on": st.sampled_from(["2026-11-29", "29.11.2026"]),
        "missing": st.lists(st.text(max_size=3) | st.integers(-9, 99), max_size=2),
        "decimal": st.sampled_from([",", ".", ";"]),
        "labels": st.lists(st.sampled_from(["low", "medium", "high", "", "x"]), max_size=4),
    },
)
mappings = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), rules | likely_rules, max_size=4)
cells = (
    st.none()
    | st.sampled_from(["", "27", "a;b", '["a"]', "high", "nan", "1e999", "\0", "-1"])
    | st.sampled_from(["1,5", "$1,234", "{a,b", "['a' 'b']", "a, b", "1990-01-01", "n/a", "yes", "x|y"])
    | st.text(max_size=9)
)


def as_toml(document: Mapping[str, Any]) -> str:
    return "".join(
        f"[{quoted(table)}]\n" + "".join(f"{quoted(key)} = {written(value)}\n" for key, value in rule.items())
        for table, rule in document.items()
    )


def quoted(text: str) -> str:
    escaped = "".join(f"\\u{ord(c):04x}" if ord(c) < 32 or c in '"\\\x7f' else c for c in text)
    return f'"{escaped}"'


def written(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return quoted(value)
        case list():
            return f"[{', '.join(map(written, value))}]"
        case dict():
            return f"{{{', '.join(f'{quoted(key)} = {written(item)}' for key, item in value.items())}}}"
        case _:
            return str(value)


def unless_refused(work: Callable[[], Result]) -> Result | None:
    """The result; None where the input is refused with a sentence. Any other exception fails the test."""
    try:
        return work()
    except UnusableInput as error:
        refusal = str(error)
    assert 10 < len(refusal) < 5_000
    return None


@given(
    document=mappings, frame=st.lists(st.lists(cells, min_size=len(COLUMNS), max_size=len(COLUMNS)), max_size=4)
)
@QUICK
def test_any_mapping_is_applied_or_refused(document: Mapping[str, Any], frame: list[list[str | None]]) -> None:
    def work() -> pd.DataFrame:
        mapping = parse_mapping(as_toml(document))
        check(mapping, COLUMNS, Profile)
        return apply(mapping, pd.DataFrame(frame, columns=COLUMNS, dtype=object))

    mapped = unless_refused(work)
    assert mapped is None or (len(mapped) == len(frame) and set(document) <= set(mapped))


@given(text=st.text(max_size=120) | st.binary(max_size=120).map(lambda raw: raw.decode("latin-1")))
@QUICK
def test_any_text_is_parsed_as_a_mapping_or_refused(text: str) -> None:
    mapping = unless_refused(lambda: parse_mapping(text))
    assert mapping is None or mapping.rules


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\0", b"[a]\n" * 2, b"a = " + b"[" * 5_000, b"[age]\nfrom = 1"])
def test_file_that_is_not_a_mapping_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mapping.toml"
    path.write_bytes(content)
    with pytest.raises(UnusableInput):
        load_mapping(path)


def read(content: bytes, suffix: str) -> tuple[int, int]:
    """How many rows of a file fit and how many are refused."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"profiles{suffix}"
        path.write_bytes(content)
        dataset = read_dataset(path, Profile, max_refused=1.0)
    profiles = dataset.profiles(np.arange(len(dataset)))
    assert all(isinstance(profile, Profile) for profile in profiles)
    return len(profiles), dataset.refusals.rows


def as_csv(rows: list[list[str | None]], header: list[str], quote: str) -> bytes:
    table: list[list[Any]] = [header, *rows]
    lines = [",".join(f"{quote}{cell or ''}{quote}" for cell in row) for row in table]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


@given(
    rows=st.lists(st.lists(cells, max_size=6), max_size=6),
    header=st.lists(st.sampled_from(FIELDS) | st.text(max_size=6), max_size=6),
    quote=st.sampled_from(["", '"']),
)
@QUICK
def test_any_rows_of_csv_are_read_or_refused(rows: list[list[str | None]], header: list[str], quote: str) -> None:
    counts = unless_refused(lambda: read(as_csv(rows, header, quote), ".csv"))
    assert counts is None or sum(counts) >= 1


@given(
    content=st.binary(max_size=200),
    suffix=st.sampled_from([".csv", ".tsv", ".json", ".jsonl", ".parquet", ".arrow", ".csv.gz", ".jsonl.gz"]),
)
@QUICK
def test_any_bytes_are_read_or_refused(content: bytes, suffix: str) -> None:
    counts = unless_refused(lambda: read(content, suffix))
    assert counts is None or sum(counts) >= 1


@pytest.mark.parametrize(
    ("content", "fitting", "refused"),
    [
        pytest.param(b"age\n" + b"1" * 1_000_000, 0, 1, id="long cell"),
        pytest.param(b'age,hobbies\n"' + b"x," * 300_000, 0, 1, id="open quote"),
        pytest.param(b"age\n" * 5_000, 0, 4_999, id="many headers"),
        pytest.param(b"age\r\n\r\r\n27\r", 1, 0, id="mixed line ends"),
        pytest.param(b"\xef\xbb\xbfage\n27\n", 1, 0, id="byte order mark"),
        pytest.param(b'age\n"27', 0, 1, id="half quoted"),
        pytest.param(b"age\n27\n\0\n", 1, 1, id="NUL"),
    ],
)
def test_malformed_csv_is_read_as_far_as_it_fits(content: bytes, fitting: int, refused: int) -> None:
    assert read(content, ".csv") == (fitting, refused)


def test_csv_with_thousands_of_equal_headers_is_refused() -> None:
    with pytest.raises(UnusableInput, match="Column 'age' occurs more than once"):
        read(b"age," * 20_000 + b"\n1\n", ".csv")
