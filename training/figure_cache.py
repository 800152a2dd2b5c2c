"""The folder in which matplotlib remembers the fonts of this machine, for users who may write in no home."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

SETTING = "MPLCONFIGDIR"
# Where matplotlib looks on Linux, each with the variable that names another folder.
_USUAL = (("XDG_CONFIG_HOME", "~/.config"), ("XDG_CACHE_HOME", "~/.cache"))


def ensure_folder() -> None:
    """Name a folder for this run where a usual one cannot be written, as under any uid in a container.

    matplotlib would do the same with a warning of several lines. Must run before it is imported.
    """
    if os.environ.get(SETTING) or all(_is_writable(os.environ.get(name) or usual) for name, usual in _USUAL):
        return
    folder = tempfile.mkdtemp(prefix="segments-matplotlib-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[SETTING] = folder


def _is_writable(name: str) -> bool:
    """Whether the folder can be written, or made."""
    try:
        folder = Path(name).expanduser() / "matplotlib"
    except RuntimeError:
        # There is no HOME, and no entry for the uid.
        return False
    existing = next((parent for parent in (folder, *folder.parents) if parent.exists()), None)
    return existing is not None and existing.is_dir() and os.access(existing, os.W_OK)
