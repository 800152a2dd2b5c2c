"""The page of a report: `report.html`, one self-contained file, and its figures beside it.

Everything is drawn and rendered before anything is written; then files are renamed into place one by one, the page
last. Other files in the folder are not touched.
"""

import base64
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import ValidationError

from models.errors import ArtifactNotWritten
from models.storage.artifact import REPORT
from models.storage.persona_texts import read_texts
from training.errors import UnusableInput
from training.report import page_content, sections
from training.report.content.part import Table
from training.report.document import DOCUMENT_FORMAT, Report
from training.report.drawing import labels, style
from training.report.drawing.saving import saved
from training.report.people_texts import with_texts
from training.report.plots.plot import Plot
from training.report.plots.registry import PLOTS, drawn
from training.text import capitalised, number, percent

PAGE: Final = "report.html"
FIGURES: Final = "figures"

_TEMPLATES: Final = Path(__file__).parent / "templates"
_PIXELS_AN_INCH: Final = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A figure on the page. `alt`: its text alternative; sizes in CSS pixels. `finding`: a sentence, or ""."""

    name: str
    svg: bytes
    png: bytes
    alt: str
    caption: str
    width: int
    height: int
    finding: str = ""
    table: Table | None = None

    @property
    def address(self) -> str:
        """The SVG as a data URI."""
        return f"data:image/svg+xml;base64,{base64.b64encode(self.svg).decode('ascii')}"


def draw(version_folder: Path, out: Path | None = None) -> Path:
    """Write the page of a version, into its own folder unless `out` is given. Returns the path of the page.

    Personas have the names and sentences that people wrote for them, as far as these lie beside the version.
    Raises `UnusableInput` where there is no readable report, `ArtifactDamaged` where those texts cannot be read,
    and `ArtifactNotWritten` as `write_report` does.
    """
    report = with_texts(read_report(version_folder), read_texts(version_folder.resolve().parent))
    return write_report(report, version_folder if out is None else out)


def write_report(report: Report, folder: Path) -> Path:
    """Write `folder/report.html` and `folder/figures/<name>.png` and `.svg`. Returns the path of the page.

    Raises `ArtifactNotWritten`, and then leaves no incomplete file.
    """
    drawings = drawings_of(report)
    files = {f"{FIGURES}/{drawing.name}.svg": drawing.svg for drawing in drawings}
    files |= {f"{FIGURES}/{drawing.name}.png": drawing.png for drawing in drawings}
    files[PAGE] = page_of(report, drawings).encode()
    try:
        _put(folder, files)
        _remove_stale(folder, files)
    except OSError as error:
        raise ArtifactNotWritten(f"The report cannot be written into {folder}: {error.strerror}.") from error
    return folder / PAGE


def drawings_of(report: Report) -> tuple[Drawing, ...]:
    """All figures that the report has data for."""
    drawings = (_drawing(plot, report) for plot in PLOTS)
    return tuple(drawing for drawing in drawings if drawing is not None)


def page_of(report: Report, drawings: tuple[Drawing, ...]) -> str:
    """The page as HTML."""
    figures = {drawing.name: drawing for drawing in drawings}
    shown = sections.sections(report, figures)
    return _environment().get_template("report.html.j2").render(report=report, figures=figures, sections=shown)


def _drawing(plot: Plot, report: Report) -> Drawing | None:
    figure = drawn(plot, report)
    if figure is None:
        return None
    width, height = (round(inches * _PIXELS_AN_INCH) for inches in figure.get_size_inches())
    svg, png = saved(figure, "svg"), saved(figure, "png")
    return Drawing(
        name=plot.name,
        svg=svg,
        png=png,
        alt=plot.describe(report),
        caption=plot.caption,
        width=width,
        height=height,
        finding="" if plot.finding is None else plot.finding(report),
        table=None if plot.table is None else plot.table(report),
    )


def _environment() -> Environment:
    """The templates' environment. Everything is escaped, since names and values are typed by people."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=percent,
        number=number,
        heading=labels.heading,
        capitalised=capitalised,
        distinctive_gifts=page_content.distinctive_gifts,
        common_gifts=page_content.common_gifts,
        common_answers=page_content.common_answers,
        distinctive_answers=page_content.distinctive_answers,
    )
    environment.globals.update(
        colour=style.colour,
        ink_on=style.ink_on,
        key_numbers=page_content.key_numbers,
        letters_without_a_glyph=page_content.letters_without_a_glyph,
        stability_text=page_content.stability_text,
        insights_by_topic=page_content.insights_by_topic,
        metrics_of=page_content.metric_rows,
        day=page_content.day,
        glossary=page_content.GLOSSARY,
    )
    return environment


# --- files -----------------------------------------------------------------------------------------


def _put(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write all files to a temporary folder, then rename each, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FIGURES).mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".report.", dir=folder) as draft:
        for index, content in enumerate(files.values()):
            (Path(draft) / str(index)).write_bytes(content)
        for index, name in enumerate(files):
            (Path(draft) / str(index)).replace(folder / name)


def _remove_stale(folder: Path, files: Mapping[str, bytes]) -> None:
    """Remove the figures that this report does not have."""
    ours = {f"{FIGURES}/{plot.name}.{kind}" for plot in PLOTS for kind in ("png", "svg")}
    for name in ours - set(files):
        (folder / name).unlink(missing_ok=True)


def read_report(version_folder: Path) -> Report:
    """The report of a version. Raises `UnusableInput` where there is none of a supported format."""
    path = version_folder / REPORT
    try:
        text = path.read_bytes()
    except FileNotFoundError as error:
        raise UnusableInput(f"There is no {path}. Name the folder of a version, or train one.") from error
    except OSError as error:
        raise UnusableInput(f"{path} cannot be read: {error.strerror}.") from error
    _check_format(path, text)
    try:
        return Report.model_validate_json(text)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise UnusableInput(f"{path} is damaged at '{where}'. Restore it, or train again.") from error


def _check_format(path: Path, text: bytes) -> None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnusableInput(f"{path} is damaged: it is no JSON. Restore it, or train again.") from error
    # The first format has no number.
    format_number = document.get("format", 1) if isinstance(document, dict) else 1
    if format_number != DOCUMENT_FORMAT:
        raise UnusableInput(
            f"{path} has format {format_number}, but this release draws format {DOCUMENT_FORMAT}. "
            "Train again, or use the release that wrote it."
        )
