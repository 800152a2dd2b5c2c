"""The forms that the value of a setting may have, brought to one. Each refusal is a sentence without its subject.

Lists may be separated by commas, as people write them, or be JSON, as tools do. Raises `ValueError`.
"""

import re
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from urllib.parse import urlsplit

from pydantic_core import from_json

LEVEL_NAMES = {"WARN": "WARNING", "FATAL": "ERROR", "CRITICAL": "ERROR", "TRACE": "DEBUG"}
# The first parts of the service's own paths, which no prefix may begin with: some proxies pass the prefix on.
OWN_PATHS = frozenset(
    (
        "audit",
        "docs",
        "livez",
        "metrics",
        "imports",
        "models",
        "openapi.json",
        "personas",
        "readyz",
        "retrain",
        "segment",
        "static",
    )
) | {"users", "vocabulary"}
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_HOST = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]|\*")
_PORT = re.compile(r":[0-9]+$")


def comma_separated(names: str | None) -> tuple[str, ...]:
    """The names in a setting, which commas separate."""
    return tuple(stripped for name in (names or "").split(",") if (stripped := name.strip()))


def level(value: object) -> object:
    """The name of a log level in capitals, as logging has it; other names that people use for one."""
    if not isinstance(value, str):
        return value
    name = value.strip().upper()
    return LEVEL_NAMES.get(name, name)


def origins(value: object) -> object:
    """The origins of pages (RFC 6454): scheme, host and port. Browsers send no final slash."""
    return _list_of(_origin, value)


def host_names(value: object) -> object:
    """Host names, to compare with those in `Host`; a port and a final dot are dropped."""
    return _list_of(_host_name, value)


def proxies(value: object) -> object:
    """IP addresses or networks."""
    return _list_of(_proxy, value)


def root_path(value: object) -> object:
    """The path under which a proxy publishes the service; begins with a slash, ends with none."""
    if not isinstance(value, str):
        return value
    path = "/" + value.strip().strip("/")
    if path == "/":
        return ""
    if not _PREFIX.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise ValueError("write a path such as /segments, without a host, query or spaces")
    if path.split("/")[1] in OWN_PATHS:
        raise ValueError(
            f"{path} begins like a path of the service itself; publish it under another, as /api{path}"
        )
    return path


def _list_of(plain: Callable[[str], str], value: object) -> object:
    """Names separated by commas, each in its plain form."""
    if isinstance(value, list | tuple):
        names: Sequence[str] = [str(name) for name in value]
    elif isinstance(value, str):
        names = _from_json(value) if value.strip().startswith("[") else comma_separated(value)
    else:
        return value
    return ",".join(dict.fromkeys(plain(name) for name in names)) or None


def _from_json(text: str) -> list[str]:
    sentence = 'it begins like a list in JSON and is none; write ["a", "b"], or a,b'
    try:
        names = from_json(text)
    except ValueError:
        raise ValueError(sentence) from None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(sentence)
    return [name.strip() for name in names if name.strip()]


def _origin(text: str) -> str:
    if text == "*":
        return text
    parts = urlsplit(text)
    if parts.scheme.lower() not in ("http", "https") or not parts.netloc or "@" in parts.netloc:
        raise ValueError(f"'{text}' is no origin; write https://app.example, with the port where it has one")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"'{text}' has a path; an origin ends with the host or its port")
    scheme, default = parts.scheme.lower(), {"http": ":80", "https": ":443"}
    return f"{scheme}://{parts.netloc.lower().removesuffix(default[scheme])}"


def _host_name(text: str) -> str:
    if "/" in text:
        raise ValueError(f"'{text}' is no host name; write it without scheme and path, as segments.example.org")
    lower = text.lower()
    name = lower if lower.endswith("]") else _PORT.sub("", lower)
    name = name.removesuffix(".")
    if not _HOST.fullmatch(name):
        raise ValueError(f"'{text}' is no host name; write segments.example.org, *.example.org or *")
    return name


def _proxy(text: str) -> str:
    if text == "*":
        return text
    try:
        ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"'{text}' is no IP address; write 10.0.0.7, 10.0.0.0/8, or * for any") from None
    return text
