"""The preview of admission agrees with what a walk-in gets.

Source: CONTRACT 5, `admission`.
"""

from datetime import timedelta

import pytest

from service.domain.admission.preview import admission_preview
from service.domain.commands import ChangePlan, CloseDay, LeaveQueue, OpenOvertime, Suspend
from service.domain.model import AtDoor, ServiceId
from service.domain.refusals import HallFull
from tests.domain.halls import Hall, town
from tests.domain.test_admission import admissions, fill, one_counter
from tests.domain.test_day_end import no_enquiries

PASSPORT, ENQUIRY, CARD = ServiceId("passport"), ServiceId("enquiry"), ServiceId("card")


def told(hall: Hall) -> dict[ServiceId, AtDoor]:
    hall.day.advance_to(hall.now_at)
    return dict(admission_preview(hall.day, hall.now_at))


def got(hall: Hall, service: ServiceId) -> AtDoor:
    """Take a number for a service and return what the walk-in got."""
    command = hall.new_ticket(service)
    try:
        hall.do(command)
    except HallFull:
        return AtDoor.FULL
    return AtDoor(hall.ticket(command.ticket).admission)


def test_who_asks_gets_what_was_told_for_every_service_until_the_hall_is_full() -> None:
    hall = Hall(at="14:00")
    hall.open("1", "2", "4", "P1", "K1")
    services = (PASSPORT, ENQUIRY, CARD)
    unseen = {(service, one) for service in services for one in AtDoor if one is not AtDoor.OVERTIME}

    for turn in range(400):
        service = services[turn % 3]
        expected = told(hall)[service]
        assert got(hall, service) is expected
        unseen.discard((service, expected))
        hall.after(2)

    assert unseen == set()


def test_overtime_is_told_to_who_comes_in_by_it() -> None:
    hall = one_counter()
    fill(hall)
    assert told(hall) == {ENQUIRY: AtDoor.FULL}

    hall.do(OpenOvertime(hall.instant("19:00"), 1))

    assert told(hall) == {ENQUIRY: AtDoor.OVERTIME}
    assert got(hall, ENQUIRY) is AtDoor.OVERTIME


@pytest.mark.parametrize(("leave", "would_get"), [(3, AtDoor.STANDBY), (6, AtDoor.ADMITTED)])
def test_who_fits_by_now_of_those_on_standby_is_reckoned_with_as_let_in(leave: int, would_get: AtDoor) -> None:
    hall = one_counter()
    admitted, standby = fill(hall)
    hall.do(Suspend({"en": "Fire"}, hall.instant("16:01")))
    for ticket in admitted[:leave]:
        hall.do(LeaveQueue(ticket))
    hall.at("16:01")  # no admission during the suspension, and no sweep since
    assert len(hall.day.queue.standby) == len(standby)

    expected = told(hall)[ENQUIRY]
    command = hall.new_ticket(ENQUIRY)
    let_in = admissions(hall.do(command))

    assert let_in
    assert let_in == standby[: len(let_in)]
    assert expected is would_get
    assert AtDoor(hall.ticket(command.ticket).admission) is would_get


def test_nothing_is_told_while_no_number_is_given_out() -> None:
    hall = Hall(at="08:29:59")
    assert told(hall) == {}
    assert set(told(hall.at("08:30"))) == {PASSPORT, ENQUIRY, CARD}, "not of what is online only"

    hall.do(Suspend({"en": "Fire"}, hall.instant("09:30")))
    assert told(hall) == {}
    assert set(told(hall.at("09:30"))) == {PASSPORT, ENQUIRY, CARD}

    hall.do(CloseDay())
    assert told(hall) == {}


def test_nothing_is_told_of_a_service_that_is_not_offered_any_more() -> None:
    hall = Hall()
    hall.take("enquiry")

    hall.do(ChangePlan(hall.plan(town(**no_enquiries()))))

    assert set(told(hall)) == {PASSPORT, CARD}


@pytest.mark.parametrize("local", ["08:45", "12:00", "16:59"])
def test_where_everybody_is_let_in_everybody_is_told_so(local: str) -> None:
    assert set(told(Hall(town(admission="all"), at=local)).values()) == {AtDoor.ADMITTED}


def test_it_is_reckoned_once_in_a_second_however_many_ask_and_anew_when_something_happens() -> None:
    hall = one_counter()
    first = admission_preview(hall.day, hall.now_at)

    assert admission_preview(hall.day, hall.now_at + timedelta(milliseconds=999)) is first
    assert admission_preview(hall.day, hall.now_at + timedelta(seconds=1)) is not first
    again = admission_preview(hall.day, hall.now_at + timedelta(seconds=1))
    hall.take()
    assert admission_preview(hall.day, hall.now_at + timedelta(seconds=1)) is not again


def test_a_copy_of_a_day_does_not_answer_for_what_happened_to_the_other() -> None:
    hall = one_counter()
    before = admission_preview(hall.day, hall.now_at)

    assert admission_preview(hall.day.copy(), hall.now_at) is not before
