#!/bin/sh
# What `make serve` and the container run: a starter model if none is active, then the service, as this process.
set -eu
cd "$(dirname "$0")"
trap 'exit 143' TERM # the first process of a container ignores signals that it does not trap
serve() { exec python -m service serve; }

# The image names a file for the first admin key: made up, once, where nobody put one.
if [ -n "${ADMIN_KEY_FILE:-}" ] && [ ! -e "$ADMIN_KEY_FILE" ] && [ -w "$(dirname "$ADMIN_KEY_FILE")" ]; then
    random=$(head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
    (umask 077 && printf 'bps_%.8s_%s\n' "$random" "${random#????????}" > "$ADMIN_KEY_FILE.new")
    mv "$ADMIN_KEY_FILE.new" "$ADMIN_KEY_FILE"
    echo "The first admin key was made up; it is in $ADMIN_KEY_FILE." >&2
fi

# The service names settings that it cannot use, in a sentence.
artifacts=$(python -c 'from service.settings import Settings; print(Settings().artifacts_dir)' 2>/dev/null) || serve
if [ ! -e "$artifacts/ACTIVE" ]; then
    # Training reads the environment alone; the service reads .env too.
    key=$(python -c 'from service.settings import Settings; print(Settings().artifact_key_file or "")')
    if [ -n "$key" ]; then export ARTIFACT_KEY_FILE="$key"; fi
    echo "No model is active yet: training a starter model on simulated profiles." >&2
    python -m training fit --simulate 5000 --seed 7 --force --out "$artifacts"
fi
serve
