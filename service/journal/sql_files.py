"""SQL as source files: named blocks, each with a header that says what it does, its `$n`, and how many rows."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def statements(file: str, package: str = "service.journal") -> Mapping[str, str]:
    """Read the blocks of an SQL file of a package, by name, in order."""
    _, *blocks = NAME.split((files(package) / file).read_text("utf-8"))
    found = dict(zip(blocks[::2], blocks[1::2], strict=True))
    assert len(found) * 2 == len(blocks), f"a name stands twice in {file}"
    return MappingProxyType({name: block.strip() for name, block in found.items()})


def statement_files(package: str = "service.journal") -> list[str]:
    """The names of all SQL files of a package."""
    return sorted(file.name for file in files(package).iterdir() if file.name.endswith(".sql"))
