"""Every SQL statement of the journal is one PostgreSQL understands, and says what it is for."""

import re

import asyncpg
import pytest

from service.journal.statements import statement_files, statements

ALL = [(file, name) for file in statement_files() for name in statements(file)]


async def test_every_statement_prepares(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for file, name in ALL:
            await connection.prepare(statements(file)[name])
    finally:
        await connection.close()


@pytest.mark.parametrize(("file", "name"), ALL)
def test_every_statement_has_a_header_that_names_its_arguments_and_rows(file: str, name: str) -> None:
    names_its_arguments_and_rows(statements(file)[name])


def names_its_arguments_and_rows(sql: str) -> None:
    header = " ".join(line for line in sql.splitlines() if line.startswith("--"))
    body = "\n".join(line for line in sql.splitlines() if not line.startswith("--"))

    assert re.search(r"\bno(ne)?\b|\bone\b", header, re.IGNORECASE), "say how many rows it gives"
    spans = [(int(a), int(b or a)) for a, b in re.findall(r"\$(\d+)(?: to \$(\d+))?", header)]
    named = {n for first, last in spans for n in range(first, last + 1)}
    assert named == {int(n) for n in re.findall(r"\$(\d+)", body)}, "say what each $n is"


def test_no_statement_selects_everything() -> None:
    for file, name in ALL:
        assert "SELECT *" not in statements(file)[name].upper(), f"{name} in {file}: name the columns"
