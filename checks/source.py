"""Reads the project's files as names (what code defines) and prose (what people read), each with its line."""

import ast
import io
import json
import re
import subprocess
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_CODE_SPAN = re.compile(r"``?[^`]+``?")
_NAME = re.compile(r"[A-Za-z_]\w*")
_TEMPLATE_TAG = re.compile(r"{[{%].*?[}%]}")
_FENCE = re.compile(r"^\s*(```|~~~)")


class Name(NamedTuple):
    """A name that a line defines, or that prose quotes; `kind` is module, variable, definition or quoted."""

    line: int
    content: str
    kind: str


class Prose(NamedTuple):
    """A line of text for people, its quoted code taken out."""

    line: int
    content: str


Text = Name | Prose


def tracked_files(root: Path, folders: Iterable[str]) -> list[Path]:
    """The files under `folders` that git tracks or would track, relative to `root`."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *folders],
        cwd=root, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return sorted(path for line in listing.split("\0") if line and (root / (path := Path(line))).is_file())


def read_file(root: Path, path: Path) -> Iterator[Text]:
    """All names and prose of a file; nothing of a kind of file that holds neither."""
    for folder in path.with_suffix("").parts:
        yield Name(1, folder, "module")
    if path.suffix not in _READERS and path.name not in _READERS:
        return
    text = (root / path).read_text(encoding="utf-8")
    yield from _READERS.get(path.suffix, _READERS.get(path.name, _read_markdown))(text)


def _read_python(text: str) -> Iterator[Text]:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        yield from _defined(node)
        yield from _strings(node)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield from _read_text(token.string, token.start[0])


def _defined(node: ast.AST) -> Iterator[Name]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield Name(node.lineno, node.name, "definition")
        case ast.arg():
            yield Name(node.lineno, node.arg, "variable")
        case ast.Name(ctx=ast.Store()):
            yield Name(node.lineno, node.id, "variable")
        case ast.Attribute(ctx=ast.Store()):
            yield Name(node.lineno, node.attr, "variable")
        case ast.alias(asname=str(alias)):
            yield Name(node.lineno, alias, "definition")
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield Name(node.lineno, name, "variable")


def _strings(node: ast.AST) -> Iterator[Text]:
    """Docstrings, and messages: strings of several words."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
        yield from _read_text(node.value, node.lineno)


def _read_text(text: str, first_line: int = 1) -> Iterator[Text]:
    for number, line in enumerate(text.splitlines(), first_line):
        for span in _CODE_SPAN.findall(line):
            yield from (Name(number, name, "quoted") for name in _NAME.findall(span))
        yield Prose(number, _CODE_SPAN.sub("`", line))


def _read_template(text: str) -> Iterator[Text]:
    yield from _read_text(_TEMPLATE_TAG.sub("", text))


def _read_markdown(text: str) -> Iterator[Text]:
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if _FENCE.match(line):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            yield from (Name(number, name, "quoted") for name in _NAME.findall(line))
        else:
            yield from _read_text(line, number)


def _read_notebook(text: str) -> Iterator[Text]:
    """The cells of a notebook; a line is counted inside its cell."""
    for cell in json.loads(text)["cells"]:
        source = "".join(cell["source"])
        yield from _read_markdown(source) if cell["cell_type"] == "markdown" else _read_python(source)


def _read_comments(text: str) -> Iterator[Text]:
    for number, line in enumerate(text.splitlines(), 1):
        _, hash_sign, comment = line.partition("#")
        if hash_sign:
            yield from _read_text(comment, number)


_READERS = {
    ".py": _read_python,
    ".md": _read_markdown,
    ".ipynb": _read_notebook,
    ".j2": _read_template,
    ".html": _read_text,
    ".toml": _read_comments,
    ".yml": _read_comments,
    ".sh": _read_comments,
    "Makefile": _read_comments,
    "Dockerfile": _read_comments,
}
