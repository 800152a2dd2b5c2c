"""Finds calls that fill a record by position: two swapped floats would type-check."""

import ast
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

MOST = 5


def positional_calls(root: Path, paths: Iterable[Path], allowed: Collection[str] = ()) -> Iterator[str]:
    """A message for each call of a class with more than `MOST` positional arguments.

    A class counts if one of these modules, which are relative to `root`, defines it, and it is not `allowed`.
    """
    trees = {path: ast.parse((root / path).read_text(encoding="utf-8")) for path in paths if path.suffix == ".py"}
    packages = {path.parts[0] for path in trees}
    ours = {node.name for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    for path, tree in trees.items():
        here = {"cls", *ours} - set(allowed) - _foreign_names(tree, packages)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and len(node.args) > MOST and (name := _called(node.func)) in here:
                yield f"{path}:{node.lineno}: {name} gets {len(node.args)} positional arguments → use keywords"


def _foreign_names(tree: ast.Module, packages: set[str]) -> set[str]:
    """The names that a module imports from elsewhere."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    foreign = [node for node in imports if (node.module or "").partition(".")[0] not in packages]
    return {alias.asname or alias.name for node in foreign for alias in node.names}


def _called(function: ast.expr) -> str | None:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value):
            return _called(value)
    return None
