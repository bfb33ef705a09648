"""Admission of walk-ins to the rest of the day: admitted, on standby, or refused because the hall is full.

Source: DESIGN 6, "Admission of a walk-in" and "Standby"; ALGORITHMS 3 and 4.5.
"""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from service.domain import commands
from service.domain.commands import (
    CallNext,
    CancelAppointment,
    ChangePlan,
    ChangeTicket,
    CloseDay,
    EndDay,
    EndOvertime,
    Finish,
    LeaveForAppointment,
    LeaveQueue,
    LiftSuspension,
    OpenOvertime,
    Returned,
    ReturnTicket,
    Suspend,
    SweepStandby,
)
from service.domain.events import AppointmentMade, Event, TicketAdmitted, TicketLeft, TicketTaken
from service.domain.hall.document import HallDocument
from service.domain.model import (
    Admission,
    Channel,
    CounterId,
    LeftReason,
    Outcome,
    Rule,
    ServiceId,
    StageId,
    TicketClass,
    TicketId,
    TicketState,
)
from service.domain.queue import dispatch
from service.domain.queue.arriving_work import show_probability
from service.domain.queue.promises import Promise, Promises
from service.domain.queue.todays_speed import todays_speed
from service.domain.refusals import HallFull, TicketNotFound, WrongState
from service.domain.view import NO_WAIT, ticket_view
from tests.domain.halls import DONE, Hall, called, reason_of, refold, town, values
from tests.domain.test_waits import enquiries

ADMITTED, STANDBY, OVERTIME = Admission.ADMITTED, Admission.STANDBY, Admission.OVERTIME


def one_counter(at: str = "16:00", **changes: Any) -> Hall:  # noqa: ANN401  (any part of the document)
    """Return a hall that closes at 17:00, with one counter where each visit takes three minutes."""
    hall = Hall(enquiries(cv=0, counters=1, **changes), at=at)
    hall.open("1")
    return hall


def fill(hall: Hall) -> tuple[list[TicketId], list[TicketId]]:
    """Take tickets until the hall is full; return the admitted and the standby tickets."""
    admitted: list[TicketId] = []
    standby: list[TicketId] = []
    for _ in range(200):
        command = hall.new_ticket()
        try:
            hall.do(command)
        except HallFull:
            return admitted, standby
        (standby if hall.ticket(command.ticket).admission is STANDBY else admitted).append(command.ticket)
    raise AssertionError("a hall is full some time")


def admissions(decided: list[Event]) -> list[TicketId]:
    """Return the tickets that a command's events admit from standby."""
    return [event.ticket for event in decided if isinstance(event, TicketAdmitted)]


def taken(decided: list[Event]) -> TicketTaken:
    return next(event for event in decided if isinstance(event, TicketTaken))


def test_people_are_admitted_then_stand_by_then_are_told_that_it_is_full() -> None:
    hall = one_counter()

    admitted, standby = fill(hall)

    # twenty visits of three minutes take an hour; the standard deviation of today's speed is 12 percent
    assert (len(admitted), len(standby)) == (19, 3)
    assert [hall.ticket(ticket).admission for ticket in standby] == [STANDBY] * 3


def test_the_event_tells_what_was_reckoned() -> None:
    hall = one_counter()
    for _ in range(18):
        hall.take()

    fit = taken(hall.do(hall.new_ticket())).fit

    assert fit is not None
    assert (fit.mean_s, fit.sd_s, fit.speed, fit.closes_at) == (3240, 389, 1.0, hall.instant("17:00"))
    assert fit.p == pytest.approx(0.823, abs=0.001)


def test_where_everybody_is_let_in_nothing_is_reckoned() -> None:
    hall = one_counter(admission="all")

    events = [taken(hall.do(hall.new_ticket())) for _ in range(40)]

    assert {(event.admission, event.fit) for event in events} == {(ADMITTED, None)}


def test_who_finds_it_full_is_told_the_next_starts_of_today() -> None:
    hall = one_counter("14:00")
    fill(hall)

    refused = hall.refuses(hall.new_ticket())

    assert isinstance(refused, HallFull)
    assert (refused.status, refused.code, refused.fields["overtime"]) == (409, "hall-full", None)
    starts = [slot["starts_at"] for slot in refused.fields["slots"]]
    assert starts == [f"2026-11-23T07:{minute:02d}:00.000Z" for minute in (0, 5, 10)]
    hall.book(at="15:00")
    assert [slot["starts_at"] for slot in hall.refuses(hall.new_ticket()).fields["slots"]] == [
        *starts[1:],
        after(starts),
    ]


def after(starts: list[str]) -> str:
    """Return the start five minutes after the last one."""
    return starts[-1].replace(":10:", ":15:")


def test_late_in_the_day_nothing_of_today_can_be_booked() -> None:
    hall = one_counter("16:40")
    fill(hall)

    assert hall.refuses(hall.new_ticket()).fields == {"slots": [], "overtime": None}


def test_who_leaves_lets_the_first_on_standby_in() -> None:
    hall = one_counter()
    admitted, standby = fill(hall)

    decided = hall.do(LeaveQueue(admitted[7]))

    assert admissions(decided) == standby[:1]
    let_in = decided[-1]
    assert isinstance(let_in, TicketAdmitted)
    assert let_in.fit is not None
    assert let_in.fit.p is not None
    assert let_in.fit.p >= 0.8
    ticket = hall.ticket(standby[0])
    assert (ticket.admission, ticket.ahead, ticket.promise) == (ADMITTED, 18, let_in.wait)
    assert dispatch.count_ahead(hall.day, ticket) == 18
    assert values(refold(hall)) == values(hall.day)


def test_no_more_are_let_in_than_fit() -> None:
    hall = one_counter()
    admitted, standby = fill(hall)
    for ticket in admitted[:2]:
        hall.do(LeaveQueue(ticket))

    assert [hall.ticket(ticket).admission for ticket in standby] == [ADMITTED, ADMITTED, STANDBY]


def test_nobody_comes_in_before_who_stands_by() -> None:
    hall = one_counter()
    _, standby = fill(hall)
    hall.do(LeaveQueue(standby[1]))

    late = hall.take()

    assert hall.ticket(late).admission is STANDBY
    assert hall.ticket(standby[0]).admission is STANDBY


def test_who_takes_a_number_when_there_is_room_again_comes_after_those_on_standby() -> None:
    hall = one_counter()
    admitted, standby = fill(hall)
    for ticket in admitted[:10]:  # people go home without notice; the test changes the tickets directly
        hall.call("1", ticket)
        hall.after(1).finish(ticket)

    decided = hall.do(hall.new_ticket())

    assert all(hall.ticket(ticket).admission is ADMITTED for ticket in standby)
    assert taken(decided).admission is ADMITTED


def test_time_alone_makes_room() -> None:
    hall = Hall(enquiries(mean=600, cv=0, counters=1), at="15:00")
    hall.open("1")
    for at in ("15:40", "16:00", "16:15", "16:35"):
        hall.book(at=at, staff=True)
    hall.at("15:58")
    _, standby = fill(hall)
    hall.next("1")

    decided = hall.after(590).do(SweepStandby())

    assert admissions(decided) == standby[:1], "who does not come leaves their time"
    assert hall.do(SweepStandby()) == []


def test_nobody_is_let_in_while_the_hall_is_suspended() -> None:
    hall = one_counter()
    admitted, _ = fill(hall)
    hall.do(Suspend({"en": "Fire alarm"}))
    for ticket in admitted[:3]:
        hall.day.store_ticket(replace(hall.ticket(ticket), state=TicketState.LEFT))

    assert hall.do(SweepStandby()) == []


@pytest.mark.parametrize("until", [None, "16:50"])
def test_what_gives_time_back_during_a_suspension_lets_nobody_in_until_it_is_over(until: str | None) -> None:
    hall = Hall(enquiries(cv=0, counters=2), at="16:00")
    hall.open("1", "2")
    admitted, standby = fill(hall)
    serving = [hall.serve(counter) for counter in "12"]
    hall.do(Suspend({"en": "Fire alarm"}, None if until is None else hall.instant(until)))

    during = [hall.after(60).do(commands.FinishTicket(ticket, DONE)) for ticket in serving]
    during += [hall.after(60).do(LeaveQueue(ticket)) for ticket in admitted[4:20]]

    assert [admissions(decided) for decided in during] == [[]] * 18
    hall.do(LiftSuspension())
    assert admissions(hall.after(1).do(SweepStandby())) == standby


def test_the_time_of_people_who_are_expected_is_theirs() -> None:
    free, booked = one_counter("15:00"), one_counter("15:00")
    for at in ("16:05", "16:10", "16:15", "16:20", "16:25", "16:30", "16:35", "16:40"):
        booked.book(at=at, staff=True)

    shows = show_probability(booked.day.plan.learned, booked.instant("16:20"), booked.now_at)
    with_room, with_bookings = len(fill(free)[0]), len(fill(booked)[0])

    assert with_room - 8 <= with_bookings <= with_room - 8 * shows * 0.9


def test_a_cancelled_appointment_lets_somebody_in() -> None:
    hall = one_counter("15:00")
    booked = [hall.book(at=f"16:{minute:02d}", staff=True) for minute in (5, 10, 15, 20)]
    _, standby = fill(hall)

    let_in = [admissions(hall.do(CancelAppointment(one))) for one in booked]

    found = [ticket for tickets in let_in for ticket in tickets]
    assert found
    assert found == standby[: len(found)]


def test_more_counters_let_people_in() -> None:
    hall = Hall(enquiries(cv=0, counters=2, staffing=ONE_PLANNED), at="16:00")
    hall.open("1")
    _, standby = fill(hall)

    decided = hall.do(commands.OpenCounter(CounterId("2")))

    assert admissions(decided) == standby


ONE_PLANNED = [{"weekdays": [1], "from": "09:00", "to": "17:00", "counters": 1}]


def test_an_idle_counter_calls_the_first_on_standby() -> None:
    hall = one_counter("16:40")
    admitted, standby = fill(hall)
    for ticket in admitted:
        hall.day.store_ticket(
            replace(hall.ticket(ticket), state=TicketState.LEFT)
        )  # directly, so that no standby ticket is admitted by it

    decided = hall.do(CallNext(CounterId("1")))

    assert called(decided) == standby[0]
    assert reason_of(decided).rule is Rule.STANDBY
    assert reason_of(decided).ahead_of == 0
    assert hall.ticket(standby[0]).admission is ADMITTED
    hall.do(commands.TransferTicket(standby[0]))
    assert next(dispatch.waiting_in_order(hall.day)).id == standby[0]


def test_a_counter_calls_who_is_in_the_order_before_anybody_on_standby() -> None:
    hall = one_counter()
    admitted, standby = fill(hall)

    order = [hall.next("1")]
    while (ticket := hall.after(180).next("1", DONE)) is not None:
        order.append(ticket)

    assert order == [*admitted, *standby]


def one_who_goes_on_from_standby() -> tuple[Hall, TicketId]:
    """Return a ticket called from standby to the pre-check: the call does not admit it, so it is on standby again."""
    looks = [
        {"id": name, "prefix": prefix, "stages": ["precheck"], "duration_s": {"mean": 1500}}
        for name, prefix in (("look", "L"), ("other", "M"))
    ]
    hall = Hall(
        town(
            services=looks,
            counters=[{"id": "P1", "zone": "main", "stage": "precheck", "services": ["look", "other"]}],
        ),
        at="16:00",
    )
    hall.open("P1")
    hall.do(hall.leasing())
    hall.take("look")
    hall.serve("P1")
    standby = hall.take("look", then=["other"])
    hall.at("16:25").next("P1", DONE)
    assert (hall.ticket(standby).state, hall.ticket(standby).admission) == (TicketState.CALLED, STANDBY)
    return hall, standby


def test_who_stands_by_goes_on_to_another_errand_after_those_in_the_order() -> None:
    hall, _ = one_who_goes_on_from_standby()
    hall.at("16:30").do(hall.reporting("Z001", "16:30", "other"))

    called_next = hall.next("P1", DONE)

    assert called_next is not None
    assert hall.ticket(called_next).number == "Z001"


def test_who_stands_by_goes_on_to_another_errand_rather_than_nobody() -> None:
    hall, standby = one_who_goes_on_from_standby()

    assert hall.at("16:30").next("P1", DONE) == standby
    assert hall.ticket(standby).service == "other"


def test_who_stands_by_goes_on_to_another_errand_before_those_who_came_later() -> None:
    hall, standby = one_who_goes_on_from_standby()
    hall.at("16:30").do(hall.reporting("Z001", "16:30", "other"))
    later = next(dispatch.waiting_in_order(hall.day))
    hall.day.store_ticket(replace(later, admission=STANDBY))

    assert hall.next("P1", DONE) == standby


def test_who_stands_by_may_ask_not_to_be_called_yet() -> None:
    hall = one_counter("16:40")
    _, standby = fill(hall)
    hall.do(ChangeTicket(standby[0], not_before_at=hall.now_at + timedelta(minutes=10)))
    order = [hall.next("1")]
    while (ticket := hall.after(1).next("1", DONE)) is not None:
        order.append(ticket)

    assert standby[0] not in order
    assert hall.after(600).next("1") == standby[0]


def full_windows() -> Hall:
    """Return a hall whose windows are full, with nobody waiting for the pre-check."""
    hall = Hall(town(), at="16:00")
    hall.open("1", "P1")
    while hall.ticket(hall.take("card")).admission is not STANDBY:
        assert hall.drawn < 100
    return hall


def test_the_last_stage_decides() -> None:
    hall = full_windows()

    event = taken(hall.do(hall.new_ticket("passport")))

    assert (event.stage, event.admission) == ("precheck", STANDBY)


def test_papers_are_looked_at_while_people_stand_by_for_the_window() -> None:
    hall = full_windows()
    standby = hall.take("passport")

    assert hall.next("P1") == standby
    assert hall.ticket(standby).admission is STANDBY, "an idle table for papers says nothing of the window"
    hall.after(300).finish(standby)
    ticket = hall.ticket(standby)
    assert (ticket.stage, ticket.state, ticket.admission) == ("window", TicketState.WAITING, STANDBY)
    assert standby in [ticket for _, ticket in hall.day.queue.standby]


def test_a_green_ticket_is_let_in() -> None:
    hall = one_counter()
    _, standby = fill(hall)

    decided = hall.do(ChangeTicket(standby[1], class_=TicketClass.GREEN, reason="urgent"))

    ticket = hall.ticket(standby[1])
    assert [type(event).__name__ for event in decided] == ["TicketAdmitted", "TicketReclassed"]
    assert (ticket.admission, ticket.class_, ticket.ahead) == (ADMITTED, TicketClass.GREEN, 0)
    assert hall.next("1") == standby[1]


def test_overtime_lets_people_in_and_says_so() -> None:
    hall = one_counter()
    _, standby = fill(hall)

    decided = hall.do(OpenOvertime(hall.instant("17:30"), 1))

    assert admissions(decided) == standby
    assert [hall.ticket(ticket).admission for ticket in standby] == [OVERTIME] * 3
    fit = taken(hall.do(hall.new_ticket())).fit
    assert fit is not None
    assert fit.closes_at == hall.instant("17:30")
    assert hall.ticket(TicketId(f"ticket-{hall.drawn:05d}")).admission is OVERTIME


def test_overtime_can_be_full_too() -> None:
    hall = one_counter()
    hall.do(OpenOvertime(hall.instant("17:30"), 1))
    admitted, standby = fill(hall)

    said = [hall.ticket(ticket).admission for ticket in admitted]

    assert said.index(OVERTIME) == 19, "who fits before closing needs no overtime"
    assert set(said[19:]) == {OVERTIME}
    assert standby
    refused = hall.refuses(hall.new_ticket())
    assert refused.fields["overtime"] == {"until_at": "2026-11-23T09:30:00.000Z", "counters": 1}


def test_who_was_let_in_by_overtime_stays_in() -> None:
    hall = one_counter()
    fill(hall)
    hall.do(OpenOvertime(hall.instant("18:00"), 1))
    late = hall.take()

    hall.do(EndOvertime())

    assert hall.ticket(late).admission is OVERTIME
    assert isinstance(hall.refuses(hall.new_ticket()), HallFull)


def test_a_hall_that_lets_everybody_in_lets_those_on_standby_in() -> None:
    hall = one_counter()
    _, standby = fill(hall)

    decided = hall.do(ChangePlan(hall.plan(enquiries(cv=0, counters=1, admission="all"))))

    assert admissions(decided) == standby
    assert {event.fit for event in decided if isinstance(event, TicketAdmitted)} == {None}


def test_where_nobody_knows_a_wait_people_stand_by() -> None:
    hall = Hall(town(counters=[{"id": "1", "zone": "main", "stage": "window", "services": ["enquiry"]}]))

    fit = taken(hall.do(hall.new_ticket("card"))).fit

    assert fit is not None
    assert (fit.p, fit.mean_s, fit.closes_at) == (None, None, hall.instant("17:00"))
    assert hall.ticket(TicketId("ticket-00001")).admission is STANDBY


def test_a_day_that_was_closed_by_its_document_lets_nobody_in() -> None:
    hall = one_counter()
    fill(hall)
    hall.do(OpenOvertime(hall.instant("17:30"), 1))
    _, standby = fill(hall)

    hall.do(ChangePlan(hall.plan(enquiries(cv=0, counters=1, hours=[]))))

    assert hall.do(SweepStandby()) == []
    assert {hall.ticket(ticket).admission for ticket in standby} == {STANDBY}


def test_a_right_to_return_is_a_right_to_come_in() -> None:
    hall = one_counter()
    fill(hall)
    returned = Returned(ticket=TicketId("t"), day=hall.on, service=ServiceId("enquiry"), outcome=Outcome.CONDITIONAL)

    hall.do(ReturnTicket(ticket=TicketId("back"), code="BACK0001", channel=Channel.KIOSK, returned=returned))

    assert hall.ticket(TicketId("back")).admission is ADMITTED


def test_who_stands_by_is_told_their_place_there_and_no_wait() -> None:
    hall = one_counter()
    _, standby = fill(hall)

    views = [ticket_view(hall.day, hall.ticket(ticket), hall.now_at) for ticket in standby]

    assert [view.ahead for view in views] == [0, 1, 2]
    assert [view.wait for view in views] == [NO_WAIT] * 3
    assert [hall.ticket(ticket).ahead for ticket in standby] == [0, 1, 2]
    assert hall.ticket(standby[0]).promise is None


def test_a_forecast_promises_nothing_to_who_stands_by() -> None:
    hall = one_counter()
    admitted, standby = fill(hall)
    told = Promise(60, 120, 600, 1200, None)
    hall.day.promises = Promises(
        day=hall.on,
        seq=hall.day.seq,
        made_at=hall.now_at,
        waits=dict.fromkeys((*admitted, *standby), told),
        newcomers={},
    )

    seen = [ticket_view(hall.day, hall.ticket(ticket), hall.now_at) for ticket in (admitted[-1], *standby)]

    assert seen[0].wait.p50_s == 600
    assert [one.wait for one in seen[1:]] == [NO_WAIT] * len(standby)
    assert [one.ahead for one in seen[1:]] == list(range(len(standby)))


@pytest.mark.parametrize("end", [CloseDay(), EndDay()])
def test_who_still_stands_by_at_the_end_leaves_unserved(end: CloseDay | EndDay) -> None:
    hall = one_counter()
    _, standby = fill(hall)

    decided = hall.do(end)

    assert {hall.ticket(ticket).left_reason for ticket in standby} == {LeftReason.UNSERVED}
    assert admissions(decided) == []
    assert not hall.day.queue.standby


def test_who_stands_by_books_and_leaves_in_one_command() -> None:
    hall = one_counter("15:00")
    _, standby = fill(hall)
    booking = replace(hall.booking(at="16:10", staff=True), ticket=standby[0], prechecked=True)

    decided = hall.do(booking)

    left, made = decided[:2]
    assert left == TicketLeft(ticket=standby[0], reason=LeftReason.BOOKED)
    assert isinstance(made, AppointmentMade)
    assert made.prechecked
    assert hall.ticket(standby[0]).state is TicketState.LEFT
    assert isinstance(hall.refuses(replace(hall.booking(at="16:15", staff=True), ticket=standby[0])), WrongState)


def test_only_who_stands_by_gives_a_number_up_for_an_appointment() -> None:
    hall = one_counter("15:00")
    admitted, standby = fill(hall)
    hall.call("1", standby[0])
    gone = standby[1]
    hall.do(LeaveForAppointment(gone))

    for ticket, said in ((admitted[0], "admitted"), (standby[0], "called"), (gone, "left")):
        refused = hall.refuses(LeaveForAppointment(ticket))
        assert isinstance(refused, WrongState)
        assert refused.fields == {"state": said}
        assert isinstance(hall.refuses(replace(hall.booking(at="16:15"), ticket=ticket)), WrongState)
    assert isinstance(hall.refuses(LeaveForAppointment(TicketId("nobody"))), TicketNotFound)
    assert hall.ticket(gone).left_reason is LeftReason.BOOKED


def test_a_finish_lets_somebody_in_and_the_answer_is_about_who_was_called() -> None:
    hall = one_counter()
    admitted, standby = fill(hall)
    hall.next("1")

    decided = hall.after(1).do(CallNext(CounterId("1"), DONE), "key-0001")

    assert called(decided) == admitted[1]
    assert admissions(decided) == standby[:1]
    done = hall.day.find_result("key-0001")
    assert done is not None
    assert done.last.ticket is not None
    assert done.last.ticket.id == admitted[1]


@given(
    counters=st.integers(1, 3),
    steps=st.lists(
        st.sampled_from(
            ["come", "come", "come", "next", "next", "leave", "cancel", "sweep", "wait", "check in", "park"]
        ),
        min_size=10,
        max_size=60,
    ),
    booked=st.integers(0, 12),
)
def test_on_any_afternoon_no_more_are_in_than_fit(  # noqa: C901, PLR0912  (a branch for each step)
    counters: int, steps: list[str], booked: int
) -> None:
    hall = Hall(enquiries(mean=300, cv=0.3, counters=counters), at="15:30")
    hall.open(*(str(n + 1) for n in range(counters)))
    made = []
    for n in range(booked):
        command = hall.booking(at=f"16:{5 * (n % 11):02d}", staff=True)
        try:
            hall.do(command)
        except Exception:  # noqa: BLE001, S112  (it is full there)
            continue
        made.append(command.appointment)
    for n, step in enumerate(steps):
        hall.after(30)
        waiting = [one.id for one in dispatch.waiting_in_order(hall.day)]
        decided: list[Event] = []
        if step == "come":
            for _ in range(6):
                decided += attempt(hall, hall.new_ticket())
        elif step == "next":
            counter = str(n % counters + 1)
            decided = attempt(hall, CallNext(CounterId(counter), Finish(Outcome.DONE)))
            if called(decided) and reason_of(decided).rule is Rule.STANDBY:
                assert not waiting, "nobody on standby is called before who is in the order"
        elif step == "leave" and waiting:
            decided = attempt(hall, LeaveQueue(waiting[n % len(waiting)]))
        elif step == "park" and waiting:
            decided = attempt(hall, commands.ParkTicket(waiting[0]))
        elif step == "cancel" and made:
            decided = attempt(hall, CancelAppointment(made.pop()))
        elif step == "check in" and made:
            decided = attempt(hall, hall.checking_in(made.pop(0)))
        elif step == "sweep":
            decided = attempt(hall, SweepStandby())
        else:
            hall.after(200)
        if any(isinstance(event, TicketAdmitted) or is_admission(event) for event in decided):
            left_s = (hall.instant("17:00") - hall.now_at).total_seconds()
            assert start_of_last_s(hall, counters) < left_s + HALF_A_SERVICE_S
    hall.day.advance_to(hall.now_at)
    assert values(refold(hall)) == values(hall.day)


HALF_A_SERVICE_S = 150
"""Tolerance of the count by hand, which assumes that each visit at a counter is half done."""


def is_admission(event: Event) -> bool:
    return isinstance(event, TicketTaken) and event.fit is not None and event.admission is ADMITTED


def attempt(hall: Hall, command: commands.Command) -> list[Event]:
    try:
        return hall.do(command)
    except Exception:  # noqa: BLE001  (refused: then nothing happened)
        return []


def start_of_last_s(hall: Hall, counters: int) -> float:
    """Return when a counter is free for the last admitted ticket, after all others are served at today's speed.

    Counted by hand with a list of the times when each counter is free: each piece of work goes to the first free
    counter. Expected people count with the probability that they come.
    """
    day = hall.day
    mean_s = 300.0 * todays_speed(day, StageId("window"))[0]
    free = sorted(0.0 if day.counters[CounterId(str(n + 1))].ticket is None else mean_s / 2 for n in range(counters))
    come = [(0.0, mean_s) for _ in dispatch.waiting_in_order(day)][1:]
    for slot_at, visits in day.appointment_index.expected.items():
        shows = show_probability(day.plan.learned, slot_at, hall.now_at)
        at_s = max(0.0, (slot_at - hall.now_at).total_seconds() - day.plan.rules.early_s)
        come += [(at_s, mean_s * shows)] * sum(visits.values())
    for at_s, lasts_s in sorted(come):
        if free[0] < at_s:
            break
        free = sorted([free[0] + lasts_s, *free[1:]])
    return free[0]


def test_the_document_says_whether_walk_ins_must_fit() -> None:
    assert isinstance(town(admission="fit"), HallDocument)
    assert town().admission == "fit"
