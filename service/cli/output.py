"""Where commands print tables and write files."""

import sys
from pathlib import Path

from rich.console import Console

from service.cli.process import failure

FILE_WIDTH = 200
"""Width of a table that is written to a file or a pipe, in columns."""


def console() -> Console:
    """Make a console on stdout. Without a terminal its width is fixed."""
    made = Console()
    if not made.is_terminal:
        made.width = FILE_WIDTH
    return made


def write_file(file: Path, content: bytes) -> None:
    """Write a file, or stdout if its name is `-`. Exits with code 1 if it cannot be written."""
    if str(file) == "-":
        sys.stdout.buffer.write(content)
        return
    try:
        file.write_bytes(content)
    except OSError as error:
        raise failure(f"{file}: {error.strerror}") from error
