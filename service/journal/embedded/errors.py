"""Reasons why the embedded PostgreSQL cannot run. Each message is one line for the terminal."""

from pathlib import Path

SHORT_LIVED = "brief"
"""The word after the pid in `serve.lock` if the owner is a command that ends soon."""


class CannotStart(Exception):  # noqa: N818  (named after the event, like the refusals)
    """The embedded PostgreSQL cannot run."""


class DataFolderInUse(CannotStart):
    """Another process owns this data folder."""

    def __init__(self, data_dir: Path, owner: str) -> None:
        """Take the content of `serve.lock`: a pid, and `SHORT_LIVED` if the owner ends soon; empty while it starts."""
        pid, _, kind = owner.partition(" ")
        super().__init__(f"{data_dir} is in use by another paihao (pid {pid or 'not yet known'})")
        self.owner_ends_soon = kind == SHORT_LIVED or not owner


class PostgresFailed(CannotStart):
    """The cluster could not be created, or the server could not be started or reached."""


class NoCluster(CannotStart):
    """The data folder has no cluster, and the command may not create one."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(f"there is no database in {data_dir}: run this where `serve` runs, or set PAIHAO_DATA_DIR")


def data_folder_unusable(data_dir: Path, failure: OSError) -> PostgresFailed:
    """Return the error for a data folder that cannot be created, read or written."""
    return PostgresFailed(f"the data folder {data_dir} cannot be used: {failure.strerror or failure}")
