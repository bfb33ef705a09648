"""Numbers of kiosks in two processes: none is issued twice, in any order of the reports."""

import asyncio
from datetime import timedelta

from service.domain import commands
from service.domain.commands import Command
from service.domain.events import NumbersLeased
from service.domain.hall.demo import DEMO
from service.domain.model import ServiceId, Slip, TicketId
from service.domain.refusals import Refusal
from service.primitives.ids import new_code, new_id
from service.runtime.requests import Answer
from tests.race.process import DAY, WITHIN_S, Blind, Process, numbers_in, one_story, process_on, rows_of

KIOSK = "0198c0de-0000-7000-8000-000000000001"
ANOTHER = "0198c0de-0000-7000-8000-000000000002"


def leasing(device: str, count: int = 10) -> Command:
    return commands.LeaseNumbers(device, tuple(Slip(TicketId(new_id()), new_code()) for _ in range(count)))


async def do(process: Process, command: Command) -> Answer | Refusal:
    try:
        return await process.lanes.do(DEMO, process.request(command, None))
    except Refusal as refusal:
        return refusal


async def leased(process: Process, device: str) -> NumbersLeased:
    answer = await do(process, leasing(device))
    assert isinstance(answer, Answer)
    assert answer.done is not None
    event = answer.done.parts[0].event
    assert isinstance(event, NumbersLeased)
    return event


def reports(process: Process, event: NumbersLeased) -> list[Command]:
    """Return the reports of the kiosk, in order."""
    return [
        commands.ReportTicket(
            device=event.device,
            number=f"{event.prefix}{number:03d}",
            code=slip.code,
            service=ServiceId("enquiry"),
            issued_at=process.clock.now_at() - timedelta(seconds=30),
        )
        for number, slip in enumerate(event.slips, event.first)
    ]


async def report(process: Process, told: list[Command]) -> list[Answer | Refusal]:
    return [await do(process, command) for command in told]


async def test_a_report_to_two_processes_at_once_gives_each_number_once(one: Process, other: Process, dsn: str) -> None:
    event = await leased(one, KIOSK)
    await other.lane()
    told = reports(one, event)
    start = asyncio.Barrier(2)  # both decide at the same position, so one of them loses the race
    one.journal.first["append"] = other.journal.first["append"] = start.wait

    async with asyncio.timeout(WITHIN_S):
        first, second = await asyncio.gather(report(one, told), report(other, told))

    assert all(isinstance(answer, Answer) for answer in (*first, *second))
    assert one.heard.races + other.heard.races > 0
    rows = await rows_of(dsn, "SELECT number FROM tickets WHERE day = $1 ORDER BY n", DAY)
    assert [row["number"] for row in rows] == [f"Z{number:03d}" for number in range(1, 11)]
    await one_story([one, other])


async def test_without_comparing_the_position_a_report_made_twice_is_done_twice(dsn: str) -> None:
    async with process_on(dsn, journal=Blind) as one, process_on(dsn) as other:
        told = reports(one, await leased(one, KIOSK))
        await other.lane()
        one.journal.first["append"] = lambda: do(other, told[0])

        await do(one, told[0])

    assert await numbers_in(dsn) == ["Z001", "Z001"]


async def test_two_kiosks_that_lease_at_once_have_different_letters(one: Process, other: Process) -> None:
    await one.lane()
    await other.lane()
    start = asyncio.Barrier(2)
    one.journal.first["append"] = other.journal.first["append"] = start.wait

    async with asyncio.timeout(WITHIN_S):
        events = await asyncio.gather(leased(one, KIOSK), leased(other, ANOTHER))

    assert {event.prefix for event in events} == {"Z", "Y"}


async def test_without_comparing_the_position_two_kiosks_that_lease_at_once_have_one_letter(dsn: str) -> None:
    async with process_on(dsn, journal=Blind) as one, process_on(dsn) as other:
        await one.lane()
        await other.lane()
        one.journal.first["append"] = lambda: leased(other, ANOTHER)

        await leased(one, KIOSK)

    rows = await rows_of(dsn, "SELECT body->>'prefix' FROM events WHERE kind = 'numbers_leased' ORDER BY seq")
    assert [row[0] for row in rows] == ["Z", "Z"]
