"""`verify` finds what somebody changed behind the service's back, and nothing else."""

import asyncpg
import pytest

from service.journal.database import Database
from service.verify import Verifier
from tests.service import Api, Service

PLANTED: dict[str, tuple[str, str]] = {
    "a ticket of another state": (
        "UPDATE tickets SET state = 'left' WHERE number = 'B002'",
        "state of B002 is 'left' in the table, 'waiting' by the journal",
    ),
    "a ticket at another time": (
        "UPDATE tickets SET queue_at = queue_at - interval '1 hour' WHERE number = 'B002'",
        "queue_at of B002 is",
    ),
    "a ticket that is gone": (
        "DELETE FROM tickets WHERE number = 'B002'",
        "the ticket B002 is in the journal and not in the table",
    ),
    "a ticket nobody took": (
        (
            'INSERT INTO tickets SELECT (jsonb_populate_record(t, \'{"id": "01999999-9999-7999-8999-999999999999",'
            ' "number": "B009", "code": "ZZZZZZZZ", "n": 9}\')).* FROM tickets t WHERE number = \'B002\''
        ),
        "the ticket B009 is in the table and not in the journal",
    ),
    "an event that is gone": ("DELETE FROM events WHERE seq = 3", "events from 1 to"),
    "an event that is not counted": ("UPDATE hall_days SET seq = seq - 1", "hall_days says"),
    "another last append": ("UPDATE hall_days SET head = gen_random_uuid()", "its last append is"),
    "a day that is gone": ("DELETE FROM hall_days", "has events or tickets, but no row in hall_days"),
    "an event of an unknown kind": ("UPDATE events SET kind = 'strange' WHERE seq = 3", "cannot be folded"),
    "a number given twice": (
        (
            "UPDATE events SET body = jsonb_set(body::jsonb, '{number}', '\"B001\"')::json"
            " WHERE kind = 'ticket_taken' AND body ->> 'number' = 'B002'"
        ),
        "the number B001 was given 2 times",
    ),
    "a command done twice": (
        (
            "ALTER TABLE events DROP CONSTRAINT command_done_once;"
            " UPDATE events AS e SET command_id = o.command_id, part = o.part FROM events AS o"
            " WHERE e.seq = 3 AND o.seq = 2"
        ),
        "stands twice",
    ),
    "a constraint that is gone": (
        "ALTER TABLE tickets DROP CONSTRAINT ticket_state",
        "the constraint ticket_state is missing",
    ),
    "a constraint that was never checked": (
        (
            "ALTER TABLE tickets DROP CONSTRAINT ticket_state;"
            " ALTER TABLE tickets ADD CONSTRAINT ticket_state CHECK (state <> 'gone') NOT VALID"
        ),
        "the constraint ticket_state is not valid",
    ),
}


@pytest.fixture
async def lived(service: Service, api: Api) -> str:
    """A database with a little of a day: two wait, one is called."""
    await api.open("1")
    for _ in range(3):
        await api.take("enquiry")
    await api.next("1")
    assert service.settings.database_url is not None
    return service.settings.database_url


async def _differences(dsn: str) -> list[str]:
    async with Database(dsn) as database:
        return [str(one) async for one in Verifier(database).differences()]


async def test_a_day_as_the_service_left_it_is_as_promised(lived: str) -> None:
    assert await _differences(lived) == []


@pytest.mark.parametrize("what", PLANTED)
async def test_what_was_changed_by_hand_is_found(what: str, lived: str) -> None:
    sql, said = PLANTED[what]
    connection = await asyncpg.connect(lived)
    await connection.execute(sql)
    await connection.close()

    differences = await _differences(lived)

    assert any(said in one for one in differences), differences
