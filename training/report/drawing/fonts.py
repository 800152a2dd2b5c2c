"""The fonts of the figures: DejaVu Sans, and others of this machine for the scripts that it lacks."""

from functools import cache
from typing import Final

from matplotlib.font_manager import fontManager, get_font

MAIN: Final = "DejaVu Sans"
# Fonts with Chinese, Japanese and Korean, then with other scripts, of common systems.
_OTHERS: Final = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans JP", "Noto Sans SC", "Source Han Sans", "IPAexGothic",
    "TakaoPGothic", "VL Gothic", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback", "Nanum Gothic",
    "Hiragino Sans", "PingFang SC", "Yu Gothic", "Microsoft YaHei", "Malgun Gothic", "Arial Unicode MS",
    "Noto Sans Thai", "Noto Sans Devanagari", "Noto Sans Bengali", "Noto Sans Tamil", "Noto Sans Hebrew",
    "Noto Sans Arabic", "Unifont",
)  # fmt: skip


@cache
def families() -> tuple[str, ...]:
    """The families that this machine has, in the order in which a glyph is looked for."""
    installed = {font.name for font in fontManager.ttflist}
    return (MAIN, *(name for name in _OTHERS if name in installed))


def without_glyph(text: str) -> str:
    """The letters of a text that no family can draw, each once, in the order of their code points."""
    letters = {letter for letter in text if ord(letter) > 127 and letter.isprintable()}
    return "".join(sorted(letters - _drawable()))


@cache
def _drawable() -> frozenset[str]:
    paths = {font.fname for font in fontManager.ttflist if font.name in families()}
    return frozenset(chr(code) for path in sorted(paths) for code in get_font(path).get_charmap())
