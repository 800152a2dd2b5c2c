"""A report with the names and sentences that people wrote for personas in place of training's."""

import re
from collections.abc import Mapping
from typing import Any

from models.persona import Persona
from models.storage.persona_texts import Texts, persona_with_text, unique_names
from training.report.document import Report
from training.text import in_quotes


def with_texts(report: Report, texts: Mapping[str, Texts]) -> Report:
    """The same report with people's texts, by persona id, also where a sentence quotes a name."""
    personas = unique_names(tuple(persona_with_text(one, texts.get(one.id)) for one in report.personas))
    if personas == report.personas:
        return report
    names = _new_names(report.personas, personas)
    content = report.model_dump(mode="json", exclude={"personas"})
    renamed: dict[str, Any] = _renamed(content, names)
    return Report.model_validate(renamed | {"personas": personas})


def _new_names(before: tuple[Persona, ...], after: tuple[Persona, ...]) -> dict[str, str]:
    """The names as sentences quote them, old → new."""
    pairs = zip(before, after, strict=True)
    return {in_quotes(old.name): in_quotes(new.name) for old, new in pairs if old.name != new.name}


def _renamed(content: Any, names: Mapping[str, str]) -> Any:
    """JSON with all quoted names exchanged, each once."""
    match content:
        case str() if names:
            return re.sub("|".join(map(re.escape, names)), lambda quoted: names[quoted[0]], content)
        case dict():
            return {key: _renamed(value, names) for key, value in content.items()}
        case list():
            return [_renamed(value, names) for value in content]
        case _:
            return content
