"""Text that fits, and colours that can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.report.drawing import style


@pytest.mark.parametrize("background", style.COLOURS)
def test_ink_is_readable_on_every_colour(background: str) -> None:
    assert style.ink_on(background) in {"#000000", "#ffffff"}
    assert style.ink_on("#ffffff") == "#000000"
    assert style.ink_on("#000000") == "#ffffff"


def test_pairs_of_colour_and_marker_repeat_only_after_many_personas() -> None:
    pairs = {(style.colour(cluster), style.marker(cluster)) for cluster in range(88)}
    assert len(pairs) == 88


def test_text_that_fits_stays_on_one_line() -> None:
    assert style.wrapped("Bookish kitchenware givers", 4.0, 8.0) == "Bookish kitchenware givers"


def test_wrapped_lines_are_balanced_and_keep_whole_words() -> None:
    assert style.wrapped("Bookish kitchenware givers", 1.5, 8.0).splitlines() == ["Bookish", "kitchenware givers"]
    assert "kitchenware" in style.wrapped("4 Bookish kitchenware givers", 0.86, 7.5)


def test_empty_text_has_no_line() -> None:
    assert style.wrapped(" \n", 1.0, 8.0) == ""


def test_number_and_its_unit_stay_on_one_line() -> None:
    lines = style.wrapped("Practical gifts, 11 % (below 30) against 61 % (70 and over)", 2.0, 9.0).splitlines()
    assert not any(line.startswith("%") for line in lines)


def test_text_beyond_the_last_line_ends_with_an_ellipsis() -> None:
    text = style.wrapped("one two three four five six seven", 0.5, 9.0, most=2)
    assert len(text.splitlines()) == 2
    assert text.endswith("…")


@given(st.text(max_size=60), st.floats(0.2, 6))
def test_any_text_wraps_into_printable_lines(text: str, inches: float) -> None:
    with style.styled():
        lines = style.wrapped(text, inches, 9.0).splitlines()
    assert len(lines) <= 4
    assert all(line.replace("\u00a0", " ").isprintable() for line in lines)
