"""Every SQL statement of invitations is one PostgreSQL understands, and says what it is for."""

import asyncpg
import pytest

from service.invitations.store import PACKAGE
from service.journal.statements import statement_files, statements
from tests.journal.test_statements import names_its_arguments_and_rows

ALL = [(file, name) for file in statement_files(PACKAGE) for name in statements(file, PACKAGE)]


async def test_every_statement_prepares(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for file, name in ALL:
            await connection.prepare(statements(file, PACKAGE)[name])
    finally:
        await connection.close()


@pytest.mark.parametrize(("file", "name"), ALL)
def test_every_statement_has_a_header_that_names_its_arguments_and_rows(file: str, name: str) -> None:
    sql = statements(file, PACKAGE)[name]

    names_its_arguments_and_rows(sql)
    assert "SELECT *" not in sql.upper()
