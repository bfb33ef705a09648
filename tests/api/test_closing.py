"""A hall that does not take whom it has booked: a manager closes the day, or its document closes the date."""

import asyncio
from datetime import timedelta

from service.clock import FakeClock
from tests.api.booking import booked, by_hand, changed, person, seen, try_to_book
from tests.api.checked import Checked, at
from tests.api.conftest import Founder
from tests.service import Service

MANY = 300


async def closed_by_document(hall: Checked, **exception: object) -> None:
    """Put an exception from the hours of the 24th into the document, or take it out again."""
    before = await hall.staff("GET", "document")
    exceptions = [{"on": "2026-11-24", **exception}] if exception else []
    document = {**before.body, "exceptions": exceptions}
    reply = await hall.staff("PUT", "document", document, headers={"If-Match": before.headers["Etag"]})
    assert reply.status == 200, reply.body


async def test_who_has_booked_a_day_that_is_closed_is_told_that_the_hall_cancelled_it(hall: Checked) -> None:
    one = await booked(hall, at("15:00"))
    assert "hall_closed" not in one

    closed = await hall.staff("POST", "day/close")
    now = await seen(hall, one)
    entered = await hall.call("POST", "check-ins", {"code": one["code"]})
    refused = await changed(hall, one, {"count": 2})
    history = (await hall.staff("GET", "history")).body["items"]

    assert closed.status == 200
    assert (now["state"], now["hall_closed"]) == ("cancelled", True)
    assert (entered.status, entered.code) == (409, "hall-closed")
    assert (refused.code, refused.body["state"]) == ("wrong-state", "cancelled")
    (cancelled,) = (item for item in history if item["kind"] == "appointment_cancelled")
    assert cancelled["words"]["en"] == "Booking cancelled: the day was closed"


async def test_whom_a_closed_day_cancelled_may_book_as_many_again(hall: Checked) -> None:
    who = person()
    for local in ("14:00", "15:00"):
        await booked(hall, at(local), applicant=who)
    refused = await try_to_book(hall, at("10:00", 24), applicant=who)
    assert refused.code == "already-booked"

    await hall.staff("POST", "day/close")

    for local in ("10:00", "11:00"):
        await booked(hall, at(local, 24), applicant=who)


async def test_nobody_misses_a_day_that_was_closed(house: Service, hall: Checked, now: FakeClock) -> None:
    await booked(hall, at("15:00"))
    await hall.staff("POST", "day/close")
    now.put(at("15:31"))

    await house.running.jobs.sweep_appointments()
    listed = (await hall.staff("GET", "appointments?on=2026-11-23")).body["items"]

    assert [one["state"] for one in listed] == ["cancelled"]


async def test_a_day_of_many_bookings_is_closed_in_one_command(found: Founder) -> None:
    hall = await found(booking=by_hand(40, notice_s=0))
    for turn in range(MANY // 20):
        starts_at = at("11:00") + timedelta(minutes=30 * (turn % 10))
        await asyncio.gather(*(booked(hall, starts_at) for _ in range(20)))

    closed = await hall.staff("POST", "day/close", key="close-the-day")
    again = await hall.staff("POST", "day/close", key="close-the-day")
    listed = [
        one
        for cursor in ("", "&cursor=200")
        for one in (await hall.staff("GET", f"appointments?on=2026-11-23&limit=200{cursor}")).body["items"]
    ]

    assert again.body == closed.body
    assert [one["state"] for one in listed] == ["cancelled"] * MANY


async def test_an_appointment_at_a_time_that_the_document_closes_stays_and_says_so(hall: Checked) -> None:
    one = await booked(hall, at("15:00", 24))
    early = await booked(hall, at("10:00", 24))

    await closed_by_document(hall, **{"from": "09:00", "to": "12:00"})
    now, other = await seen(hall, one), await seen(hall, early)
    await closed_by_document(hall)
    then = await seen(hall, one)

    assert (now["state"], now["hall_closed"]) == ("booked", True)
    assert "hall_closed" not in other
    assert (then["state"], then.get("hall_closed")) == ("booked", None)


async def test_who_has_booked_a_date_that_the_document_closes_moves_to_another(hall: Checked) -> None:
    one = await booked(hall, at("15:00", 24))
    await closed_by_document(hall, closed=True)

    moved = await changed(hall, one, {"starts_at": at("15:00", 25).isoformat()})

    assert (moved.status, moved.body["state"]) == (200, "booked")
    assert "hall_closed" not in await seen(hall, one)


# Which day.


async def test_a_day_is_closed_by_its_date_and_no_other_is(hall: Checked, now: FakeClock) -> None:
    one = await booked(hall, at("15:00", 24))
    await hall.take("enquiry")
    ahead = await hall.staff("POST", "day/close", {"day": "2026-11-24"})
    now.put(at("00:00:02", 24))
    await hall.call("GET", "board")

    late = await hall.staff("POST", "day/close", {"day": "2026-11-23"})
    never = await hall.staff("POST", "day/close", {"day": "2026-11-20"})

    assert (ahead.status, ahead.code, ahead.body["on"]) == (409, "wrong-day", "2026-11-24")
    for refused in (late, never):
        assert (refused.status, refused.code, refused.body["state"]) == (409, "wrong-state", "ended")
    assert (await seen(hall, one))["state"] == "booked"
    now.put(at("10:00", 24))
    await hall.take("enquiry")
    closed = await hall.staff("POST", "day/close", {"day": "2026-11-24"})
    assert (closed.status, closed.body["day"]) == (200, "2026-11-24")


async def test_a_close_sent_again_after_midnight_is_answered_with_its_own_day(hall: Checked, now: FakeClock) -> None:
    now.put(at("23:59:58"))
    closed = await hall.staff("POST", "day/close", key="close-the-day")
    now.put(at("00:00:02", 24))

    again = await hall.staff("POST", "day/close", key="close-the-day")

    assert (again.status, again.body) == (200, closed.body)
    now.put(at("10:00", 24))
    await hall.take("enquiry")


async def test_what_is_no_date_is_no_day_to_close(hall: Checked) -> None:
    for day in ("today", "2026-02-30", 23):
        reply = await hall.staff("POST", "day/close", {"day": day})
        assert (reply.status, reply.code) == (422, "body-invalid")
