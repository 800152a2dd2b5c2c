#!/bin/sh
# What `make serve` and the container run: a starter model if none is in force, then the service, as this process.
set -eu
cd "$(dirname "$0")"
trap 'exit 143' TERM # the first process of a container ignores signals that it does not trap
serve() { exec python -m service serve; }

# Settings that cannot be used are told by the service, in a sentence.
artifacts=$(python -c 'from service.settings import Settings; print(Settings().artifacts_dir)' 2>/dev/null) || serve
if [ ! -e "$artifacts/ACTIVE" ]; then
    echo "No model is in force yet: training a starter model on simulated profiles." >&2
    python -m training fit --simulate 5000 --seed 7 --force --out "$artifacts"
fi
serve
