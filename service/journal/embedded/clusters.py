"""The cluster's folder: created under another name, renamed when it is complete.

initdb works in a folder `postgres.new-*`. When all its files are on disk, one rename makes it `postgres/`. A start that
was interrupted leaves such a folder, and the next start removes it. The interrupted initdb may still write to it; it
ends when its files are missing.
"""

import asyncio
import os
import shutil
from pathlib import Path

from service.journal.embedded.data_folder import opened
from service.journal.embedded.errors import PostgresFailed

REMOVAL_WAIT_S = 10
"""Time limit for the removal of an unfinished folder, to which an initdb may still write."""

RETRY_EVERY_S = 0.005
"""Pause between attempts to remove it."""

INITDB = (
    "--username=postgres",
    "--auth=trust",  # only its owner and root may enter the folder of the socket
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)
"""Options of initdb."""


def is_cluster(folder: Path) -> bool:
    """Tell whether the folder contains a cluster."""
    return (folder / "PG_VERSION").exists()


def move_into_place(new: Path, folder: Path) -> None:
    """Rename a finished cluster to its final name, durably.

    Raises:
        PostgresFailed: the final name exists and is not an empty folder.
    """
    try:
        new.rename(folder)
    except OSError as failure:
        raise PostgresFailed(f"{folder} is neither empty nor a PostgreSQL cluster: move it away") from failure
    with opened(folder.parent) as parent:
        os.fsync(parent)


async def remove_unfinished(folder: Path) -> None:
    """Remove the folder of an interrupted initdb, which may still be running if its owner was killed.

    Raises:
        OSError: the folder cannot be removed within `REMOVAL_WAIT_S`.
    """
    loop = asyncio.get_running_loop()
    until_s = loop.time() + REMOVAL_WAIT_S
    while folder.exists():  # noqa: ASYNC240  (a moment, at the start)
        try:
            shutil.rmtree(folder)
        except OSError:  # initdb created or removed a file meanwhile
            if loop.time() >= until_s:
                raise
            await asyncio.sleep(RETRY_EVERY_S)
