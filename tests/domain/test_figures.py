"""The figures of a day: every visit is counted once, and no personal data is stored."""

from datetime import UTC, date

import msgspec
from msgspec.structs import astuple, replace

from service.domain.commands import (
    CallTicket,
    CancelAppointment,
    ChangeTicket,
    CloseCounter,
    EndDay,
    LeaveForAppointment,
    LeaveQueue,
    MarkNoShow,
    OpenOvertime,
    ParkTicket,
    PauseCounter,
    RateTicket,
    ResumeTicket,
    StartTicket,
    Suspend,
    SweepAppointments,
    UndoTicket,
)
from service.domain.model import (
    Admission,
    Channel,
    CounterId,
    LeftReason,
    Outcome,
    Ticket,
    TicketClass,
    TicketState,
)
from service.domain.stats.day_figures import AtCounter, Booked, Figures, Half, Overtime, Promised
from service.domain.stats.figures_observer import FiguresObserver, visits_by_end
from service.domain.stats.report import HourSeen, Left, Period, SpreadSeen, period_of, visits_of
from tests.domain.halls import Hall, town
from tests.domain.test_waits import enquiries


def observed(hall: Hall) -> FiguresObserver:
    observer = FiguresObserver(hall.day.hall, hall.on)
    observer.replay(hall.records)
    return observer


def figures(hall: Hall) -> Figures:
    return observed(hall).figures(hall.now_at)


def report(*halls: Hall) -> Period:
    return period_of([figures(hall) for hall in halls], {})


def visit(hall: Hall, waits_s: int, lasts_s: int, counter: str = "1") -> None:
    """Take a ticket for an enquiry, let it wait, and serve it."""
    hall.take()
    hall.after(waits_s)
    ticket = hall.serve(counter)
    hall.after(lasts_s).finish(ticket)


async def test_a_day_lived_by_hand_is_counted_as_it_was() -> None:
    hall = Hall(at="09:00")
    hall.open("1")
    visit(hall, 60, 120)
    visit(hall, 180, 240)
    gone = hall.take()
    hall.do(LeaveQueue(gone))
    passed = hall.take()
    hall.next("1")
    hall.after(150).do(MarkNoShow(passed))
    hall.take("passport", count=3)
    hall.at("18:00").do(EndDay())

    seen = report(hall)

    assert (seen.visits.issued, seen.visits.people, seen.visits.served, seen.visits.no_show) == (5, 7, 2, 1)
    assert seen.visits.left == Left(1, 1)
    assert seen.visits.open == 0
    assert seen.outcomes.done == 2
    assert seen.channels[Channel.KIOSK].issued == 5
    assert seen.classes[TicketClass.WALK_IN] == seen.visits
    assert {one.service: one.visits.issued for one in seen.services} == {"enquiry": 4, "passport": 1}
    assert seen.waits == SpreadSeen(number=3, mean_s=80, p50_s=60, p90_s=180, max_s=180)
    assert seen.lasted == SpreadSeen(number=2, mean_s=180, p50_s=120, p90_s=240, max_s=240)


def every_end(ticket: Ticket) -> list[Ticket]:
    """Return a ticket in each state, with each outcome and each reason that it can have there."""
    done, left = TicketState.DONE, TicketState.LEFT
    return [
        *(replace(ticket, state=state) for state in TicketState if state not in {done, left}),
        *(replace(ticket, state=done, outcome=outcome) for outcome in Outcome),
        *(replace(ticket, state=left, left_reason=reason) for reason in LeftReason),
    ]


def test_however_visits_end_their_numbers_add_up_to_all_that_were_issued() -> None:
    hall = Hall()
    tickets = every_end(hall.ticket(hall.take()))

    seen = visits_of(visits_by_end(tickets))

    assert seen.issued == len(tickets)
    assert seen.served + seen.no_show + sum(astuple(seen.left)) + seen.open == seen.issued
    assert (seen.served, seen.no_show, seen.left) == (len(Outcome), 1, Left(1, 1, 1))


def test_who_leaves_standby_for_an_appointment_has_left() -> None:
    hall = Hall(enquiries(cv=0, counters=1), at="16:00")
    hall.open("1")
    while hall.ticket(ticket := hall.take()).admission is not Admission.STANDBY:
        pass

    hall.do(LeaveForAppointment(ticket))

    visits = report(hall).visits
    assert visits.left == Left(booked=1)
    assert visits.open == visits.issued - 1


def test_quantiles_of_several_days_are_of_all_their_visits() -> None:
    quiet, busy = Hall(at="09:00"), Hall(at="09:00")
    for hall, waits_s in ((quiet, (10, 20)), (busy, (100, 200, 300, 400, 500, 600, 700, 800))):
        hall.open("1")
        for wait_s in waits_s:
            visit(hall, wait_s, 60)

    both = report(quiet, busy)

    assert both.days == 2
    assert both.waits == SpreadSeen(number=10, mean_s=363, p50_s=300, p90_s=700, max_s=800)


def test_a_day_without_anybody_has_figures_of_nothing() -> None:
    assert report(Hall()).waits == SpreadSeen()
    assert report().visits.issued == 0


def test_who_is_put_back_and_called_again_has_waited_once() -> None:
    hall = Hall(at="09:00")
    hall.open("1")
    ticket = hall.take()
    hall.after(60).serve("1")
    hall.after(30).do(ParkTicket(ticket))
    hall.after(600).do(ResumeTicket(ticket))
    hall.after(60).serve("1")
    hall.after(100).finish(ticket)

    found = figures(hall)

    assert [one.seconds for one in found.waits] == [[60]]
    assert [one.seconds for one in found.lasted] == [[100]]
    assert found.counters[CounterId("1")].serving_s == 130


def test_what_was_undone_was_not_an_end() -> None:
    hall = Hall(at="09:00")
    hall.open("1")
    ticket = hall.take()
    hall.serve("1")
    hall.after(20).finish(ticket)
    hall.after(5).do(UndoTicket(ticket))
    hall.after(75).finish(ticket)

    found = figures(hall)

    assert [one.seconds for one in found.lasted] == [[100]]
    assert found.counters[CounterId("1")].serving_s == 100
    assert found.halves["09:00"].ends == 1


def test_what_a_clerk_forgot_to_end_says_nothing_of_how_long_visits_last() -> None:
    hall = Hall(at="16:50")
    hall.open("1")
    hall.take()
    hall.serve("1")
    hall.at("23:59").do(EndDay())

    found = figures(hall)

    assert found.lasted == []
    assert found.counters[CounterId("1")] == AtCounter(open_s=600, paused_s=0, serving_s=0)
    assert report(hall).visits.served == 1


def test_both_stages_of_a_visit_have_a_wait_of_their_own() -> None:
    hall = Hall(at="09:00")
    hall.open("1", "K1")
    ticket = hall.take("card")
    hall.after(60).serve("1")
    hall.after(100).finish(ticket)
    hall.after(40).serve("K1")
    hall.after(50).finish(ticket)

    found = figures(hall)

    assert [one.seconds for one in found.waits] == [[40, 60]]
    assert [one.seconds for one in found.lasted] == [[50, 100]]


def test_counters_are_counted_open_and_on_a_break_for_as_long_as_they_were() -> None:
    hall = Hall(at="09:00")
    hall.open("1")
    hall.at("10:00").do(PauseCounter(CounterId("1")))
    hall.at("10:20").open("1")
    hall.at("11:00").do(CloseCounter(CounterId("1")))
    hall.at("12:00").open("2")
    hall.at("12:30")

    counters = report(hall).counters

    assert [(one.counter, one.open_s, one.paused_s) for one in counters] == [("1", 6000, 1200), ("2", 1800, 0)]


def test_the_profile_is_of_local_half_hours_and_reported_by_the_hour() -> None:
    hall = Hall(at="09:10")
    hall.open("1")
    for _ in range(3):
        hall.take()
    hall.at("09:40").serve("1")
    hall.take(count=2)

    assert figures(hall).halves == {
        "09:00": Half(walk_ins=3, waiting_most=3, open_s=1200),
        "09:30": Half(walk_ins=2, calls=1, waiting_most=3, open_s=600),
    }
    assert report(hall).hours == [
        HourSeen(hour="09", booked=0, walk_ins=5, calls=1, ends=0, waiting_most=3, open_s=1800)
    ]


def test_the_longest_line_of_a_half_hour_is_there_when_nothing_happens() -> None:
    hall = Hall(at="09:10")
    for _ in range(4):
        hall.take()
    hall.at("10:40").open("1")
    hall.serve("1")

    most = {half: one.waiting_most for half, one in figures(hall).halves.items()}

    assert most == {"09:00": 4, "09:30": 4, "10:00": 4, "10:30": 4}


def test_the_end_of_a_day_that_is_written_after_midnight_is_not_counted_in_its_first_hour() -> None:
    always = [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "00:00", "to": "24:00"}]
    hall = Hall(town(hours=always), at="23:40")
    hall.open("1")
    for _ in range(3):
        hall.take()
    hall.serve("1")
    hall.at("24:03").do(EndDay())

    assert figures(hall).halves == {"23:30": Half(walk_ins=3, calls=1, ends=1, waiting_most=3, open_s=1200)}


def test_of_the_hour_that_the_clock_shows_twice_both_count() -> None:
    always = [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "00:00", "to": "24:00"}]
    document = town(time_zone="Europe/Berlin", hours=always)
    hall = Hall(document, on=date(2026, 10, 25), at="02:10")
    hall.now_at = hall.now_at.astimezone(UTC)
    hall.open("1")
    hall.take()
    hall.after(3600)
    hall.take()
    hall.take()
    hall.after(3600)

    assert figures(hall).halves["02:00"] == Half(walk_ins=3, waiting_most=3, open_s=2 * 1800 - 600)


def test_a_number_that_a_kiosk_reports_later_counts_when_it_was_taken() -> None:
    hall = Hall(at="09:10")
    hall.do(hall.leasing())
    hall.at("17:20").do(hall.reporting("Z001", "09:20"))
    hall.do(hall.reporting("Z002", "16:40"))

    found = figures(hall)

    assert {half: one.walk_ins for half, one in found.halves.items() if one.walk_ins} == {"09:00": 1, "16:30": 1}


def test_appointments_are_counted_by_what_came_of_them() -> None:
    hall = Hall(at="09:00")
    kept, late, missed, cancelled = (hall.book("enquiry", at) for at in ("11:00", "11:05", "11:10", "11:15"))
    held = hall.book("enquiry", "11:20", hold=True)
    hall.do(CancelAppointment(cancelled))
    hall.do(CancelAppointment(held))
    hall.at("10:55").check_in(kept)
    hall.check_in(late)
    hall.open("1")
    hall.at("11:05").next("1")
    hall.do(CloseCounter(CounterId("1"), release=True))
    hall.open("1")
    hall.at("11:30").next("1")
    hall.open("2")
    hall.next("2")
    hall.at("11:45").do(SweepAppointments())

    assert figures(hall).booked == Booked(booked=4, checked_in=2, missed=1, cancelled=1, called_in_time=1)
    assert hall.appointment(missed).state == "missed"


def test_who_comes_late_is_in_time_within_ten_minutes_of_coming() -> None:
    hall = Hall(at="09:00")
    booked = hall.book("enquiry", "11:00")
    hall.at("11:20").check_in(booked)
    hall.open("1")
    hall.at("11:29").next("1")

    assert figures(hall).booked.called_in_time == 1


def test_overtime_is_what_was_taken_and_worked_after_the_closing_of_the_document() -> None:
    hall = Hall(at="16:55")
    hall.open("1")
    ticket = hall.take()
    hall.serve("1")
    hall.do(OpenOvertime(hall.instant("18:00")))
    hall.at("17:05").finish(ticket)
    late = hall.take()
    hall.serve("1")
    hall.at("17:15").finish(late)

    assert figures(hall).overtime == Overtime(tickets=1, serving_s=15 * 60)


def test_calls_of_a_clerks_choice_and_green_channels_are_counted_by_their_reasons() -> None:
    hall = Hall(at="09:00")
    hall.open("1", "2")
    hall.take()
    chosen, green = hall.take(), hall.take()
    hall.do(CallTicket(CounterId("1"), chosen, "urgent"))
    hall.do(ChangeTicket(green, class_=TicketClass.GREEN, reason="urgent"))
    hall.next("2")

    exceptions = report(hall).exceptions

    assert (exceptions.chosen, exceptions.green) == ({"urgent": 1}, {"urgent": 1})


def test_a_promise_is_held_when_the_call_comes_between_its_ends() -> None:
    hall = Hall(at="09:00")
    hall.open("1")
    first, second = hall.take(), hall.take()
    hall.next("1")
    promised = hall.ticket(second).wait
    assert promised is not None
    assert promised.p90_s is not None
    hall.do(StartTicket(first))
    hall.after(promised.p90_s + 60).finish(first)
    hall.next("1")

    assert figures(hall).promises == Promised(scored=2, held=1)


def test_a_promise_is_not_scored_when_the_hall_was_suspended_meanwhile() -> None:
    hall = Hall(at="09:00")
    hall.open("1")
    hall.take()
    hall.do(Suspend({"en": "Fire alarm"}, hall.instant("09:10")))
    hall.at("09:20").next("1")

    assert figures(hall).promises == Promised()


def test_what_people_say_of_their_visits_is_counted_by_grade_and_reason() -> None:
    hall = Hall(
        town(codes={"reasons": ["urgent", "break"], "missing": [], "ratings": ["quick", "friendly"]}), at="09:00"
    )
    hall.open("1")
    for grade, reasons in ((5, ("quick", "friendly")), (2, ("quick",))):
        ticket = hall.take()
        hall.serve("1")
        hall.after(60).finish(ticket)
        hall.do(RateTicket(ticket, grade, reasons))

    ratings = report(hall).ratings

    assert (ratings.number, ratings.mean, ratings.grades) == (2, 3.5, [0, 1, 0, 0, 1])
    assert ratings.reasons == {"friendly": 1, "quick": 2}


def test_how_many_wait_is_noted_every_five_minutes_from_the_doors_on() -> None:
    hall = Hall(at="08:30")
    hall.take()
    hall.at("08:42").take()
    hall.at("09:03").open("1")
    hall.next("1")

    line = observed(hall).waiting_history(hall.instant("09:07"))

    assert [waiting for _, waiting in line] == [0, 1, 1, 2, 2, 2, 2, 1, 1]
    assert line[0][0] == hall.instant("08:30")
    assert line[-1][0] == hall.instant("09:07")


def test_figures_are_the_same_however_a_day_is_read_and_after_they_were_kept() -> None:
    hall = Hall(at="09:00")
    hall.open("1", "K1", "2")
    for service in ("enquiry", "passport", "card", "enquiry"):
        hall.take(service)
        hall.after(100)
    while (ticket := hall.next("1")) is not None:
        hall.after(60).finish(ticket)
    piecewise = FiguresObserver(hall.day.hall, hall.on)
    for record in hall.records:
        piecewise.replay([record])
        piecewise.figures(record.at)

    at_once = figures(hall)

    assert piecewise.figures(hall.now_at) == at_once
    assert msgspec.json.decode(msgspec.json.encode(at_once), type=Figures) == at_once


def test_figures_name_nobody() -> None:
    hall = Hall(at="09:00")
    booked = hall.book("enquiry", "11:00", person="person-hash", holder="holder-hash")
    ticket = hall.take()
    hall.open("1")
    hall.next("1")

    kept = msgspec.json.encode(figures(hall)).decode()

    for name in (booked, ticket, "person-hash", "holder-hash", "applicant", "clerk", hall.ticket(ticket).number):
        assert name not in kept
