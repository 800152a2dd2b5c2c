"""Whatever stands in a mapping file or a file of profiles: it is read, or refused in a sentence; nothing else."""

import contextlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.profile import Profile
from training.data.dataset import read_dataset
from training.data.mapping import apply, check, load_mapping, parse_mapping
from training.errors import UnusableInput

FIELDS = list(Profile.model_fields)
COLUMNS = ["Age", "Gifts so far", "History", "Job", "Euros", *FIELDS]
QUICK = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])

scalars = st.text(max_size=8) | st.integers(-(2**70), 2**70) | st.floats() | st.booleans()
values = scalars | st.lists(scalars, max_size=4) | st.dictionaries(st.text(max_size=6), scalars, max_size=3)
columns = st.sampled_from(COLUMNS) | st.text(max_size=8)
rules = st.dictionaries(
    st.sampled_from(["from", "split", "at_least", "names", "recode", "others", "edges", "labels"])
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
        "labels": st.lists(st.sampled_from(["low", "medium", "high", "", "x"]), max_size=4),
    },
)
mappings = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), rules | likely_rules, max_size=4)
cells = (
    st.none()
    | st.sampled_from(["", "27", "a;b", '["a"]', "high", "nan", "1e999", "\0", "-1"])
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


def refused_or(work: Any) -> None:
    """The work is done, or refused in a sentence."""
    refusal = None
    try:
        work()
    except UnusableInput as error:
        refusal = str(error)
    assert refusal is None or 10 < len(refusal) < 5_000


@given(
    document=mappings, frame=st.lists(st.lists(cells, min_size=len(COLUMNS), max_size=len(COLUMNS)), max_size=4)
)
@QUICK
def test_any_mapping_is_applied_or_refused(document: Mapping[str, Any], frame: list[list[str | None]]) -> None:
    def work() -> None:
        mapping = parse_mapping(as_toml(document))
        check(mapping, COLUMNS, Profile)
        apply(mapping, pd.DataFrame(frame, columns=COLUMNS, dtype=object))

    refused_or(work)


@given(text=st.text(max_size=120) | st.binary(max_size=120).map(lambda raw: raw.decode("latin-1")))
@QUICK
def test_any_text_is_a_mapping_or_is_refused(text: str) -> None:
    refused_or(lambda: parse_mapping(text))


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\0", b"[a]\n" * 2, b"a = " + b"[" * 5_000, b"[age]\nfrom = 1"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mapping.toml"
    path.write_bytes(content)
    with pytest.raises(UnusableInput):
        load_mapping(path)


def read(content: bytes, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"profiles{suffix}"
        path.write_bytes(content)
        dataset = read_dataset(path, Profile, max_refused=1.0)
        dataset.profiles(np.arange(len(dataset)))


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
    refused_or(lambda: read(as_csv(rows, header, quote), ".csv"))


@given(
    content=st.binary(max_size=200),
    suffix=st.sampled_from([".csv", ".jsonl", ".parquet", ".arrow", ".csv.gz", ".jsonl.gz"]),
)
@QUICK
def test_any_bytes_are_read_or_refused(content: bytes, suffix: str) -> None:
    refused_or(lambda: read(content, suffix))


@pytest.mark.parametrize(
    "content",
    [
        b"age\n" + b"1" * 1_000_000,
        b'age,hobbies\n"' + b"x," * 300_000,
        b"age\n" * 5_000,
        b"age," * 20_000 + b"\n1\n",
        b"age\r\n\r\r\n27\r",
        b"\xef\xbb\xbfage\n27\n",
        b'age\n"27',
        b"age\n27\n\0\n",
    ],
    ids=["long cell", "open quote", "many headers", "wide", "odd ends", "mark", "half quoted", "NUL"],
)
def test_an_odd_csv_is_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(UnusableInput):
        read(content, ".csv")
