"""Numbers as people write them, by a decimal mark that is declared or found."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.formats.number_format import NumberFormat, find_number_format


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1234.5", 1234.5),
        ("$1,234.50", 1234.5),
        ("1 234", 1234),
        ("1\u00a0234,5".replace(",", "."), 1234.5),
        ("1'234.50", 1234.5),
        ("1,23,456", 123456),
        ("€ 12", 12),
        ("12 EUR", 12),
        ("-$12.50", -12.5),
        ("$-12.50", -12.5),
        ("(12.50)", -12.5),
        ("12 %", 12),
        (".5", 0.5),
        ("1e3", 1000),
    ],
)
def test_number_with_a_decimal_point_is_read(text: str, number: float) -> None:
    assert NumberFormat(".").number(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [("12,50", 12.5), ("1.234,50", 1234.5), ("1.234", 1234), ("1 234,5 €", 1234.5), ("-0,5", -0.5), ("24", 24)],
)
def test_number_with_a_decimal_comma_is_read(text: str, number: float) -> None:
    assert NumberFormat(",").number(text) == number


@pytest.mark.parametrize(
    ("decimal", "text"),
    [
        (".", "12,50"),
        (",", "12.50"),
        (".", "1,2345"),
        (".", "1,234 567"),
        (".", "1.2.3"),
        (".", "twelve"),
        (".", "$"),
        (".", "%"),
        (".", "."),
        (".", "3_4"),
        (".", "٣٤"),
        (".", "1e999"),
        (".", "+-1"),
        (".", "2026-11-29"),
        (",", ","),
    ],
)
def test_text_that_is_no_number_of_the_format_is_refused(decimal: str, text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        NumberFormat(decimal).number(text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("texts", "decimal", "words"),
    [
        (["12", "13"], ".", ""),
        (["12.5"], ".", ""),
        (["12,50"], ",", "decimal comma"),
        (["1.234,50", "12"], ",", "decimal comma"),
        (["$1,234.50"], ".", "signs of currency"),
        (["1,234"], ".", "read as one between thousands"),
        (["1,234", "12,5"], ",", "decimal comma"),
        (["1,234,567"], ".", "decimal point"),
        (["0,125"], ",", "decimal comma"),
        (["1.234"], ".", "read as a decimal point"),
        (["1.234", "1.5"], ".", ""),
        (["1.5", "12,5", "13,5"], ",", "are mixed"),
        (["none of", "these"], ".", ""),
    ],
)
def test_decimal_mark_is_found_in_the_cells_and_said(texts: list[str], decimal: str, words: str) -> None:
    finding = find_number_format(texts)
    assert finding.format.decimal == decimal
    assert words in " ".join(finding.notes)
    assert bool(finding.notes) == bool(words)


def test_declared_mark_leaves_no_doubt() -> None:
    finding = find_number_format(["1,234"], ",")
    assert finding.format.number("1,234") == 1.234
    assert "thousands, " not in " ".join(finding.notes)


@given(st.lists(st.text(alphabet="0123456789.,' -+$€%()e", max_size=12), max_size=5))
def test_any_texts_have_a_format_that_reads_or_refuses_them(texts: list[str]) -> None:
    number_format = find_number_format(texts).format
    for text in texts:
        with suppress(ValueError):
            assert abs(number_format.number(text)) < float("inf")
