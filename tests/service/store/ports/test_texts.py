"""Which texts can be ids, and the reason where one cannot."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.store.ports.texts import MAX_ID_LENGTH, id_fault, is_id


def test_ids_hold_every_character_but_controls_and_surrogates() -> None:
    for code in range(0x11_0000):
        excluded = unicodedata.category(chr(code)) in ("Cc", "Cs")
        assert is_id(chr(code)) is not excluded


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "an id has 1 to 256 characters; this one has 0"),
        ("💡" * 1_257, "an id has 1 to 256 characters; this one has 1,257"),
        ("abc\td\n", "character 4 is U+0009, a control character; ids hold none"),
        ("\x9f", "character 1 is U+009F, a control character; ids hold none"),
        ("💡\ud83d", "character 2 is U+D83D, half of a surrogate pair; ids hold none"),
    ],
)
def test_fault_names_the_character_and_where_it_stands(text: str, fault: str) -> None:
    assert id_fault(text) == fault


@given(st.text(st.characters(exclude_categories=()), max_size=MAX_ID_LENGTH + 2))
def test_a_text_is_an_id_exactly_if_it_has_no_fault(text: str) -> None:
    assert is_id(text) is (id_fault(text) is None)
