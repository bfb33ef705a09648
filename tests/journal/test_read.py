"""Reads of the journal: in order, without gaps, and never from another journal than the one in memory."""

from datetime import date

import msgspec
import pytest

from service.domain.events import DayEnded, TicketTaken
from service.domain.model import HallId, TicketId, TicketState
from service.journal import records as records_module
from service.journal.append import Appender
from service.journal.database import Database
from service.journal.faults import Rewritten, StorageUnavailable, UnknownKind
from service.journal.hall_documents import HallStore
from service.journal.read import CHUNK_EVENTS, Ids, Reader, TicketPlace
from service.journal.records import body_of, row_of
from service.journal.values import Position
from tests.journal.samples import (
    DAY,
    HALL,
    NEXT_DAY,
    NOW,
    Writer,
    appointment,
    document,
    new_id,
    record,
    taken,
    ticket,
)
from tests.proxy import Fault, Proxy

EVENTS = 20_000
PER_APPEND = 500


async def test_a_day_of_20_000_events_loads_as_it_was_written(writer: Writer, reader: Reader) -> None:
    written = []
    while writer.seq < EVENTS:
        events = [record(taken(ticket())) for _ in range(min(PER_APPEND, EVENTS - writer.seq))]
        written += (await writer.write(writer.next(*events))).records
    position = await reader.position(HALL, DAY)
    assert position is not None

    chunks = [chunk async for chunk in reader.load(HALL, DAY, position)]

    loaded = [one for chunk in chunks for one in chunk]
    assert [one.seq for one in loaded] == list(range(1, EVENTS + 1))
    assert loaded[1:] == written
    assert max(len(chunk) for chunk in chunks) == CHUNK_EVENTS


async def test_a_load_ends_at_its_position_whatever_happens_meanwhile(writer: Writer, reader: Reader) -> None:
    position = await reader.position(HALL, DAY)
    assert position is not None
    await writer.write()

    loaded = [one async for chunk in reader.load(HALL, DAY, position) for one in chunk]

    assert [one.seq for one in loaded] == [1]


@pytest.mark.parametrize("strange", ["another head", "fewer events"])
async def test_a_position_of_another_journal_is_not_loaded(strange: str, writer: Writer, reader: Reader) -> None:
    position = {
        "another head": Position(writer.seq, new_id(), NOW),
        "fewer events": Position(writer.seq + 1, writer.head, NOW),
    }[strange]

    with pytest.raises(Rewritten):
        [chunk async for chunk in reader.load(HALL, DAY, position)]


async def test_nothing_new_is_nothing_and_the_same_position(writer: Writer, reader: Reader) -> None:
    records, position = await reader.since(HALL, DAY, writer.seq, writer.head)

    assert records == []
    assert (position.seq, position.head) == (writer.seq, writer.head)


async def test_what_came_after_is_given_in_order(writer: Writer, reader: Reader) -> None:
    seq, head = writer.seq, writer.head
    written = [await writer.write(writer.next(record(taken(ticket())), record(taken(ticket())))) for _ in range(3)]

    records, position = await reader.since(HALL, DAY, seq, head)

    assert records == [one for append in written for one in append.records]
    assert (position.seq, position.head) == (writer.seq, writer.head)


async def test_memory_of_another_head_is_told(writer: Writer, reader: Reader) -> None:
    with pytest.raises(Rewritten):
        await reader.since(HALL, DAY, writer.seq, new_id())


async def test_memory_ahead_of_the_journal_is_told(writer: Writer, reader: Reader) -> None:
    with pytest.raises(Rewritten):
        await reader.since(HALL, DAY, writer.seq + 1, writer.head)


@pytest.mark.usefixtures("halls")
async def test_a_day_that_is_not_opened_has_no_position(reader: Reader) -> None:
    assert await reader.position(HALL, DAY) is None
    assert await reader.latest_days(HALL) == []


async def test_every_field_of_a_record_comes_back(writer: Writer, reader: Reader) -> None:
    seq, head = writer.seq, writer.head
    whole = msgspec.structs.replace(record(taken(ticket())), part=3, fingerprint=b"\x00\xff", actor="staff-7")

    append = await writer.write(writer.next(whole))

    records, _ = await reader.since(HALL, DAY, seq, head)
    assert records == append.records


@pytest.mark.parametrize(
    ("newer", "named"),
    [
        ("UPDATE events SET kind = 'ticket_teleported' WHERE seq = 2", "ticket_teleported"),
        ("UPDATE events SET body = replace(body::text, 'kiosk', 'telepathy')::json WHERE seq = 2", "telepathy"),
    ],
)
async def test_an_event_of_a_newer_release_is_not_skipped(
    newer: str, named: str, writer: Writer, reader: Reader, database: Database
) -> None:
    seq, head = writer.seq, writer.head
    await writer.write()
    await database.fetch(newer)

    with pytest.raises(UnknownKind, match=named):
        await reader.since(HALL, DAY, seq, head)


async def test_a_field_of_a_newer_release_is_passed_over(writer: Writer, reader: Reader, database: Database) -> None:
    seq, head = writer.seq, writer.head
    append = await writer.write()
    await database.fetch('UPDATE events SET body = (body::jsonb || \'{"colour": "red"}\')::json WHERE seq = 2')

    records, _ = await reader.since(HALL, DAY, seq, head)

    assert records == append.records


def test_a_body_has_no_kind_and_every_kind_has_a_name() -> None:
    assert body_of(DayEnded()) == "{}"
    assert body_of(taken(ticket())).startswith('{"ticket":')
    assert row_of(record(taken(ticket()))).kind == "ticket_taken"
    assert records_module._TAGS[TicketTaken] == "ticket_taken"
    assert len(records_module._KINDS) == len(records_module._TAGS)


async def test_days_are_listed_newest_first_with_whether_they_ended(
    writer: Writer, appender: Appender, reader: Reader
) -> None:
    await writer.end()
    second = await Writer(appender, day=NEXT_DAY).open()

    days = await reader.latest_days(HALL)

    assert [(row.day, row.seq, row.ended) for row in days] == [(NEXT_DAY, 1, False), (DAY, 2, True)]
    assert [row.position.head for row in days] == [second.head, writer.head]
    assert [row.day for row in await reader.latest_days(HALL, 1)] == [NEXT_DAY]
    assert await reader.open_days_from(HALL, DAY) == [NEXT_DAY]


async def test_a_ticket_is_found_without_its_day_and_only_in_its_hall(writer: Writer, reader: Reader) -> None:
    append = await writer.write()
    ticket_id = append.tickets[0].id

    assert await reader.find_ticket(HALL, ticket_id) == TicketPlace(DAY, TicketState.WAITING)
    assert await reader.find_ticket(HallId("other"), ticket_id) is None
    assert await reader.find_ticket(HALL, TicketId(new_id())) is None


async def test_the_ids_of_days_are_read_but_for_one_day_and_those_that_stand_where_they_are_known_to(
    writer: Writer, appender: Appender, reader: Reader
) -> None:
    taken_today = (await writer.write()).tickets[0].id
    ahead = await Writer(appender, day=NEXT_DAY).open(begins=False)
    booked = appointment()
    await ahead.write(ahead.booking(booked))
    days = [Ids(DAY, writer.head, [taken_today], []), Ids(NEXT_DAY, ahead.head, [], [booked.id])]

    assert await reader.ids_from(HALL, DAY, [], but=NEXT_DAY) == days[:1]
    assert await reader.ids_from(HALL, NEXT_DAY, [], but=DAY) == days[1:]
    assert await reader.ids_from(HALL, DAY, [new_id()], but=date.min) == days
    assert await reader.ids_from(HALL, DAY, [ahead.head], but=date.min) == days[:1]
    assert await reader.ids_from(HallId("other"), DAY, [], but=date.min) == []


async def test_days_of_two_halls_do_not_meet(
    writer: Writer, appender: Appender, reader: Reader, halls: HallStore
) -> None:
    other = HallId("other")
    await halls.create_if_absent(other, document())
    await Writer(appender, hall=other).open()

    await writer.write()

    position = await reader.position(other, DAY)
    assert position is not None
    assert position.seq == 1


async def test_a_read_from_a_server_that_hangs_is_given_up_and_the_next_one_has_a_connection_of_its_own(
    far_dsn: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.journal.database.READ_TIMEOUT_S", 0.5)
    async with Database(far_dsn) as database:
        await database.ping()
        proxy.arm(Fault.HOLD_BEFORE)

        with pytest.raises(StorageUnavailable):
            await database.ping()

        assert await database.ping()
