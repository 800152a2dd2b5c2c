"""JSON becomes dataclasses; what a newer service adds is no error."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from backpocket_segments import UnexpectedResponse
from backpocket_segments.decoding import decode


@dataclass(frozen=True)
class Small:
    """A class with a field of each kind."""

    name: str
    at: datetime
    level: Literal["low", "high"]
    share: float
    tags: tuple[str, ...] = ()
    shares: dict[str, float] | None = None
    bound: int | float | None = None
    is_set: bool = False


@dataclass(frozen=True)
class Other:
    """Another one."""

    error: str


@dataclass(frozen=True)
class Both:
    """A choice of two."""

    items: tuple[Small | Other, ...]


VALUE = {"name": "a", "at": "2026-11-29T12:00:00.5Z", "level": "low", "share": 1}


def decoded(kind: type[Any], value: object) -> Any:
    return decode(kind, json.dumps(value).encode())


def test_every_kind_of_field_is_read() -> None:
    more = {"tags": ["x", "y"], "shares": {"p": 1}, "bound": 3, "is_set": True}
    small = decoded(Small, VALUE | more)
    assert small == Small(
        "a", datetime(2026, 11, 29, 12, 0, 0, 500_000, UTC), "low", 1.0, ("x", "y"), {"p": 1.0}, 3, True
    )
    assert isinstance(small.share, float)
    assert decoded(Small, VALUE | {"shares": None}).shares is None


def test_fields_and_values_that_are_newer_than_the_client_are_no_error() -> None:
    assert decoded(Small, VALUE | {"level": "extreme", "new": {}}).level == "extreme"


def test_class_of_a_choice_is_that_whose_fields_are_there() -> None:
    both = decoded(Both, {"items": [VALUE, {"error": "none"}]})
    assert [type(item) for item in both.items] == [Small, Other]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"name": "a"}, "Small without at, level, share"),
        (VALUE | {"name": 3}, "int where <class 'str'> is expected"),
        (VALUE | {"tags": "private"}, "str where <class 'list'> is expected"),
        (VALUE | {"at": "private"}, "no JSON, or a time in another format"),
        ([], "list where <class 'dict'> is expected"),
    ],
)
def test_what_does_not_fit_is_described_and_not_quoted(value: object, reason: str) -> None:
    with pytest.raises(UnexpectedResponse) as caught:
        decoded(Small, value)
    assert str(caught.value) == f"This is no Small: {reason}."
    assert caught.value.__context__ is None


def test_choice_that_has_no_class_is_refused() -> None:
    with pytest.raises(UnexpectedResponse, match="fields of none of Small, Other"):
        decoded(Both, {"items": [{}]})
