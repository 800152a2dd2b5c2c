"""Numbers, counts and lists as text."""

import pytest

from training.text import capitalised, count, in_quotes, listed, number, percent, percent_tenths


@pytest.mark.parametrize(
    ("share", "whole", "tenths"),
    [
        (0.0, "0 %", "0.0 %"),
        (0.0004, "under 1 %", "under 0.1 %"),
        (0.004, "under 1 %", "0.4 %"),
        (0.125, "12 %", "12.5 %"),
        (1.0, "100 %", "100.0 %"),
    ],
)
def test_shares_are_per_cent_and_small_ones_are_not_zero(share: float, whole: str, tenths: str) -> None:
    assert (percent(share), percent_tenths(share)) == (whole, tenths)


@pytest.mark.parametrize(("value", "text"), [(4.0, "4"), (4.94, "4.9"), (4.95, "5"), (1234.5, "1,234")])
def test_numbers_have_a_decimal_below_five(value: float, text: str) -> None:
    assert number(value) == text


def test_counts_are_singular_or_plural() -> None:
    assert [count(1, "persona"), count(1_000, "persona"), count(2, "child", "children")] == [
        "1 persona",
        "1,000 personas",
        "2 children",
    ]


def test_lists_end_with_and() -> None:
    assert [listed(words) for words in ((), ("a",), ("a", "b"), ("a", "b", "c"))] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert listed(["b and c", "a"]) == "a as well as b and c"
    assert listed(["“b and c”", "a"]) == "“b and c” and a"


def test_only_the_first_letter_is_capitalised() -> None:
    assert [capitalised("diy fans"), capitalised("DIY"), capitalised("")] == ["Diy fans", "DIY", ""]


def test_quotation_within_a_quotation_has_single_marks() -> None:
    assert in_quotes("Fans of “Wandern”") == "“Fans of ‘Wandern’”"
