#!/bin/sh
# What `make serve` and the container run: a starter model if none is active, then the service, as this process.
set -eu
cd "$(dirname "$0")"
# The first process of a container ignores signals that it does not trap. `training`: the one that is under way.
training=
stop() {
    trap - TERM INT HUP
    if [ -n "$training" ]; then
        # The whole group, where it has one of its own.
        kill -s TERM -- "-$training" 2>/dev/null || kill -s TERM "$training" 2>/dev/null || true
    fi
    exit "$1"
}
trap 'stop 143' TERM
trap 'stop 130' INT
trap 'stop 129' HUP
serve() { exec python -m service serve; }

# A person at a terminal reads sentences; what collects the logs of a container parses lines of JSON.
progress=auto
if [ ! -t 2 ]; then progress=log; fi
say() {
    if [ -t 2 ]; then
        echo "$1" >&2
    else
        printf '{"time":"%s","level":"INFO","logger":"start","message":"%s"}\n' \
            "$(date -u +%Y-%m-%dT%H:%M:%S+00:00)" "$(printf %s "$1" | tr -d '\000-\037"\\')" >&2
    fi
}

# The image names a file for the first admin key: made up, once, where nobody put one.
if [ -n "${ADMIN_KEY_FILE:-}" ] && [ ! -e "$ADMIN_KEY_FILE" ] && [ -w "$(dirname "$ADMIN_KEY_FILE")" ]; then
    random=$(head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
    (umask 077 && printf 'bps_%.8s_%s\n' "$random" "${random#????????}" > "$ADMIN_KEY_FILE.new")
    mv "$ADMIN_KEY_FILE.new" "$ADMIN_KEY_FILE"
    say "The first admin key was made up; it is in $ADMIN_KEY_FILE."
fi

# The service names settings that it cannot use, in a sentence.
artifacts=$(python -c 'from service.settings import Settings; print(Settings().artifacts_dir)' 2>/dev/null) || serve
if [ ! -e "$artifacts/ACTIVE" ] && [ -n "${PROFILE:-}" ]; then
    say "No model is active yet, and only gifting profiles can be simulated: train one of $PROFILE with --data."
elif [ ! -e "$artifacts/ACTIVE" ]; then
    # Training reads the environment alone; the service reads .env too.
    key=$(python -c 'from service.settings import Settings; print(Settings().artifact_key_file or "")')
    if [ -n "$key" ]; then export ARTIFACT_KEY_FILE="$key"; fi
    say "No model is active yet: training a starter model on simulated profiles."
    # In the background, as a shell acts on a signal at once only while it waits by `wait`; in a process group of its
    # own, so that the signal reaches all of it.
    group=$(command -v setsid || true)
    $group python -m training fit --simulate 5000 --seed 7 --force --progress "$progress" --out "$artifacts" &
    training=$!
    wait "$training"
    training=
fi
serve
