"""Pages and their cursors."""

import base64

import pytest

from service.http.schemas.bounds import MAX_CURSOR
from service.paging import Page, UnusableCursor, cursor_number, decode_cursor, encode_cursor
from service.store.ports.texts import MAX_ID_LENGTH


def test_cursor_gives_back_its_parts() -> None:
    assert decode_cursor(encode_cursor("2026", "ü"), 2) == ("2026", "ü")


@pytest.mark.parametrize("character", ["a", '"', "\\", "💡"])
def test_cursor_of_the_longest_id_may_be_sent(character: str) -> None:
    assert len(encode_cursor("2026-11-29T12:00:00.123456+00:00", character * MAX_ID_LENGTH)) <= MAX_CURSOR


@pytest.mark.parametrize("cursor", ["", "x", "!!!!", encode_cursor("a"), encode_cursor("a", "b", "c"), "WzEsMl0"])
def test_cursor_of_another_shape_is_refused(cursor: str) -> None:
    with pytest.raises(UnusableCursor):
        decode_cursor(cursor, 2)


@pytest.mark.parametrize("text", ["\\u0000", "a\\ud800"])
def test_cursor_with_a_text_that_no_store_takes_is_refused(text: str) -> None:
    cursor = base64.urlsafe_b64encode(f'["{text}"]'.encode()).decode()
    with pytest.raises(UnusableCursor):
        decode_cursor(cursor, 1)


@pytest.mark.parametrize("text", ["", "-1", "1.0", "²", "٣", "9" * 19])
def test_cursor_part_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(UnusableCursor):
        cursor_number(text)


def test_page_with_a_successor_has_a_cursor_of_its_last_item() -> None:
    page = Page[int].cut([3, 2, 1], 2, lambda number: (str(number),))
    assert page == Page((3, 2), encode_cursor("2"))


@pytest.mark.parametrize("items", [[], [3], [3, 2]])
def test_last_page_has_no_cursor(items: list[int]) -> None:
    assert Page[int].cut(items, 2, lambda number: (str(number),)) == Page(tuple(items), None)
