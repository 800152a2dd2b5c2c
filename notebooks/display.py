"""Display of training's results in the notebook: profiles, figures, sentences and personas."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import Any, Final

import pandas as pd
from IPython.display import publish_display_data
from PIL import Image

from models.persona import GiftAffinity, Persona
from models.profile.vocabulary import label
from training.report.content.answers import FieldAnswers
from training.report.document import Report
from training.report.drawing.saving import saved
from training.report.drawing.style import colour
from training.report.page_content import common_answers, distinctive_answers
from training.report.plots.registry import PLOTS, drawn
from training.text import capitalised, number, percent

_WIDTH: Final = 760
_COLOURS: Final = 256
_MOST_GIFTS: Final = 3
_MOST_TRAITS: Final = 3
_MIN_LIFT: Final = 1.2


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that a notebook displays as HTML, or as text where it cannot."""

    words: str
    html: str

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": self.words, "text/html": self.html}


def said(*sentences: str) -> Shown:
    """A sentence as a paragraph, several as a list."""
    if len(sentences) == 1:
        return Shown(sentences[0], f"<p>{escape(sentences[0])}</p>")
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return Shown("\n".join(f"- {sentence}" for sentence in sentences), f"<ul>{items}</ul>")


def people(profiles: pd.DataFrame) -> pd.DataFrame:
    """Profiles for people to read: one column each, "–" for a missing answer."""
    columns = {number: profile for number, (_, profile) in enumerate(profiles.iterrows(), 1)}
    return pd.DataFrame(columns).map(_answer).rename(index=lambda name: capitalised(label(str(name))))


def figure(report: Report, name: str) -> None:
    """Show a figure of the report with its alternative text and its caption.

    Raises `KeyError` for an unknown name.
    """
    plot = {plot.name: plot for plot in PLOTS}[name]
    picture = drawn(plot, report)
    if picture is None:
        _publish({"text/plain": f"There is nothing to draw here ({name})."})
        return
    text = plot.describe(report)
    _publish({"image/png": _smaller(saved(picture, "png")), "text/plain": text}, {"width": _WIDTH, "alt": text})
    _publish({"text/markdown": f"*{plot.caption}*", "text/plain": plot.caption})


def cards(report: Report) -> Shown:
    """A card for each persona: its number and colour in the figures, its share, who they are, what to give."""
    texts = [_lines(number, persona) for number, persona in enumerate(report.personas, 1)]
    html = [_card(cluster, lines) for cluster, lines in enumerate(texts)]
    return Shown("\n\n".join("\n".join(lines) for lines in texts), "\n".join(html))


def most_common(report: Report) -> pd.DataFrame:
    """The most common answers: a row for each field, a column for each persona; "–" where too few answered."""
    return _side_by_side(report, common_answers)


def most_distinctive(report: Report) -> pd.DataFrame:
    """The answers that exceed everyone's share, in the same order; "–" where none does beyond chance."""
    return _side_by_side(report, distinctive_answers)


def _answer(answer: object) -> str:
    if isinstance(answer, list):
        return ", ".join(map(label, answer))
    return "–" if pd.isna(answer) else label(str(answer))  # type: ignore[call-overload]


def _publish(data: dict[str, Any], picture: dict[str, Any] | None = None) -> None:
    publish_display_data(data, {"image/png": picture} if picture else {})  # type: ignore[no-untyped-call]


def _smaller(png: bytes) -> bytes:
    """The picture in 256 colours: a third of the size, and hardly different to look at."""
    file = BytesIO()
    picture = Image.open(BytesIO(png)).convert("RGB").quantize(_COLOURS, Image.Quantize.MAXCOVERAGE)
    picture.save(file, "png", optimize=True)
    return file.getvalue()


def _side_by_side(report: Report, in_words: Callable[[FieldAnswers], str]) -> pd.DataFrame:
    personas = enumerate(zip(report.personas, report.details, strict=True), 1)
    columns = {
        f"{n} {persona.name}": {capitalised(answers.title): in_words(answers) for answers in detail.answers}
        for n, (persona, detail) in personas
    }
    return pd.DataFrame(columns).replace("", "–").fillna("–")


def _lines(number: int, persona: Persona) -> list[str]:
    """The lines of a card; the first is the heading."""
    return [
        f"{number} · {persona.name} — {percent(persona.share)} of the profiles",
        persona.sentence,
        f"Gifts that stand out: {_gifts(persona.gift_affinities)}.",
        " · ".join(trait.sentence for trait in persona.traits[:_MOST_TRAITS]),
    ]


def _gifts(affinities: Iterable[GiftAffinity]) -> str:
    """The categories that members have more often than everyone, in the order of the persona."""
    above = [affinity for affinity in affinities if affinity.lift >= _MIN_LIFT][:_MOST_GIFTS]
    texts = [f"{label(affinity.category)} ({number(affinity.lift)} × everyone's)" for affinity in above]
    return ", ".join(texts) or "none"


def _card(cluster: int, lines: list[str]) -> str:
    heading, *rest = map(escape, lines)
    style = f"border-left: 6px solid {colour(cluster)}; padding: 2px 12px; margin: 12px 0; max-width: {_WIDTH}px"
    return f'<div style="{style}"><b>{heading}</b><br>{"<br>".join(rest)}</div>'
