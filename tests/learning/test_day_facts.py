"""Tests of the facts of a day: only completed services of one person, at the stage that bookings are for."""

from datetime import timedelta

import msgspec

from service.domain import events
from service.domain.calendar.day_plan import plan_of
from service.domain.commands import (
    ChangePlan,
    CloseDay,
    EndDay,
    Finish,
    FinishTicket,
    LeaveQueue,
    LiftSuspension,
    MarkNoShow,
    ParkTicket,
    ResumeTicket,
    Suspend,
    SweepAppointments,
    UndoTicket,
)
from service.domain.model import (
    Admission,
    AppointmentId,
    AppointmentState,
    Channel,
    Outcome,
    ServiceId,
    StageId,
    TicketClass,
    TicketId,
    Wait,
)
from service.domain.stats.day_facts import DayFacts, Lasted, OpenHour
from service.domain.stats.facts_observer import FactsObserver, open_hours
from tests.domain.halls import DONE, MONDAY, Hall, town

PASSPORT, ENQUIRY, CARD = ServiceId("passport"), ServiceId("enquiry"), ServiceId("card")
PRECHECK, WINDOW = StageId("precheck"), StageId("window")


def facts_of(hall: Hall) -> DayFacts:
    observer = FactsObserver(hall.day.hall, hall.on)
    for at in range(0, len(hall.records), 3):  # in chunks, as the journal returns them
        observer.replay(hall.records[at : at + 3])
    return observer.facts()


def visit(hall: Hall, counter: str, seconds: float, finish: Finish = DONE) -> TicketId:
    """Call the next ticket, and finish it after a time."""
    ticket = hall.serve(counter)
    hall.after(seconds).finish(ticket, finish)
    return ticket


def served(hall: Hall, seconds: float = 120, count: int = 1) -> TicketId:
    """Issue a ticket for an enquiry, call it at once, and finish it after a time."""
    hall.take("enquiry", count=count)
    return visit(hall, "1", seconds)


def suspend(hall: Hall, seconds: float) -> None:
    """Suspend the hall for a time."""
    hall.do(Suspend({"en": "Fire alarm"}))
    hall.after(seconds).do(LiftSuspension())


def test_a_visit_interrupted_by_a_suspension_gives_no_duration() -> None:
    hall = Hall()
    hall.open("1", "P1")
    hall.take("passport")
    visit(hall, "P1", 90)
    ticket = hall.serve("1")
    hall.after(120)
    suspend(hall, 720)
    hall.after(180).finish(ticket)
    served(hall, seconds=130)

    facts = facts_of(hall)
    assert facts.lasted_s == {ENQUIRY: [130]}
    assert facts.prechecked_lasted_s == {}
    assert facts.at_stages == {PASSPORT: {PRECHECK: Lasted([90], [])}}

    hall.do(UndoTicket(hall.records[-1].event.ticket))  # type: ignore[union-attr]
    assert facts_of(hall).lasted_s == {}


def test_undoing_an_interrupted_visit_removes_no_earlier_duration() -> None:
    hall = Hall()
    hall.open("1", "P1")
    hall.take("passport")
    visit(hall, "P1", 90)
    ticket = hall.serve("1")
    suspend(hall, 720)
    hall.finish(ticket)

    hall.do(UndoTicket(ticket))

    assert facts_of(hall).at_stages == {PASSPORT: {PRECHECK: Lasted([90], [])}}


def test_a_wait_for_a_no_show_excludes_suspensions() -> None:
    hall = Hall()
    hall.open("1")
    hall.take("enquiry")
    ticket = hall.next("1")
    assert ticket is not None
    hall.after(60)
    suspend(hall, 720)

    hall.after(70).do(MarkNoShow(ticket))

    assert facts_of(hall).absent_s == [130]


def test_a_duration_is_of_one_person_from_the_start_to_the_end() -> None:
    hall = Hall()
    hall.open("1")

    served(hall, seconds=150)
    served(hall, seconds=600, count=4)

    assert facts_of(hall).lasted_s == {ENQUIRY: [150, 150]}


def test_each_stage_has_its_own_facts() -> None:
    hall = Hall()
    hall.open("1", "P1", "K1")
    hall.take("passport")
    visit(hall, "P1", 60)
    visit(hall, "1", 200)
    hall.take("card")
    visit(hall, "1", 100)
    visit(hall, "K1", 45)

    facts = facts_of(hall)

    assert facts.prechecked_lasted_s == {PASSPORT: [200]}, "who was at the precheck is prechecked"
    assert facts.lasted_s == {CARD: [45]}
    assert facts.at_stages == {PASSPORT: {PRECHECK: Lasted([60])}, CARD: {WINDOW: Lasted([100])}}
    assert facts.main == {PASSPORT: WINDOW, CARD: StageId("cashier")}
    assert msgspec.json.decode(msgspec.json.encode(facts), type=DayFacts) == facts


def test_a_service_ended_by_the_end_of_the_day_gives_no_duration() -> None:
    hall = Hall()
    hall.open("1")
    hall.take()
    hall.serve("1")
    hall.at("24:00").do(EndDay())

    assert facts_of(hall).lasted_s == {}


def test_an_undone_finish_counts_once_with_its_real_end() -> None:
    hall = Hall()
    hall.open("1")
    ticket = served(hall, seconds=100)
    hall.after(10).do(UndoTicket(ticket))
    hall.after(90).do(FinishTicket(ticket, DONE))

    assert facts_of(hall).lasted_s == {ENQUIRY: [200]}


def test_an_undo_removes_the_end_of_a_stage_and_no_earlier_visit() -> None:
    hall = Hall()
    hall.open("1", "P1")
    ticket = hall.take("enquiry", then=["passport"])
    visit(hall, "1", 50)
    visit(hall, "P1", 20, Finish(Outcome.REFERRED))
    hall.after(5).do(UndoTicket(ticket))

    assert facts_of(hall).lasted_s == {ENQUIRY: [50]}
    assert facts_of(hall).at_stages == {}


def test_arrivals_before_the_opening_count_at_the_opening() -> None:
    hall = Hall(at="08:40")
    hall.take()
    hall.take(count=3)
    hall.at("10:15").take("passport")

    facts = facts_of(hall)

    assert facts.hours["09"] == OpenHour(4, 3600)
    assert facts.hours["10"] == OpenHour(1, 3600)
    assert facts.hours["16"] == OpenHour(0, 3600)
    assert facts.hours.keys() == {f"{hour:02d}" for hour in range(9, 17)}
    assert facts.walk_ins == {ENQUIRY: 4, PASSPORT: 1}


def test_a_ticket_of_an_offline_kiosk_counts_when_it_was_taken() -> None:
    hall = Hall()
    hall.do(hall.leasing())
    hall.at("10:15").take()
    hall.at("17:20").do(hall.reporting("Z001", "09:20"))
    hall.do(hall.reporting("Z002", "16:40"))

    facts = facts_of(hall)

    came = {hour: one.people for hour, one in facts.hours.items() if one.people}
    assert came == {"09": 1, "10": 1, "16": 1}
    assert sum(came.values()) == sum(facts.walk_ins.values())


def test_between_two_windows_people_count_for_the_next_one_and_hours_for_the_part_that_is_open() -> None:
    hours = [
        {"weekdays": [1], "from": "09:30", "to": "12:00"},
        {"weekdays": [1], "from": "13:15", "to": "17:00"},
    ]
    hall = Hall(town(hours=hours), at="12:50")
    hall.take()

    facts = facts_of(hall)

    assert facts.hours["13"] == OpenHour(1, 2700)
    assert facts.hours["09"] == OpenHour(0, 1800)
    assert "12" not in facts.hours


def test_all_waiting_time_and_all_who_left_count() -> None:
    hall = Hall()
    hall.open("1")
    hall.take()
    hall.serve("1")
    leaves, parks, _ = hall.take(), hall.take(), hall.take()
    hall.after(100).do(LeaveQueue(leaves))
    hall.after(50).do(ParkTicket(parks))
    hall.after(1000).do(ResumeTicket(parks))
    hall.after(50).next("1", DONE)

    facts = facts_of(hall)

    assert facts.left == 1
    assert facts.waited_s == 100 + 150 + 1200, "who waits still has not waited to the end"


def test_a_no_show_counts_unless_it_was_undone() -> None:
    hall = Hall()
    hall.open("1")
    gone, late = hall.take(), hall.take()
    hall.next("1")
    hall.after(130).do(MarkNoShow(gone))
    hall.next("1")
    hall.after(140).do(MarkNoShow(late))
    hall.after(10).do(UndoTicket(late))

    facts = facts_of(hall)

    assert facts.absent_s == [130]
    assert (facts.left, facts.waited_s) == (0, 130)


def test_tickets_ended_by_the_end_of_the_day_did_not_leave() -> None:
    hall = Hall()
    hall.take()
    hall.at("24:00").do(EndDay())

    assert facts_of(hall).left == 0


def test_hours_after_the_day_was_closed_are_not_counted() -> None:
    hall = Hall()
    for _ in range(10):
        hall.take()
    hall.at("10:50").take()
    hall.at("10:54").do(CloseDay())
    hall.at("24:00").do(EndDay())

    assert facts_of(hall).hours == {"09": OpenHour(10, 3600), "10": OpenHour(1, 54 * 60)}


def test_the_time_of_an_alarm_is_no_opening_and_an_hour_that_has_lost_most_of_its_own_says_nothing() -> None:
    hall = Hall()
    hall.take()
    hall.at("09:50").do(Suspend({"en": "Fire alarm"}))
    hall.at("10:20").do(LiftSuspension())
    hall.take(count=2)
    hall.at("10:40").do(Suspend({"en": "Fire alarm"}, hall.instant("12:31")))
    hall.at("16:00").do(Suspend({"en": "Fire alarm"}))
    hall.at("24:00").do(EndDay())

    hours = facts_of(hall).hours

    assert hours["09"] == OpenHour(1, 50 * 60)
    assert hours.keys() == {"09", "13", "14", "15"}, "ten o'clock has twenty minutes left, noon twenty-nine"


def test_a_planned_half_hour_counts_with_its_length() -> None:
    hall = Hall(town(hours=[{"weekdays": [1], "from": "09:30", "to": "12:00"}]), at="09:30")
    hall.take()
    hall.at("09:50").do(Suspend({"en": "Fire alarm"}, hall.instant("10:00")))
    hall.at("24:00").do(EndDay())

    assert facts_of(hall).hours["09"] == OpenHour(1, 20 * 60)


def test_a_day_without_tickets_gives_no_arrival_rates() -> None:
    assert facts_of(Hall()).hours == {}


def test_hours_are_in_the_halls_time_zone_also_past_midnight() -> None:
    document = town(day_starts_at_local="05:00", hours=[{"weekdays": [1], "from": "22:30", "to": "02:00"}])

    assert open_hours(plan_of(document, 1, MONDAY)) == {"22": 1800, "23": 3600, "00": 3600, "01": 3600}


def _appointment(hall: Hall, number: int, late_s: int | None) -> None:
    """Book an appointment at 10:00, and check in some time later, or never."""
    name = AppointmentId(f"appointment-{number}")
    starts_at = hall.instant("10:00")
    hall._append(
        [
            events.AppointmentMade(
                appointment=name,
                n=number,
                code=f"A{number}",
                service=ENQUIRY,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=5),
                state=AppointmentState.BOOKED,
                channel=Channel.WEB,
                place=number,
                places=9,
                per_person=2,
            )
        ],
        None,
    )
    if late_s is None:
        hall._append([events.AppointmentMissed(appointment=name)], None)
        return
    hall.now_at = starts_at + timedelta(seconds=late_s)
    ticket = TicketId(f"of-{number}")
    hall._append(
        [
            events.AppointmentCheckedIn(appointment=name, ticket=ticket),
            events.TicketTaken(
                ticket=ticket,
                n=hall.day.issued + 1,
                code=f"T{number}",
                number=f"E{number:03d}",
                service=ENQUIRY,
                stage=StageId("window"),
                class_=TicketClass.APPOINTMENT,
                channel=Channel.KIOSK,
                admission=Admission.ADMITTED,
                appointment=name,
                slot_at=starts_at,
                ahead=0,
                wait=Wait(None, None, None, hall.now_at, None),
            ),
        ],
        None,
    )


def test_shows_and_their_delays_are_recorded() -> None:
    hall = Hall()
    for number, late_s in enumerate((-600, -120, None, 300), 1):
        _appointment(hall, number, late_s)

    facts = facts_of(hall)

    assert (facts.came, facts.missed) == (3, 1)
    assert facts.late_s == [-600, -120, 300]
    assert facts.walk_ins == {}, "who booked is no walk-in"
    assert all(hour.people == 0 for hour in facts.hours.values())


def test_an_appointment_outside_of_the_opening_hours_is_not_missed() -> None:
    hall = Hall(at="08:00")
    for at in ("10:00", "15:00", "16:00"):
        hall.book(at=at)
    exceptions = [{"on": "2026-11-23", "from": "09:00", "to": "15:30"}]
    hall.do(ChangePlan(hall.plan(town(exceptions=exceptions))))
    hall.at("16:45").do(SweepAppointments())

    assert facts_of(hall).missed == 2


def test_an_appointment_cancelled_by_a_closed_day_is_not_missed() -> None:
    hall = Hall(at="08:00")
    hall.book(at="09:00")
    hall.book(at="15:00")
    hall.at("10:00").do(CloseDay())
    hall.at("23:59").do(EndDay())

    assert facts_of(hall).missed == 1


def test_a_day_that_the_release_before_closed_counts_nobody_as_missed_afterwards() -> None:
    """An earlier release did not cancel the appointments of a closed day; they became missed."""
    hall = Hall(at="08:00")
    appointment = hall.book(at="15:00")
    hall.at("10:00")._append([events.DayClosed()], None)
    assert hall.at("15:30").do(SweepAppointments()) == [events.AppointmentMissed(appointment=appointment)]

    assert facts_of(hall).missed == 0
