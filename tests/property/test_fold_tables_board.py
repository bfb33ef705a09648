"""Whatever a hall lives through: the fold of its journal is its tables and its board."""

import itertools
import json
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from websockets.asyncio.client import connect

from display.board import board_of
from display.socket_target import BOARD
from service.clock import Clock
from service.domain import commands
from service.domain.booking.booking_totals import BookingTotals
from service.domain.booking.slots import slots_of
from service.domain.commands import Command, Finish
from service.domain.day import Day
from service.domain.evolve.evolve import evolve
from service.domain.hall.demo import demo_document
from service.domain.hall.document import Duration, HallDocument
from service.domain.model import (
    AppointmentId,
    Channel,
    CounterId,
    HallId,
    Notice,
    Outcome,
    PapersThen,
    ServiceId,
    StageId,
    TicketClass,
    TicketId,
)
from service.domain.refusals import Refusal
from service.journal.journal import Journal
from service.journal.verify import Verifier
from service.primitives.ids import APPOINTMENT_CODE_STARTS, new_code, new_id
from service.runtime.requests import Request
from tests.service import Service

COUNTERS = [CounterId(name) for name in ("1", "2", "P1")]
SERVICES = [ServiceId("loan-first"), ServiceId("enquiry")]
OUTCOMES = [Finish(Outcome.DONE), Finish(Outcome.REFERRED), Finish(Outcome.CONDITIONAL, ("signature",))]


@pytest.fixture
def clock() -> Clock:
    """The real clock: the screens' pace is part of this."""
    return Clock()


BOOKINGS = [(22, first, second) for first, second in ((1, 0), (2, 3), (3, 5), (4, 7))]
"""Every day begins with a hold, two appointments of people, and one of a partner's guest."""

halls = itertools.count(1)
step = st.tuples(st.integers(0, 37), st.integers(0, 40), st.integers(0, 8))


def command_for(day: Day, kind: int, first: int, second: int) -> Command:
    """A command made of three numbers: more often than not one that the day allows."""
    counter = COUNTERS[first % len(COUNTERS)]
    tickets = list(day.tickets) or [TicketId(new_id())]
    ticket = tickets[-1 - first % len(tickets)]
    service = SERVICES[second % 2]
    finish = OUTCOMES[second % 3]
    makers: list[Callable[[], Command]] = [
        lambda: commands.CallNext(counter, finish if second % 2 else None),
        lambda: commands.OpenCounter(counter),
        lambda: commands.FinishTicket(ticket, finish),
        lambda: commands.StartTicket(ticket),
        lambda: commands.RecallTicket(ticket),
        lambda: commands.MarkNoShow(ticket),
        lambda: commands.ParkTicket(ticket, "paper-missing"),
        lambda: commands.ResumeTicket(ticket),
        lambda: commands.TransferTicket(ticket, service, None, None),
        lambda: commands.UndoTicket(ticket, release=bool(second % 2)),
        lambda: commands.LeaveQueue(ticket),
        lambda: commands.CallTicket(counter, ticket, "urgent"),
        lambda: commands.ChangeTicket(ticket, class_=TicketClass.GREEN, reason="urgent"),
        lambda: commands.PauseCounter(counter, "break", None, release=bool(second % 2)),
        lambda: commands.CloseCounter(counter, release=bool(second % 2)),
        lambda: commands.PostNotice(Notice(new_id(), {"en": "Have your papers ready."})),
        lambda: commands.OpenCounter(counter, (service,), StageId("window")),
        lambda: commands.CallNext(counter, finish),
        lambda: commands.CheckPapers(ticket, ("signature",) if second % 2 else (), list(PapersThen)[second % 3]),
        lambda: commands.CheckPapers(ticket, (), PapersThen.ADVANCE),
        lambda: commands.RaiseAlarm(new_id(), counter),
        lambda: commands.OpenOvertime(day.plan.ends_at),
        *makers_of_appointments(day, first, second),
    ]
    if kind >= len(makers):
        return commands.TakeTicket(
            ticket=TicketId(new_id()),
            code=new_code(),
            service=service,
            channel=Channel.KIOSK,
            count=1 + second % 3,
            then=(SERVICES[1],) if second == 0 else (),
        )
    return makers[kind]()


def makers_of_appointments(day: Day, first: int, second: int) -> list[Callable[[], Command]]:
    """Commands about appointments; half of them are for people who are known."""
    starts = slots_of(day.regular_plan, day.booking_totals, SERVICES[second % 2], 1, day.at, staff=True).all()
    starts_at = starts[first % 12].starts_at if len(starts) > first % 12 else day.plan.ends_at
    tickets = list(day.tickets) or [TicketId(new_id())]
    known = list(day.appointments) or [AppointmentId(new_id())]
    appointment = known[-1 - first % len(known)]
    person = f"person {second % 4}" if second % 2 else None
    booking = commands.BookAppointment(
        appointment=AppointmentId(new_id()),
        code=new_code(APPOINTMENT_CODE_STARTS),
        service=SERVICES[second % 2],
        starts_at=starts_at,
        channel=Channel.WEB,
        hold=second == 0,
        person=person,
        invitation=commands.Invited(id=new_id(), partner="school", prechecked=True) if second > 6 else None,
        staff=True,
    )
    return [
        lambda: booking,
        lambda: booking,
        lambda: commands.ChangeAppointment(appointment=appointment, starts_at=starts_at, person=person, staff=True),
        lambda: commands.ChangeAppointment(appointment=appointment, confirm=True, count=1 + second % 3),
        lambda: commands.CancelAppointment(appointment),
        lambda: commands.CheckIn(
            appointment=appointment, ticket=TicketId(new_id()), code=new_code(), channel=Channel.KIOSK
        ),
        commands.SweepAppointments,
        commands.SweepStandby,
        lambda: commands.LeaveForAppointment(tickets[-1 - first % len(tickets)]),
    ]


@settings(
    max_examples=settings.default.max_examples // 7,  # type: ignore[union-attr]  # a database for each
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(step, min_size=15, max_size=60), slow=st.booleans())
async def test_the_fold_of_the_journal_is_the_tables_and_the_board(
    service: Service,
    clock: Clock,
    steps: list[tuple[int, int, int]],
    slow: bool,  # noqa: FBT001  (a kind of day)
) -> None:
    running = service.running
    hall = HallId(f"hall-{next(halls)}")
    await running.halls.create_if_absent(hall, slow_hall() if slow else demo_document(always_open=True))
    committed = await running.lanes.day(hall)

    async with connect(f"{service.sockets}/v1/halls/{hall}/board", subprotocols=[BOARD]) as screen:
        for kind, first, second in [*BOOKINGS, *steps]:
            command = command_for(committed, kind, first, second)
            try:
                await running.lanes.do(
                    hall, Request(command=command, command_id=new_id(), actor="test", now_at=clock.now_at())
                )
            except Refusal:
                continue
        frame = shown = json.loads(await screen.recv())
        while frame["seq"] < committed.seq:
            frame = json.loads(await screen.recv())
            if frame["type"] == "board":  # else it says that the board shown is still true
                shown = frame

    refolded = await fold(Journal(running.database), hall, committed)
    assert refolded.tickets == committed.tickets
    assert refolded.counters == committed.counters
    assert refolded.queue.standby == committed.queue.standby
    assert refolded.appointments == committed.appointments
    assert (
        refolded.booking_totals
        == committed.booking_totals
        == BookingTotals.of(committed.regular_plan, committed.appointments.values())
    )
    assert [str(one) async for one in Verifier(running.database).differences_of(hall, committed.on)] == []
    expected = json.loads(msgspec.json.encode(board_of(refolded, None, clock.now_at())))
    assert shown["called"] == expected["called"]
    assert shown["counters"] == expected["counters"]
    assert shown["standby"] == expected["standby"]
    assert [one["count"] for one in shown["waiting"]] == [one["count"] for one in expected["waiting"]]


def slow_hall() -> HallDocument:
    """A hall where everything takes so long that few fit into the day: some stand by, others are told it is full."""
    document = demo_document(always_open=True)
    slow = [replace(service, duration_s=Duration(mean=7200, cv=0.6)) for service in document.services]
    return replace(document, services=slow, admission="fit")


async def fold(journal: Journal, hall: HallId, committed: Day) -> Day:
    """The day made anew from its journal."""
    position = await journal.position(hall, committed.on)
    assert position is not None
    assert position.seq == committed.seq
    day = Day(hall, committed.on)
    async for records in journal.load(hall, committed.on, position):
        for record in records:
            evolve(day, record)
    day.advance_to(committed.at)
    return day
