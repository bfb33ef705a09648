"""Check-ins: any code we gave becomes a number of today, once, in its time, and read as people type it."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from service.clock import FakeClock
from service.domain.calendar.times import stamp
from service.limits.rules import WRONG_CODES_PER_ADDRESS, WRONG_CODES_PER_BROWSER
from service.primitives.ids import INVITATION_CODE_STARTS, new_code, normalized_code
from tests.api.booking import booked, by_hand, changed, said, seen
from tests.api.checked import Checked, at
from tests.api.conftest import Founder
from tests.api.staff import device
from tests.api.test_metrics import sample, scrape
from tests.service import ADMIN, Reply, Service, service_on

KEY = "a-key-of-16-characters-at-least"
THREE = at("15:00")


async def checked_in(hall: Checked, code: str, **more: Any) -> Reply:  # noqa: ANN401  (fields)
    """Check in as a stranger, unless `more` says otherwise."""
    sent = {name: more.pop(name) for name in ("token", "key", "headers") if name in more}
    return await hall.call("POST", "check-ins", {"code": code, **more}, **sent)


async def invited(house: Service, hall: Checked, **fields: object) -> dict[str, Any]:
    """An invitation of a partner, as it is in the database."""
    row = {
        "id": str(uuid4()),
        "code": new_code(INVITATION_CODE_STARTS),
        "partner": "school",
        "service": "enquiry",
        "prechecked": True,
        "releases_at": None,
        **fields,
    }
    assert house.settings.database_url is not None
    connection = await asyncpg.connect(house.settings.database_url)
    try:
        await connection.execute(
            "INSERT INTO invitations (hall_id, id, code, partner, batch, service, prechecked, releases_at, made_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now())",
            hall.hall,
            row["id"],
            row["code"],
            row["partner"],
            uuid4(),
            row["service"],
            row["prechecked"],
            row["releases_at"],
        )
    finally:
        await connection.close()
    return row


# Appointments.


async def test_a_booking_becomes_a_ticket_with_its_class_and_count(hall: Checked, now: FakeClock) -> None:
    appointment = await booked(hall, THREE, count=3)
    now.put(at("14:50"))

    reply = await checked_in(hall, appointment["code"])

    ticket = reply.body
    assert reply.status == 201, ticket
    assert reply.headers["Location"] == f"/v1/halls/{hall.hall}/tickets/{ticket['id']}"
    assert (ticket["class"], ticket["count"], ticket["service"]) == ("appointment", 3, "enquiry")
    assert ticket["appointment"] == appointment["id"]
    assert ticket["code"] != appointment["code"]
    assert ticket["queue_at"] == "2026-11-23T06:00:00.000Z"  # the slot, less an hour
    watched = await hall.call("GET", f"tickets/{ticket['id']}", token=ticket["token"])
    assert (watched.status, watched.body["state"]) == (200, "waiting")
    after = await seen(hall, appointment)
    assert (after["state"], after["ticket"]) == ("checked_in", ticket["id"])


async def test_check_in_opens_an_hour_before(hall: Checked, now: FakeClock) -> None:
    appointment = await booked(hall, THREE)
    now.put(at("13:59:59"))
    early = await checked_in(hall, appointment["code"])
    now.put(at("14:00"))
    in_time = await checked_in(hall, appointment["code"])

    assert (early.status, early.code, early.body["opens_at"]) == (409, "too-early", "2026-11-23T06:00:00.000Z")
    assert in_time.status == 201


async def test_late_is_without_credit_and_half_an_hour_late_is_too_late(hall: Checked, now: FakeClock) -> None:
    first, second, third = [await booked(hall, THREE) for _ in range(3)]
    now.put(at("15:10"))
    in_time = await checked_in(hall, first["code"])
    now.put(at("15:11"))
    late = await checked_in(hall, second["code"])
    now.put(at("15:30"))
    missed = await checked_in(hall, third["code"])

    assert in_time.body["queue_at"] == "2026-11-23T06:10:00.000Z"
    assert late.body["queue_at"] == "2026-11-23T07:11:00.000Z"
    assert (missed.status, missed.code) == (409, "appointment-missed")
    assert (await seen(hall, third))["state"] == "missed"


async def test_a_booking_of_another_day_says_which(hall: Checked, now: FakeClock) -> None:
    appointment = await booked(hall, at("10:00", 24))
    early = await checked_in(hall, appointment["code"])
    now.put(at("10:00", 25))
    late = await checked_in(hall, appointment["code"])

    assert (early.status, early.code, early.body["on"]) == (409, "wrong-day", "2026-11-24")
    assert late.code in {"wrong-day", "appointment-missed"}


async def test_a_moved_booking_is_checked_in_where_it_is_now(hall: Checked, now: FakeClock) -> None:
    appointment = await booked(hall, THREE)
    await changed(hall, appointment, {"starts_at": said(at("10:00", 24))})
    now.put(at("14:50"))
    before = await checked_in(hall, appointment["code"])
    now.put(at("09:50", 24))
    after = await checked_in(hall, appointment["code"])

    assert (before.code, before.body["on"]) == ("wrong-day", "2026-11-24")
    assert (after.status, after.body["appointment"]) == (201, appointment["id"])


async def test_a_code_is_good_once(hall: Checked, now: FakeClock) -> None:
    appointment = await booked(hall, THREE)
    now.put(at("14:50"))
    once, again = [await checked_in(hall, appointment["code"]) for _ in range(2)]

    assert (once.status, again.status, again.code) == (201, 409, "code-used")


async def test_what_was_cancelled_or_only_held_is_no_booking(hall: Checked, now: FakeClock) -> None:
    gone, held = await booked(hall, THREE), await booked(hall, THREE, hold=True)
    await hall.call("DELETE", f"appointments/{gone['id']}", token=gone["token"])
    still_held = await checked_in(hall, held["code"])
    now.put(at("14:50"))
    cancelled, over = [await checked_in(hall, one["code"]) for one in (gone, held)]

    assert (still_held.code, cancelled.code, over.code) == ("wrong-state", "wrong-state", "hold-expired")
    assert cancelled.body["state"] == "cancelled"


async def test_a_suspended_hall_takes_nobody_in(hall: Checked, now: FakeClock) -> None:
    appointment = await booked(hall, THREE)
    now.put(at("14:50"))
    await hall.staff("PUT", "suspension", {"text": "Fire alarm"})

    assert (await checked_in(hall, appointment["code"])).code == "hall-suspended"


async def test_a_channel_is_the_roles(hall: Checked, now: FakeClock) -> None:
    appointments = [await booked(hall, THREE) for _ in range(3)]
    now.put(at("14:50"))
    tokens = (None, await device(hall, "kiosk"), ADMIN)

    replies = [
        await checked_in(hall, one["code"], token=token) for one, token in zip(appointments, tokens, strict=True)
    ]

    assert [reply.body["channel"] for reply in replies] == ["web", "kiosk", "staff"]


# Slips.


async def test_a_slip_that_was_put_aside_comes_back(hall: Checked, now: FakeClock) -> None:
    ticket = await hall.take("enquiry")
    await hall.done(ticket, "park")
    now.advance(60)

    back, again = [await checked_in(hall, ticket["code"]) for _ in range(2)]

    assert (back.status, back.body["id"], back.body["state"]) == (200, ticket["id"], "waiting")
    assert back.body["token"] == ticket["token"]
    assert (again.status, again.code) == (409, "code-used")


async def test_a_slip_that_was_passed_over_comes_back_once(hall: Checked) -> None:
    ticket = await hall.called()
    await hall.done(ticket, "no-show")

    back = await checked_in(hall, ticket["code"])
    called = await hall.next("1")
    assert called is not None
    await hall.done(called, "no-show")
    again = await checked_in(hall, ticket["code"])

    assert (back.status, back.body["state"]) == (200, "waiting")
    assert (again.status, again.code) == (409, "wrong-state")


async def test_a_slip_that_waits_or_is_over_is_used(hall: Checked) -> None:
    served = await hall.called()
    waiting = await hall.take("enquiry")
    await hall.done(served, "finish", {"outcome": "done"})
    gone = await hall.take("enquiry")
    await hall.call("DELETE", f"tickets/{gone['id']}", token=gone["token"])

    replies = [await checked_in(hall, one["code"]) for one in (served, waiting, gone)]

    assert [(reply.status, reply.code) for reply in replies] == [(409, "code-used")] * 3


async def conditional(hall: Checked, due_on: str | None = None) -> dict[str, Any]:
    ticket = await hall.called()
    return await hall.done(
        ticket, "finish", {"outcome": "conditional", "missing": ["signature"], **({"due_on": due_on} if due_on else {})}
    )


@pytest.mark.parametrize(("day", "status"), [(23, 201), (24, 201), (26, 201), (27, 409)])
async def test_who_was_to_bring_a_paper_returns_until_it_is_due(
    hall: Checked, now: FakeClock, day: int, status: int
) -> None:
    ticket = await conditional(hall, "2026-11-26")
    now.put(at("10:30", day))

    reply = await checked_in(hall, ticket["code"])

    assert reply.status == status
    if status == 201:
        assert (reply.body["class"], reply.body["service"], reply.body["state"]) == ("returning", "enquiry", "waiting")
        assert reply.body["queue_at"] < reply.body["issued_at"]
        assert (reply.body["missing"], reply.body["prechecked"]) == (["signature"], False)
        assert (await checked_in(hall, ticket["code"])).code == "code-used"
    else:
        assert (reply.code, reply.body["on"]) == ("wrong-day", "2026-11-26")


async def test_a_right_to_return_is_used_once_on_whatever_day(hall: Checked, now: FakeClock) -> None:
    ticket = await conditional(hall)
    now.put(at("10:00", 24))
    first = await checked_in(hall, ticket["code"])
    now.put(at("10:00", 25))
    second = await checked_in(hall, ticket["code"])

    assert (first.status, second.status, second.code) == (201, 409, "code-used")


async def watched(hall: Checked, ticket: dict[str, Any]) -> tuple[str | None, str | None]:
    """Until when who has a ticket may come back by it, and when they have."""
    body = (await hall.call("GET", f"tickets/{ticket['id']}", token=ticket["token"])).body
    return body.get("return_by_on"), body.get("returned_at")


@pytest.mark.parametrize("day", [23, 25])
async def test_a_ticket_says_until_when_one_may_return_by_it_and_when_one_has(
    hall: Checked, now: FakeClock, day: int
) -> None:
    await hall.open("1")
    ticket = await hall.take("enquiry")
    await hall.next("1")
    finish = {"outcome": "conditional", "missing": ["signature"], "due_on": "2026-11-26"}
    answered = await hall.done(ticket, "finish", finish)
    now.put(at("10:30", day))
    before = await watched(hall, ticket)

    assert (await checked_in(hall, ticket["code"])).status == 201

    assert answered["return_by_on"] == "2026-11-26"
    assert before == ("2026-11-26", None)
    assert await watched(hall, ticket) == ("2026-11-26", stamp(at("10:30", day)))


async def test_who_was_not_served_is_told_until_when_to_come_back(hall: Checked, now: FakeClock) -> None:
    ticket, gone = await hall.take("enquiry"), await hall.take("enquiry")
    assert await watched(hall, ticket) == (None, None)
    await hall.call("DELETE", f"tickets/{gone['id']}", token=gone["token"])
    await hall.staff("POST", "day/close")
    now.put(at("10:00", 25))

    assert await watched(hall, ticket) == ("2026-12-07", None)
    assert await watched(hall, gone) == (None, None)


async def test_of_two_who_return_at_once_with_one_slip_one_does(hall: Checked, now: FakeClock) -> None:
    ticket = await conditional(hall)
    now.put(at("10:00", 24))

    replies = await asyncio.gather(*(checked_in(hall, ticket["code"]) for _ in range(5)))

    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409, 409]


@pytest.mark.parametrize(("later", "status"), [(1, 201), (14, 201), (15, 409)])
async def test_who_was_not_served_returns_within_two_weeks(
    hall: Checked, now: FakeClock, later: int, status: int
) -> None:
    ticket = await hall.take("enquiry")
    await hall.staff("POST", "day/close")
    now.put(at("10:00") + timedelta(days=later))

    reply = await checked_in(hall, ticket["code"])

    assert reply.status == status
    if status == 201:
        assert reply.body["class"] == "returning"
    else:
        assert (reply.code, reply.body["on"]) == ("wrong-day", "2026-12-07")


async def test_a_slip_of_yesterday_that_was_passed_over_is_of_yesterday(hall: Checked, now: FakeClock) -> None:
    ticket = await hall.called()
    await hall.done(ticket, "no-show")
    now.put(at("10:00", 24))

    reply = await checked_in(hall, ticket["code"])

    assert (reply.status, reply.code, reply.body["on"]) == (409, "wrong-day", "2026-11-23")
    assert reply.body["title"] == "This is for another day.", "it is no appointment"


# Invitations.


async def test_a_full_hall_offers_guests_what_is_kept_for_them(house: Service, found: Founder, now: FakeClock) -> None:
    kept = {"partner": "school", "weekdays": [1, 2], "from": "09:00", "to": "17:30", "share": 1, "release_before_s": 60}
    hall = await found(booking={**by_hand(4), "reserved": [kept]})
    guest, late = await invited(house, hall), await invited(house, hall)
    now.put(at("15:00"))
    await hall.open("1")
    while (others := await hall.call("POST", "tickets", {"service": "enquiry"})).status == 201:
        pass

    today = await checked_in(hall, guest["code"])
    now.put(at("17:20"))
    following = await checked_in(hall, late["code"])

    assert {reply.code for reply in (others, today, following)} == {"hall-full"}
    assert [{slot["starts_at"][:10] for slot in reply.body["slots"]} for reply in (others, today, following)] == [
        {"2026-11-25"},
        {"2026-11-23"},
        {"2026-11-24"},
    ]


async def test_an_invitation_is_a_prechecked_walk_in(hall: Checked, house: Service) -> None:
    invitation = await invited(house, hall, service="loan-first")

    once, again = [await checked_in(hall, invitation["code"]) for _ in range(2)]

    assert once.status == 201, once.body
    assert (once.body["class"], once.body["prechecked"], once.body["service"]) == ("walk_in", True, "loan-first")
    assert (again.status, again.code) == (409, "code-used")


async def test_an_invitation_for_any_service_is_told_which(hall: Checked, house: Service) -> None:
    invitation = await invited(house, hall, service=None)

    without = await checked_in(hall, invitation["code"])
    told = await checked_in(hall, invitation["code"], service="loan-first")

    assert (without.status, without.body["errors"][0]["path"]) == (422, "service")
    assert (told.status, told.body["service"]) == (201, "loan-first")


async def test_an_invitation_to_what_is_done_online_says_where_and_is_counted(hall: Checked, house: Service) -> None:
    invitation = await invited(house, hall, service="loan-renewal")

    reply = await checked_in(hall, invitation["code"])

    assert (reply.status, reply.code) == (409, "online-only")
    counted = await scrape(hall)
    assert counted[sample("paihao_deflected_total", hall=hall.hall, service="loan-renewal", via="ticket")] == 1


async def test_an_invitation_that_was_booked_with_is_checked_in_by_either_code(
    hall: Checked, house: Service, now: FakeClock
) -> None:
    one, other = await invited(house, hall), await invited(house, hall)
    first = await booked(hall, THREE, invitation=one["code"])
    second = await booked(hall, THREE, invitation=other["code"].lower())
    twice = await hall.call(
        "POST",
        "appointments",
        {"service": "enquiry", "starts_at": said(at("16:00")), "hold": True, "invitation": one["code"]},
    )
    wrong_day = await booked(hall, at("10:00", 24), invitation=(third := await invited(house, hall))["code"])
    now.put(at("14:50"))

    by_invitation, by_code = await checked_in(hall, one["code"]), await checked_in(hall, second["code"])
    again = await checked_in(hall, one["code"])
    early = await checked_in(hall, third["code"])

    assert (twice.status, twice.code) == (409, "code-used")
    assert [reply.body["appointment"] for reply in (by_invitation, by_code)] == [first["id"], second["id"]]
    assert by_code.body["prechecked"]
    assert (again.code, early.code, early.body["on"]) == ("code-used", "wrong-day", "2026-11-24")
    assert wrong_day["state"] == "booked"


async def test_a_cancelled_booking_gives_its_invitation_back(hall: Checked, house: Service) -> None:
    invitation = await invited(house, hall)
    appointment = await booked(hall, THREE, invitation=invitation["code"])
    await hall.call("DELETE", f"appointments/{appointment['id']}", token=appointment["token"])

    assert (await checked_in(hall, invitation["code"])).status == 201


async def test_an_invitation_that_is_none_or_for_something_else_is_refused(hall: Checked, house: Service) -> None:
    invitation = await invited(house, hall, service="loan-first")
    body = {"service": "enquiry", "starts_at": said(THREE), "hold": True}

    unknown = await hall.call("POST", "appointments", {**body, "invitation": "ZZZZZZZZ"})
    other = await hall.call("POST", "appointments", {**body, "invitation": invitation["code"]})

    assert (unknown.status, unknown.code) == (404, "code-not-found")
    assert (other.status, other.body["errors"][0]["path"]) == (422, "invitation")


# Codes.


async def test_a_code_is_read_as_people_type_it(hall: Checked, now: FakeClock) -> None:
    starts = (THREE + timedelta(minutes=5 * n) for n in range(12))
    appointments = [await booked(hall, start, token=ADMIN) for start in starts for _ in range(2)]
    appointment = next(one for one in appointments if {"0", "1"} & set(one["code"]))
    now.put(at("14:55"))
    code = appointment["code"].lower().replace("0", "o").replace("1", "l")

    assert (await checked_in(hall, f" {code[:4]}-{code[4:]} ")).status == 201
    assert normalized_code(" ab\u2013cd ioL\u00a0") == "ABCD101"


@pytest.mark.parametrize("code", ["ZZZZZZZZ", "0", "-", "no such code at all", "预约", "A" * 32])
async def test_a_code_that_nobody_was_given_is_not_found(hall: Checked, code: str) -> None:
    reply = await checked_in(hall, code)

    assert (reply.status, reply.code) == (404, "code-not-found")


@pytest.mark.parametrize("code", ["", "A" * 33, 7, None])
async def test_what_is_no_code_is_refused(hall: Checked, code: object) -> None:
    reply = await hall.call("POST", "check-ins", {"code": code})

    assert (reply.status, reply.body["errors"][0]["path"]) == (422, "code")


async def test_a_code_is_of_one_hall(hall: Checked, found: Founder, now: FakeClock) -> None:
    other, appointment = await found(), await booked(hall, THREE)
    now.put(at("14:50"))

    assert (await checked_in(other, appointment["code"])).code == "code-not-found"


async def test_the_same_check_in_again_is_the_same_ticket(hall: Checked, now: FakeClock) -> None:
    appointment, slip = await booked(hall, THREE), await hall.take("enquiry")
    now.put(at("14:50"))
    await hall.done(slip, "park")

    for code, status in ((appointment["code"], 201), (slip["code"], 200)):
        key = f"{KEY}-{code}"
        replies = await asyncio.gather(*(checked_in(hall, code, key=key) for _ in range(3)))
        replies.append(await checked_in(hall, code, key=key))
        assert [reply.status for reply in replies] == [status] * 4
        assert all(reply.body == replies[0].body for reply in replies)
    other = await checked_in(hall, "ZZZZZZZZ", key=f"{KEY}-{appointment['code']}")
    assert other.code in {"idempotency-key-reused", "code-not-found"}


# The door.


async def test_at_the_door_a_phone_shows_its_code_and_kiosks_and_staff_need_none(
    found: Founder, now: FakeClock
) -> None:
    hall = await found(entrance=True)
    appointments = [await booked(hall, THREE) for _ in range(4)]
    now.put(at("14:50"))
    door = (await hall.staff("GET", "entrance")).body["code"]

    without = await checked_in(hall, appointments[0]["code"])
    wrong = await checked_in(hall, appointments[0]["code"], entrance="00000000")
    right = await checked_in(hall, appointments[0]["code"], entrance=door, key=KEY)
    kiosk = await checked_in(hall, appointments[1]["code"], token=await device(hall, "kiosk"))
    staff = await checked_in(hall, appointments[2]["code"], token=ADMIN)
    now.advance(600)
    again = await checked_in(hall, appointments[0]["code"], entrance=door, key=KEY)

    assert [(one.status, one.code) for one in (without, wrong)] == [(403, "entrance-required")] * 2
    assert [one.status for one in (right, kiosk, staff, again)] == [201] * 4
    assert again.body == right.body


async def test_who_guesses_codes_is_told_to_wait_and_staff_are_not(dsn: str, tmp_path: Path, clock: FakeClock) -> None:
    async with service_on(dsn, tmp_path, clock, rate_limit=True) as service, Checked(service.api.base) as hall:
        replies = [await checked_in(hall, f"ZZZZZZ{n:02d}") for n in range(WRONG_CODES_PER_ADDRESS.most + 1)]
        page = await hall.call("GET", "/halls/demo/screen", headers={"Sec-Fetch-Mode": "navigate"})
        cookie = {"Cookie": page.headers["Set-Cookie"].partition(";")[0], "Sec-Fetch-Mode": "cors"}
        clock.advance(3600)
        browser = [await checked_in(hall, "ZZZZZZZZ", headers=cookie) for _ in range(WRONG_CODES_PER_BROWSER.most + 1)]
        staff = [await checked_in(hall, "ZZZZZZZZ", token=ADMIN) for _ in range(WRONG_CODES_PER_ADDRESS.most + 1)]

    assert [reply.code for reply in replies] == ["code-not-found"] * WRONG_CODES_PER_ADDRESS.most + ["rate-limited"]
    assert "rate-limited" in [reply.code for reply in browser]
    assert {reply.code for reply in staff} == {"code-not-found"}


async def test_the_code_of_a_hold_that_is_over_says_so_the_next_day_too(hall: Checked, now: FakeClock) -> None:
    held = await booked(hall, THREE, hold=True)
    now.put(at("10:00", 24))

    reply = await checked_in(hall, held["code"])

    assert (reply.status, reply.code) == (409, "hold-expired")
