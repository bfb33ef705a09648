"""The fields of a board."""

from datetime import timedelta
from typing import Any

import msgspec

from display.board import Board, board_of, encode, zone_exists
from service.domain.calendar.times import stamp
from service.domain.commands import (
    ChangePlan,
    ChangeTicket,
    CloseDay,
    LeaveQueue,
    MarkNoShow,
    OpenCounter,
    OpenOvertime,
    ParkTicket,
    PauseCounter,
    PostNotice,
    RecallTicket,
    RemoveNotice,
    StartTicket,
    Suspend,
    UndoTicket,
)
from service.domain.model import AtDoor, CounterId, Notice, ServiceId, ZoneId
from service.domain.queue.waits import wait_of_newcomer
from tests.domain.halls import Hall, town
from tests.domain.test_admission import fill, one_counter
from tests.domain.test_day_end import no_enquiries

MAIN = ZoneId("main")
UPSTAIRS = ZoneId("upstairs")


def board(hall: Hall, zone: ZoneId | None = None) -> Board:
    hall.day.advance_to(hall.now_at)
    return board_of(hall.day, zone, hall.now_at)


def numbers(hall: Hall, zone: ZoneId | None = None) -> list[str]:
    return [call.number for call in board(hall, zone).called]


def test_an_empty_hall_has_a_whole_board() -> None:
    hall = Hall(at="09:00")

    shown: dict[str, Any] = msgspec.json.decode(encode(board(hall)))

    assert list(shown) == [
        "type",
        "hall",
        "day",
        "seq",
        "at",
        "called",
        "waiting",
        "counters",
        "standby",
        "notices",
        "names",
        "closing_at",
        "doors",
        "day_ends_at",
        "suspended",
    ]
    names = shown.pop("names")
    waiting = shown.pop("waiting")
    assert shown == {
        "type": "board",
        "hall": "town",
        "day": "2026-11-23",
        "seq": 1,
        "at": "2026-11-23T01:00:00.000Z",
        "called": [],
        "counters": [{"id": name, "state": "closed"} for name in ("1", "2", "3", "4", "P1", "K1")],
        "standby": 0,
        "notices": [],
        "closing_at": "2026-11-23T09:00:00.000Z",
        "doors": [{"opens_at": "2026-11-23T00:30:00.000Z", "closes_at": "2026-11-23T09:00:00.000Z"}],
        "day_ends_at": "2026-11-23T16:00:00.000Z",
        "suspended": None,
    }
    assert [(one["service"], one["count"]) for one in waiting] == [("passport", 0), ("enquiry", 0), ("card", 0)]
    assert names["hall"] == {"en": "Town hall"}
    assert names["services"]["passport"] == {"name": {}, "prefix": "P", "online_url": None}
    assert names["services"]["renewal"]["online_url"] == "https://example.org/renewal"
    assert names["counters"]["P1"] == {"stage": "precheck"}
    assert list(names["stages"]) == ["precheck", "window", "cashier"]
    assert list(names["zones"]) == ["main", "upstairs"]


def test_the_newest_call_is_first_and_is_still_shown_while_served() -> None:
    hall = Hall()
    hall.open("1", "2", "4")
    for _ in range(3):
        hall.take()
    first = hall.next("1")
    second = hall.after(5).next("4")
    assert first is not None
    assert second is not None

    hall.after(5).do(StartTicket(first))

    assert numbers(hall) == ["E002", "E001"]
    call = board(hall).called[0]
    assert (call.counter, call.zone, call.again) == ("4", "main", 0)
    assert call.at == stamp(hall.now_at - timedelta(seconds=5))
    hall.finish(first)
    assert numbers(hall) == ["E002"]


def test_a_recall_shows_the_number_as_the_newest_again() -> None:
    hall = Hall()
    hall.open("1", "2")
    hall.take()
    hall.take()
    first = hall.next("1")
    hall.after(5).next("2")
    assert first is not None

    hall.after(60).do(RecallTicket(first))

    assert numbers(hall) == ["E001", "E002"]
    assert board(hall).called[0].again == 1
    assert board(hall).called[0].at == stamp(hall.now_at)


def test_at_most_twelve_calls_are_shown() -> None:
    many = [{"id": str(n), "zone": "main", "stage": "window", "services": ["enquiry"]} for n in range(1, 16)]
    only = [{"id": "enquiry", "prefix": "E", "stages": ["window"], "duration_s": {"mean": 180}}]
    hall = Hall(town(counters=many, services=only))
    for n in range(1, 16):
        hall.open(str(n))
        hall.take()
        hall.after(1).next(str(n))

    assert numbers(hall) == [f"E{n:03d}" for n in range(15, 3, -1)]


def test_who_is_put_aside_or_did_not_come_is_not_shown() -> None:
    hall = Hall()
    hall.open("1", "2")
    for _ in range(2):
        hall.take()
    parked, missed = hall.next("1"), hall.next("2")
    assert parked is not None
    assert missed is not None

    hall.do(ParkTicket(parked))
    hall.do(MarkNoShow(missed))
    assert numbers(hall) == []

    hall.do(UndoTicket(missed))
    assert numbers(hall) == ["E002"]


def test_waiting_counts_people_in_line_and_says_what_a_newcomer_would_be_told() -> None:
    hall = Hall()
    hall.open("1")
    tickets = [hall.take() for _ in range(5)]
    hall.take("card")
    hall.do(LeaveQueue(tickets[4]))
    hall.do(ChangeTicket(tickets[3], not_before_at=hall.now_at + timedelta(minutes=20)))
    hall.next("1")

    waiting = {one.service: one for one in board(hall).waiting}

    assert waiting[ServiceId("enquiry")].count == 3
    assert waiting[ServiceId("card")].count == 1
    assert waiting[ServiceId("passport")].count == 0
    for service, one in waiting.items():
        assert one.shown == wait_of_newcomer(hall.day, service, hall.now_at).shown
    assert waiting[ServiceId("enquiry")].shown is not None


def test_a_wait_nobody_can_tell_is_null() -> None:
    hall = Hall(town(counters=[{"id": "1", "zone": "main", "stage": "window", "services": ["passport", "enquiry"]}]))

    waiting = {one.service: one.shown for one in board(hall).waiting}

    assert waiting[ServiceId("enquiry")] is not None
    assert waiting[ServiceId("card")] is None


def test_a_zone_shows_its_own_counters_and_their_services() -> None:
    hall = Hall()
    hall.open("1", "P1")
    hall.take("passport")
    hall.take("enquiry")
    hall.next("P1")
    hall.next("1")

    upstairs = board(hall, UPSTAIRS)

    assert [one.id for one in upstairs.counters] == ["P1"]
    assert [one.service for one in upstairs.waiting] == ["passport"]
    assert numbers(hall, UPSTAIRS) == ["P001"]
    assert numbers(hall, MAIN) == ["E001"]
    assert set(numbers(hall)) == {"P001", "E001"}
    assert upstairs.names == board(hall).names
    assert zone_exists(hall.day, UPSTAIRS)
    assert zone_exists(hall.day, None)
    assert not zone_exists(hall.day, ZoneId("cellar"))


def test_a_counter_that_opens_for_less_does_not_take_a_service_off_its_zone() -> None:
    hall = Hall()

    hall.do(OpenCounter(CounterId("4"), services=(ServiceId("enquiry"),)))
    hall.do(OpenCounter(CounterId("1"), services=(ServiceId("card"),)))

    assert [one.service for one in board(hall, MAIN).waiting] == ["passport", "enquiry", "card"]


def test_counters_say_their_state() -> None:
    hall = Hall()
    hall.open("1", "2")
    hall.do(PauseCounter(CounterId("2")))

    states = {one.id: one.state for one in board(hall).counters}

    assert (states[CounterId("1")], states[CounterId("2")], states[CounterId("3")]) == ("open", "paused", "closed")


def test_notices_stand_in_their_zones() -> None:
    hall = Hall()
    hall.do(PostNotice(Notice("a", {"en": "All"})))
    hall.do(PostNotice(Notice("b", {"en": "Upstairs"}, (UPSTAIRS,))))

    assert [one.id for one in board(hall).notices] == ["a", "b"]
    assert [one.id for one in board(hall, UPSTAIRS).notices] == ["a", "b"]
    assert [(one.id, one.text) for one in board(hall, MAIN).notices] == [("a", {"en": "All"})]
    hall.do(RemoveNotice("a"))
    assert board(hall, MAIN).notices == ()


def test_a_suspension_is_shown_until_its_time() -> None:
    hall = Hall(at="10:00")
    hall.do(Suspend({"en": "Fire alarm"}, until_at=hall.instant("10:30")))

    shown = board(hall).suspended
    assert shown is not None
    assert (shown.text, shown.until_at) == ({"en": "Fire alarm"}, "2026-11-23T02:30:00.000Z")
    assert board(hall.at("10:29:59")).suspended is not None
    assert board(hall.at("10:30")).suspended is None

    hall.do(Suspend({"en": "System away"}))
    lasting = board(hall).suspended
    assert lasting is not None
    assert lasting.until_at is None


def test_closing_is_the_end_of_the_window_open_now_or_of_the_next_one() -> None:
    hours = [
        {"weekdays": [1], "from": "09:00", "to": "12:00"},
        {"weekdays": [1], "from": "14:00", "to": "17:00"},
    ]
    hall = Hall(town(hours=hours), at="08:00")

    assert board(hall).closing_at == stamp(hall.instant("12:00"))
    assert board(hall.at("12:00")).closing_at == stamp(hall.instant("17:00"))
    assert board(hall.at("15:00")).closing_at == stamp(hall.instant("17:00"))
    hall.do(CloseDay())
    assert board(hall).closing_at is None


def test_the_doors_are_open_in_all_spans_in_which_numbers_are_given_out() -> None:
    hours = [
        {"weekdays": [1], "from": "09:00", "to": "12:00"},
        {"weekdays": [1], "from": "12:20", "to": "15:00"},
        {"weekdays": [1], "from": "16:00", "to": "17:00"},
    ]
    hall = Hall(town(hours=hours), at="15:10")

    spans = [(one.opens_at, one.closes_at) for one in board(hall).doors]

    wanted = [("08:30", "15:00"), ("15:30", "17:00")]
    assert spans == [(stamp(hall.instant(begin)), stamp(hall.instant(end))) for begin, end in wanted]
    hall.do(OpenOvertime(hall.instant("18:00")))
    assert board(hall).doors[-1].closes_at == stamp(hall.instant("18:00"))
    hall.do(CloseDay())
    assert board(hall).doors == ()


def test_after_the_last_window_there_is_no_closing() -> None:
    hall = Hall(at="17:00")

    assert board(hall).closing_at is None


def test_the_board_follows_a_changed_document() -> None:
    hall = Hall()
    fewer = town(
        zones=[{"id": "main"}],
        counters=[{"id": "9", "zone": "main", "stage": "window", "services": ["passport", "enquiry", "card"]}],
    )

    hall.do(ChangePlan(hall.plan(fewer)))

    assert [one.id for one in board(hall).counters] == ["9"]
    assert not zone_exists(hall.day, UPSTAIRS)


def test_a_board_holds_nothing_that_is_anybodys() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take()
    hall.next("1")

    shown = encode(board(hall)).decode()

    assert ticket not in shown
    assert hall.ticket(ticket).code not in shown
    assert "clerk" not in shown


def test_a_board_says_what_who_comes_now_would_get() -> None:
    hall = one_counter()
    assert [one.admission for one in board(hall).waiting] == [AtDoor.ADMITTED]

    fill(hall)

    assert [one.admission for one in board(hall).waiting] == [AtDoor.FULL]
    hall.at("17:00")
    assert [one.admission for one in board(hall).waiting] == [None]


def test_a_service_that_goes_is_shown_with_its_name_while_people_wait_for_it() -> None:
    hall = Hall()
    hall.open("1")
    first, second = hall.take("enquiry"), hall.take("enquiry")
    hall.do(ChangePlan(hall.plan(town(**no_enquiries()))))

    def shown(zone: ZoneId | None = None) -> dict[ServiceId, tuple[int, bool, object]]:
        return {one.service: (one.count, one.shown is not None, one.admission) for one in board(hall, zone).waiting}

    enquiry = ServiceId("enquiry")
    assert shown()[enquiry] == (2, True, None)
    assert shown(MAIN)[enquiry] == (2, True, None)
    assert enquiry not in shown(UPSTAIRS)
    names: dict[str, Any] = msgspec.json.decode(encode(board(hall)))["names"]["services"]
    assert names["enquiry"] == {"name": {}, "prefix": "E", "online_url": None, "offered": False}
    assert "offered" not in names["passport"]

    assert hall.next("1") == first
    hall.do(LeaveQueue(second))
    assert enquiry not in shown()


def test_who_stands_by_for_a_service_that_goes_is_on_the_board() -> None:
    hall = one_counter()
    _, standby = fill(hall)
    services = [{"id": "other", "prefix": "O", "stages": ["window"], "duration_s": {"mean": 300}}]
    counters = [{"id": "1", "zone": "main", "stage": "window", "services": ["other"]}]
    hall.do(ChangePlan(hall.plan(town(services=services, counters=counters))))

    assert ServiceId("enquiry") in {one.service for one in board(hall).waiting}
    assert board(hall).standby == len(standby)
