"""Read SQL files of named blocks. The header of a block tells what it does, its `$n`, and how many rows it returns."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def statements(file: str, package: str = "service.journal") -> Mapping[str, str]:
    """Return the blocks of an SQL file of a package, by name, in order."""
    _, *blocks = NAME.split((files(package) / file).read_text("utf-8"))
    found = dict(zip(blocks[::2], blocks[1::2], strict=True))
    assert len(found) * 2 == len(blocks), f"{file} has two blocks with the same name"
    return MappingProxyType({name: block.strip() for name, block in found.items()})


def statement_files(package: str = "service.journal") -> list[str]:
    """Return the names of all SQL files of a package, sorted."""
    return sorted(file.name for file in files(package).iterdir() if file.name.endswith(".sql"))
