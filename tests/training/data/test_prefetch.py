"""Work ahead comes in order, one item early, and fails where it is used."""

from collections.abc import Iterator

import pytest

from training.data.prefetch import prefetch


def test_items_are_in_order() -> None:
    assert list(prefetch(iter(range(5)))) == [0, 1, 2, 3, 4]
    assert list(prefetch([])) == []


def test_at_most_one_item_is_made_early() -> None:
    made: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(1, 6):
            made.append(number)
            yield number

    for used in prefetch(numbers()):
        assert len(made) <= used + 1


def test_error_is_raised_where_its_item_is_due() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("no second one")

    items = prefetch(failing())
    assert next(items) == 1
    with pytest.raises(ValueError, match="no second one"):
        next(items)
