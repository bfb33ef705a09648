#!/usr/bin/env python3
"""Print the entries of a lock file for the listed packages: `runtime_lock.py requirements.lock runtime.txt`.

The lock file contains the packages for the service and for development. The image installs only the first, with the
same versions and hashes. This program uses only the standard library, because it runs before anything is installed.
"""

import re
import sys
from pathlib import Path

ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==.*(?:\n[ \t]+.*)*", re.MULTILINE)
"""A package with its version, and the indented lines with its hashes."""


def entries(lock: str, names: set[str]) -> str:
    """Return the entries of these packages.

    Raises:
        LookupError: the lock file has no entry for one of them.
    """
    found = {match[1]: match[0].rstrip() for match in ENTRY.finditer(lock)}
    if missing := sorted(names - found.keys()):
        raise LookupError(f"not in the lock: {', '.join(missing)}")
    return "".join(f"{entry}\n" for name, entry in found.items() if name in names)


if __name__ == "__main__":
    lock, names = (Path(argument).read_text(encoding="utf-8") for argument in sys.argv[1:])
    try:
        sys.stdout.write(entries(lock, {line for line in names.split("\n") if line and not line.startswith("#")}))
    except LookupError as error:
        sys.exit(f"runtime_lock.py: {error.args[0]}")
