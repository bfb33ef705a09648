"""The ticket and the counter as the contract describes them."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from service.domain.calendar.times import stamp
from service.domain.commands import OpenCounter, PauseCounter, Suspend
from service.domain.model import CounterId
from service.domain.queue.dispatch import count_ahead
from service.domain.view import CounterView, TicketView, counter_view, ticket_view
from tests.domain.halls import Hall, town

TICKET_FIELDS = [
    "id",
    "code",
    "number",
    "day",
    "service",
    "stage",
    "class",
    "channel",
    "state",
    "admission",
    "count",
    "then",
    "counter",
    "calls",
    "ahead",
    "wait",
    "queue_at",
    "issued_at",
    "called_at",
    "started_at",
    "finished_at",
    "outcome",
    "missing",
    "due_on",
    "prechecked",
    "appointment",
    "token",
    "seq",
]
COUNTER_FIELDS = [
    "id",
    "state",
    "stage",
    "services",
    "zone",
    "ticket",
    "staff",
    "since_at",
    "reason",
    "until_at",
    "seq",
]


def as_json(view: TicketView | CounterView) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(view))
    return decoded


def test_a_waiting_ticket_has_its_place_and_wait_as_of_now() -> None:
    hall = Hall()
    hall.open("1")
    hall.take()
    ticket = hall.take()
    hall.after(60)

    shown = as_json(ticket_view(hall.day, hall.ticket(ticket), hall.now_at, token="secret"))

    assert list(shown) == TICKET_FIELDS
    assert shown["class"] == "walk_in"
    assert shown["number"] == "E002"
    assert shown["day"] == "2026-11-23"
    assert shown["token"] == "secret"
    assert shown["ahead"] == 1
    assert shown["wait"]["as_of_at"] == stamp(hall.now_at)
    assert list(shown["wait"]) == ["p10_s", "p50_s", "p90_s", "as_of_at", "shown"]
    assert set(shown["wait"]["shown"]) == {"from_min", "to_min"}
    assert shown["seq"] == hall.day.seq
    assert (shown["called_at"], shown["outcome"], shown["due_on"], shown["appointment"]) == (None,) * 4


def test_nobody_but_the_owner_sees_a_token() -> None:
    hall = Hall()

    shown = as_json(ticket_view(hall.day, hall.ticket(hall.take()), hall.now_at))

    assert list(shown) == [name for name in TICKET_FIELDS if name != "token"]


def test_a_ticket_says_to_its_person_that_the_hall_is_suspended() -> None:
    hall = Hall()
    ticket = hall.ticket(hall.take())
    until_at = hall.now_at + timedelta(minutes=10)

    hall.do(Suspend({"en": "Fire alarm"}, until_at=until_at))

    shown = as_json(ticket_view(hall.day, ticket, hall.now_at))
    assert shown["suspended"] == {"text": {"en": "Fire alarm"}, "until_at": stamp(until_at)}
    assert "suspended" not in as_json(ticket_view(hall.day, ticket, until_at))
    assert "suspended" not in as_json(ticket_view(hall.day, ticket, hall.now_at, staff=True))
    assert "suspended" not in as_json(ticket_view(hall.day, ticket, hall.now_at, live=False))


def test_an_answer_given_again_repeats_what_was_told() -> None:
    hall = Hall()
    hall.open("1")
    hall.take()
    told = hall.ticket(hall.take())
    hall.next("1")
    hall.after(600)

    shown = as_json(ticket_view(hall.day, told, hall.now_at, seq=4, live=False))

    assert shown["ahead"] == told.ahead == 1
    assert told.wait is not None
    assert shown["wait"]["as_of_at"] == stamp(told.wait.as_of_at)
    assert shown["seq"] == 4
    assert count_ahead(hall.day, told) == 0


@pytest.mark.parametrize("live", [True, False])
def test_who_does_not_wait_has_no_place_and_no_wait(*, live: bool) -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take()
    hall.next("1")

    shown = as_json(ticket_view(hall.day, hall.ticket(ticket), hall.now_at, live=live))

    assert shown["state"] == "called"
    assert (shown["counter"], shown["calls"], shown["called_at"]) == ("1", 1, stamp(hall.now_at))
    assert shown["ahead"] is None
    assert shown["wait"] == dict.fromkeys(("p10_s", "p50_s", "p90_s", "as_of_at", "shown"))


def test_a_wait_nobody_can_tell_is_all_null() -> None:
    hall = Hall(town(counters=[{"id": "1", "zone": "main", "stage": "window", "services": ["passport"]}]))

    shown = as_json(ticket_view(hall.day, hall.ticket(hall.take()), hall.now_at))

    assert shown["ahead"] == 0
    assert set(shown["wait"].values()) == {None}


def test_a_counter_says_who_is_there() -> None:
    hall = Hall(at="09:30")
    closed = as_json(counter_view(hall.day, hall.counter("1")))
    hall.do(OpenCounter(CounterId("1")))
    ticket = hall.take()
    hall.next("1")

    shown = as_json(counter_view(hall.day, hall.counter("1"), seq=2))

    assert list(shown) == COUNTER_FIELDS
    assert shown == {
        "id": "1",
        "state": "open",
        "stage": "window",
        "services": ["passport", "enquiry", "card"],
        "zone": "main",
        "ticket": ticket,
        "staff": "clerk",
        "since_at": stamp(hall.now_at),
        "reason": None,
        "until_at": None,
        "seq": 2,
    }
    assert (closed["state"], closed["since_at"], closed["seq"]) == ("closed", None, 1)
    hall.do(PauseCounter(CounterId("1"), release=True))
    assert as_json(counter_view(hall.day, hall.counter("1")))["ticket"] is None
