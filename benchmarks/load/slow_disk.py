"""A simulated slow disk, for machines whose own flushes are nearly free.

A small C library, loaded before the standard one (`LD_PRELOAD`), waits before each `fsync` and `fdatasync`. Needs
Linux and a C compiler.
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
    """The environment of a process whose flushes take `milliseconds` longer; empty for 0."""
    if not milliseconds:
        return {}
    source, library = folder / "slow_disk.c", folder / "slow_disk.so"
    source.write_text(_SOURCE, encoding="ascii")
    command = ["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl"]
    subprocess.run(command, check=True, timeout=60)
    return {"LD_PRELOAD": str(library), "FLUSH_MICROSECONDS": str(round(milliseconds * 1_000))}
