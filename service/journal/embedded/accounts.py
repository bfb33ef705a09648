"""The account of the operating system that PostgreSQL runs as.

PostgreSQL refuses to run as root. When Paihao is root, PostgreSQL runs as the owner of the cluster, or else as
`postgres`, or else as `nobody`. No permission of a folder is widened for it.
"""

import contextlib
import os
import pwd
from pathlib import Path
from typing import NamedTuple

from service.journal.embedded.errors import PostgresFailed

FALLBACK_ACCOUNTS = ("postgres", "nobody")
"""Accounts for a new cluster, in order of preference."""


class Account(NamedTuple):
    """The unprivileged account that PostgreSQL runs as when Paihao is root."""

    uid: int
    gid: int

    def become(self) -> None:
        """Switch this process to the account. It cannot switch back."""
        os.setgroups([])
        os.setgid(self.gid)
        os.setuid(self.uid)

    def has_permission(self, path: Path, bits: int) -> bool:
        """Tell whether the mode of `path` itself gives the account all of `bits` (4 read, 1 execute or search)."""
        status = path.stat()
        shift = 6 if status.st_uid == self.uid else 3 if status.st_gid == self.gid else 0
        return (status.st_mode >> shift) & bits == bits

    def can_reach(self, path: Path) -> bool:
        """Tell whether the account may search every folder above `path`."""
        return all(self.has_permission(folder, 1) for folder in path.resolve().parents)


def choose_account(cluster_folder: Path) -> Account | None:
    """Choose the account that PostgreSQL runs as; `None` means the account of this process.

    Raises:
        PostgresFailed: the cluster belongs to another user, or no unprivileged account exists.
    """
    owner = cluster_folder.stat() if cluster_folder.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            raise PostgresFailed(
                f"{cluster_folder} belongs to user id {owner.st_uid}: start paihao as that user, or as root"
            )
        return None
    if owner is not None and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in FALLBACK_ACCOUNTS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    names = " or ".join(FALLBACK_ACCOUNTS)
    raise PostgresFailed(f"PostgreSQL does not run as root, and no account {names} exists: add one")
