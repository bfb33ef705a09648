"""Taking a number: the numbers, the doors, and the refusals.

Source: CONTRACT 2, 5 and "closing".
"""

from datetime import timedelta

import pytest

from display.board import board_of
from service.domain.calendar.times import stamp
from service.domain.commands import (
    CallNext,
    CloseDay,
    LeaveQueue,
    LiftSuspension,
    MarkNoShow,
    ParkTicket,
    PostNotice,
    RecallTicket,
    RemoveNotice,
    StartTicket,
    Suspend,
)
from service.domain.events import TicketTaken
from service.domain.hall.document import HallDocument
from service.domain.model import Admission, CounterId, Notice, TicketClass, TicketId, TicketState, ZoneId
from service.domain.refusals import (
    AlreadyWaiting,
    BodyInvalid,
    HallClosed,
    HallSuspended,
    NoticeNotFound,
    OnlineOnly,
    ServiceNotFound,
)
from service.domain.view import ticket_view
from tests.domain.halls import Hall, town

ONE = CounterId("1")


def test_a_ticket_is_a_walk_in_of_the_first_stage_that_waits_and_is_admitted() -> None:
    hall = Hall(at="09:30")

    ticket = hall.ticket(hall.take("passport", count=3, then=["enquiry"]))

    assert (ticket.number, ticket.n, ticket.code) == ("P001", 1, "CODE0001")
    assert (ticket.state, ticket.admission, ticket.stage) == (TicketState.WAITING, Admission.ADMITTED, "precheck")
    assert (ticket.class_, ticket.first_class, ticket.channel) == (TicketClass.WALK_IN, TicketClass.WALK_IN, "kiosk")
    assert (ticket.count, ticket.then, ticket.prechecked) == (3, ("enquiry",), False)
    assert ticket.issued_at == ticket.reference_at == ticket.queue_at == hall.instant("09:30")
    assert ticket.seq == hall.day.seq


def test_the_event_tells_what_the_ticket_is() -> None:
    hall = Hall()
    command = hall.new_ticket("passport", count=2)

    (event,) = hall.do(command)

    assert isinstance(event, TicketTaken)
    ticket = hall.ticket(command.ticket)
    for field in set(event.__struct_fields__) - {"fit", "device", "issued_at"}:
        assert getattr(event, field) == getattr(ticket, "id" if field == "ticket" else field)


def test_every_prefix_counts_from_one() -> None:
    hall = Hall()

    tickets = [hall.take(service) for service in ("enquiry", "passport", "enquiry", "card", "enquiry")]

    assert [hall.ticket(ticket).number for ticket in tickets] == ["E001", "P001", "E002", "C001", "E003"]
    assert [hall.ticket(ticket).n for ticket in tickets] == [1, 2, 3, 4, 5]


def test_numbers_go_on_past_nine_hundred_and_ninety_nine() -> None:
    hall = Hall(town(admission="all"))

    numbers = [hall.ticket(hall.take()).number for _ in range(1001)]

    assert numbers[:2] == ["E001", "E002"]
    assert numbers[-3:] == ["E999", "E1000", "E1001"]
    assert len(set(numbers)) == len(numbers)


def test_a_refused_ticket_takes_no_number() -> None:
    hall = Hall()
    hall.take()
    hall.refuses(hall.new_ticket(count=5))

    assert hall.ticket(hall.take()).number == "E002"


@pytest.mark.parametrize("count", [0, -1, 5])
def test_a_ticket_is_for_as_many_people_as_the_service_takes(count: int) -> None:
    hall = Hall()
    hall.take(count=4)

    refusal = hall.refuses(hall.new_ticket(count=count))

    assert isinstance(refusal, BodyInvalid)
    assert refusal.fields["errors"] == [{"path": "count", "why": "from 1 to 4 on one ticket"}]


@pytest.mark.parametrize(("service", "then"), [("renewal", []), ("enquiry", ["passport", "renewal"])])
def test_what_is_done_online_gives_no_ticket_but_the_address(service: str, then: list[str]) -> None:
    hall = Hall()

    refusal = hall.refuses(hall.new_ticket(service, then=then))

    assert isinstance(refusal, OnlineOnly)
    assert refusal.fields == {"url": "https://example.org/renewal"}


@pytest.mark.parametrize(("service", "then"), [("haircut", []), ("enquiry", ["haircut"])])
def test_a_service_the_hall_has_not_is_not_found(service: str, then: list[str]) -> None:
    hall = Hall()

    assert isinstance(hall.refuses(hall.new_ticket(service, then=then)), ServiceNotFound)


# The door.


@pytest.mark.parametrize("at", ["08:30", "09:00", "16:59:59"])
def test_the_doors_are_open_from_half_an_hour_before_opening_until_closing(at: str) -> None:
    hall = Hall(at=at)

    assert hall.ticket(hall.take()).state is TicketState.WAITING


@pytest.mark.parametrize(
    ("at", "opens_at"),
    [
        ("00:00", "2026-11-23T01:00:00.000Z"),
        ("08:29:59", "2026-11-23T01:00:00.000Z"),
        ("17:00", "2026-11-24T01:00:00.000Z"),
        ("23:59", "2026-11-24T01:00:00.000Z"),
    ],
)
def test_outside_of_them_people_are_told_when_the_hall_opens(at: str, opens_at: str) -> None:
    hall = Hall(at=at)

    refusal = hall.refuses(hall.new_ticket())

    assert isinstance(refusal, HallClosed)
    assert refusal.fields == {"opens_at": opens_at}


def test_the_doors_open_as_early_as_the_hall_says() -> None:
    hall = Hall(town(rules={"doors_before_s": 0}), at="08:59:59")

    assert isinstance(hall.refuses(hall.new_ticket()), HallClosed)
    assert hall.after(1).take()


def test_before_an_afternoon_the_doors_open_again() -> None:
    hours = [
        {"weekdays": [1], "from": "09:00", "to": "12:00"},
        {"weekdays": [1], "from": "14:00", "to": "17:00"},
    ]
    hall = Hall(town(hours=hours), at="12:00")

    refusal = hall.refuses(hall.new_ticket())

    assert refusal.fields == {"opens_at": stamp(hall.instant("14:00"))}
    assert hall.at("13:30").take()


def test_a_weekend_opens_on_monday() -> None:
    hall = Hall(on=Hall().on + timedelta(days=5), at="10:00")

    assert hall.refuses(hall.new_ticket()).fields == {"opens_at": "2026-11-30T01:00:00.000Z"}


def test_a_hall_that_never_opens_knows_no_time() -> None:
    hall = Hall(town(hours=[]))

    assert hall.refuses(hall.new_ticket()).fields == {"opens_at": None}


def test_calls_begin_with_the_opening() -> None:
    hall = Hall(at="08:30")
    hall.open("1")
    ticket = hall.take()

    refusal = hall.at("08:59:59").refuses(CallNext(ONE))

    assert isinstance(refusal, HallClosed)
    assert refusal.fields == {"opens_at": stamp(hall.instant("09:00"))}
    assert hall.at("09:00").next("1") == ticket


def test_who_has_a_ticket_is_served_after_closing() -> None:
    hall = Hall(at="16:59")
    hall.open("1")
    ticket = hall.take()

    assert hall.at("18:00").next("1") == ticket


@pytest.mark.parametrize("document", [town(hours=[]), town(exceptions=[{"on": "2026-11-23", "closed": True}])])
def test_nobody_is_called_on_a_day_without_opening(document: HallDocument) -> None:
    hall = Hall(document, at="10:00")
    hall.open("1")

    assert isinstance(hall.refuses(CallNext(ONE)), HallClosed)


def test_a_closed_day_opens_again_tomorrow_and_not_this_afternoon() -> None:
    hours = [
        {"weekdays": [1, 2], "from": "09:00", "to": "12:00"},
        {"weekdays": [1, 2], "from": "14:00", "to": "17:00"},
    ]
    hall = Hall(town(hours=hours), at="10:00")
    hall.open("1")

    hall.do(CloseDay())

    for command in (hall.new_ticket(), CallNext(ONE)):
        refusal = hall.refuses(command)
        assert isinstance(refusal, HallClosed)
        assert refusal.fields == {"opens_at": "2026-11-24T01:00:00.000Z"}


# Suspension.


def test_a_suspended_hall_issues_and_calls_nothing_and_says_why() -> None:
    hall = Hall()
    hall.open("1", "2")
    person = hall.take()
    hall.next("1")
    hall.take()

    hall.do(Suspend({"en": "Fire alarm"}))

    for command in (hall.new_ticket(), CallNext(CounterId("2")), RecallTicket(person)):
        refusal = hall.refuses(command)
        assert isinstance(refusal, HallSuspended)
        assert refusal.fields == {"text": {"en": "Fire alarm"}}
    hall.finish(person)


def test_everything_comes_back_when_the_suspension_is_lifted() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take()
    hall.do(Suspend({"en": "Fire alarm"}))

    hall.after(600).do(LiftSuspension())

    assert hall.day.suspension is None
    assert hall.next("1") == ticket
    assert hall.take()


def test_a_suspension_with_an_end_ends_alone() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take()
    hall.do(Suspend({"en": "System away"}, hall.instant("09:10")))

    assert isinstance(hall.at("09:09:59").refuses(hall.new_ticket()), HallSuspended)
    assert hall.at("09:10").take()
    assert hall.next("1") == ticket


def test_a_suspension_can_be_given_other_words_and_another_end() -> None:
    hall = Hall()
    hall.do(Suspend({"en": "Soon"}, hall.instant("09:10")))

    hall.at("09:05").do(Suspend({"en": "Later"}, hall.instant("09:20")))

    refusal = hall.at("09:15").refuses(hall.new_ticket())
    assert refusal.fields == {"text": {"en": "Later"}}
    assert hall.at("09:20").take()


def test_a_suspension_does_not_end_in_the_past() -> None:
    hall = Hall()

    assert isinstance(hall.refuses(Suspend({"en": "Late"}, hall.now_at)), BodyInvalid)


# Notices.


def test_a_notice_stands_until_it_is_removed() -> None:
    hall = Hall()
    notice = Notice("n1", {"en": "Bring a photo"}, (ZoneId("upstairs"),))

    hall.do(PostNotice(notice))
    assert hall.day.notices == {"n1": notice}
    hall.do(RemoveNotice("n1"))

    assert hall.day.notices == {}
    assert isinstance(hall.refuses(RemoveNotice("n1")), NoticeNotFound)


def test_a_notice_is_for_zones_of_the_hall() -> None:
    refusal = Hall().refuses(PostNotice(Notice("n1", {"en": "Hello"}, (ZoneId("roof"),))))

    assert isinstance(refusal, BodyInvalid)
    assert refusal.fields["errors"][0]["path"] == "zones"


# One number per browser.

BROWSER = "the keyed hash of a browser"


def a_ticket_of_the_browser(hall: Hall) -> TicketId:
    command = hall.new_ticket(browser=BROWSER)
    hall.do(command)
    return command.ticket


@pytest.mark.parametrize("state", ["waiting", "called", "serving", "parked"])
def test_a_browser_with_a_number_gets_no_second_one(state: str) -> None:
    hall = Hall()
    hall.open("1")
    ticket = a_ticket_of_the_browser(hall)
    if state != "waiting":
        assert hall.next("1") == ticket
    if state == "serving":
        hall.do(StartTicket(ticket))
    if state == "parked":
        hall.do(ParkTicket(ticket))
    assert hall.ticket(ticket).state == state

    refusal = hall.refuses(hall.new_ticket("passport", browser=BROWSER))

    assert isinstance(refusal, AlreadyWaiting)
    assert refusal.fields == {"ticket": ticket}


def test_other_browsers_and_people_without_one_are_not_kept_waiting() -> None:
    hall = Hall()
    a_ticket_of_the_browser(hall)

    hall.do(hall.new_ticket(browser="another"))
    hall.take()
    hall.take()

    assert len(hall.day.tickets) == 4


@pytest.mark.parametrize("end", ["done", "left", "no_show"])
def test_a_browser_whose_visit_is_over_may_take_another_number(end: str) -> None:
    hall = Hall()
    hall.open("1")
    ticket = a_ticket_of_the_browser(hall)
    if end == "left":
        hall.do(LeaveQueue(ticket))
    else:
        hall.next("1")
        hall.do(MarkNoShow(ticket)) if end == "no_show" else hall.finish(ticket)
    assert hall.ticket(ticket).state == end

    again = a_ticket_of_the_browser(hall)

    refusal = hall.refuses(hall.new_ticket(browser=BROWSER))
    assert refusal.fields == {"ticket": again}


def test_what_keeps_a_browser_from_a_number_comes_after_what_keeps_everybody() -> None:
    hall = Hall()
    a_ticket_of_the_browser(hall)
    hall.do(CloseDay())

    assert isinstance(hall.refuses(hall.new_ticket(browser=BROWSER)), HallClosed)


def test_no_answer_and_no_screen_shows_a_browser() -> None:
    hall = Hall()
    ticket = hall.ticket(a_ticket_of_the_browser(hall))

    shown = [ticket_view(hall.day, ticket, hall.now_at, staff=True), board_of(hall.day, None, hall.now_at)]

    assert BROWSER not in repr(shown)
    assert ticket.browser == BROWSER
