"""Two processes append to one day while connections are cut at every point: every answer is correct."""

import asyncio
import random

import msgspec
import pytest

from service.journal.append import Appender
from service.journal.database import Database
from service.journal.faults import StorageUnavailable
from service.journal.read import Reader
from service.journal.values import Append, Committed, Lost, Position
from tests.journal.samples import DAY, HALL, NOW, WITHIN_S, Writer, new_id, record, taken, ticket
from tests.proxy import Fault, Proxy

APPENDS = 60
FAULTS = [Fault.CUT_BEFORE, Fault.CUT_AFTER]


def append_at(position: Position) -> Append:
    waiting = ticket()
    return Append(
        hall=HALL,
        day=DAY,
        seq=position.seq,
        head=position.head,
        append_id=new_id(),
        records=[msgspec.structs.replace(record(taken(waiting)), seq=position.seq + 1)],
        tickets=[waiting],
    )


async def append_locked(appender: Appender, known: Position) -> tuple[Append, Committed | Lost]:
    while True:
        try:
            async with appender.lock_day(HALL, DAY) as lock:
                assert lock is not None
                _, position = await lock.read_since(known.seq, known.head)
                append = append_at(position)
                return append, await lock.append(append)
        except StorageUnavailable:  # the connection was cut before the append
            continue


async def work(appender: Appender, position: Position, answers: dict[str, Committed | Lost]) -> None:
    """Append optimistically, and after a lost race with the day locked, as a lane does."""
    locked = False
    while len(answers) < APPENDS:
        if locked:
            append, answer = await append_locked(appender, position)
        else:
            append = append_at(position)
            answer = await appender.append(append)
        answers[append.append_id] = answer
        locked = isinstance(answer, Lost)
        if isinstance(answer, Committed):
            position = Position(append.seq + 1, append.append_id, answer.at)


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_is_cut_what_was_claimed_is_there_once_and_what_was_lost_is_not(
    seed: int, proxy: Proxy, far_dsn: str, writer: Writer, database: Database
) -> None:
    chance = random.Random(seed)  # noqa: S311  (reproducible faults, not a secret)
    answers: list[dict[str, Committed | Lost]] = [{}, {}]

    async def cut() -> None:
        while True:
            proxy.arm(chance.choice(FAULTS), after=chance.randrange(8))
            await proxy.struck.wait()

    start = Position(writer.seq, writer.head, NOW)
    async with Database(far_dsn) as one, Database(far_dsn) as other:
        cutting = asyncio.create_task(cut())
        async with asyncio.timeout(3 * WITHIN_S):
            await asyncio.gather(work(Appender(one), start, answers[0]), work(Appender(other), start, answers[1]))
        cutting.cancel()

    said = answers[0] | answers[1]
    claimed = {append_id for append_id, answer in said.items() if isinstance(answer, Committed)}
    written = [str(row[0]) for row in await database.fetch("SELECT append_id FROM events ORDER BY seq")]
    assert len(written) == len(set(written)), "nothing twice"
    assert set(written) == claimed | {start.head}, "what was claimed, and nothing else"
    position = await Reader(database).position(HALL, DAY)
    assert position is not None
    assert (position.seq, position.head) == (len(written), written[-1])
