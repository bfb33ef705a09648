"""PostgreSQL can prepare every SQL statement of the service, and each has a header."""

import re
from pathlib import Path

import asyncpg
import pytest

import service
from service.journal.sql_files import statement_files, statements

ROOT = Path(service.__file__).parent
PACKAGES = sorted(
    {".".join(("service", *file.relative_to(ROOT).parent.parts)) for file in ROOT.rglob("*.sql")},
)
ALL = [
    (package, file, name)
    for package in PACKAGES
    for file in statement_files(package)
    for name in statements(file, package)
]


async def test_every_statement_prepares(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for package, file, name in ALL:
            await connection.prepare(statements(file, package)[name])
    finally:
        await connection.close()


@pytest.mark.parametrize(("package", "file", "name"), ALL)
def test_every_statement_has_a_header_that_names_its_arguments_and_rows(package: str, file: str, name: str) -> None:
    sql = statements(file, package)[name]
    header = " ".join(line for line in sql.splitlines() if line.startswith("--"))
    body = "\n".join(line for line in sql.splitlines() if not line.startswith("--"))

    assert re.search(r"\bno(ne)?\b|\bone\b", header, re.IGNORECASE), "say how many rows it gives"
    spans = [(int(a), int(b or a)) for a, b in re.findall(r"\$(\d+)(?: to \$(\d+))?", header)]
    named = {n for first, last in spans for n in range(first, last + 1)}
    assert named == {int(n) for n in re.findall(r"\$(\d+)", body)}, "say what each $n is"


def test_no_statement_selects_everything() -> None:
    for package, file, name in ALL:
        assert "SELECT *" not in statements(file, package)[name].upper(), f"{name} in {file}: name the columns"
