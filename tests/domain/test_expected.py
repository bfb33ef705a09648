"""Expected appointments count as work before a walk-in, with the probability that the person still comes."""

from datetime import timedelta

import pytest

from service.domain import commands
from service.domain.calendar.learned import Learned
from service.domain.commands import Invited
from service.domain.events import TicketTaken
from service.domain.forecast.start_state_builder import start_state_of
from service.domain.forecast.wait_quantiles import waits_and_newcomers_of
from service.domain.model import CounterId, Fit, ServiceId, StageId, TicketId
from service.domain.queue.analytic_start import counter_free_for
from service.domain.queue.arriving_work import all_arrivals, show_probability
from service.domain.queue.queued_work import NO_WORK
from service.domain.queue.waits import outlook_of, wait_of_newcomer
from tests.domain.halls import TOWN, Hall, town

ENQUIRY = ServiceId("enquiry")
PASSPORT = ServiceId("passport")
THREE_EACH = {"places": [{"weekdays": [1], "from": "09:00", "to": "17:00", "every_min": 5, "places": 3}]}
ONE_COUNTER = [{"id": "4", "zone": "main", "stage": "window", "services": ["enquiry"]}]


def hall_of_one(at: str = "-06:00", **rules: int) -> Hall:
    """Return a hall with one counter, for enquiries of three minutes."""
    enquiry = {"id": "enquiry", "prefix": "E", "stages": ["window"], "duration_s": {"mean": 180, "cv": 0.0}}
    booking = {"notice_s": 0, "z": 0, "held_share_of_walk_ins": 0}
    return Hall(town(services=[enquiry], counters=ONE_COUNTER, booking=booking, rules=rules), at=at)


def p50_s(hall: Hall, ticket: TicketId) -> int:
    wait = outlook_of(hall.day, hall.ticket(ticket), hall.now_at).wait.p50_s
    assert wait is not None
    return wait


def test_the_later_it_is_the_less_likely_somebody_still_comes() -> None:
    hall = hall_of_one()
    slot_at = hall.instant("10:00")

    shows = [show_probability(Learned(), slot_at, hall.instant(at)) for at in ("08:00", "09:55", "10:05", "10:20")]

    assert shows[0] == pytest.approx(0.88, abs=0.001)
    assert shows[1] == pytest.approx(0.44 / 0.56, abs=0.001)
    assert shows == sorted(shows, reverse=True)
    assert shows[3] < 0.05
    assert show_probability(Learned(punctuality_sd_s=0), slot_at, hall.instant("09:50")) == pytest.approx(0.88)
    assert show_probability(Learned(punctuality_sd_s=0), slot_at, hall.instant("10:00")) == 0


def waiting_beside(*slots: str, at: str = "10:00") -> int:
    """Return the wait of the last of four walk-ins at a busy counter, with appointments expected at some slots."""
    hall = hall_of_one()
    for slot in slots:
        hall.book("enquiry", slot)
    hall.at(at).open("4")
    tickets = [hall.take() for _ in range(5)]
    hall.next("4")
    return p50_s(hall, tickets[-1])


def test_booked_people_still_expected_are_work_before_a_walk_in() -> None:
    alone = waiting_beside()

    assert alone == 4 * 180
    assert waiting_beside("10:05") == round(alone + 180 * 0.44 / 0.56)  # half of the people who come are there by then
    assert waiting_beside("10:05", "10:10") > waiting_beside("10:05") + 0.7 * 180


def test_who_is_expected_after_somebody_is_called_is_no_work_before_them() -> None:
    assert waiting_beside("10:20") == waiting_beside()  # due at 10:15, three minutes after


def test_who_is_expected_more_than_their_credit_after_a_walk_in_is_not_before_them() -> None:
    assert waiting_beside("11:00") == waiting_beside()


def test_who_is_so_late_that_their_credit_is_gone_is_not_before_a_walk_in() -> None:
    assert waiting_beside("09:45") == waiting_beside()
    assert waiting_beside("09:55") > waiting_beside()


def test_who_cancels_frees_their_time_at_once() -> None:
    hall = hall_of_one()
    appointment = hall.book("enquiry", "10:05")
    hall.at("10:00").open("4")
    tickets = [hall.take() for _ in range(5)]
    hall.next("4")
    before = p50_s(hall, tickets[-1])

    hall.do(commands.CancelAppointment(appointment))

    assert p50_s(hall, tickets[-1]) < before


def test_nobody_is_expected_at_counters_that_do_not_serve_them() -> None:
    hall = Hall(town(booking=THREE_EACH), at="-06:00")
    for _ in range(3):
        hall.book("passport", "10:05")
    hall.at("10:00").open("4")

    wait = wait_of_newcomer(hall.day, ENQUIRY, hall.now_at)

    assert wait.p50_s == 0


def test_who_came_early_is_work_when_they_are_due() -> None:
    hall = hall_of_one()
    appointment = hall.book("enquiry", "10:15")
    hall.at("10:00").open("4")
    tickets = [hall.take() for _ in range(6)]
    hall.next("4")
    hall.check_in(appointment)

    before, after = (p50_s(hall, ticket) for ticket in tickets[-3:-1])

    assert before == 3 * 180  # the appointments are due at 10:10
    assert after == 5 * 180
    hall.after(60)
    late = hall.take()
    assert p50_s(hall, late) == 7 * 180 - 60


def test_who_came_early_is_told_when_they_are_due_unless_a_counter_is_idle() -> None:
    hall = hall_of_one()
    appointment = hall.book("enquiry", "10:45")
    hall.at("10:00").open("4")
    ticket = hall.check_in(appointment)
    assert p50_s(hall, ticket) == 0

    walk_in = hall.take()
    assert hall.next("4") == walk_in

    assert p50_s(hall, ticket) == 40 * 60


def test_who_comes_late_is_not_expected_beside_themselves() -> None:
    hall = hall_of_one()
    appointment = hall.book("enquiry", "10:00")
    hall.at("09:58").open("4")
    for _ in range(2):
        hall.take()
    hall.next("4")

    ticket = hall.at("10:05").check_in(appointment)

    told = hall.ticket(ticket).wait
    assert told is not None
    assert told == outlook_of(hall.day, hall.ticket(ticket), hall.now_at).wait


def test_who_checks_in_early_is_told_when_they_are_due() -> None:
    hall = hall_of_one()
    appointment = hall.book("enquiry", "10:45")
    hall.at("10:00").open("4")
    hall.take()
    hall.next("4")

    wait = hall.ticket(hall.check_in(appointment)).wait

    assert wait is not None
    assert wait.p50_s == 40 * 60


def test_before_the_opening_booked_people_come_first_as_well() -> None:
    hall = hall_of_one()
    for slot in ("09:00", "09:05", "09:10"):
        hall.book("enquiry", slot)
    hall.at("08:40")
    hall.take()

    wait = outlook_of(hall.day, hall.ticket(hall.take()), hall.now_at).wait.p50_s

    assert wait is not None
    assert wait > 20 * 60 + 180 + 300


# A person who needs nothing at a stage is no work there.


def with_papers(*slots: str, prechecked: bool) -> Hall:
    """Return a town hall with an open pre-check, and people invited to some slots, prechecked or not."""
    hall = Hall(town(booking=THREE_EACH), at="-06:00")
    for n, slot in enumerate(slots):
        invited = Invited(id=f"invited-{n}", service=None, prechecked=prechecked, partner=None)
        hall.book("passport", slot, invitation=invited)
    hall.at("10:00").open("1", "2", "3", "P1")
    return hall


def test_whose_papers_have_been_looked_at_is_no_work_at_the_pre_check() -> None:
    slots = ["10:05", "10:10", "10:15", "10:20"] * 2
    hall = with_papers(*slots, prechecked=True)
    state = start_state_of(hall.day, hall.now_at)
    assert state is not None

    wait = wait_of_newcomer(hall.day, PASSPORT, hall.now_at)

    assert (wait.p10_s, wait.p90_s) == (0, 0)
    forecast = waits_and_newcomers_of(state).newcomers[PASSPORT]
    assert (wait.p10_s, wait.p50_s, wait.p90_s) == (forecast.p10_s, forecast.p50_s, forecast.p90_s)
    assert wait_of_newcomer(with_papers(*slots, prechecked=False).day, PASSPORT, hall.now_at).p50_s != 0


def test_nobody_is_kept_out_by_people_who_are_expected_behind_the_pre_check() -> None:
    hall = with_papers(*["10:05", "10:10", "10:15", "10:20"] * 2, prechecked=True)
    alone = with_papers(prechecked=True)

    fits = [taken_fit(one) for one in (hall, alone)]

    assert fits[0].mean_s == fits[1].mean_s


def taken_fit(hall: Hall, service: str = "passport") -> Fit:
    """Return the values from which the admission of a walk-in was computed."""
    event = next(event for event in hall.do(hall.new_ticket(service)) if isinstance(event, TicketTaken))
    assert event.fit is not None
    return event.fit


def test_who_sleeps_behind_the_pre_check_is_no_work_there() -> None:
    hall = with_papers(prechecked=True)
    for _ in range(6):
        ticket = hall.take("passport")
        hall.call("P1", ticket)
        hall.after(1).finish(ticket)
        hall.do(commands.ChangeTicket(ticket, not_before_at=hall.now_at + timedelta(minutes=30)))
    hall.take("passport")
    hall.serve("P1")
    alone = with_papers(prechecked=True)
    alone.after(6).take("passport")
    alone.serve("P1")

    assert (hall.counter("P1").ticket, len(hall.day.queue.deferred)) == (f"ticket-{hall.drawn:05d}", 6)
    assert 0 < start_at_precheck_s(hall) <= start_at_precheck_s(alone)


def start_at_precheck_s(hall: Hall) -> float:
    """Return when the pre-check is free for somebody who comes after everybody else, as admission computes it."""
    pool = hall.day.pools.pool_of(PASSPORT, StageId("precheck"))
    nobody = [NO_WORK] * len(pool.sharing.kinds)
    free = counter_free_for(hall.day, pool, nobody, all_arrivals(hall.day, pool, hall.now_at), hall.now_at)
    assert free is not None
    return free.mean_s


def test_the_town_hall_has_a_stage_before_the_window() -> None:
    """People expected at the first stage are work at the next stage too, because they will come to it."""
    hall = Hall(town(booking=THREE_EACH), at="-06:00")
    assert TOWN["services"][0]["stages"] == ["precheck", "window"]
    for slot in ("10:05", "10:05", "10:05"):
        hall.book("passport", slot)
    hall.at("10:00").open("1")
    tickets = [hall.take() for _ in range(5)]
    hall.next("1")
    with_them = p50_s(hall, tickets[-1])

    for appointment in list(hall.day.appointments):
        hall.do(commands.CancelAppointment(appointment))

    assert p50_s(hall, tickets[-1]) < with_them
    assert hall.counter(CounterId("1")).ticket == tickets[0]


# After a suspension.

ENQUIRIES = [{"id": "enquiry", "prefix": "E", "stages": ["window"], "duration_s": {"mean": 300, "cv": 0.6}}]
WINDOWS = [{"id": n, "zone": "main", "stage": "window", "services": ["enquiry"]} for n in "123"]
MANY = {"places": [{"weekdays": [1], "from": "09:00", "to": "17:00", "every_min": 10, "places": 42}]}


def booked_hall(*slots: str, each: int = 1, at: str) -> Hall:
    """Return a hall of three counters for enquiries of five minutes, with `each` appointments at each of the slots."""
    hall = Hall(town(services=ENQUIRIES, counters=WINDOWS, booking=MANY, admission="fit"), at="-06:00")
    for slot in slots:
        for _ in range(each):
            hall.book("enquiry", slot)
    hall.at(at).open("1", "2", "3")
    return hall


def suspend(hall: Hall, from_: str, to: str, *, said: bool = False) -> None:
    """Suspend the hall for a span, then continue; `said` tells whether the end is known from the beginning."""
    hall.at(from_).do(commands.Suspend({"en": "Fire alarm"}, hall.instant(to) if said else None))
    hall.at(to).do(commands.LiftSuspension())


BY_TEN_MINUTES = ("10:00", "10:10", "10:20", "10:30", "10:40", "10:50", "11:00")


@pytest.mark.parametrize("said", [False, True])
def test_after_a_suspension_those_who_could_not_come_are_expected_as_at_their_time(said: bool) -> None:  # noqa: FBT001
    excused = booked_hall(*BY_TEN_MINUTES, each=3, at="09:50")
    suspend(excused, "09:59", "11:00", said=said)
    due = booked_hall("11:00", each=21, at="11:00")

    wait = wait_of_newcomer(excused.day, ENQUIRY, excused.now_at)
    assert wait == wait_of_newcomer(due.day, ENQUIRY, due.now_at)
    assert wait.p50_s is not None

    for appointment in list(excused.day.appointments):
        excused.check_in(appointment)
    then = wait_of_newcomer(excused.day, ENQUIRY, excused.now_at)
    assert then.p50_s is not None
    assert then.p50_s / 2 < wait.p50_s < then.p50_s


def test_after_a_suspension_nobody_is_let_in_on_the_time_of_those_who_could_not_come() -> None:
    slots = ("14:00", "14:20", "14:40", "15:00", "15:20", "15:40")
    excused = booked_hall(*slots, each=7, at="13:50")
    suspend(excused, "13:50", "16:00")
    due = booked_hall("16:00", each=42, at="16:00")

    assert taken_fit(excused, "enquiry") == taken_fit(due, "enquiry")


def test_who_was_too_late_when_a_suspension_began_is_too_late_after_it() -> None:
    late = booked_hall("09:20", "09:40", each=3, at="09:50")
    suspend(late, "09:59", "11:00")

    assert wait_of_newcomer(late.day, ENQUIRY, late.now_at).p50_s == 0
    state = start_state_of(late.day, late.now_at)
    assert state is not None
    assert [one.slot_s for one in state.expected] == [-19 * 60] * 3, "late, if they come; the others are missed"


def test_who_waited_through_a_suspension_goes_before_those_who_could_not_come() -> None:
    hall, alone = booked_hall("10:00", each=9, at="09:35"), booked_hall(at="09:35")
    for one in (hall, alone):
        for _ in range(3):
            one.take()
        for counter in "123":
            one.next(counter)
        one.take()
        suspend(one, "09:45", "11:00")

    ticket = TicketId(f"ticket-{hall.drawn:05d}")

    assert p50_s(hall, ticket) == p50_s(alone, TicketId(f"ticket-{alone.drawn:05d}"))


def test_the_forecast_expects_those_who_could_not_come() -> None:
    excused = booked_hall(*BY_TEN_MINUTES, each=3, at="09:50")
    suspend(excused, "09:59", "11:00")
    due = booked_hall("11:00", each=21, at="11:00")

    state, as_usual = start_state_of(excused.day, excused.now_at), start_state_of(due.day, due.now_at)
    assert state is not None
    assert as_usual is not None

    assert state.expected == as_usual.expected
    assert waits_and_newcomers_of(state).newcomers == waits_and_newcomers_of(as_usual).newcomers


def test_while_the_hall_is_suspended_the_forecast_has_nobody_late_before_its_end() -> None:
    hall = booked_hall("10:00", "10:40", "11:10", at="09:50")
    hall.at("10:05").do(commands.Suspend({"en": "Fire alarm"}, hall.instant("11:00")))
    state = start_state_of(hall.at("10:45").day, hall.now_at)
    assert state is not None

    said_min = [(one.slot_s / 60, one.late_from_s / 60) for one in state.expected]

    assert said_min == [(-5, 10), (0, 15), (25, 25)], "five minutes late already, as at its time, and not yet due"
