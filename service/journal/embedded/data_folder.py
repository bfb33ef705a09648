"""The lock of the data folder: one process owns it.

The owner holds an flock on `serve.lock` for its whole life, and writes its pid into the file. The kernel releases the
lock when the process ends, even after SIGKILL, so a locked file always means a running owner. A second process gets
`DataFolderInUse`.

A command that runs without a `serve` writes `brief` after its pid. It stops its server at its end, so other processes
do not use that server: they wait until the command has ended.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from service.journal.embedded.errors import SHORT_LIVED, DataFolderInUse, data_folder_unusable


def lock_data_folder(data_dir: Path, *, short_lived: bool = False) -> int:
    """Create the data folder if it is missing, lock it, and return the descriptor that holds the lock.

    Raises:
        DataFolderInUse: another process owns it.
        PostgresFailed: the folder cannot be created or written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(data_dir / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as failure:
        raise data_folder_unusable(data_dir, failure) from failure
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(descriptor, 32).decode().strip()
        os.close(descriptor)
        raise DataFolderInUse(data_dir, owner) from None
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}{f' {SHORT_LIVED}' if short_lived else ''}\n".encode())
    except OSError as failure:  # the disk is full
        os.close(descriptor)
        raise data_folder_unusable(data_dir, failure) from failure
    return descriptor


def release_data_folder(descriptor: int) -> None:
    """Empty `serve.lock` and release it.

    An empty file tells nothing about its owner. The next owner may be of the other kind, and has not written yet.
    """
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
    os.close(descriptor)


@contextlib.contextmanager
def opened(path: Path, flags: int = os.O_RDONLY | os.O_DIRECTORY) -> Iterator[int]:
    """Hold a folder or a file open and give its descriptor. A file that `flags` create has mode 600."""
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
