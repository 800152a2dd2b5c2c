"""Which differences between two summaries of the API (`tests.support.openapi_summary`) break clients.

A request that was valid must stay valid, and a response must stay one that yesterday's client can read. Additions
are no breaks: an operation, a response field, an optional request field or parameter, a value of an enumeration.
The names of schemas are not compared, as no request and no response carries them.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

Json = Mapping[str, Any]

# A pattern or a literal is one token; of everything else, a character.
_TOKEN = re.compile(r"/(?:\\.|[^/\\])*/|'[^']*'| \| |.")
_LIST = re.compile(r"\[(.*)\](?:\(([^()]*)\))?")
_MAP = re.compile(r"\{string: (.*)\}")
_SCALAR = re.compile(r"([\w-]+)(?:\((.*)\))?")


def breaking_changes(old: Json, new: Json) -> list[str]:
    """A sentence for each change that breaks clients."""
    return list(_Comparison(old["schemas"], new["schemas"]).operations(old["operations"], new["operations"]))


class _Comparison:
    """Compares what operations accept and respond, through the schemas of both summaries."""

    def __init__(self, old_schemas: Json, new_schemas: Json) -> None:
        self._old, self._new = old_schemas, new_schemas
        self._compared: set[tuple[str, str, bool]] = set()

    def operations(self, old: Json, new: Json) -> Iterator[str]:
        for name, operation in old.items():
            if name in new:
                yield from self._operation(name, operation, new[name])
            else:
                yield f"{name} is gone."

    def _operation(self, name: str, old: Json, new: Json) -> Iterator[str]:
        if old["id"] != new["id"]:
            yield f"{name}: generated clients call it `{old['id']}`, and now `{new['id']}`."
        if new.get("scope", old.get("scope")) != old.get("scope"):
            yield f"{name} now needs the scope '{new['scope']}'."
        yield from self._fields(f"{name}, parameters", old.get("parameters", {}), new.get("parameters", {}), True)
        yield from self._request(f"{name}, request", old.get("request"), new.get("request"))
        for status, response in old["responses"].items():
            if status in new["responses"]:
                yield from self._type(f"{name}, response {status}", response, new["responses"][status], False)
            else:
                yield f"{name} no longer responds with the status {status}."
        problems = new.get("problems", "").split(", ")
        for problem in filter(None, old.get("problems", "").split(", ")):
            if problem not in problems:
                yield f"{name} no longer responds with the problem {problem}."

    def _request(self, where: str, old: str | None, new: str | None) -> Iterator[str]:
        if old and new:
            yield from self._type(where, old, new, True)
        elif old or new:
            yield f"{where}: a body is {'now needed' if new else 'no longer accepted'}."

    def _fields(self, where: str, old: Json, new: Json, sent: bool) -> Iterator[str]:
        """Fields of an object. `sent`: by clients, in a request; else they read them in a response."""
        after = {name.removesuffix("?"): name for name in new}
        for name, kind in old.items():
            plain, now = name.removesuffix("?"), after.pop(name.removesuffix("?"), None)
            if now is None:
                yield f"{where}: `{plain}` is {'no longer accepted' if sent else 'gone'}."
                continue
            if sent and name != plain == now:
                yield f"{where}: `{plain}` is now required."
            if not sent and name == plain != now:
                yield f"{where}: `{plain}` may now be absent."
            yield from self._type(f"{where}: `{plain}`", kind, new[now], sent)
        for name in after.values():
            if sent and not name.endswith("?"):
                yield f"{where}: the new `{name}` is required."

    def _type(self, where: str, old: str, new: str, sent: bool) -> Iterator[str]:
        before, after = _by_kind(old, self._old), _by_kind(new, self._new)
        for kind in {**before, **after}:
            for one, other in zip_longest(before.get(kind, ()), after.get(kind, ())):
                if one is None:
                    if not sent and not _covers(before, kind) and not _is_new_literal(before, kind):
                        yield f"{where} may now be {other}."
                elif other is None:
                    if sent and not _covers(after, kind):
                        yield f"{where} no longer accepts {one}."
                    elif not sent and kind.startswith("'"):
                        yield f"{where} no longer has the value {one}."
                else:
                    yield from self._alternative(where, one, other, sent)

    def _alternative(self, where: str, old: str, new: str, sent: bool) -> Iterator[str]:
        """Two alternatives of one kind."""
        if (inner := _LIST.fullmatch(old)) and (now := _LIST.fullmatch(new)):
            yield from self._type(f"{where}, an item", inner[1], now[1], sent)
        elif (inner := _MAP.fullmatch(old)) and (now := _MAP.fullmatch(new)):
            yield from self._type(f"{where}, a value", inner[1], now[1], sent)
        elif old in self._old and new in self._new:
            if (old, new, sent) not in self._compared:
                self._compared.add((old, new, sent))
                yield from self._fields(f"{where} ({new})", self._old[old], self._new[new], sent)
            return
        if sent and _is_narrower(_constraints(old), _constraints(new)):
            yield f"{where} accepts {new}, and no longer all of {old}."


def _by_kind(text: str, schemas: Json) -> dict[str, list[str]]:
    """The alternatives of a type by their kind: list, map, object, the scalar's name, or the literal itself."""
    kinds: dict[str, list[str]] = {}
    for alternative in _alternatives(text):
        schema = schemas.get(alternative)
        if isinstance(schema, str):
            for kind, same in _by_kind(schema, schemas).items():
                kinds.setdefault(kind, []).extend(same)
        else:
            kinds.setdefault("object" if schema is not None else _kind(alternative), []).append(alternative)
    return kinds


def _alternatives(text: str) -> list[str]:
    """The alternatives of a type, its default left out."""
    parts, depth = [""], 0
    for token in _TOKEN.findall(text.partition(" = ")[0]):
        depth += (token in "[{(") - (token in "]})")
        if token == " | " and depth == 0:
            parts.append("")
        else:
            parts[-1] += token
    return parts


def _kind(alternative: str) -> str:
    if _LIST.fullmatch(alternative):
        return "list"
    if _MAP.fullmatch(alternative):
        return "map"
    scalar = _SCALAR.fullmatch(alternative)
    return scalar[1] if scalar else alternative


def _covers(kinds: Mapping[str, list[str]], kind: str) -> bool:
    """Whether every value of a kind is a value of other kinds, too."""
    wider = {"integer": "number"}.get(kind, "string" if kind.startswith("'") else "any")
    return "any" in kinds or wider in kinds


def _is_new_literal(kinds: Mapping[str, list[str]], kind: str) -> bool:
    """Whether a kind is a literal and one of others: a value added to an enumeration."""
    return kind.startswith("'") and any(other.startswith("'") for other in kinds)


def _constraints(alternative: str) -> list[str]:
    matched = _LIST.fullmatch(alternative) or _SCALAR.fullmatch(alternative)
    return re.findall(r"/(?:\\.|[^/\\])*/|[^, ]+", (matched[2] if matched else None) or "")


def _is_narrower(old: list[str], new: list[str]) -> bool:
    """Whether new constraints refuse what the old ones allowed."""
    return any(
        constraint not in old and not (".." in constraint and _within(old, constraint)) for constraint in new
    )


def _within(old: list[str], bounds: str) -> bool:
    """Whether the bounds among the old constraints lie within these."""
    before = next((constraint for constraint in old if ".." in constraint and constraint[0] != "/"), "..")
    (old_low, old_high), (low, high) = _numbers(before), _numbers(bounds)
    return low <= old_low and old_high <= high


def _numbers(bounds: str) -> tuple[float, float]:
    low, _, high = bounds.partition("..")
    return float(low or "-inf"), float(high or "inf")
