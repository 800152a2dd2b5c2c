"""A figure of the report."""

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from training.report.content.part import Table
from training.report.document import Report


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure by name. `draw` gives None where the report has no data for it; `describe` gives the text
    alternative; `caption` says how to read it; `finding` gives a sentence above it, and `table` its numbers below.
    """

    name: str
    draw: Callable[[Report], Figure | None]
    describe: Callable[[Report], str]
    caption: str
    finding: Callable[[Report], str] | None = None
    table: Callable[[Report], Table] | None = None
