"""Refusals and empty answers append nothing, so their position is compared before they are returned."""

import asyncio
from datetime import date

import pytest

from service.clock import Clock, FakeClock
from service.domain.commands import CallNext, EndDay, OpenCounter, RecallTicket
from service.domain.events import Record
from service.domain.model import CounterId, HallId, TicketId
from service.domain.refusals import CounterClosed, DayHasEnded, TicketNotFound, WrongState
from service.errors import StorageUnavailable
from service.journal import faults
from service.journal.journal import Journal
from service.journal.values import Position
from service.runtime.journaled_day import FRESH_FOR_S
from service.runtime.lane import Lane
from tests.race.process import NEXT_DAY, HookedJournal, Process, called_by, new_ticket, one_story, process_on


class Sure(Lane):
    """A lane that never compares its position with the journal."""

    async def _behind(self) -> bool:
        return False


@pytest.fixture
def sure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let lanes answer without that comparison."""
    monkeypatch.setattr("service.runtime.lane_registry.Lane", Sure)


async def stale_about_a_counter(one: Process, other: Process) -> None:
    """Let `one` not know that a counter is open and a ticket waits."""
    await one.lane()
    await other.open("1")
    await other.take()


async def stale_about_the_waiting(one: Process, other: Process) -> None:
    """Let `one` know the counter, but not that a ticket waits."""
    await one.open("1")
    await other.take()


async def test_a_refusal_that_another_process_made_wrong_is_not_told(one: Process, other: Process) -> None:
    await stale_about_a_counter(one, other)

    assert await one.next("1") is not None

    await one_story([one, other])


@pytest.mark.usefixtures("sure")
async def test_without_the_look_a_stale_refusal_is_told(dsn: str) -> None:
    async with process_on(dsn) as one, process_on(dsn) as other:
        await stale_about_a_counter(one, other)

        with pytest.raises(CounterClosed):
            await one.next("1")


async def test_an_empty_answer_that_another_process_made_wrong_is_not_told(one: Process, other: Process) -> None:
    await stale_about_the_waiting(one, other)

    assert await one.next("1") is not None


@pytest.mark.usefixtures("sure")
async def test_without_the_look_a_stale_empty_answer_is_told(dsn: str) -> None:
    async with process_on(dsn) as one, process_on(dsn) as other:
        await stale_about_the_waiting(one, other)

        assert await one.next("1") is None


async def test_a_ticket_of_another_process_is_known_at_once(one: Process, other: Process) -> None:
    await one.open("1")
    await other.lane()
    command = new_ticket()
    await one.do(command)
    await one.next("1")

    answer = await other.do(RecallTicket(command.ticket))

    assert answer.done is not None


async def test_a_refusal_that_is_true_is_told_after_the_look(one: Process, other: Process) -> None:
    await one.open("1")
    await other.lane()
    looks = 0

    async def count() -> None:
        nonlocal looks
        looks += 1

    one.journal.always["position"] = count

    with pytest.raises(WrongState):
        await one.do(OpenCounter(CounterId("1")))

    assert looks == 1


async def test_an_append_vouches_for_the_refusals_of_its_batch(one: Process, other: Process) -> None:
    await stale_about_a_counter(one, other)
    lane = await one.lane()

    async def look() -> None:
        raise AssertionError("the append has compared")

    one.journal.always["position"] = look

    _, called = await asyncio.gather(lane.do(one.request(new_ticket())), lane.do(one.request(CallNext(CounterId("1")))))

    assert called_by(called) is not None
    assert one.heard.races == 1


async def test_a_ticket_nobody_knows_is_not_found(one: Process) -> None:
    with pytest.raises(TicketNotFound):
        await one.do(RecallTicket(TicketId("00000000-0000-7000-8000-000000000000")))


async def test_a_ticket_of_a_day_that_has_ended_is_not_unknown(one: Process) -> None:
    command = new_ticket()
    await one.do(command)
    await (await one.lane()).do(one.request(EndDay()))

    with pytest.raises(WrongState) as refused:
        await one.do(RecallTicket(command.ticket))

    assert refused.value.fields == {"state": "left"}


async def test_a_command_that_meets_two_ended_days_is_told(one: Process) -> None:
    await one.lane()
    await (await one.lane(NEXT_DAY)).do(one.request(EndDay()))

    with pytest.raises(DayHasEnded):
        await one.take()


async def test_who_joins_a_look_that_began_long_ago_is_told_what_has_been_done_since(
    one: Process, other: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = await one.lane()
    await other.lane()
    answered, heard = asyncio.Event(), asyncio.Event()

    async def heard_late(_journal: Journal, hall: HallId, on: date) -> Position | None:
        monkeypatch.undo()  # the next answer is received at once
        position = await one.journal.position(hall, on)
        answered.set()
        await heard.wait()
        return position

    monkeypatch.setattr(HookedJournal, "position", heard_late)
    advance(one.clock, 2 * FRESH_FOR_S)
    first = asyncio.create_task(lane.fresh())
    await answered.wait()
    number = await other.take()
    advance(one.clock, 2 * FRESH_FOR_S)
    second = asyncio.create_task(lane.fresh())
    heard.set()

    await first
    day = await second

    assert number in {ticket.number for ticket in day.tickets.values()}


async def test_a_look_that_could_not_read_what_is_new_does_not_count(
    one: Process, other: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = await one.lane()
    number = await other.take()
    advance(one.clock, 2 * FRESH_FOR_S)

    async def cut(_journal: Journal, _hall: HallId, _on: date, _seq: int, _head: str) -> tuple[list[Record], Position]:
        monkeypatch.undo()
        raise faults.StorageUnavailable("cut")

    monkeypatch.setattr(HookedJournal, "since", cut)
    with pytest.raises(StorageUnavailable):
        await lane.fresh()

    assert number in {ticket.number for ticket in (await lane.fresh()).tickets.values()}


def advance(clock: Clock, seconds: float) -> None:
    """Let time pass for a process."""
    assert isinstance(clock, FakeClock)
    clock.advance(seconds)
