"""A figure as bytes: the same report gives the same bytes."""

from io import BytesIO
from typing import Any, Final, Literal

from matplotlib.figure import Figure

from training.report.drawing.style import styled

DPI: Final = 170

# Takes half of the time of zlib's default level, for a tenth more bytes.
_COMPRESSION: Final = 3

Format = Literal["png", "svg"]
# No dates and versions, which differ between runs.
_SILENT: Final = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
}


def saved(figure: Figure, kind: Format) -> bytes:
    """The figure as PNG at 170 dots an inch, or as SVG with text as paths, so that no font is needed.

    The layout is computed at the first saving and then fixed, since it takes as long as drawing.
    """
    file = BytesIO()
    options: Any = {"pil_kwargs": {"compress_level": _COMPRESSION}} if kind == "png" else {}
    with styled():
        figure.savefig(file, format=kind, dpi=DPI, metadata=_SILENT[kind], **options)
        figure.set_layout_engine(None)
    return file.getvalue()
