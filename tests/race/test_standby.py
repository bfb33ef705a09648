"""Standby in two processes: a ticket is called or booked but not both, and admissions are those of one process."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from service.clock import FakeClock
from service.domain import commands, events
from service.domain.decide import tickets
from service.domain.hall.demo import DEMO, demo_document
from service.domain.hall.document import HallDocument
from service.domain.model import Admission, LeftReason, TicketId, TicketState
from service.domain.refusals import HallFull, WrongState
from service.errors import Fault
from service.runtime.requests import Answer
from tests.api.checked import at
from tests.race.bookings import booking, moves, one_place, same_story
from tests.race.process import DAY, NEXT_DAY, Process, kinds_in, new_ticket, rows_of


def a_hall() -> HallDocument:
    """Return the document of the demo hall, closing at 17:30, with one place each half hour."""
    return replace(demo_document(always_open=False), booking=one_place().booking)


async def late(*processes: Process) -> None:
    """Store the document, set the time to 17:00, and open one counter."""
    await processes[0].replace(a_hall())
    for process in processes:
        await process.halls.read(DEMO)
        put(process, "17:00")
    await processes[0].open("1")
    await processes[0].followed()


def put(process: Process, local: str) -> None:
    assert isinstance(process.clock, FakeClock)
    process.clock.put(at(local))


async def fill(process: Process) -> dict[Admission, list[TicketId]]:
    """Take tickets until the hall is full."""
    found: dict[Admission, list[TicketId]] = {admission: [] for admission in Admission}
    while True:
        command = new_ticket()
        try:
            answer = await process.do(command)
        except HallFull:
            return found
        assert answer.done is not None
        assert answer.done.last.ticket is not None
        found[answer.done.last.ticket.admission].append(command.ticket)


async def standing_by(one: Process, other: Process) -> list[TicketId]:
    """Return the standby tickets when all other tickets have left and no ticket is admitted any more."""
    await late(one, other)
    found = await fill(one)
    for process in (one, other):
        put(process, "17:31")
    for ticket in found[Admission.ADMITTED]:
        await one.do(commands.LeaveQueue(ticket))
    await other.lanes.day(DEMO, now=True)
    return found[Admission.STANDBY]


async def book(process: Process, ticket: TicketId) -> Answer:
    """Book tomorrow for a standby ticket of today."""
    request = process.request(replace(booking(NEXT_DAY), ticket=ticket))
    return await moves(process).book(DEMO, DAY, NEXT_DAY, request)


async def test_who_was_called_elsewhere_is_not_booked_away(one: Process, other: Process, dsn: str) -> None:
    standby = await standing_by(one, other)

    async def call() -> None:
        assert await one.next("1") == standby[0]

    other.journal.first["lock_days"] = call

    with pytest.raises(WrongState):
        await book(other, standby[0])

    assert "appointment_made" not in await kinds_in(dsn, NEXT_DAY)
    day = await same_story(other, DAY)
    assert day.tickets[standby[0]].state is TicketState.CALLED
    await same_story(one, DAY)


async def test_without_the_guard_the_person_is_called_and_gone(
    one: Process, other: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    standby = await standing_by(one, other)

    def unguarded(_day: Any, ticket: TicketId) -> list[events.Event]:  # noqa: ANN401  (unused)
        return [events.TicketLeft(ticket=ticket, reason=LeftReason.BOOKED)]

    monkeypatch.setattr(tickets, "leave_standby", unguarded)

    async def call() -> None:
        assert await one.next("1") == standby[0]

    other.journal.first["lock_days"] = call
    with pytest.raises(Fault):  # a constraint rejects it: a ticket at a counter has not left
        await book(other, standby[0])


async def test_who_has_booked_elsewhere_is_not_called(one: Process, other: Process, dsn: str) -> None:
    standby = await standing_by(one, other)

    async def away() -> None:
        await book(other, standby[0])

    one.journal.first["append"] = away

    assert await one.next("1") == standby[1]

    assert (await kinds_in(dsn, NEXT_DAY))[-1] == "appointment_made"
    day = await same_story(one, DAY)
    assert day.tickets[standby[0]].state is TicketState.LEFT
    rows = await rows_of(dsn, "SELECT left_reason FROM tickets WHERE id = $1", standby[0])
    assert [row[0] for row in rows] == ["booked"]


async def test_two_processes_let_in_as_many_as_one(one: Process, other: Process) -> None:
    await late(one, other)
    found = await asyncio.gather(fill(one), fill(other))

    assert sum(len(one_[Admission.ADMITTED]) for one_ in found) == ADMITTED
    assert sum(len(one_[Admission.STANDBY]) for one_ in found) == STANDBY
    day = await same_story(one, DAY)
    await same_story(other, DAY)
    first_on_standby = min(n for n, _ in day.queue.standby)
    admitted = [one_.n for one_ in day.tickets.values() if one_.admission is Admission.ADMITTED]
    assert max(admitted) < first_on_standby


ADMITTED, STANDBY = 9, 3
"""Tickets of three minutes that are admitted in half an hour with one counter, and those on standby."""


async def test_admissions_of_one_process_are_followed_by_the_other(one: Process, other: Process) -> None:
    await late(one, other)
    found = await fill(one)

    await other.do(commands.LeaveQueue(found[Admission.ADMITTED][0]))

    day = await one.lanes.day(DEMO, now=True)
    assert day.tickets[found[Admission.STANDBY][0]].admission is Admission.ADMITTED
    assert [ticket for _, ticket in day.queue.standby] == found[Admission.STANDBY][1:]
    await same_story(one, DAY)
    await same_story(other, DAY)
