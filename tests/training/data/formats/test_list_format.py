"""Lists in one cell, in brackets or with separators that are found."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.formats.list_format import find_separator, split_list


@pytest.mark.parametrize(
    "text",
    [
        '["a", "b c"]',
        "['a', 'b c']",
        "['a' 'b c']",
        '{a,"b c"}',
        "{'a', 'b c'}",
        "('a', 'b c')",
        '[ "a" , "b c" ]',
        "['a',\n 'b c']",
    ],
)
def test_list_in_brackets_says_itself_what_it_is(text: str) -> None:
    assert split_list(text, ";") == ["a", "b c"]


def test_empty_brackets_are_an_empty_list_and_a_blank_cell_none() -> None:
    assert split_list("[]", ";") == []
    assert split_list("{}", ";") == []
    assert split_list("", ";") is None


@pytest.mark.parametrize("text", ["[chess]", "['a' go]", "[" * 5_000 + "]" * 5_000, '{"a" b}'])
def test_broken_brackets_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a list"):
        split_list(text, ";")


@pytest.mark.parametrize(
    ("texts", "separator", "words"),
    [
        (["a", "b"], ";", ""),
        (["a;b", "c"], ";", ""),
        (["a, b", "c"], ",", "with commas between"),
        (["a|b"], "|", "with '|' between"),
        (["a\nb"], "\n", "with line breaks between"),
        (["a;b", "arts, crafts"], ";", "1 text with commas and without ';' count as one value each"),
        (["['a', 'b']", "[]"], ";", ""),
        (["a / b", "c / d", "e"], ";", "2 texts with '/' and without ';' count as one value each"),
        (["sci-fi/fantasy", *"abcdefgh"], ";", ""),
        ([*(f"a, {letter}" for letter in "bcdefghi"), "d &amp; e"], ",", "commas"),
    ],
)
def test_separator_is_found_in_the_cells_and_said(texts: list[str], separator: str, words: str) -> None:
    found_separator, notes = find_separator(texts)
    assert found_separator == separator
    assert words in " ".join(notes)
    assert bool(notes) == bool(words)


@given(st.text(alphabet="ab[]{}()'\",; \\\n", max_size=30))
def test_any_cell_is_split_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert all(isinstance(value, str | int | list | None) for value in split_list(text.strip(), ",") or [])
