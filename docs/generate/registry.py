"""Which documents are generated, and by what. A new one is a function that returns its text, and a line here."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from docs.generate.commands import commands_page
from docs.generate.decisions import decisions_page
from docs.generate.env_example import env_example
from docs.generate.errors import errors_page
from docs.generate.figures import figures_page
from docs.generate.metrics import metrics_page
from docs.generate.profile import profile_page
from docs.generate.routes import routes_page
from docs.generate.settings import settings_page

ROOT: Final = Path(__file__).resolve().parents[2]
# From a path below the root of the project to the function that returns what the file must hold.
DOCUMENTS: Final[Mapping[str, Callable[[], str]]] = {
    ".env.example": env_example,
    "docs/decisions/README.md": decisions_page,
    "docs/reference/commands.md": commands_page,
    "docs/reference/errors.md": errors_page,
    "docs/reference/figures.md": figures_page,
    "docs/reference/metrics.md": metrics_page,
    "docs/reference/profile.md": profile_page,
    "docs/reference/routes.md": routes_page,
    "docs/reference/settings.md": settings_page,
}


def stale_documents(root: Path = ROOT, documents: Mapping[str, Callable[[], str]] = DOCUMENTS) -> list[str]:
    """The documents that are missing, or hold something else than the code says now."""
    return [path for path, text in documents.items() if _read(root / path) != text()]


def write_documents(root: Path = ROOT, documents: Mapping[str, Callable[[], str]] = DOCUMENTS) -> list[str]:
    """Bring the stale documents up to date; which ones those were."""
    stale = stale_documents(root, documents)
    for path in stale:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(documents[path](), encoding="utf-8", newline="\n")
    return stale


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
