"""Execute the notebook from top to bottom and save its outputs: `python -m notebooks.execute`.

The file does not contain paths, timings or the kernel's version, so that another execution changes it only where
results differ.
"""

import copy
from pathlib import Path
from typing import Any, Final

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode

NOTEBOOK: Final = Path(__file__).parent / "market_segmentation.ipynb"
_METADATA: Final = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def main() -> None:
    """Execute the notebook in place. Raises `nbclient.exceptions.CellExecutionError`, file unchanged."""
    executed = execute(read())
    nbformat.write(executed, NOTEBOOK)  # type: ignore[no-untyped-call]
    print(f"{NOTEBOOK.name}: {len(executed.cells)} cells, executed.")


def read() -> NotebookNode:
    """The notebook as saved."""
    notebook: NotebookNode = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


def execute(notebook: NotebookNode, timeout: int = 240) -> NotebookNode:
    """An executed, tidied copy. Each run starts a new kernel of this interpreter in the notebook's folder.

    `timeout`: maximum seconds for one cell. Raises `nbclient.exceptions.CellExecutionError`.
    """
    client = NotebookClient(
        copy.deepcopy(notebook),
        kernel_manager_class=_ThisInterpreter,
        timeout=timeout,
        record_timing=False,
        resources={"metadata": {"path": str(NOTEBOOK.parent)}},
    )
    return tidied(client.execute())


class _ThisInterpreter(AsyncKernelManager):
    """Starts a kernel of this interpreter, whatever kernels are installed; its connections are encrypted."""

    def __init__(self, **options: Any) -> None:
        specs = KernelSpecManager(kernel_dirs=[])
        super().__init__(kernel_spec_manager=specs, transport_encryption="auto", **options)


def tidied(notebook: NotebookNode) -> NotebookNode:
    """A copy without metadata, which depends on the machine and the moment."""
    tidy = copy.deepcopy(notebook)
    tidy.metadata = copy.deepcopy(_METADATA)
    for cell in tidy.cells:
        cell.metadata = {}
    return tidy


if __name__ == "__main__":
    main()
