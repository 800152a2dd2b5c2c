"""A disk whose flushes take as long as a real one's, where the machine's own are nearly free.

A few lines of C, put before the C library (`LD_PRELOAD`), wait before each `fsync` and `fdatasync`. For Linux with
a C compiler.
"""

import subprocess
from pathlib import Path

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static int flush(const char *name, int file) {
    const char *wait = getenv("FLUSH_MICROSECONDS");
    if (wait) usleep(atoi(wait));
    return ((int (*)(int))dlsym(RTLD_NEXT, name))(file);
}

int fsync(int file) { return flush("fsync", file); }
int fdatasync(int file) { return flush("fdatasync", file); }
"""


def slowed(folder: Path, milliseconds: float) -> dict[str, str]:
    """The environment of a process whose flushes take so much longer; none where that is 0."""
    if not milliseconds:
        return {}
    source, library = folder / "slow_disk.c", folder / "slow_disk.so"
    source.write_text(_SOURCE, encoding="ascii")
    command = ["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl"]
    subprocess.run(command, check=True, timeout=60)
    return {"LD_PRELOAD": str(library), "FLUSH_MICROSECONDS": str(round(milliseconds * 1_000))}
