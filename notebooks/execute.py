"""Execute the notebook top to bottom and keep its outputs: `python -m notebooks.execute`.

What is machine or moment is left out of the file (paths, timings, the kernel's version), so that executing it
again changes nothing that did not change.
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
    """Execute the notebook in place. Raises `nbclient.exceptions.CellExecutionError`; the file then stays."""
    executed = execute(read())
    nbformat.write(executed, NOTEBOOK)  # type: ignore[no-untyped-call]
    print(f"{NOTEBOOK.name}: {len(executed.cells)} cells, executed.")


def read() -> NotebookNode:
    """The notebook as it is kept."""
    notebook: NotebookNode = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


def execute(notebook: NotebookNode, timeout: int = 240) -> NotebookNode:
    """An executed, tidied copy. Each run takes a fresh kernel of this very interpreter, beside the notebook.

    `timeout`: most seconds for one cell. Raises `nbclient.exceptions.CellExecutionError`.
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
    """Starts the kernel of this interpreter, whatever kernels somebody installed; what is said is encrypted."""

    def __init__(self, **options: Any) -> None:
        specs = KernelSpecManager(kernel_dirs=[])
        super().__init__(kernel_spec_manager=specs, transport_encryption="auto", **options)


def tidied(notebook: NotebookNode) -> NotebookNode:
    """A copy without what depends on the machine or the moment."""
    tidy = copy.deepcopy(notebook)
    tidy.metadata = copy.deepcopy(_METADATA)
    for cell in tidy.cells:
        cell.metadata = {}
    return tidy


if __name__ == "__main__":
    main()
