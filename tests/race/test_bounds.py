"""Limits of lanes: a bounded queue, a stop that answers all requests, and idle lanes that leave memory."""

import asyncio

import pytest

from service.clock import FakeClock
from service.domain.commands import OpenCounter
from service.domain.hall.demo import DEMO
from service.domain.model import CounterId
from service.domain.refusals import Busy
from service.errors import StorageUnavailable
from service.journal import faults
from service.runtime.lane import BATCH_MAX, IDLE_AFTER_S, Lane
from service.runtime.requests import Answer
from tests.race.process import (
    NEXT_DAY,
    Process,
    commands_in,
    equal,
    new_ticket,
    number_of,
    numbers_in,
    one_story,
    process_on,
)

QUEUE = 16
OPEN = OpenCounter(CounterId("1"))


async def stalled(process: Process) -> tuple[Lane, asyncio.Event, asyncio.Task[Answer]]:
    """Return a lane whose append waits until the event is set."""
    lane = await process.lane()
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def stall() -> None:
        reached.set()
        await go_on.wait()

    process.journal.first["append"] = stall
    under_way = asyncio.create_task(lane.do(process.request(new_ticket())))
    await reached.wait()
    return lane, go_on, under_way


async def fill(lane: Lane, process: Process, commands: int) -> list[asyncio.Task[Answer]]:
    """Put commands into a lane's queue."""
    waiting = [asyncio.create_task(lane.do(process.request(new_ticket()))) for _ in range(commands)]
    await asyncio.sleep(0)
    return waiting


async def test_one_command_more_than_the_queue_holds_is_told_busy(
    one: Process, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.runtime.lane.QUEUE_MAX", QUEUE)
    lane, go_on, under_way = await stalled(one)
    waiting = await fill(lane, one, QUEUE)

    with pytest.raises(Busy):
        await lane.do(one.request(new_ticket()))

    go_on.set()
    answers = await asyncio.gather(under_way, *waiting)
    assert [number_of(answer) for answer in answers] == [f"B{n:03d}" for n in range(1, QUEUE + 2)]
    assert len(await numbers_in(dsn)) == QUEUE + 1


async def test_a_batch_is_all_that_waits_and_never_larger_than_its_limit(one: Process) -> None:
    lane, go_on, under_way = await stalled(one)
    waiting = await fill(lane, one, 4 * BATCH_MAX + 1)

    go_on.set()
    await asyncio.gather(under_way, *waiting)

    assert one.heard.batches == [1, BATCH_MAX, BATCH_MAX, BATCH_MAX, BATCH_MAX, 1]


async def test_a_stop_answers_what_was_accepted_and_takes_no_more(one: Process, dsn: str) -> None:
    lane, go_on, under_way = await stalled(one)
    waiting = await fill(lane, one, 3)
    stopping = asyncio.create_task(one.lanes.stop())
    await asyncio.sleep(0)

    for _ in range(2):
        with pytest.raises(Busy):
            await one.do(new_ticket())
    go_on.set()
    answers = await asyncio.gather(under_way, *waiting)
    await stopping
    with pytest.raises(Busy):
        await one.do(new_ticket())
    with pytest.raises(Busy):
        await lane.do(one.request(new_ticket()))

    assert [number_of(answer) for answer in answers] == await numbers_in(dsn)
    assert one.lanes.in_use() == []
    assert one.lanes._loops == {}


async def test_a_lane_that_is_not_closed_takes_after_its_stop_what_nobody_will_do(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lane, "close", lambda _: None)
    async with process_on(dsn) as one:
        lane = await one.lane()
        await one.lanes.stop()
        monkeypatch.setattr("service.runtime.pending_requests.ANSWER_WITHIN_S", 0.0)

        with pytest.raises(StorageUnavailable):  # only the deadline of the request ends it
            await lane.do(one.request(new_ticket()))

        assert len(lane._queue) == 1


async def test_a_stop_while_a_day_is_opened_leaves_nothing_running(one: Process, dsn: str) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def stall() -> None:
        reached.set()
        await go_on.wait()

    one.journal.first["load"] = stall
    request = one.request(new_ticket())
    asking = asyncio.create_task(one.lanes.do(DEMO, request))
    await reached.wait()
    stopping = asyncio.create_task(one.lanes.stop())
    await asyncio.sleep(0)
    go_on.set()

    await stopping
    (told,) = await asyncio.gather(asking, return_exceptions=True)

    assert one.lanes._loops == {}
    assert one.lanes._opening == one.lanes._beginning == {}
    assert one.lanes.in_use() == []
    assert isinstance(told, Busy) == (request.command_id not in await commands_in(dsn)), "done, or refused"


async def test_an_idle_lane_leaves_memory_and_comes_back_the_same(one: Process) -> None:
    await one.open("1")
    await one.take()
    await one.next("1")
    before = (await one.lane()).committed
    assert isinstance(one.clock, FakeClock)

    one.clock.advance(IDLE_AFTER_S)
    await one.lanes.sweep()
    assert one.lanes.in_use() == [before], "not yet"
    one.clock.advance(1)
    await one.lanes.sweep()
    assert one.lanes.in_use() == []
    assert one.lanes._loops == {}

    after = await one.lanes.day(DEMO)
    assert after is not before
    assert equal(before, after)
    assert await one.take() == "B002"


async def test_a_day_that_has_ended_leaves_memory_too(one: Process) -> None:
    await one.take()
    await one.lane(NEXT_DAY)
    assert isinstance(one.clock, FakeClock)

    one.clock.advance(IDLE_AFTER_S + 1)
    await (await one.lane(NEXT_DAY)).fresh()
    await one.lanes.sweep()

    assert [day.on for day in one.lanes.in_use()] == [NEXT_DAY]


async def test_a_lane_that_works_does_not_leave_memory(one: Process) -> None:
    lane, go_on, under_way = await stalled(one)
    assert isinstance(one.clock, FakeClock)

    one.clock.advance(IDLE_AFTER_S + 1)
    await one.lanes.sweep()
    go_on.set()

    assert number_of(await under_way) == "B001"
    assert one.lanes.in_use() == [lane.committed]


async def test_a_lane_asked_for_while_it_is_swept_is_opened_anew(one: Process) -> None:
    swept = await one.lane()
    await one.take()
    assert isinstance(one.clock, FakeClock)
    one.clock.advance(IDLE_AFTER_S + 1)

    _, number = await asyncio.gather(one.lanes.sweep(), one.take())

    assert number == "B002"
    assert await one.lane() is not swept
    assert len(one.lanes._loops) == 1
    await one_story([one])


async def test_a_day_asked_for_by_many_at_once_is_opened_once(one: Process) -> None:
    lanes = await asyncio.gather(*(one.lane() for _ in range(20)))

    assert len({id(lane) for lane in lanes}) == 1
    assert len(one.lanes._loops) == 1
    assert one.lanes._opening == one.lanes._beginning == {}


async def test_what_cannot_be_read_here_is_unavailable_and_not_a_fault(one: Process) -> None:
    await one.lane()

    async def newer() -> None:
        raise faults.UnknownKind("of a newer release")

    one.journal.first["position"] = newer
    with pytest.raises(StorageUnavailable):
        await one.lanes.day(DEMO, now=True)
    one.journal.first["load"] = newer
    with pytest.raises(StorageUnavailable):
        await one.lane(NEXT_DAY)
    await one.take()
    one.journal.first["append"] = newer
    with pytest.raises(StorageUnavailable):
        await (await one.lane(NEXT_DAY)).do(one.request(OPEN))

    assert (await (await one.lane(NEXT_DAY)).do(one.request(OPEN))).done is not None
