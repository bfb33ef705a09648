"""Appends: written once, rejected by the name of a constraint, and definite even if answers are lost."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import msgspec
import pytest

from service.domain.events import Record, TicketFinished, TicketTaken
from service.domain.hall.document import HallDocument
from service.domain.model import HallId, Outcome, TicketState
from service.journal import database as database_module
from service.journal.append import Appender
from service.journal.database import APPEND_CONNECTIONS, Database
from service.journal.faults import ConstraintBroken, HallMissing, RecordsRefused, StorageUnavailable
from service.journal.hall_documents import HallStore
from service.journal.migrate import migrate
from service.journal.read import Reader
from service.journal.values import Append, Applicant, Committed, Lost
from tests.journal.samples import (
    DAY,
    HALL,
    NEXT_DAY,
    WITHIN_S,
    Writer,
    at_counter,
    called,
    day_opened,
    document,
    done,
    new_id,
    record,
    taken,
    ticket,
    until,
)
from tests.postgres import running
from tests.proxy import Fault, Proxy


async def append_ids(database: Database) -> list[str]:
    rows = await database.fetch("SELECT append_id FROM events WHERE hall_id = $1 AND day = $2 ORDER BY seq", HALL, DAY)
    return [str(row[0]) for row in rows]


async def rows_of(database: Database, table: str) -> int:
    counts = {"tickets": "SELECT count(*) FROM tickets", "applicants": "SELECT count(*) FROM applicants"}
    return int((await database.fetch(counts[table]))[0][0])


async def test_an_append_that_is_first_is_claimed_and_readable(writer: Writer, reader: Reader) -> None:
    before = await reader.position(HALL, DAY)
    assert before is not None

    append = writer.next()
    answer = await writer.appender.append(append)

    assert isinstance(answer, Committed)
    assert answer.at >= before.at
    records, position = await reader.since(HALL, DAY, before.seq, before.head)
    assert records == append.records
    assert (position.seq, position.head) == (2, append.append_id)


async def test_an_append_from_an_old_seq_is_lost(writer: Writer, database: Database) -> None:
    late = writer.next()
    await writer.write()

    assert await writer.appender.append(late) == Lost()
    assert late.append_id not in await append_ids(database)
    assert await rows_of(database, "tickets") == 1


async def test_an_append_from_another_head_is_lost(writer: Writer, database: Database) -> None:
    strange = msgspec.structs.replace(writer.next(), head=new_id())

    assert await writer.appender.append(strange) == Lost()
    assert await rows_of(database, "tickets") == 0


async def test_an_append_to_a_day_that_is_not_opened_is_lost(writer: Writer) -> None:
    assert await writer.appender.append(msgspec.structs.replace(writer.next(), day=NEXT_DAY)) == Lost()


async def test_of_many_appends_at_once_one_is_claimed(writer: Writer, database: Database) -> None:
    answers = await asyncio.gather(*(writer.appender.append(writer.next()) for _ in range(20)))

    assert sum(isinstance(answer, Committed) for answer in answers) == 1
    assert await rows_of(database, "tickets") == 1


async def test_the_last_state_of_a_ticket_is_what_the_table_shows(writer: Writer, database: Database) -> None:
    waiting = ticket()
    await writer.write(writer.next(record(taken(waiting)), tickets=[waiting]))
    there = at_counter(waiting)
    await writer.write(writer.next(record(called(there)), tickets=[there]))

    missing = ("id-card", "form")
    gone = msgspec.structs.replace(done(there), outcome=Outcome.CONDITIONAL, missing=missing, due_on=NEXT_DAY)
    finished = TicketFinished(ticket=gone.id, outcome=Outcome.CONDITIONAL, missing=missing, due_on=NEXT_DAY)
    await writer.write(writer.next(record(finished), tickets=[gone]))

    (row,) = await database.fetch("SELECT state, counter, last_counter, outcome, missing, due_on FROM tickets")
    assert tuple(row) == ("done", None, "1", "conditional", ["id-card", "form"], NEXT_DAY)


async def test_an_applicant_is_written_once(writer: Writer, database: Database) -> None:
    person = Applicant(id=new_id(), name="李雷", phone="+8613800000000")

    for _ in range(2):
        waiting = msgspec.structs.replace(ticket(), applicant=person.id)
        await writer.write(writer.next(record(taken(waiting)), tickets=[waiting], applicants=[person]))

    (row,) = await database.fetch("SELECT name, phone, email FROM applicants")
    assert tuple(row) == ("李雷", "+8613800000000", None)


async def twice_the_same_command(writer: Writer) -> Append:
    once = record(taken(ticket()), command_id="the-command")
    await writer.write(writer.next(once))
    return writer.next(once)


async def twice_the_same_number(writer: Writer) -> Append:
    first, second = ticket(number="A901"), ticket(number="A901")
    await writer.write(writer.next(record(taken(first)), tickets=[first]))
    return writer.next(record(taken(second)), tickets=[second])


async def twice_the_same_code(writer: Writer) -> Append:
    first, second = ticket(code="7K3M9QXR"), ticket(code="7K3M9QXR")
    return writer.next(record(taken(first)), record(taken(second)), tickets=[first, second])


async def a_second_person_at_a_counter(writer: Writer) -> Append:
    first, second = at_counter(ticket()), at_counter(ticket())
    await writer.write(writer.next(record(called(first)), tickets=[first]))
    return writer.next(record(called(second)), tickets=[second])


async def waiting_at_a_counter(writer: Writer) -> Append:
    there = at_counter(ticket(), state=TicketState.WAITING)
    return writer.next(record(called(there)), tickets=[there])


async def called_to_no_counter(writer: Writer) -> Append:
    nowhere = msgspec.structs.replace(at_counter(ticket()), counter=None)
    return writer.next(record(called(nowhere)), tickets=[nowhere])


async def a_state_that_is_none(writer: Writer) -> Append:
    dreaming = msgspec.structs.replace(ticket(), state="dreaming")
    return writer.next(record(taken(dreaming)), tickets=[dreaming])


@pytest.mark.parametrize(
    ("impossible", "name"),
    [
        (twice_the_same_command, "command_done_once"),
        (twice_the_same_number, "number_once_per_day"),
        (twice_the_same_code, "code_once_per_hall"),
        (a_second_person_at_a_counter, "one_person_per_counter"),
        (waiting_at_a_counter, "at_a_counter"),
        (called_to_no_counter, "at_a_counter"),
        (a_state_that_is_none, "ticket_state"),
    ],
)
async def test_the_impossible_is_refused_by_the_name_of_its_rule(
    impossible: Callable[[Writer], Awaitable[Append]], name: str, writer: Writer, reader: Reader
) -> None:
    append = await impossible(writer)

    with pytest.raises(ConstraintBroken) as broken:
        await writer.appender.append(append)

    assert broken.value.name == name
    position = await reader.position(HALL, DAY)
    assert position is not None
    assert (position.seq, position.head) == (writer.seq, writer.head), "nothing is written"
    await writer.write()


async def test_the_next_person_may_stand_in_the_append_before_the_one_who_leaves(
    writer: Writer, database: Database
) -> None:
    first, second = at_counter(ticket()), at_counter(ticket())
    await writer.write(writer.next(record(called(first)), tickets=[first]))

    finished = TicketFinished(ticket=first.id, outcome=Outcome.DONE)
    await writer.write(writer.next(record(called(second)), record(finished), tickets=[second, done(first)]))

    rows = await database.fetch("SELECT id, counter FROM tickets ORDER BY counter NULLS LAST")
    assert [(str(row["id"]), row["counter"]) for row in rows] == [(second.id, "1"), (first.id, None)]


@pytest.mark.parametrize("words", ["nul \0 character", "half a pair \ud800"])
@pytest.mark.parametrize("place", ["number", "name"])
async def test_what_is_not_text_is_refused_and_not_quoted(words: str, place: str, writer: Writer) -> None:
    waiting = ticket(number=words) if place == "number" else ticket()
    person = Applicant(id=new_id(), name=words)
    append = writer.next(record(taken(ticket())), tickets=[waiting], applicants=[person] if place == "name" else [])

    with pytest.raises(RecordsRefused) as refused:
        await writer.appender.append(append)

    assert words not in str(refused.value)
    await writer.write()


async def test_half_a_surrogate_pair_in_an_event_is_refused(writer: Writer) -> None:
    event = msgspec.structs.replace(taken(ticket()), code="\ud800")

    with pytest.raises(RecordsRefused):
        await writer.appender.append(writer.next(record(event)))


async def test_a_nul_in_an_event_is_kept(writer: Writer, reader: Reader) -> None:
    event = msgspec.structs.replace(taken(ticket()), code="a\0b")
    seq, head = writer.seq, writer.head

    await writer.write(writer.next(record(event)))

    records, _ = await reader.since(HALL, DAY, seq, head)
    assert isinstance(records[0].event, TicketTaken)
    assert records[0].event.code == "a\0b"


async def test_an_append_cut_before_the_server_got_it_is_sent_again(
    proxy: Proxy, far_dsn: str, writer: Writer, database: Database
) -> None:
    async with Database(far_dsn) as there:
        writer.appender = Appender(there)
        await writer.write()
        sendings: list[int] = []

        proxy.arm(Fault.CUT_BEFORE)
        append = writer.next()
        answer = await writer.appender.append(append, sendings.append)

    assert isinstance(answer, Committed)
    assert sendings == [1, 2]
    assert (await append_ids(database)).count(append.append_id) == 1


async def test_an_append_whose_answer_was_lost_is_found_to_have_landed(
    proxy: Proxy, far_dsn: str, writer: Writer, database: Database
) -> None:
    async with Database(far_dsn) as there:
        writer.appender = Appender(there)
        await writer.write()
        sendings: list[int] = []

        proxy.arm(Fault.CUT_AFTER)
        append = writer.next()
        answer = await writer.appender.append(append, sendings.append)

    assert isinstance(answer, Committed)
    assert sendings == [1, 2]
    assert (await append_ids(database)).count(append.append_id) == 1
    assert await rows_of(database, "tickets") == 2


async def test_an_append_cut_before_the_server_got_it_may_lose_to_another(
    proxy: Proxy, far_dsn: str, writer: Writer, database: Database
) -> None:
    near = Appender(database)
    async with Database(far_dsn) as there:
        writer.appender = Appender(there)
        await writer.write()

        proxy.arm(Fault.HOLD_BEFORE)
        append = writer.next()
        under_way = asyncio.create_task(writer.appender.append(append))
        await asyncio.wait_for(proxy.struck.wait(), WITHIN_S)
        other = writer.next()
        assert isinstance(await near.append(other), Committed)
        await proxy.cut()
        answer = await under_way

    assert answer == Lost()
    ids = await append_ids(database)
    assert ids[-1] == other.append_id
    assert append.append_id not in ids


async def test_an_append_is_answered_when_its_answer_arrives_and_not_before(
    proxy: Proxy, far_dsn: str, writer: Writer, database: Database
) -> None:
    async with Database(far_dsn) as there:
        writer.appender = Appender(there)
        await writer.write()

        proxy.arm(Fault.HOLD_AFTER)
        append = writer.next()
        under_way = asyncio.create_task(writer.appender.append(append))
        await asyncio.wait_for(proxy.struck.wait(), WITHIN_S)

        assert (await append_ids(database))[-1] == append.append_id
        assert not under_way.done()
        proxy.release()
        assert isinstance(await under_way, Committed)


async def test_closing_ends_an_append_that_has_no_answer(
    proxy: Proxy, far_dsn: str, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "CLOSE_S", 0.1)
    async with Database(far_dsn) as there:
        writer.appender = Appender(there)
        await writer.write()
        proxy.arm(Fault.HOLD_BEFORE)
        under_way = asyncio.create_task(writer.appender.append(writer.next()))
        await asyncio.wait_for(proxy.struck.wait(), WITHIN_S)

    with pytest.raises(StorageUnavailable):
        await under_way


async def test_a_statement_that_arrives_after_it_was_sent_again_does_nothing(
    proxy: Proxy,
    far_dsn: str,
    writer: Writer,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database_module, "STUCK_AFTER_S", 0.2)
    async with Database(far_dsn) as there:
        writer.appender = Appender(there)
        await writer.write()

        proxy.arm(Fault.HOLD_BEFORE)
        append = writer.next()
        answer = await writer.appender.append(append)
        writer.wrote(append)
        assert isinstance(answer, Committed), "a stuck connection is left, and the statement sent again on another"
        proxy.release()
        await asyncio.wait_for(proxy.arrived(), WITHIN_S)

    assert (await append_ids(database)).count(append.append_id) == 1
    writer.appender = Appender(database)
    await writer.write()


async def test_an_append_survives_the_end_of_its_backend(writer: Writer, database: Database) -> None:
    await writer.write()
    await database.fetch(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'paihao append'"
    )

    append = await writer.write()

    assert (await append_ids(database))[-1] == append.append_id


async def test_a_backend_ended_in_the_middle_of_an_append_costs_nothing(
    writer: Writer, database: Database, dsn: str
) -> None:
    await writer.write()
    blocker = await asyncpg.connect(dsn)
    try:
        await blocker.execute("BEGIN; SELECT FROM hall_days FOR UPDATE")
        append = writer.next()
        under_way = asyncio.create_task(writer.appender.append(append))
        waiting = (
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'paihao append' AND wait_event_type = 'Lock'"
        )

        async def ended() -> bool:
            return bool((await database.fetch(waiting))[0][0])

        await until(ended)
        await blocker.execute("ROLLBACK")
    finally:
        await blocker.close()

    assert isinstance(await under_way, Committed)
    assert (await append_ids(database)).count(append.append_id) == 1


async def test_an_append_waits_for_postgresql_to_come_back_from_a_crash() -> None:
    with running(durable=True) as server:
        name = await server.create_database()
        await migrate(server.dsn(name))
        async with Database(server.dsn(name)) as database:
            await HallStore(database).create_if_absent(HALL, document())
            writer = await Writer(Appender(database)).open()
            kept = [writer.head, *[(await writer.write()).append_id for _ in range(5)]]

            await asyncio.to_thread(server.kill)
            sendings: list[int] = []
            append = writer.next()
            under_way = asyncio.create_task(writer.appender.append(append, sendings.append))
            with pytest.raises(StorageUnavailable):
                await database.ping()
            await asyncio.to_thread(server.start)

            assert isinstance(await under_way, Committed)
            await database.ping()
            assert await append_ids(database) == [*kept, append.append_id]


async def test_an_append_that_was_not_sent_is_withdrawn_by_cancelling_it(
    proxy: Proxy, far_dsn: str, writer: Writer, database: Database
) -> None:
    await proxy.go_away()
    async with Database(far_dsn) as there:
        sendings: list[int] = []
        append = writer.next()
        under_way = asyncio.create_task(Appender(there).append(append, sendings.append))
        await asyncio.sleep(0)

        under_way.cancel()
        with pytest.raises(asyncio.CancelledError):
            await under_way
        await proxy.come_back()

    assert sendings == []
    assert append.append_id not in await append_ids(database)


async def test_an_append_is_withdrawn_by_who_is_told_that_it_is_about_to_be_sent(
    writer: Writer, database: Database
) -> None:
    def no(_attempt: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await writer.appender.append(writer.next(), no)

    assert len(await append_ids(database)) == 1
    await writer.write()


async def test_an_append_that_was_sent_goes_on_without_its_asker(
    proxy: Proxy, far_dsn: str, writer: Writer, database: Database
) -> None:
    async with Database(far_dsn) as there:
        writer.appender = Appender(there)
        await writer.write()
        proxy.arm(Fault.HOLD_BEFORE)
        append = writer.next()
        under_way = asyncio.create_task(writer.appender.append(append))
        await asyncio.wait_for(proxy.struck.wait(), WITHIN_S)

        under_way.cancel()
        with pytest.raises(asyncio.CancelledError):
            await under_way
        proxy.release()

    assert (await append_ids(database))[-1] == append.append_id


async def test_more_lanes_than_connections_all_get_their_turn(appender: Appender, halls: HallStore) -> None:
    names = [f"hall-{n}" for n in range(APPEND_CONNECTIONS * 3)]
    for name in names:
        await halls.create_if_absent(HallId(name), document())
    writers = [await Writer(appender, HallId(name)).open() for name in names]

    async with asyncio.timeout(WITHIN_S):
        for _ in range(5):
            await asyncio.gather(*(writer.write() for writer in writers))

    assert {writer.seq for writer in writers} == {6}


async def test_a_day_is_opened_once_with_the_document_as_of_then(
    appender: Appender, halls: HallStore, reader: Reader
) -> None:
    revision = await halls.replace(HALL, document(), 1)
    seen: list[int] = []

    def first(document_: HallDocument, of_revision: int) -> Record:
        seen.append(of_revision)
        return day_opened(document_, of_revision)

    opened = await asyncio.gather(*(appender.open_day(HALL, DAY, new_id(), first) for _ in range(8)))

    assert sorted(opened) == [False] * 7 + [True]
    assert seen == [revision]
    position = await reader.position(HALL, DAY)
    assert position is not None
    assert position.seq == 1


async def test_a_day_of_no_hall_is_not_opened(appender: Appender) -> None:
    with pytest.raises(HallMissing):
        await appender.open_day(HallId("nowhere"), DAY, new_id(), day_opened)


async def test_a_document_does_not_change_while_a_day_is_opened_from_it(
    appender: Appender, halls: HallStore, database: Database
) -> None:
    changing: list[asyncio.Task[int]] = []

    def first(document_: HallDocument, revision: int) -> Record:
        changing.append(asyncio.create_task(halls.replace(HALL, document(), revision)))
        return day_opened(document_, revision)

    assert await appender.open_day(HALL, DAY, new_id(), first)

    assert await changing[0] == 2
    rows = await database.fetch(
        "SELECT d.opened_at < h.changed_at AS before FROM hall_days AS d JOIN halls AS h USING (hall_id)"
    )
    assert rows[0]["before"]
