"""Finds words that the project has replaced by the field's own, in names and in prose (`vocabulary.toml`)."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from checks.source import Name, Text, read_file

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Replaced words, where they are looked for, and the word to use instead.

    `names` are runs of words in any name, `whole` and `modules` whole names, `prose` regular expressions.
    """

    use: str
    names: list[str] = field(default_factory=list)
    whole: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)
    only_in: list[str] = field(default_factory=lambda: ["*"])
    allowed: list[str] = field(default_factory=list)

    def applies_to(self, path: Path) -> bool:
        """Whether the rule is about that file."""
        return any(fnmatchcase(str(path), pattern) for pattern in self.only_in)

    def match(self, path: Path, text: Text) -> str | None:
        """The replaced word in a name or a line of prose."""
        if not isinstance(text, Name):
            matched = _pattern(tuple(self.prose)).search(text.content) if self.prose else None
            return matched and matched[0]
        if any(fnmatchcase(f"{path}:{text.content}", f"*:{a}" if ":" not in a else a) for a in self.allowed):
            return None
        words = f"_{'_'.join(_WORDS.findall(text.content)).lower()}_"
        whole = {"module": self.modules, "quoted": []}.get(text.kind, self.whole)
        return text.content if text.content in whole or any(f"_{name}_" in words for name in self.names) else None


@cache
def _pattern(expressions: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(expressions)})\b", re.IGNORECASE)


def read_rules(path: Path) -> list[Rule]:
    """The rules of a data file."""
    return [Rule(**entry) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["rule"]]


def replaced_words(root: Path, paths: Iterable[Path], rules: Iterable[Rule]) -> Iterator[str]:
    """A message for each replaced word in these files, which are relative to `root`."""
    for path in paths:
        applying = [rule for rule in rules if rule.applies_to(path)]
        for text in dict.fromkeys(read_file(root, path)):
            matches = ((rule.match(path, text), rule.use) for rule in applying)
            for word, use in [match for match in matches if match[0]][:1]:
                yield f"{path}:{text.line}: {word} → {use}"
