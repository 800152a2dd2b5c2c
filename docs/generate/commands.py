"""`docs/reference/commands.md`: every command and option of training, the service and the benchmarks."""

import argparse
import ast
import re
from collections.abc import Iterator
from typing import Final

import benchmarks.partial_profiles.command
import benchmarks.recovery.command
import service.commands.main
import training.commands.main
from docs.generate.markdown import code, codes, page, sentence, table
from testkit import ROOT
from training.commands import declaration

INTRODUCTION = """\
In a clone the commands run as `.venv/bin/python -m …`. After `pip install .` the service is also
`backpocket-service` and training `backpocket-training`. Every command has `--help`; `make help` lists what make
does."""
BENCHMARKS = """\
What was measured and what it means: [benchmarks](../../benchmarks/README.md). `make bench` runs those of speed,
`make resilience` those of failures. The options of two of them; the others describe themselves with `--help` or
at the top of their module."""
_EXIT_CODES: Final = "Exit codes:"
_IN_HELP: Final = re.compile(r"\s*\(default[^)]*\)|^default: .*")
_ITSELF: Final = re.compile(r"^`python -m [^`]+`: |: `python -m [^`]+`\.?$")

Parser = argparse.ArgumentParser


def commands_page() -> str:
    """The page."""
    return page(
        "Commands",
        INTRODUCTION,
        "## Service",
        *_section("python -m service", service.commands.main.parser(), service.commands.main.__doc__),
        "## Training",
        *_section("python -m training", training.commands.main.parser(), training.commands.main.__doc__),
        "## Benchmarks",
        BENCHMARKS,
        table(["Command", "What it measures"], _modules_with_a_command()),
        *_benchmark(benchmarks.recovery.command.COMMAND),
        *_benchmark(benchmarks.partial_profiles.command.COMMAND),
    )


def commands_of(name: str, parser: Parser) -> Iterator[tuple[str, str, Parser]]:
    """The full name, the help and the parser of each command below a parser, those of groups included."""
    [subparsers] = _subparsers(parser)
    help_of = {choice.dest: choice.help or "" for choice in subparsers._choices_actions}
    for word, command in subparsers.choices.items():
        if _subparsers(command):
            yield from commands_of(f"{name} {word}", command)
        else:
            yield f"{name} {word}", help_of[word], command


def _subparsers(parser: Parser) -> "list[argparse._SubParsersAction[Parser]]":
    return [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]


def _section(name: str, parser: Parser, module_doc: str | None) -> Iterator[str]:
    paragraphs = (module_doc or "").split("\n\n")
    yield " ".join(" ".join(text.split()) for text in paragraphs if text.startswith(_EXIT_CODES))
    for command, summary, command_parser in commands_of(name, parser):
        yield from _command(command, summary, command_parser)


def _benchmark(command: declaration.Command) -> Iterator[str]:
    parser = Parser()
    command.add_options(parser)
    declaration.add_progress(parser)
    yield from _command(f"python -m {command.name}", command.help, parser)


def _command(name: str, summary: str, parser: Parser) -> Iterator[str]:
    yield f"### `{name}`"
    yield sentence(summary)
    arguments = [action for action in parser._actions if action.dest != "help"]
    yield table(["Argument", "Default", "Meaning"], (_argument(action) for action in arguments))


def _argument(action: argparse.Action) -> list[str]:
    names = codes(_spelled(action, option) for option in action.option_strings)
    name = names or code(action.metavar or action.dest.upper())
    required = "required" if action.required and action.option_strings else ""
    return [name, required or _default(action), f"{_meaning(action)} {_choices(action)}"]


def _meaning(action: argparse.Action) -> str:
    """The help of an argument, without the default where the page shows it beside the help."""
    text = (action.help or "").replace("%(default)s", str(action.default))
    return sentence(_IN_HELP.sub("", text) if _default(action) else text)


def _spelled(action: argparse.Action, option: str) -> str:
    """An option with the name of its value; without one where it takes none."""
    if action.nargs == 0:
        return option
    return f"{option} {action.metavar or action.dest.upper()}"


def _default(action: argparse.Action) -> str:
    default = action.default
    if default is None or default is False or default == [] or default == "" or not action.option_strings:
        return ""
    if isinstance(default, tuple):
        return code(",".join(map(str, default)))
    return "on" if default is True else code(default)


def _choices(action: argparse.Action) -> str:
    return f"One of {codes(action.choices)}." if action.choices else ""


def _modules_with_a_command() -> Iterator[list[str]]:
    """The benchmarks that can be run, with the first sentence of their docstring."""
    folder = ROOT / "benchmarks"
    for file in sorted([*folder.glob("*.py"), *folder.glob("*/__main__.py")]):
        text = file.read_text(encoding="utf-8")
        if "__main__" in text:
            words = [word for word in file.relative_to(ROOT).with_suffix("").parts if word != "__main__"]
            yield [code(f"python -m {'.'.join(words)}"), _first_sentence(ast.get_docstring(ast.parse(text)))]


def _first_sentence(docstring: str | None) -> str:
    return sentence(_ITSELF.sub("", (docstring or "").partition("\n\n")[0]).removesuffix(":"))
