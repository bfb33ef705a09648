"""The folder of the server's Unix socket.

The server listens on this socket only. The socket is in the folder of the cluster, unless the path cannot be used:

- the path of a socket has at most 107 bytes;
- clients take a path with a comma for two paths;
- a path that is not valid Unicode cannot be written into a URL.

In these cases the socket is in a private folder of `/tmp`. Its name is a hash of the cluster's path, so every process
finds it.
"""

import contextlib
import hashlib
import os
import stat
from pathlib import Path

from service.journal.embedded.accounts import Account
from service.journal.embedded.errors import PostgresFailed

SOCKET_PATH_MAX_BYTES = 107
"""Longest address of a Unix socket on Linux, without the final zero byte."""

SOCKET_NAME = ".s.PGSQL.5432"
PRIVATE_FOLDERS = Path("/tmp")  # noqa: S108  (the same for every process, unlike $TMPDIR; owner and mode are checked)


def socket_folder(cluster_folder: Path) -> Path:
    """Return the folder of the socket: the cluster's folder, or a private folder if that path cannot be used."""
    is_short = len(os.fsencode(cluster_folder / SOCKET_NAME)) <= SOCKET_PATH_MAX_BYTES
    text = str(cluster_folder)
    if is_short and "," not in text and text.encode(errors="ignore").decode() == text:
        return cluster_folder
    return PRIVATE_FOLDERS / f"paihao-{hashlib.sha256(os.fsencode(cluster_folder)).hexdigest()[:16]}"


def socket_lock(folder: Path) -> Path:
    """Return the path of the lock file by which a postmaster reserves its socket."""
    return folder / f"{SOCKET_NAME}.lock"


def make_private(folder: Path, account: Account | None) -> None:
    """Create a folder that only its owner may enter, and give it to the account.

    Raises:
        PostgresFailed: the name exists and is not a private folder of ours.
    """
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    status = folder.lstat()
    owners = {os.geteuid()} if account is None else {os.geteuid(), account.uid}
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in owners or stat.S_IMODE(status.st_mode) & 0o077:
        raise PostgresFailed(f"{folder}, the folder for the database's socket, is not private: remove it")
    if account is not None:
        os.chown(folder, *account, follow_symlinks=False)
