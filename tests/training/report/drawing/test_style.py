"""Text that fits, and colours that can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.report.drawing import style


@pytest.mark.parametrize("background", style.COLOURS)
def test_ink_can_be_read_on_every_colour(background: str) -> None:
    assert style.ink_on(background) in {"#000000", "#ffffff"}
    assert style.ink_on("#ffffff") == "#000000"
    assert style.ink_on("#000000") == "#ffffff"


def test_a_pair_of_colour_and_marker_comes_again_only_after_many_personas() -> None:
    pairs = {(style.colour(cluster), style.marker(cluster)) for cluster in range(88)}
    assert len(pairs) == 88


def test_text_that_fits_stays_on_one_line() -> None:
    assert style.wrapped("Bookish kitchenware givers", 4.0, 8.0) == "Bookish kitchenware givers"


def test_lines_are_about_as_long_and_keep_their_words() -> None:
    assert style.wrapped("Bookish kitchenware givers", 1.5, 8.0).splitlines() == ["Bookish", "kitchenware givers"]
    assert "kitchenware" in style.wrapped("4 Bookish kitchenware givers", 0.86, 7.5)


def test_no_text_is_no_line() -> None:
    assert style.wrapped(" \n", 1.0, 8.0) == ""


def test_a_number_keeps_its_sign() -> None:
    lines = style.wrapped("Practical gifts, 11 % (below 30) against 61 % (70 and over)", 2.0, 9.0).splitlines()
    assert not any(line.startswith("%") for line in lines)


def test_what_is_left_after_the_last_line_is_cut_with_dots() -> None:
    text = style.wrapped("one two three four five six seven", 0.5, 9.0, most=2)
    assert len(text.splitlines()) == 2
    assert text.endswith("…")


@given(st.text(max_size=60), st.floats(0.2, 6))
def test_any_text_becomes_few_printable_lines(text: str, inches: float) -> None:
    with style.styled():
        lines = style.wrapped(text, inches, 9.0).splitlines()
    assert len(lines) <= 4
    assert all(line.replace("\u00a0", " ").isprintable() for line in lines)
