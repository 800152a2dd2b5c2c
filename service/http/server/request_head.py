"""What a valid head has beyond what the parser checks.

One trusted host, a path that can be decoded, and no transfer coding but `chunked`.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from starlette.responses import Response
from starlette.types import Scope

from service.http.error_table import MALFORMED_REQUEST, UNKNOWN_CODING, UNTRUSTED_HOST
from service.http.problems import problem_response
from service.http.server.request_path import path_fault
from service.setting_values import comma_separated

# RFC 9112, section 3.2: a host of RFC 3986, and a port.
_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%!$&'()*+,;=-]*)(:[0-9]*)?")
# Whoever probes the service must be able to, by whichever name.
ANY_HOST = frozenset({"/livez", "/readyz"})


def refused_head(scope: Scope, hosts: Sequence[str]) -> Response | None:
    """The response to a head that is not valid, or not for one of these `hosts` (none: any); None admits it."""
    names = [value for name, value in scope["headers"] if name == b"host"]
    if len(names) > 1 or not all(map(is_host, names)) or (not names and scope.get("http_version") == "1.1"):
        detail = "A request has one header `Host`, with a host name and perhaps a port (RFC 9112, section 3.2)."
        return problem_response(MALFORMED_REQUEST, detail, scope["path"])
    if (fault := path_fault(scope.get("raw_path") or b"")) is not None:
        return problem_response(MALFORMED_REQUEST, fault, scope["path"])
    codings = [value for name, value in scope["headers"] if name == b"transfer-encoding"]
    if any(coding.strip().lower() != b"chunked" for coding in codings):
        detail = "Send the body with its length, or with `Transfer-Encoding: chunked` and no other coding."
        return problem_response(UNKNOWN_CODING, detail, scope["path"], headers={"Connection": "close"})
    if hosts and scope["path"] not in ANY_HOST and not is_trusted(host_of(scope), hosts):
        detail = "This service does not respond to this host name; use one that its setting TRUSTED_HOSTS lists."
        return problem_response(UNTRUSTED_HOST, detail, scope["path"])
    return None


@lru_cache(256)
def is_host(value: bytes) -> bool:
    """Whether a header `Host` may have this value."""
    return _HOST.fullmatch(value) is not None


def host_of(scope: Scope) -> str:
    """The host name that a request was sent to, without the port, in small letters, without a final dot."""
    host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
    name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    return _plain(name)


def trusted_names(setting: str | None) -> tuple[str, ...]:
    """The host names of the setting TRUSTED_HOSTS, to compare with `host_of`."""
    return tuple(_plain(name) for name in comma_separated(setting))


def is_trusted(host: str, trusted: Sequence[str]) -> bool:
    """Whether a host is one of these; `*.example.org` covers every subdomain, `*` every host."""
    return any(name in ("*", host) or (name.startswith("*.") and host.endswith(name[1:])) for name in trusted)


def _plain(name: str) -> str:
    """A host name as it compares with others (RFC 9110, section 4.2.3); the final dot is that of the DNS root."""
    return name.lower().removesuffix(".")
