"""`python -m service`."""

import os
import sys

# Sums over a batch are small: threads of numpy's own would only wait for each other. Before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from service.commands.main import main

if __name__ == "__main__":
    sys.exit(main())
