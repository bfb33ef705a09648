"""Locks on a day: after a lost race the next append locks the row of the day, for a limited time."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from service.journal.append import Appender
from service.journal.database import Database
from service.journal.faults import ConstraintBroken, Rewritten
from service.journal.read import Reader
from service.journal.values import Append, Committed, Lost
from tests.journal.samples import DAY, HALL, NEXT_DAY, WITHIN_S, Writer, new_id, record, taken, ticket, until
from tests.proxy import Fault, Proxy

APPENDS = 25


@pytest.fixture
async def other(dsn: str) -> AsyncIterator[Appender]:
    """Return the appender of another process."""
    async with Database(dsn) as database:
        yield Appender(database)


async def test_a_claim_sees_what_it_missed_and_appends(writer: Writer, other: Appender) -> None:
    known = (writer.seq, writer.head)
    missed = await writer.write()

    async with other.lock_day(HALL, DAY) as lock:
        assert lock is not None
        records, position = await lock.read_since(*known)
        answer = await lock.append(writer.next())

    assert records == missed.records
    assert (position.seq, position.head) == (lock.position.seq, lock.position.head) == (writer.seq, writer.head)
    assert isinstance(answer, Committed)
    assert answer.at >= lock.position.at


async def test_a_claim_with_nothing_to_append_lets_the_others_go_on(writer: Writer, other: Appender) -> None:
    async with other.lock_day(HALL, DAY) as lock:
        assert lock is not None

    await writer.write()


async def test_a_claim_left_by_an_exception_lets_the_others_go_on(writer: Writer, other: Appender) -> None:
    with pytest.raises(ZeroDivisionError):
        async with other.lock_day(HALL, DAY):
            raise ZeroDivisionError

    await writer.write()


async def test_there_is_no_claim_on_a_day_that_is_not_opened(writer: Writer) -> None:
    async with writer.appender.lock_day(HALL, NEXT_DAY) as lock:
        assert lock is None


async def test_a_claim_refuses_the_memory_of_another_journal(writer: Writer, other: Appender) -> None:
    async with other.lock_day(HALL, DAY) as lock:
        assert lock is not None
        with pytest.raises(Rewritten):
            await lock.read_since(writer.seq, new_id())


async def test_a_claimed_append_from_an_old_position_is_lost(writer: Writer, other: Appender) -> None:
    late = writer.next()
    await writer.write()

    async with other.lock_day(HALL, DAY) as lock:
        assert lock is not None
        assert await lock.append(late) == Lost()

    await writer.write()


async def test_a_claimed_append_that_breaks_a_rule_is_refused_and_lets_go(writer: Writer, other: Appender) -> None:
    first, second = ticket(number="A901"), ticket(number="A901")

    async with other.lock_day(HALL, DAY) as lock:
        assert lock is not None
        with pytest.raises(ConstraintBroken) as broken:
            await lock.append(writer.next(record(taken(first)), record(taken(second)), tickets=[first, second]))

    assert broken.value.name == "number_once_per_day"
    await writer.write()


async def test_two_processes_take_turns_and_every_append_is_the_next(
    writer: Writer, other: Appender, reader: Reader
) -> None:
    async def work(appender: Appender) -> list[str]:
        mine = []
        for _ in range(APPENDS):
            async with appender.lock_day(HALL, DAY) as lock:
                assert lock is not None
                append = appended_at(lock.position.seq, lock.position.head)
                assert isinstance(await lock.append(append), Committed)
                mine.append(append.append_id)
        return mine

    async with asyncio.timeout(WITHIN_S):
        ours, theirs = await asyncio.gather(work(writer.appender), work(other))

    position = await reader.position(HALL, DAY)
    assert position is not None
    assert position.seq == 1 + 2 * APPENDS
    assert position.head in {ours[-1], theirs[-1]}


def appended_at(seq: int, head: str) -> Append:
    waiting = ticket()
    return Append(
        hall=HALL,
        day=DAY,
        seq=seq,
        head=head,
        append_id=new_id(),
        records=[record(taken(waiting), seq=seq + 1)],
        tickets=[waiting],
    )


async def test_a_holder_that_stalls_is_ended_and_its_append_is_lost(writer: Writer, other: Appender) -> None:
    async with other.lock_day(HALL, DAY) as lock:
        assert lock is not None
        late = writer.next()

        async with asyncio.timeout(WITHIN_S):
            await writer.write()  # waits for the row until the server ends the stalled transaction

        assert await lock.append(late) == Lost()


@pytest.mark.parametrize("fault", [Fault.CUT_BEFORE, Fault.CUT_AFTER])
@pytest.mark.parametrize("at", ["append", "commit"])
async def test_a_claimed_append_is_definite_wherever_its_connection_is_lost(
    fault: Fault, at: str, proxy: Proxy, far_dsn: str, writer: Writer
) -> None:
    async with Database(far_dsn) as far:
        appender = Appender(far)
        writer.appender = appender
        await writer.write()
        append = writer.next()
        sendings: list[int] = []

        async with appender.lock_day(HALL, DAY) as lock:
            assert lock is not None
            proxy.arm(fault, after=0 if at == "append" else 1)
            answer = await lock.append(append, sendings.append)

        rows = await far.fetch("SELECT append_id FROM events ORDER BY seq")

    assert isinstance(answer, Committed)
    assert sendings == [1, 2]
    assert [str(row[0]) for row in rows].count(append.append_id) == 1


async def test_a_claim_cancelled_while_it_waits_for_the_row_leaves_nothing_behind(
    writer: Writer, other: Appender, database: Database, dsn: str
) -> None:
    blocker = await asyncpg.connect(dsn)
    try:
        await blocker.execute("BEGIN; SELECT FROM hall_days FOR UPDATE")

        async def wait_for_the_row() -> None:
            async with other.lock_day(HALL, DAY):
                pass

        waiting = asyncio.create_task(wait_for_the_row())
        blocked = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )

        async def is_blocked() -> bool:
            return bool((await database.fetch(blocked))[0][0])

        await until(is_blocked)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    finally:
        await blocker.close()

    async with asyncio.timeout(WITHIN_S):
        await writer.write()
        async with other.lock_day(HALL, DAY) as lock:
            assert lock is not None
