"""Paths as routes see them, and the values of their parameters."""

import asyncio

import pytest
from starlette.types import Receive, Scope, Send

from service.http.server.request_path import EncodedPath, is_decoded_alike, path_fault, path_value


def seen(scope: Scope) -> Scope:
    """The scope that an app gets."""
    scopes: list[Scope] = []

    async def app(scope: Scope, _: Receive, __: Send) -> None:
        scopes.append(scope)

    asyncio.run(EncodedPath(app)(scope, None, None))  # type: ignore[arg-type]
    return scopes[0]


@pytest.mark.parametrize(
    ("raw", "path", "values"),
    [
        (b"/a/b", "/a/b", ["a", "b"]),
        (b"/a%20b/%C3%A9", "/a b/é", ["a b", "é"]),
        (b"/a%2Fb/c", "/a%2Fb/c", ["a/b", "c"]),
        (b"/a%2fb%2F", "/a%2fb%2F", ["a/b/"]),
        (b"/%252F/%2525", "/%252F/%2525", ["%2F", "%25"]),
        (b"/%25/%2B+", "/%25/++", ["%", "++"]),
        (b"/%25%32%46", "/%252F", ["%2F"]),
    ],
)
def test_slash_and_percent_sign_stay_encoded_until_the_route_is_matched(
    raw: bytes, path: str, values: list[str]
) -> None:
    scope = seen({"type": "http", "path": "?", "raw_path": raw}) if b"%" in raw else {"path": raw.decode()}
    assert scope["path"] == path
    assert [path_value(segment) for segment in path.split("/")[1:]] == values
    assert path_fault(raw) is None


def test_path_without_escapes_and_other_messages_are_passed_on_as_they_are() -> None:
    for scope in (
        {"type": "http", "path": "/a", "raw_path": b"/a"},
        {"type": "http", "path": "/a"},
        {"type": "lifespan"},
    ):
        assert seen(scope) is scope


@pytest.mark.parametrize("raw", [b"/%", b"/%2", b"/%zz", b"/100%/x", b"/%2%46"])
def test_percent_sign_that_begins_no_escape_is_a_fault(raw: bytes) -> None:
    assert str(path_fault(raw)).startswith("The path has a percent sign without two hexadecimal digits after it")


@pytest.mark.parametrize("raw", [b"/%FF", b"/%C3", b"/%ED%A0%80", b"/%2F%80"])
def test_path_that_is_not_utf_8_is_a_fault(raw: bytes) -> None:
    assert str(path_fault(raw)).startswith("The path is not UTF-8")


def test_only_a_path_without_the_two_escapes_is_decoded_alike() -> None:
    assert [is_decoded_alike(raw) for raw in (b"/a", b"/%C3%A9", b"/%2f", b"/%25", b"/%FF", b"/%")] == [
        *(True, True, False, False, False, False)
    ]
