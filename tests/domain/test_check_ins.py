"""People who come with a code: check-in, credit, early arrival, return, and invitations at the door."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from service.domain import commands, events
from service.domain.commands import Invited, Returned
from service.domain.forecast.wait_quantiles import forecast
from service.domain.model import (
    AppointmentId,
    AppointmentState,
    Channel,
    CounterId,
    LeftReason,
    Outcome,
    PapersThen,
    Rule,
    ServiceId,
    TicketClass,
    TicketId,
)
from service.domain.queue import dispatch
from service.domain.refusals import (
    AppointmentMissed,
    AppointmentNotFound,
    BodyInvalid,
    CodeUsed,
    HallClosed,
    HallSuspended,
    HoldExpired,
    ServiceNotFound,
    TooEarly,
    WrongDay,
    WrongState,
)
from service.domain.view import ticket_view
from tests.domain.halls import DONE, MONDAY, Hall, called, reason_of, refold, town, values
from tests.domain.test_day_end import no_enquiries


def booked(at: str = "11:00", service: str = "enquiry", **rules: int) -> tuple[Hall, AppointmentId]:
    """Return a hall on the evening before, with an appointment."""
    hall = Hall(town(rules=rules), at="-06:00")
    return hall, hall.book(service, at)


# Check-in.


def test_who_checks_in_has_a_ticket_of_their_appointment() -> None:
    hall, appointment = booked("11:00", "passport")
    hall.do(commands.ChangeAppointment(appointment=appointment, count=2))
    command = hall.at("10:50").checking_in(appointment)

    checked_in, taken = hall.do(command)

    assert checked_in == events.AppointmentCheckedIn(appointment=appointment, ticket=command.ticket)
    assert isinstance(taken, events.TicketTaken)
    ticket = hall.ticket(command.ticket)
    assert (ticket.class_, ticket.first_class, ticket.count) == (TicketClass.APPOINTMENT, TicketClass.APPOINTMENT, 2)
    assert (ticket.number, ticket.stage, ticket.service) == ("P001", "precheck", "passport")
    assert (ticket.appointment, ticket.slot_at) == (appointment, hall.instant("11:00"))
    assert ticket.applicant == hall.appointment(appointment).applicant
    assert ticket.reference_at == hall.instant("11:00")
    assert ticket.queue_at == hall.instant("10:00")
    assert hall.appointment(appointment).state is AppointmentState.CHECKED_IN
    assert hall.appointment(appointment).ticket == command.ticket
    assert ticket_view(hall.day, ticket, hall.now_at).appointment == appointment


def test_check_in_opens_an_hour_before_the_slot() -> None:
    hall, appointment = booked("11:00")

    refusal = hall.at("09:59:59").refuses(hall.checking_in(appointment))

    assert isinstance(refusal, TooEarly)
    assert refusal.fields == {"opens_at": "2026-11-23T02:00:00.000Z"}
    hall.at("10:00").check_in(appointment)


def test_check_in_opens_with_the_doors() -> None:
    hall, appointment = booked("09:10")

    refusal = hall.at("08:29").refuses(hall.checking_in(appointment))

    assert isinstance(refusal, TooEarly)
    assert refusal.fields == {"opens_at": "2026-11-23T00:30:00.000Z"}
    hall.at("08:30").check_in(appointment)


def test_late_by_ten_minutes_is_in_time_and_later_is_without_credit() -> None:
    hall, in_time = booked("11:00")
    late = hall.book("enquiry", "11:00")
    hall.at("11:10")

    one = hall.check_in(in_time)
    other = hall.after(1).check_in(late)

    assert hall.ticket(one).queue_at == hall.instant("10:10")
    assert hall.ticket(other).queue_at == hall.instant("11:10:01")
    assert hall.ticket(other).class_ is TicketClass.APPOINTMENT


def test_a_grace_of_the_halls_own() -> None:
    hall, appointment = booked("11:00", grace_s=60)

    ticket = hall.at("11:02").check_in(appointment)

    assert hall.ticket(ticket).queue_at == hall.instant("11:02")


def test_half_an_hour_after_the_slot_it_is_missed() -> None:
    hall, appointment = booked("11:00")
    late = hall.book("enquiry", "11:05")

    assert isinstance(hall.at("11:30").refuses(hall.checking_in(appointment)), AppointmentMissed)
    hall.do(commands.SweepAppointments())
    assert isinstance(hall.refuses(hall.checking_in(appointment)), AppointmentMissed)
    hall.check_in(late)


def test_who_has_checked_in_has_used_the_code() -> None:
    hall, appointment = booked("11:00")
    hall.at("10:30").check_in(appointment)

    assert isinstance(hall.refuses(hall.checking_in(appointment)), CodeUsed)


def test_what_is_not_booked_cannot_be_checked_in() -> None:
    hall, cancelled = booked("11:00")
    hall.do(commands.CancelAppointment(cancelled))
    hall.at("10:30")
    held = hall.book("enquiry", "12:00", hold=True)

    refusal = hall.refuses(hall.checking_in(cancelled))
    assert isinstance(refusal, WrongState)
    assert refusal.fields == {"state": "cancelled"}
    assert isinstance(hall.refuses(hall.checking_in(held)), WrongState)
    assert isinstance(hall.after(600).refuses(hall.checking_in(held)), HoldExpired)
    assert isinstance(hall.refuses(hall.checking_in(AppointmentId("nobody's"))), AppointmentNotFound)


def test_an_appointment_of_another_day_says_of_which() -> None:
    hall, appointment = booked("11:00")

    refusal = hall.refuses(hall.checking_in(appointment))

    assert isinstance(refusal, WrongDay)
    assert refusal.fields == {"on": "2026-11-23"}


def test_nobody_checks_in_while_the_hall_is_suspended_or_closed() -> None:
    hall, appointment = booked("11:00")
    hall.at("10:30").do(commands.Suspend({"en": "Fire alarm"}))
    assert isinstance(hall.refuses(hall.checking_in(appointment)), HallSuspended)
    hall.do(commands.LiftSuspension())
    hall.do(commands.CloseDay())

    assert isinstance(hall.refuses(hall.checking_in(appointment)), HallClosed)


@pytest.mark.parametrize("until", [None, "11:25"])
def test_nobody_is_late_while_the_hall_is_suspended(until: str | None) -> None:
    hall, appointment = booked("11:00")
    hall.at("10:50").do(commands.Suspend({"en": "Fire alarm"}, None if until is None else hall.instant(until)))
    hall.at("11:25")
    if until is None:
        hall.do(commands.LiftSuspension())
    hall.at("11:33").do(commands.SweepAppointments())

    ticket = hall.check_in(appointment)

    assert hall.ticket(ticket).queue_at == hall.instant("10:33"), "with the full credit: eight minutes late"
    assert values(refold(hall)) == values(hall.day)


def test_who_is_late_beside_a_suspension_is_late() -> None:
    hall, appointment = booked("11:00")
    hall.at("11:05").do(commands.Suspend({"en": "Fire alarm"}))
    hall.at("11:10").do(commands.LiftSuspension())

    late = hall.at("11:16").check_in(appointment)

    assert hall.ticket(late).queue_at == hall.instant("11:16"), "eleven minutes without the alarm"
    other, missed = booked("11:00")
    other.at("11:05").do(commands.Suspend({"en": "Fire alarm"}))
    other.at("11:10").do(commands.LiftSuspension())
    assert isinstance(other.at("11:35").refuses(other.checking_in(missed)), AppointmentMissed)


def test_prechecked_people_begin_behind_the_precheck() -> None:
    hall = Hall(at="-06:00")
    invited = Invited(id="i1", partner="school-1", prechecked=True)
    appointment = hall.book("passport", "11:00", invitation=invited)

    ticket = hall.at("10:30").check_in(appointment)

    assert hall.ticket(ticket).stage == "window"
    assert hall.ticket(ticket).prechecked


def test_a_class_changed_and_changed_back_has_its_queue_time_again() -> None:
    hall, appointment = booked("11:00")
    late = hall.book("enquiry", "10:30")
    tickets = [hall.at("10:45").check_in(one) for one in (appointment, late)]
    before = [hall.ticket(ticket).queue_at for ticket in tickets]

    for class_ in (TicketClass.GREEN, TicketClass.APPOINTMENT):
        for ticket in tickets:
            hall.do(commands.ChangeTicket(ticket, class_=class_, reason="urgent"))
        if class_ is TicketClass.GREEN:
            assert [hall.ticket(ticket).queue_at for ticket in tickets] == [hall.instant("09:15")] * 2, (
                "who is urgent is reckoned from the check-in, whatever time was booked"
            )

    assert [hall.ticket(ticket).queue_at for ticket in tickets] == before
    assert before == [hall.instant("10:00"), hall.instant("10:45")]


# Early.


def test_who_comes_early_is_due_five_minutes_before_the_slot() -> None:
    hall, appointment = booked("11:00")
    hall.at("10:30").open("1")
    early = hall.check_in(appointment)
    walk_in, later = hall.take(), hall.take()
    assert [ticket.id for ticket in dispatch.waiting_in_order(hall.day)] == [early, walk_in, later]

    assert hall.next("1") == walk_in
    assert hall.at("10:55").next("1", DONE) == early


def test_an_idle_counter_takes_who_came_early_rather_than_nobody() -> None:
    hall, appointment = booked("11:00")
    sooner = hall.book("enquiry", "10:45")
    hall.at("10:30").open("1", "4")
    tickets = [hall.check_in(one) for one in (appointment, sooner)]

    decided = hall.do(commands.CallNext(CounterId("1")))

    reason = reason_of(decided)
    assert hall.counter("1").ticket == tickets[1]
    assert (reason.rule, reason.credit_s, reason.ahead_of) == (Rule.EARLY, 3600, 0)
    assert hall.next("4") == tickets[0]
    assert hall.next("1", DONE) is None


def test_an_idle_counter_takes_only_whom_it_serves() -> None:
    hall, _ = booked("11:00")
    card = hall.book("card", "11:00")
    hall.at("10:30").open("4")
    hall.check_in(card)

    assert hall.next("4") is None


def two_stages() -> tuple[Hall, TicketId, list[TicketId]]:
    """Return a hall where a person comes an hour early and is called to the pre-check; others come later."""
    hall = Hall(at="-12:00")
    appointment = hall.book("passport", "11:00")
    hall.at("10:01").open("P1", "1")
    early = hall.check_in(appointment)
    assert hall.next("P1") == early
    walk_ins = [hall.after(60).take("passport") for _ in range(3)]
    return hall, early, walk_ins


def test_who_comes_early_is_not_before_others_at_the_next_stage_either() -> None:
    hall, early, walk_ins = two_stages()
    for ticket in walk_ins:
        assert hall.next("P1", DONE) == ticket
    hall.finish(walk_ins[-1])

    assert [hall.next("1", DONE) for _ in walk_ins] == walk_ins
    decided = hall.do(commands.CallNext(CounterId("1"), DONE))

    assert called(decided) == early
    assert reason_of(decided).rule is Rule.EARLY, "rather than nobody"


def test_at_the_next_stage_the_credit_counts_from_five_minutes_before_the_slot() -> None:
    hall, early, walk_ins = two_stages()
    for _ in walk_ins:
        hall.next("P1", DONE)
    assert hall.ticket(early).queue_at == hall.instant("10:00")

    assert hall.at("10:54:59").next("1") == walk_ins[0]
    decided = hall.at("10:55").do(commands.CallNext(CounterId("1"), DONE))

    assert called(decided) == early
    assert reason_of(decided).rule is Rule.CREDIT
    assert values(refold(hall)) == values(hall.day)


@pytest.mark.parametrize(
    "moving",
    [
        [commands.TransferTicket(TicketId("ticket-00002"))],
        [commands.TransferTicket(TicketId("ticket-00002"), service=ServiceId("passport"))],
        [commands.TransferTicket(TicketId("ticket-00002"), counter=CounterId("1"))],
        [commands.ParkTicket(TicketId("ticket-00002")), commands.ResumeTicket(TicketId("ticket-00002"))],
        [commands.MarkNoShow(TicketId("ticket-00002")), commands.ResumeTicket(TicketId("ticket-00002"))],
        [commands.PauseCounter(CounterId("1"), release=True), commands.OpenCounter(CounterId("1"))],
    ],
)
def test_who_was_called_early_and_waits_again_is_due_at_their_time(moving: list[commands.Command]) -> None:
    hall, appointment = booked("11:00")
    hall.at("10:30").open("1")
    early = hall.check_in(appointment)
    assert hall.next("1") == early
    queue_at = hall.ticket(early).queue_at
    walk_in = hall.after(60).take()

    for command in moving:
        hall.do(command)

    assert hall.next("1") == walk_in
    assert hall.at("10:55").next("1", DONE) == early
    resumed = any(isinstance(command, commands.ResumeTicket) for command in moving)
    assert (hall.ticket(early).queue_at == queue_at) is not resumed


def test_who_was_called_early_and_waits_again_is_called_again_rather_than_nobody() -> None:
    hall, appointment = booked("11:00")
    hall.at("10:30").open("1")
    early = hall.check_in(appointment)
    assert hall.next("1") == early

    hall.do(commands.TransferTicket(early))

    decided = hall.do(commands.CallNext(CounterId("1")))
    assert (called(decided), reason_of(decided).rule) == (early, Rule.EARLY)


def test_nobody_is_called_before_the_time_they_asked_for() -> None:
    hall, appointment = booked("11:00")
    hall.at("10:30").open("1")
    ticket = hall.check_in(appointment)
    hall.do(commands.ChangeTicket(ticket, not_before_at=hall.instant("10:40")))

    assert hall.next("1") is None
    assert hall.at("10:40").next("1") == ticket


def test_who_goes_on_early_is_told_to_wait_until_their_time() -> None:
    hall, early, _ = two_stages()
    for _ in range(20):
        hall.take()
    hall.serve("1")

    hall.at("10:10").finish(early)

    wait = hall.ticket(early).wait
    assert wait is not None
    assert wait.p50_s == 45 * 60
    assert forecast(hall.day, hall.now_at).waits[early].p50_s == pytest.approx(45 * 60, abs=120)


def test_green_does_not_wait_for_a_slot() -> None:
    hall, appointment = booked("11:00")
    hall.at("10:30").open("1")
    ticket = hall.check_in(appointment)
    hall.take()

    hall.do(commands.ChangeTicket(ticket, class_=TicketClass.GREEN, reason="urgent"))

    assert hall.next("1") == ticket


# Returning.


def returned(hall: Hall, ticket: TicketId) -> Returned:
    """Return a ticket of this hall as the journal gives it on the next day."""
    was = hall.ticket(ticket)
    return Returned(
        ticket=was.id,
        day=hall.on,
        service=was.service,
        then=was.then,
        due_on=was.due_on,
        prechecked=was.prechecked,
        missing=was.missing,
        applicant=was.applicant,
        count=was.count,
        outcome=was.outcome,
        left=was.left_reason,
    )


def the_day_after(days: int = 1) -> Hall:
    """Return the town hall, open every day, some days later."""
    every_day = [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "09:00", "to": "17:00"}]
    return Hall(town(hours=every_day), on=MONDAY + timedelta(days=days), at="09:30")


def returning(hall: Hall, was: Returned) -> commands.ReturnTicket:
    hall.drawn += 1
    return commands.ReturnTicket(
        ticket=TicketId(f"again-{hall.drawn:05d}"), code=f"AGAIN{hall.drawn:03d}", channel=Channel.KIOSK, returned=was
    )


def conditional(due_on: date | None = None) -> Returned:
    """Return a visit that ended with a paper missing."""
    hall = Hall(at="09:00")
    hall.open("1")
    hall.take("passport", count=2)
    ticket = hall.next("1")
    assert ticket is not None
    hall.finish(ticket, commands.Finish(Outcome.CONDITIONAL, ("photo",), due_on))
    return returned(hall, ticket)


def test_who_brings_a_paper_later_does_not_queue_again() -> None:
    was = conditional()
    hall = the_day_after()
    command = returning(hall, was)

    (taken,) = hall.do(command)

    ticket = hall.ticket(command.ticket)
    assert isinstance(taken, events.TicketTaken)
    assert (ticket.class_, ticket.service, ticket.count) == (TicketClass.RETURNING, "passport", 2)
    assert ticket.queue_at == hall.instant("08:30")
    assert ticket.returns_of == was.ticket
    assert isinstance(hall.refuses(returning(hall, was)), CodeUsed)


def test_who_returns_owes_what_was_missing_and_is_not_prechecked() -> None:
    first = Hall(at="09:00")
    first.open("1", "P1")
    first.take("passport")
    ticket = first.next("P1")
    assert ticket is not None
    first.do(commands.CheckPapers(ticket, (), PapersThen.ADVANCE))
    assert first.next("1") == ticket
    assert first.ticket(ticket).prechecked
    first.finish(ticket, commands.Finish(Outcome.CONDITIONAL, ("photo",)))
    hall = the_day_after()
    command = returning(hall, returned(first, ticket))

    hall.do(command)

    again = hall.ticket(command.ticket)
    assert (again.missing, again.prechecked, again.stage) == (("photo",), False, "precheck")
    hall.open("1")
    assert hall.next("1") == again.id
    hall.finish(again.id)
    hall.after(5).do(commands.UndoTicket(again.id))
    assert hall.ticket(again.id).missing == ("photo",)
    hall.do(commands.CheckPapers(again.id))
    assert (hall.ticket(again.id).missing, hall.ticket(again.id).prechecked) == ((), True)


def test_who_was_prechecked_and_not_served_is_so_on_return() -> None:
    first = Hall(at="16:50")
    first.open("P1")
    first.take("passport")
    ticket = first.next("P1")
    assert ticket is not None
    first.do(commands.CheckPapers(ticket, (), PapersThen.ADVANCE))
    first.at("17:30").do(commands.CloseDay())
    hall = the_day_after()
    command = returning(hall, returned(first, ticket))

    hall.do(command)

    assert (hall.ticket(command.ticket).prechecked, hall.ticket(command.ticket).missing) == (True, ())


def test_who_was_not_served_may_return() -> None:
    first = Hall(at="16:50")
    ticket = first.take()
    first.at("17:30").do(commands.CloseDay())
    was = returned(first, ticket)
    assert was.left is LeftReason.UNSERVED

    hall = the_day_after()
    hall.do(returning(hall, was))

    assert isinstance(the_day_after(15).refuses(returning(hall, was)), WrongDay)
    the_day_after(14).do(returning(hall, was))


def test_a_right_to_return_ends_with_its_due_date() -> None:
    was = conditional(MONDAY + timedelta(days=2))

    the_day_after(2).do(returning(the_day_after(2), was))
    refusal = the_day_after(3).refuses(returning(the_day_after(3), was))

    assert isinstance(refusal, WrongDay)
    assert refusal.fields == {"on": "2026-11-25"}


def test_who_was_served_or_went_has_no_right_to_return() -> None:
    first = Hall(at="09:00")
    first.open("1")
    went = first.take()
    first.do(commands.LeaveQueue(went))
    served = first.take()
    first.next("1")
    first.finish(served)
    hall = the_day_after()

    states = [hall.refuses(returning(hall, returned(first, ticket))).fields["state"] for ticket in (went, served)]

    assert states == ["left", "done"]


def test_a_finish_whose_right_to_return_was_used_is_not_taken_back() -> None:
    hall = Hall(at="09:00")
    hall.open("1")
    ticket = hall.take("passport")
    hall.next("1")
    hall.finish(ticket, commands.Finish(Outcome.CONDITIONAL, ("photo",)))
    hall.do(returning(hall, returned(hall, ticket)))

    assert isinstance(hall.refuses(commands.UndoTicket(ticket)), CodeUsed)


def test_a_right_to_return_ends_when_the_finish_is_taken_back() -> None:
    hall = Hall(at="09:00")
    hall.open("1")
    ticket = hall.take("passport")
    hall.next("1")
    hall.finish(ticket, commands.Finish(Outcome.CONDITIONAL, ("photo",)))
    read = returned(hall, ticket)
    hall.do(commands.UndoTicket(ticket))

    refusal = hall.refuses(returning(hall, read))

    assert isinstance(refusal, WrongState)
    assert refusal.fields == {"state": "serving"}


def test_returning_takes_a_service_on_offer_and_an_open_door() -> None:
    was = conditional()

    gone = replace(was, service=ServiceId("gone"))
    assert isinstance(the_day_after().refuses(returning(the_day_after(), gone)), ServiceNotFound)
    night = Hall(at="05:00")
    assert isinstance(night.refuses(returning(night, was)), HallClosed)


def test_a_right_to_return_for_a_service_that_was_taken_out_is_good_while_the_day_has_its_people() -> None:
    hall = Hall(at="09:00")
    hall.open("1")
    ticket = hall.take("enquiry")
    hall.next("1")
    hall.finish(ticket, commands.Finish(Outcome.CONDITIONAL))
    was = returned(hall, ticket)
    hall.do(commands.ChangePlan(hall.plan(town(**no_enquiries()))))
    command = returning(hall.after(5), was)

    hall.do(command)

    assert hall.next("1") == command.ticket
    without = Hall(town(**no_enquiries()), on=MONDAY, at="09:30")
    assert isinstance(without.refuses(returning(without, was)), ServiceNotFound)


# Invitations at the door.


def test_an_invited_walk_in_is_prechecked_and_begins_behind_the_precheck() -> None:
    hall = Hall(at="09:00")
    invited = Invited(id="i1", partner="school-1", service=ServiceId("passport"), prechecked=True)

    ticket = hall.new_ticket("passport")
    hall.do(replace(ticket, invitation=invited))

    taken = hall.ticket(ticket.ticket)
    assert (taken.class_, taken.stage, taken.prechecked) == (TicketClass.WALK_IN, "window", True)
    assert taken.invitation == "i1"
    again = replace(hall.new_ticket("passport"), invitation=invited)
    assert isinstance(hall.refuses(again), CodeUsed)
    assert isinstance(hall.refuses(hall.booking("passport", invitation=invited)), CodeUsed)
    elsewhere = replace(hall.new_ticket("card"), invitation=replace(invited, id="i2"))
    assert isinstance(hall.refuses(elsewhere), BodyInvalid)


def test_an_invitation_that_was_booked_with_takes_no_number() -> None:
    hall = Hall(at="09:00")
    invited = Invited(id="i1")
    hall.book("passport", "11:00", invitation=invited)

    assert isinstance(hall.refuses(replace(hall.new_ticket("passport"), invitation=invited)), CodeUsed)
