"""Overtime over HTTP: numbers after closing, the board's closing, and what the hall says of itself."""

import pytest

from service.clock import FakeClock
from tests.api.checked import Checked, at
from tests.api.staff import employed

UNTIL = "2026-11-23T11:00:00.000Z"
"""19:00 at the demo hall, which closes at 17:30."""


async def test_after_closing_tickets_are_overtime_and_are_called(hall: Checked, now: FakeClock) -> None:
    opened = await hall.staff("PUT", "overtime", {"until_at": "2026-11-23T19:00:00+08:00", "counters": 2})
    on_time = await hall.take("enquiry")
    now.put(at("18:00"))
    late = await hall.take("enquiry")
    await hall.open("1")
    first, second = await hall.next("1"), await hall.next("1", "done")
    now.put(at("19:00"))
    refused = await hall.call("POST", "tickets", {"service": "enquiry"})

    assert (opened.status, opened.body) == (200, {"until_at": UNTIL, "counters": 2, "seq": 2})
    assert (on_time["admission"], late["admission"]) == ("admitted", "overtime")
    assert first is not None
    assert second is not None
    assert [first["id"], second["id"]] == [on_time["id"], late["id"]]
    assert refused.code == "hall-closed"


async def test_the_board_and_the_hall_say_when_it_closes(hall: Checked) -> None:
    before = (await hall.call("GET", "board")).body["closing_at"]
    await hall.staff("PUT", "overtime", {"until_at": UNTIL})

    during = (await hall.call("GET", "board")).body["closing_at"]
    told = (await hall.call("GET", f"/v1/halls/{hall.hall}")).body["overtime"]
    ended = await hall.staff("DELETE", "overtime")

    assert (before, during) == ("2026-11-23T09:30:00.000Z", UNTIL)
    assert told == {"until_at": UNTIL, "counters": None}
    assert (ended.status, ended.body["until_at"]) == (200, None)
    assert (await hall.call("GET", "board")).body["closing_at"] == before
    assert (await hall.call("GET", f"/v1/halls/{hall.hall}")).body["overtime"] is None


async def test_ending_what_is_not_there_changes_nothing(hall: Checked) -> None:
    before = await hall.seq()

    ended = await hall.staff("DELETE", "overtime")

    assert (ended.status, ended.body["seq"]) == (200, before)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"until_at": "2026-11-23T19:00:00"},
        {"until_at": "2026-11-23T01:30:00Z"},
        {"until_at": "2026-11-23T09:30:00Z"},
        {"until_at": "2026-11-23T16:00:01Z"},
        {"until_at": "9999-12-31T23:59:59-14:00"},
        {"until_at": UNTIL, "counters": 0},
        {"until_at": UNTIL, "counters": 501},
        {"until_at": UNTIL, "counters": ["1"]},
    ],
)
async def test_overtime_that_cannot_be_is_refused(hall: Checked, body: dict[str, object]) -> None:
    reply = await hall.staff("PUT", "overtime", body)

    assert (reply.status, reply.code) == (422, "body-invalid")


async def test_overtime_on_a_closed_day_is_told_when_the_hall_opens(hall: Checked) -> None:
    await hall.staff("POST", "day/close")

    reply = await hall.staff("PUT", "overtime", {"until_at": UNTIL})

    assert (reply.status, reply.code, reply.body["opens_at"]) == (409, "hall-closed", "2026-11-24T01:00:00.000Z")


async def test_overtime_is_a_managers_to_open(hall: Checked) -> None:
    async with employed(hall, "staff") as clerk, employed(hall, "manager") as manager:
        by_clerk = await clerk.call("PUT", "overtime", {"until_at": UNTIL})
        by_manager = await manager.call("PUT", "overtime", {"until_at": UNTIL})

    assert (by_clerk.code, by_manager.status) == ("forbidden", 200)
