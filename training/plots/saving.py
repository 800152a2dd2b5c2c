"""A figure as bytes: the same report gives the same bytes."""

from io import BytesIO
from typing import Final, Literal

from matplotlib.figure import Figure

from training.plots.style import styled

DPI: Final = 170

Format = Literal["png", "svg"]
# Neither dates nor versions, which differ from run to run.
_SILENT: Final = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
}


def saved(figure: Figure, kind: Format) -> bytes:
    """The figure as PNG at 170 dots an inch, or as SVG whose text is paths, so that no font is needed."""
    file = BytesIO()
    with styled():
        figure.savefig(file, format=kind, dpi=DPI, metadata=_SILENT[kind])
    return file.getvalue()
