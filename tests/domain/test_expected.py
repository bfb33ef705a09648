"""People with an appointment who have not come yet are work before a walk-in, as likely as they still come."""

import pytest

from service.domain import commands
from service.domain.model import CounterId, ServiceId, TicketId
from service.domain.plan import Learned
from service.domain.waits import outlook_of, show_probability, wait_of_newcomer
from tests.domain.halls import TOWN, Hall, town

ENQUIRY = ServiceId("enquiry")
THREE_EACH = {"places": [{"weekdays": [1], "from": "09:00", "to": "17:00", "every_min": 5, "places": 3}]}
ONE_COUNTER = [{"id": "4", "zone": "main", "stage": "window", "services": ["enquiry"]}]


def hall_of_one(at: str = "-06:00", **rules: int) -> Hall:
    """A hall with one counter, for enquiries of three minutes."""
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
    """The wait of the last of four walk-ins, at a hall whose counter is busy, with people expected at some slots."""
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
    assert waiting_beside("10:05") == round(alone + 180 * 0.44 / 0.56)  # half of those who come are there by then
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

    assert before == 3 * 180  # they are due at 10:10
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


def test_the_town_hall_has_a_stage_before_the_window() -> None:
    """Who is expected for a later stage is work there: they will come to it."""
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
