"""Bodies that a hostile or careless client may send: JSON with unusual values, and what is almost JSON.

Faster than a search by hypothesis, which its tests do: a hundred thousand in seconds, by a seed.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from models.profile import Profile
from models.profile.field_kinds import declared_fields

FIELDS = {spec.name: spec for spec in declared_fields(Profile)}
NAMES = (
    *FIELDS,
    *(
        "hobby",
        "Age",
        "",
        "profiles",
        "user_ids",
        "source",
        "path",
        "k",
        "profile",
        "changes",
        "persona_id",
        "name",
    ),
    *("sentence", "note", "reason", "by", "__class__", "model_config", "\x00", "x" * 300, "\u202e", "😀"),
)
TEXTS = (
    *(
        "",
        " ",
        "Gaming",
        "BOARD-GAMES",
        " low ",
        "users",
        "u-1",
        "a/b",
        "../x",
        "\x00",
        "\u202e",
        "\u2028",
        "\ud800",
    ),
    *(
        "NULL",
        "true",
        "1",
        "30.0",
        "3e1",
        "-0",
        "NaN",
        "-inf",
        "1_000",
        "0x1f",
        "1,000",
        "  5 ",
        "10-20",
        "½",
        "²",
    ),
    *(
        "Ⅷ",
        "٣",
        "１２",
        "9" * 400,
        "9" * 5_000,
        "1e999",
        "1e-999",
        "e\u0301",
        "İ",
        "ﬁ",
        "🎁",
        "%s%n",
        "{0.__class__}",
    ),
    *("<script>", "'\"\\", "\n\r\t", "\ufeff", "\u200b", "a" * 200, "a" * 201, "b" * 3_000),
)
NUMBERS = (
    *(0, -0.0, 1, -1, 12, 13, 30, 120, 121, 30.0, 30.5, 1e15, 1e22, 1e308, -1e308, 5e-324, 0.1, 24.0),
    *(2**31, 2**53 + 1, 2**63, 2**63 - 1, -(2**63), 2**64, 10**30, 10**309, 10**400),
)
CONSTANTS = (None, True, False)
# What takes the place of some bytes of a JSON text.
PIECES = (
    *(
        b"NaN",
        b"Infinity",
        b"1e400",
        b"-1e999",
        b"1E5",
        b"-0.0",
        b"01",
        b"1.",
        b".5",
        b"+1",
        b"9" * 4_301,
        b"24.0",
    ),
    *(
        b'"\\ud800"',
        b'"\\ud83d\\ude00"',
        b'"\\u0000"',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"{}",
        b"[]",
        b"{",
        b"]",
        b",",
    ),
    *(b'"', b"nul", b"//", b"\xef\xbb\xbf", b"\x00", b"'a'"),
)
MAX_DEPTH = 4


@dataclass(frozen=True)
class HostileBodies:
    """Draws bodies. `vocabulary`: known values by field, of which valid answers are made."""

    chance: random.Random
    vocabulary: dict[str, tuple[str, ...]]

    def profile(self, share: float | None = None) -> dict[str, Any]:
        """A profile some of whose answers are unusual: that share of them, or one drawn from none to a third."""
        unusual = self.chance.choice((0.0, 0.1, 0.3)) if share is None else share
        names = self.chance.sample(list(FIELDS), self.chance.randrange(len(FIELDS) + 1))
        answers = {name: self.value(1) if self.chance.random() < unusual else self._answer(name) for name in names}
        if self.chance.random() < 0.08:
            answers[self.chance.choice(NAMES)] = self.value(1)
        return answers

    def body(self, make: Callable[[], Any]) -> bytes:
        """The bytes of what `make` makes, or of any value; some of them damaged."""
        drawn = self.chance.random()
        value = self.value() if drawn < 0.12 else self._object() if drawn < 0.2 else make()
        text = json.dumps(value, ensure_ascii=self.chance.random() < 0.5)
        return self._damaged(text.encode("utf-8", "surrogatepass"))

    def value(self, depth: int = 0) -> Any:
        """Any JSON value, and texts that no JSON may hold."""
        drawn = self.chance.random()
        if depth < MAX_DEPTH and drawn < 0.28:
            return [
                self.value(depth + 1)
                for _ in range(self.chance.choice((0, 1, 2, 3, 17) if drawn < 0.02 else (0, 1, 2)))
            ]
        if depth < MAX_DEPTH and drawn < 0.4:
            return self._object(depth)
        if drawn < 0.65:
            return self.chance.choice(TEXTS)
        if drawn < 0.85:
            return self.chance.choice(NUMBERS)
        if drawn < 0.93:
            return self.chance.choice(CONSTANTS)
        return "".join(chr(self.chance.randrange(0x110000)) for _ in range(self.chance.randrange(8)))

    def _object(self, depth: int = 0) -> dict[str, Any]:
        return {self.chance.choice(NAMES): self.value(depth + 1) for _ in range(self.chance.randrange(5))}

    def _answer(self, name: str) -> Any:
        """A valid answer."""
        spec, values = FIELDS[name], self.vocabulary.get(name, ())
        match spec.kind.name:
            case "numeric":
                return self.chance.choice((13, 24, 30, 72, 120, 24.0))
            case "ordinal":
                return self.chance.choice(spec.levels)
            case "multi_label":
                return [self.chance.choice(values) for _ in range(self.chance.randrange(5))]
            case _:
                return self.chance.choice(values)

    def _damaged(self, text: bytes) -> bytes:
        drawn = self.chance.random()
        if drawn < 0.1:
            for _ in range(self.chance.choice((1, 1, 3))):
                index = self.chance.randrange(len(text) + 1)
                text = text[:index] + self.chance.choice(PIECES) + text[index + self.chance.choice((0, 1, 3)) :]
        elif drawn < 0.13:
            text = text[: self.chance.randrange(len(text) + 1)]
        elif drawn < 0.15:
            text = self.chance.randbytes(self.chance.randrange(60))
        return text
