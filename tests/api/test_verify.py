"""`verify` finds what somebody changed behind the service's back, and nothing else."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from service.domain.commands import BookAppointment, Invited
from service.domain.day import Day
from service.domain.hall.demo import DEMO
from service.domain.model import AppointmentId, Channel, HallId, ServiceId
from service.journal import verify as verify_module
from service.journal.database import Database
from service.journal.read import Reader
from service.journal.sql_files import statements
from service.journal.values import Position
from service.journal.verify import Verifier
from service.primitives.ids import new_id
from service.runtime.requests import Request
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
    "an event of an unknown kind": (
        "UPDATE events SET kind = 'strange' WHERE seq = 3",
        "cannot be folded: event 3 is of kind 'strange'",
    ),
    "a ticket that was taken without a number": (
        "UPDATE events SET body = jsonb_set(body::jsonb, '{number}', '\"\"')::json WHERE seq = 3",
        "cannot be folded: event 3: ValueError",
    ),
    "a call of nobody": (
        (
            "UPDATE events SET body = jsonb_set(body::jsonb, '{ticket}', to_jsonb(gen_random_uuid()))::json"
            " WHERE kind = 'ticket_called'"
        ),
        "cannot be folded: event 6: ",
    ),
    "a service that takes no time": (
        "UPDATE events SET body = jsonb_set(body::jsonb, '{plan,services,enquiry,mean_s}', '0')::json WHERE seq = 1",
        "cannot be folded: event 7: ZeroDivisionError",
    ),
    "a service without a stage": (
        "UPDATE events SET body = jsonb_set(body::jsonb, '{plan,services,enquiry,stages}', '[]')::json WHERE seq = 1",
        "cannot be folded: event 1: IndexError",
    ),
    "a text that is none": (
        """UPDATE events SET body = '{"number": "\\ud800"}' WHERE seq = 3""",
        "cannot be folded: event 3, ticket_taken: ",
    ),
    "a day that nothing opened": (
        "UPDATE events SET kind = 'day_closed', body = '{}' WHERE seq = 1",
        "cannot be folded: event 2: ",
    ),
    "a day that nothing opened, and nothing else": (
        """DELETE FROM events WHERE day > '2026-11-23' AND seq > 1;
        UPDATE events SET kind = 'day_closed', body = '{}' WHERE day > '2026-11-23';
        UPDATE hall_days AS d SET seq = 1, head = e.append_id FROM events AS e
        WHERE d.day > '2026-11-23' AND e.day = d.day AND e.hall_id = d.hall_id""",
        "cannot be folded: event 1 does not open it",
    ),
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
    "an appointment of another state": (
        "UPDATE appointments SET state = 'missed', nth = NULL WHERE code = 'AAAAAAAA'",
        "state of AAAAAAAA is 'missed' in the table, 'booked' by the journal",
    ),
    "an appointment of somebody else": (
        "UPDATE appointments SET applicant_id = gen_random_uuid() WHERE code = 'AAAAAAAA'",
        "applicant of AAAAAAAA is",
    ),
    "an appointment on another day": (
        "UPDATE appointments SET day = day + 1 WHERE code = 'AAAAAAAA'",
        "the appointment AAAAAAAA is in the journal and not in the table",
    ),
    "an appointment nobody made": (
        (
            'INSERT INTO appointments SELECT (jsonb_populate_record(a, \'{"id": "01999999-9999-7999-8999-999999999999",'
            ' "code": "AZZZZZZZ", "n": 9, "place": 2, "places": 2, "person": null, "nth": null}\')).*'
            " FROM appointments a WHERE code = 'AAAAAAAA'"
        ),
        "the appointment AZZZZZZZ is in the table and not in the journal",
    ),
    "an appointment of a day that is none": (
        "UPDATE appointments SET day = '2030-01-01' WHERE code = 'AAAAAAAA'",
        "2030-01-01: has events or tickets, but no row in hall_days",
    ),
    "an appointment that is gone": (
        "DELETE FROM appointments WHERE code = 'AAAAAAAA'",
        "the appointment AAAAAAAA is in the journal and not in the table",
    ),
    "sums of bookings that are others": (
        "UPDATE day_sums SET booked = '[]'",
        "the sums of its bookings are not those of the journal",
    ),
    "a change of sums that nothing made": (
        """INSERT INTO day_sum_changes SELECT hall_id, day, 999, '[[7,{},{}],{},{}]' FROM day_sums""",
        "the sums of its bookings are not those of the journal",
    ),
    "sums of bookings that are gone": ("DELETE FROM day_sums", "has appointments, and no sums of its bookings"),
    "a plan of another revision": ("UPDATE hall_days SET revision = 9", "its plan is of revision 1, hall_days says 9"),
    "a day with tickets that never began": (
        "UPDATE hall_days SET begun_at = NULL",
        "has tickets, and hall_days says that it has not begun",
    ),
    "an invitation whose use is gone": ("DELETE FROM invitation_uses", "but not in the table"),
    "an invitation that was not used": (
        "INSERT INTO invitation_uses SELECT hall_id, gen_random_uuid(), id FROM appointments",
        "in the table alone",
    ),
    "a ticket of another invitation": (
        "UPDATE tickets SET invitation_id = gen_random_uuid() WHERE number = 'B002'",
        "invitation of B002 is",
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
    """A database with a little of a day: two wait, one is called, one has booked for today and one for a day ahead."""
    await api.open("1")
    for _ in range(3):
        await api.take("enquiry")
    await api.next("1")
    await _book(service, "AAAAAAAA", service.clock.now_at() + timedelta(hours=2))
    await _book(service, "ABBBBBBB", service.clock.now_at() + timedelta(days=3))
    assert service.settings.database_url is not None
    return service.settings.database_url


async def _book(service: Service, code: str, starts_at: datetime) -> None:
    """Book with an invitation."""
    command = BookAppointment(
        appointment=AppointmentId(new_id()),
        code=code,
        service=ServiceId("enquiry"),
        starts_at=starts_at,
        channel=Channel.WEB,
        person="a keyed hash",
        invitation=Invited(id=new_id(), partner="school"),
    )
    request = Request(command=command, command_id=new_id(), actor="tester", now_at=service.clock.now_at())
    on = (await service.running.halls.get(DEMO)).day_at(starts_at)
    await service.running.lanes.do_on(DEMO, on, request)


async def _differences(dsn: str) -> list[str]:
    async with Database(dsn) as database:
        return [str(one) async for one in Verifier(database).differences()]


async def test_days_that_are_none_are_looked_for_without_reading_what_happened_on_them(dsn: str) -> None:
    many = """
        INSERT INTO hall_days SELECT 'h', date '2026-11-23' + d, 2000, gen_random_uuid(), now()
            FROM generate_series(1, 2) AS d;
        INSERT INTO events SELECT 'h', date '2026-11-23' + d, seq, gen_random_uuid(), d || '-' || seq, 0, NULL, now(),
            '', '', '{}' FROM generate_series(1, 2) AS d, generate_series(1, 2000) AS seq;
        ANALYZE events;"""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(many)
        explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statements('verify.sql')['orphans']}"
        ((plan,),) = [msgspec.json.decode(row[0]) for row in await connection.fetch(explain)]
    finally:
        await connection.close()

    assert sum(_rows_of("events", plan["Plan"])) <= 4


def _rows_of(table: str, node: dict[str, Any]) -> Iterator[float]:
    """How many rows each step of a plan took from a table."""
    if node.get("Relation Name") == table:
        yield node["Actual Rows"] * node["Actual Loops"]
    for part in node.get("Plans", ()):
        yield from _rows_of(table, part)


async def test_a_day_as_the_service_left_it_is_as_promised(lived: str) -> None:
    assert await _differences(lived) == []


async def test_a_day_that_goes_on_meanwhile_is_as_promised(
    lived: str, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold = verify_module._fold

    async def while_somebody_comes(reader: Reader, hall: HallId, on: date, position: Position) -> Day:
        await api.take("enquiry")
        return await fold(reader, hall, on, position)

    monkeypatch.setattr(verify_module, "_fold", while_somebody_comes)

    assert await _differences(lived) == []


@pytest.mark.parametrize("what", PLANTED)
async def test_what_was_changed_by_hand_is_found(what: str, lived: str) -> None:
    sql, said = PLANTED[what]
    connection = await asyncpg.connect(lived)
    await connection.execute(sql)
    await connection.close()

    differences = await _differences(lived)

    assert any(said in one for one in differences), differences
