"""`python -m docs.generate`: write the generated documents anew; with `--check`, only say which are stale.

Exit codes: 0 done, or all current; 1 a document is stale (`--check`).
"""

import argparse
import sys
from collections.abc import Sequence

from docs.generate.registry import stale_documents, write_documents


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or compare; the exit code."""
    options = _parser().parse_args(arguments)
    if not options.check:
        for path in write_documents():
            print(f"{path} was written anew.")
        return 0
    stale = stale_documents()
    for path in stale:
        print(f"{path} is stale; `make docs` writes it anew.", file=sys.stderr)
    return 1 if stale else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m docs.generate", description="The generated documents.")
    parser.add_argument("--check", action="store_true", help="write nothing; name the stale ones and exit with 1")
    return parser


if __name__ == "__main__":
    sys.exit(main())
