"""Appointments over HTTP: booked, held, confirmed, changed, moved, given up; by whom, and what is refused."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from service.api.access import rate_costs
from service.api.appointments import handlers
from service.clock import FakeClock
from service.domain.model import HallId
from tests.api.booking import booked, by_hand, changed, person, said, seen, slot_at, try_to_book
from tests.api.checked import Checked, at, demo
from tests.api.conftest import Founder
from tests.api.staff import device, employed
from tests.service import ADMIN, Service

LI = {"name": "Li Xiaolong", "phone": "138 0013 8000", "email": "li@example.org", "locale": "zh-CN"}
KEY = "a-key-of-16-characters-at-least"
TEN = at("10:00", 24)
ELEVEN = at("11:00", 24)


async def of_day(hall: Checked, day: int = 24) -> list[dict[str, Any]]:
    reply = await hall.staff("GET", f"appointments?on=2026-11-{day}")
    assert reply.status == 200, reply.body
    items: list[dict[str, Any]] = reply.body["items"]
    return items


# Booking.


async def test_an_appointment_is_booked_and_watched(hall: Checked) -> None:
    reply = await try_to_book(hall, TEN, applicant=LI)

    appointment = reply.body
    assert reply.status == 201
    assert reply.headers["Location"] == f"/v1/halls/{hall.hall}/appointments/{appointment['id']}"
    assert list(appointment) == [
        "id",
        "code",
        "service",
        "starts_at",
        "ends_at",
        "state",
        "count",
        "channel",
        "expires_at",
        "ticket",
        "token",
        "seq",
    ]
    assert appointment["starts_at"] == "2026-11-24T02:00:00.000Z"
    assert (appointment["state"], appointment["channel"], appointment["count"]) == ("booked", "web", 1)
    assert (appointment["expires_at"], appointment["ticket"]) == (None, None)
    assert await seen(hall, appointment) == appointment


async def test_its_code_is_none_that_a_ticket_can_have(hall: Checked) -> None:
    appointment, ticket = await booked(hall), await hall.take("enquiry")

    assert appointment["code"][0] in "ABCDEFGHJK"
    assert ticket["code"][0] in "0123456789"


@pytest.mark.parametrize(
    "starts_at", ["2026-11-24T02:00:00Z", "2026-11-23T21:00:00-05:00", "2026-11-24T10:00:00.000+08:00"]
)
async def test_a_start_may_be_said_with_any_offset(hall: Checked, starts_at: str) -> None:
    body = {"service": "enquiry", "starts_at": starts_at, "applicant": person()}

    reply = await hall.call("POST", "appointments", body)

    assert (reply.status, reply.body["starts_at"]) == (201, "2026-11-24T02:00:00.000Z")


async def test_the_29th_of_february_can_be_booked(hall: Checked, now: FakeClock) -> None:
    now.put(datetime.fromisoformat("2028-02-20T10:00:00+08:00"))

    reply = await try_to_book(hall, datetime.fromisoformat("2028-02-29T10:00:00+08:00"))

    assert (reply.status, reply.body["starts_at"]) == (201, "2028-02-29T02:00:00.000Z")


@pytest.mark.parametrize(
    "starts_at",
    [
        "2026-11-24T02:00:30Z",  # no start
        "2026-11-24T02:01:00Z",
        "2026-11-24T01:00:00.000001Z",
        "2026-11-24T14:00:00Z",  # closed
        "2026-11-23T01:00:00Z",  # past
        "2026-11-23T02:30:00Z",  # too near
        "2026-11-22T02:00:00Z",
        "2026-12-24T02:00:00Z",  # beyond the horizon
        "2027-02-28T02:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ],
)
async def test_a_time_that_cannot_be_booked_is_refused(hall: Checked, starts_at: str) -> None:
    body = {"service": "enquiry", "starts_at": starts_at, "applicant": person()}

    replies = [await hall.call("POST", "appointments", body), await hall.call("POST", "appointments", body, key=KEY)]

    assert [(reply.status, reply.code) for reply in replies] == [(409, "slot-not-offered")] * 2


@pytest.mark.parametrize(
    ("starts_at", "why"),
    [
        ("2026-11-24T10:00:00", "timezone"),
        ("2026-02-29T10:00:00Z", "Invalid"),
        ("tomorrow", "Invalid"),
        (5, "Expected"),
    ],
)
async def test_what_is_no_instant_is_refused(hall: Checked, starts_at: object, why: str) -> None:
    reply = await hall.call("POST", "appointments", {"service": "enquiry", "starts_at": starts_at, "hold": True})

    assert (reply.status, reply.code) == (422, "body-invalid")
    assert reply.body["errors"][0]["path"] == "starts_at"
    assert why in reply.body["errors"][0]["why"]


async def test_a_closed_day_cannot_be_booked(found: Founder) -> None:
    hall = await found(exceptions=[{"on": "2026-11-24", "closed": True}])

    assert (await try_to_book(hall, TEN)).code == "slot-not-offered"


async def test_a_service_that_is_none_or_online_is_told(hall: Checked) -> None:
    none, online = [await try_to_book(hall, TEN, service=name) for name in ("haircut", "loan-renewal")]

    assert (none.status, none.code) == (404, "service-not-found")
    assert (online.status, online.code, online.body["url"]) == (409, "online-only", "https://example.org/loan-renewal")


async def test_a_full_time_is_refused_with_the_nearest_free_ones(found: Founder) -> None:
    hall = await found(booking=by_hand(1))
    await booked(hall, TEN)

    reply = await try_to_book(hall, TEN)

    assert (reply.status, reply.code) == (409, "slot-full")
    assert {slot["starts_at"][11:16] for slot in reply.body["slots"][:2]} == {"01:30", "02:30"}
    assert all(slot["free"] > 0 for slot in reply.body["slots"])


async def test_when_a_whole_day_is_full_the_next_days_are_offered(found: Founder) -> None:
    hall = await found(booking=by_hand(1, every_min=480))
    await booked(hall, at("09:00", 24))
    await booked(hall, at("17:00", 24))

    reply = await try_to_book(hall, at("09:00", 24))

    assert reply.code == "slot-full"
    assert [slot["starts_at"][:10] for slot in reply.body["slots"]] == ["2026-11-25", "2026-11-25", "2026-11-26"]


@pytest.mark.parametrize(
    ("applicant", "path"),
    [
        (None, "applicant"),
        ({"phone": "13800138000"}, "applicant"),
        ({"name": "", "phone": "13800138000"}, "applicant.name"),
        ({"name": "Li", "phone": "call me"}, "applicant.phone"),
        ({"name": "Li", "phone": "12"}, "applicant.phone"),
        ({"name": "Li", "email": "nowhere"}, "applicant.email"),
        ({"name": "Li", "phone": "13800138000", "age": 20}, "applicant"),
    ],
)
async def test_who_books_says_who_it_is_for(hall: Checked, applicant: dict[str, Any] | None, path: str) -> None:
    body = {"service": "enquiry", "starts_at": said(TEN)} | ({} if applicant is None else {"applicant": applicant})

    reply = await hall.call("POST", "appointments", body)

    assert (reply.status, reply.code) == (422, "body-invalid")
    assert reply.body["errors"][0]["path"] == path
    assert await of_day(hall) == []


NO_LINES = [
    "you have won!\n\nPay here",
    "Li\n",
    "Li\r",
    "Li\u2028",
    "Li\t",
    "\x1b[31mLi",
    "Li\u202eiL",
    "\u0085Li",
]


@pytest.mark.parametrize("name", NO_LINES)
async def test_a_name_is_one_line(hall: Checked, name: str) -> None:
    mail = f"{name.replace(' ', '')}@home.example"
    appointment = await booked(hall, TEN)

    by_name = await try_to_book(hall, TEN, applicant={"name": name, "email": "li@home.example"})
    by_mail = await try_to_book(hall, TEN, applicant={"name": "Li", "email": mail})
    renamed = await changed(hall, appointment, {"applicant": {"name": name}})
    taken = await hall.call("POST", "tickets", {"service": "enquiry", "applicant": {"name": name}})

    why = "is not one line: it says nothing, or holds a line break or another control character"
    assert [reply.body["errors"] for reply in (by_name, by_mail, renamed, taken)] == [
        [{"path": "applicant.name", "why": why}],
        [{"path": "applicant.email", "why": "is no e-mail address"}],
        [{"path": "applicant.name", "why": why}],
        [{"path": "applicant.name", "why": why}],
    ]


@pytest.mark.parametrize("mail", ["li@home.example\n", "li@home.example\r\nBcc: all@home.example", "li@home\u2028"])
async def test_a_mail_address_is_one_line(hall: Checked, mail: str) -> None:
    appointment = await booked(hall, TEN)

    reply = await try_to_book(hall, TEN, applicant={"name": "Li", "email": mail})
    later = await changed(hall, appointment, {"applicant": {"email": mail}})

    assert [one.body["errors"][0]["path"] for one in (reply, later)] == ["applicant.email", "applicant.email"]


@pytest.mark.parametrize("name", ["张　三", "Ana María  Ñ", "علی‌رضا", "O'Neil-Öz, Jr."])
async def test_names_of_all_peoples_are_names(hall: Checked, name: str) -> None:
    assert (await try_to_book(hall, TEN, applicant={"name": name, "email": "li@home.example"})).status == 201


async def test_a_mail_address_will_do_and_staff_need_neither(hall: Checked) -> None:
    by_mail = await try_to_book(hall, TEN, applicant={"name": "Li", "email": "li@example.org"})
    by_staff = await hall.staff("POST", "appointments", {"service": "enquiry", "starts_at": said(TEN)})

    assert (by_mail.status, by_staff.status) == (201, 201)
    assert (by_staff.body["channel"], "token" in by_staff.body) == ("staff", True)


@pytest.mark.parametrize("count", [0, 5, 100, "two", 1.5])
async def test_more_people_than_come_together_are_refused(hall: Checked, count: object) -> None:
    reply = await try_to_book(hall, TEN, count=count)

    assert (reply.status, reply.body["errors"][0]["path"]) == (422, "count")


async def test_a_person_books_one_start_once_and_two_in_all(hall: Checked) -> None:
    first = await booked(hall, TEN, applicant=LI)
    same = await try_to_book(hall, TEN, applicant={"name": "Li", "phone": "+86 138-0013-8000"})
    second = await try_to_book(hall, at("10:00", 25), applicant=LI)
    third = await try_to_book(hall, at("10:00", 26), applicant=LI)
    await hall.call("DELETE", f"appointments/{first['id']}", token=first["token"])
    after = await try_to_book(hall, at("10:00", 26), applicant=LI)

    assert [reply.code for reply in (same, second, third, after)] == ["already-booked", None, "already-booked", None]


async def test_who_books_at_two_halls_is_two_people(hall: Checked, found: Founder) -> None:
    other = await found(booking={"per_person": 1})

    assert [(await try_to_book(one, TEN, applicant=LI)).status for one in (hall, other)] == [201, 201]


# Channels and roles.


@pytest.mark.parametrize("channel", ["staff", "hotline", "kiosk"])
async def test_only_who_is_of_the_hall_says_so(hall: Checked, channel: str) -> None:
    refused = await try_to_book(hall, TEN, channel=channel)
    allowed = await try_to_book(hall, TEN, channel=channel, token=ADMIN)

    assert (refused.status, refused.code) == (403, "forbidden")
    assert (allowed.status, allowed.body["channel"]) == (201, channel)


async def test_the_channel_is_the_roles_where_none_is_said(hall: Checked) -> None:
    kiosk, partner = await device(hall, "kiosk"), await device(hall, "partner")
    async with employed(hall, "staff") as clerk:
        of_clerk = (await try_to_book(clerk, TEN)).body["channel"]
    of_devices = [(await booked(hall, TEN, token=token))["channel"] for token in (kiosk, partner)]

    assert (of_clerk, of_devices) == ("staff", ["kiosk", "web"])


async def test_staff_book_inside_the_notice_and_others_do_not(hall: Checked) -> None:
    soon = at("10:30")

    assert (await try_to_book(hall, soon)).code == "slot-not-offered"
    assert (await try_to_book(hall, soon, token=ADMIN)).status == 201


async def test_only_its_owner_and_staff_see_an_appointment(hall: Checked) -> None:
    appointment, other = await booked(hall), await booked(hall)
    path = f"appointments/{appointment['id']}"
    missing = "appointments/0198c0de-0000-7000-8000-000000000000"

    stranger = await hall.call("GET", path)
    wrong = await hall.call("GET", path, token=other["token"])
    none = await hall.call("GET", missing, token=other["token"])
    nonsense = await hall.call("GET", "appointments/nonsense", token=ADMIN)
    staff = await hall.staff("GET", path)
    partner = await hall.call("GET", path, token=await device(hall, "partner"))

    assert (stranger.status, stranger.code) == (401, "token-missing")
    assert [(one.status, one.code) for one in (wrong, none, nonsense)] == [(404, "appointment-not-found")] * 3
    assert {name: wrong.body[name] for name in ("type", "title", "status")} == {
        name: none.body[name] for name in ("type", "title", "status")
    }
    assert (staff.status, "token" in staff.body) == (200, False)
    assert (partner.status, partner.code) == (403, "forbidden")


async def test_a_ticket_is_no_appointment_and_an_appointment_no_ticket(hall: Checked) -> None:
    ticket, appointment = await hall.take("enquiry"), await booked(hall, at("15:00"))

    as_appointment = await hall.call("GET", f"appointments/{ticket['id']}", token=ticket["token"])
    as_ticket = await hall.call("GET", f"tickets/{appointment['id']}", token=appointment["token"])
    queue = [await hall.call("GET", "queue", token=one["token"]) for one in (ticket, appointment)]

    assert (as_appointment.code, as_ticket.code) == ("appointment-not-found", "ticket-not-found")
    assert [reply.code for reply in queue] == ["forbidden", "forbidden"]


async def test_of_another_hall_nothing_is_known(hall: Checked, found: Founder) -> None:
    other, appointment = await found(), await booked(hall)

    reply = await other.call("GET", f"appointments/{appointment['id']}", token=appointment["token"])

    assert (reply.status, reply.code) == (404, "appointment-not-found")
    assert await of_day(other) == []


# Holds.


async def test_a_hold_needs_nobody_and_is_confirmed_by_who_it_is_for(hall: Checked) -> None:
    held = await booked(hall, TEN, hold=True)

    confirmed = await changed(hall, held, {"state": "booked", "applicant": LI})

    assert (held["state"], held["expires_at"]) == ("held", "2026-11-23T02:10:00.000Z")
    assert confirmed.status == 200, confirmed.body
    assert (confirmed.body["state"], confirmed.body["expires_at"]) == ("booked", None)
    assert (confirmed.body["code"], confirmed.body["token"]) == (held["code"], held["token"])
    assert confirmed.body["seq"] > held["seq"]
    assert (await hall.staff("POST", "search", {"name": "Xiaolong"})).body["appointments"][0]["id"] == held["id"]


async def test_a_hold_is_not_confirmed_for_nobody_but_by_staff(hall: Checked) -> None:
    held = await booked(hall, TEN, hold=True)

    alone = await changed(hall, held, {"state": "booked"})
    by_staff = await changed(hall, held, {"state": "booked"}, token=ADMIN)

    assert (alone.status, alone.body["errors"][0]["path"]) == (422, "applicant")
    assert (by_staff.status, by_staff.body["state"]) == (200, "booked")


async def test_a_name_is_enough_to_book_and_to_confirm_a_hold(hall: Checked) -> None:
    by_name = await hall.call(
        "POST", "appointments", {"service": "enquiry", "starts_at": said(TEN), "applicant": {"name": "Li"}}
    )
    held = await booked(hall, TEN, hold=True)

    confirmed = await changed(hall, held, {"state": "booked", "applicant": {"name": "Li"}})
    unreachable = await changed(hall, held, {"applicant": {"phone": None, "email": None}})

    assert (by_name.status, by_name.body["state"]) == (201, "booked")
    assert (confirmed.status, confirmed.body["state"]) == (200, "booked")
    assert unreachable.status == 200


async def test_a_hold_with_an_applicant_is_confirmed_by_a_word(hall: Checked) -> None:
    held = await booked(hall, TEN, hold=True, applicant=LI)

    assert (await changed(hall, held, {"state": "booked"})).body["state"] == "booked"


async def test_a_hold_is_over_after_ten_minutes(found: Founder, now: FakeClock) -> None:
    hall = await found(booking=by_hand(1))
    held = await booked(hall, TEN, hold=True)
    full = await try_to_book(hall, TEN)
    now.advance(600)

    over = await seen(hall, held)
    late = await changed(hall, held, {"state": "booked", "applicant": person()})
    taken = await try_to_book(hall, TEN)
    again = await changed(hall, held, {"state": "booked", "applicant": person()})

    assert (full.code, over["state"]) == ("slot-full", "expired")
    assert (late.status, late.code) == (409, "hold-expired")
    assert (taken.status, again.code) == (201, "hold-expired")
    assert [item["state"] for item in await of_day(hall)] == ["expired", "booked"]


async def test_a_hold_that_is_over_is_so_in_lists_before_anybody_needs_the_place(hall: Checked, now: FakeClock) -> None:
    await booked(hall, TEN, hold=True)
    now.advance(600)

    assert [item["state"] for item in await of_day(hall)] == ["expired"]


async def test_who_is_too_late_is_missed_in_lists_before_it_is_written_down(hall: Checked, now: FakeClock) -> None:
    appointment = await booked(hall, TEN, applicant=LI)
    now.put(TEN + timedelta(minutes=30))

    listed = (await hall.staff("GET", "appointments?on=2026-11-24")).body["items"]
    found = (await hall.staff("POST", "search", {"code": appointment["code"]})).body["appointments"]

    assert [item["state"] for item in (*listed, *found)] == ["missed", "missed"]


async def test_a_browser_holds_three_and_staff_as_many_as_they_need(hall: Checked) -> None:
    browser = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
    first = await try_to_book(hall, TEN, hold=True, headers=browser)
    cookie = first.headers["Set-Cookie"].partition(";")[0]
    more = [await try_to_book(hall, TEN, hold=True, headers=browser | {"Cookie": cookie}) for _ in range(3)]
    staff = [await try_to_book(hall, ELEVEN, hold=True, token=ADMIN) for _ in range(4)]

    assert [reply.status for reply in (first, *more)] == [201, 201, 201, 409]
    assert more[-1].code == "hold-limit"
    assert [reply.status for reply in staff] == [201] * 4


async def test_a_partner_holds_three_whatever_browser_it_says_it_is(hall: Checked) -> None:
    partner, browser = await device(hall, "partner"), {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}

    replies = [await try_to_book(hall, TEN, hold=True, token=partner, headers=browser) for _ in range(4)]

    assert [reply.code for reply in replies] == [None, None, None, "hold-limit"]


# Changes.


async def test_an_appointment_is_moved_within_its_day(hall: Checked) -> None:
    before = await slot_at(hall, TEN), await slot_at(hall, ELEVEN)
    appointment = await booked(hall, TEN)

    reply = await changed(hall, appointment, {"starts_at": said(ELEVEN)})

    assert reply.status == 200, reply.body
    assert reply.body["starts_at"] == "2026-11-24T03:00:00.000Z"
    assert (reply.body["id"], reply.body["code"]) == (appointment["id"], appointment["code"])
    assert (await slot_at(hall, TEN))["free"] == before[0]["free"]
    assert (await slot_at(hall, ELEVEN))["free"] == before[1]["free"] - 1


async def test_an_appointment_that_somebody_else_moves_away_meanwhile_is_moved_back(
    hall: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await booked(hall, at("10:00", 24))
    count = rate_costs.count_change

    async def moved_by_another(*arguments: Any) -> None:  # noqa: ANN401  (as it was)
        monkeypatch.undo()
        assert (await changed(hall, one, {"starts_at": at("10:00", 26).isoformat()})).status == 200
        await count(*arguments)

    monkeypatch.setattr(handlers, "count_change", moved_by_another)
    moved = await changed(hall, one, {"starts_at": at("11:00", 24).isoformat()})

    assert (moved.status, moved.body["starts_at"]) == (200, "2026-11-24T03:00:00.000Z")


async def test_an_appointment_is_moved_to_another_day_with_its_id_code_and_token(hall: Checked) -> None:
    before = await slot_at(hall, TEN)
    appointment = await booked(hall, TEN)

    reply = await changed(hall, appointment, {"starts_at": said(at("14:00", 26)), "count": 2})

    assert reply.status == 200, reply.body
    assert (reply.body["starts_at"], reply.body["count"]) == ("2026-11-26T06:00:00.000Z", 2)
    assert [reply.body[name] for name in ("id", "code", "token")] == [
        appointment[name] for name in ("id", "code", "token")
    ]
    assert await seen(hall, appointment) == reply.body
    assert await slot_at(hall, TEN) == before
    assert (await of_day(hall, 24), len(await of_day(hall, 26))) == ([], 1)


async def test_a_move_to_a_full_time_leaves_everything_as_it_was(found: Founder) -> None:
    hall = await found(booking=by_hand(1))
    appointment = await booked(hall, TEN)
    for when in (ELEVEN, at("10:00", 25)):
        await booked(hall, when)
        assert (await changed(hall, appointment, {"starts_at": said(when)})).code == "slot-full"

    now = await seen(hall, appointment)
    assert now == {**appointment, "seq": now["seq"]}


@pytest.mark.parametrize("starts_at", ["2026-11-24T02:01:00Z", "2026-11-22T02:00:00Z", "2028-11-22T02:00:00Z"])
async def test_a_move_to_no_start_is_refused(hall: Checked, starts_at: str) -> None:
    appointment = await booked(hall, TEN)

    assert (await changed(hall, appointment, {"starts_at": starts_at})).code == "slot-not-offered"


async def test_a_hold_is_moved_and_confirmed_in_one_request(hall: Checked) -> None:
    held = await booked(hall, TEN, hold=True)

    reply = await changed(hall, held, {"starts_at": said(at("14:00", 26)), "state": "booked", "applicant": LI})

    assert (reply.status, reply.body["state"], reply.body["starts_at"]) == (200, "booked", "2026-11-26T06:00:00.000Z")
    found = (await hall.staff("POST", "search", {"phone": "13800138000"})).body["appointments"]
    assert [(one["id"], one["day"]) for one in found] == [(held["id"], "2026-11-26")]


async def test_a_merge_patch_keeps_what_it_does_not_say(hall: Checked) -> None:
    appointment = await booked(hall, TEN, applicant=LI)

    renamed = await changed(hall, appointment, {"applicant": {"name": "Li Ming"}})
    without_mail = await changed(hall, appointment, {"applicant": {"email": None}})

    assert (renamed.status, without_mail.status) == (200, 200)
    for wanted in ({"name": "Li Ming", "phone": "13800138000"}, {"phone": "+8613800138000"}):
        assert len((await hall.staff("POST", "search", wanted)).body["appointments"]) == 1
    assert (await hall.staff("POST", "search", {"name": "Xiaolong"})).body["appointments"] == []


@pytest.mark.parametrize(
    ("patch", "path"),
    [
        ({"applicant": {"phone": "no"}}, "applicant.phone"),
        ({"applicant": {"name": None}}, "applicant.name"),
        ({"applicant": None}, "applicant"),
        ({"count": 5}, "count"),
        ({"count": None}, "count"),
        ({"state": "cancelled"}, "state"),
        ({"starts_at": None}, "starts_at"),
        ({"service": "enquiry"}, ""),
    ],
)
async def test_patches_that_cannot_be_are_refused(hall: Checked, patch: dict[str, Any], path: str) -> None:
    appointment = await booked(hall, TEN, applicant=LI)

    reply = await changed(hall, appointment, patch)

    assert (reply.status, reply.code) == (422, "body-invalid")
    assert reply.body["errors"][0]["path"] == path
    assert await seen(hall, appointment) == appointment


async def test_a_patch_that_changes_nothing_answers_what_there_is(hall: Checked) -> None:
    appointment = await booked(hall, TEN)

    for patch in ({}, {"starts_at": said(TEN)}, {"count": 1}, {"state": "booked"}):
        reply = await changed(hall, appointment, patch, headers={"Content-Type": "application/merge-patch+json"})
        assert (reply.status, reply.body) == (200, appointment)


async def test_a_move_frees_the_start_for_the_same_person(hall: Checked) -> None:
    appointment = await booked(hall, TEN, applicant=LI)
    await changed(hall, appointment, {"starts_at": said(at("10:00", 25))})

    assert (await try_to_book(hall, TEN, applicant=LI)).status == 201


async def test_staff_change_what_is_anybodys(hall: Checked) -> None:
    appointment = await booked(hall, TEN)

    moved = await changed(hall, appointment, {"starts_at": said(ELEVEN)}, token=ADMIN)
    gone = await hall.staff("DELETE", f"appointments/{appointment['id']}")

    assert (moved.status, "token" in moved.body) == (200, False)
    assert (gone.status, gone.body["state"]) == (200, "cancelled")


# Giving up.


async def test_a_cancelled_appointment_is_answered_as_it_ended(hall: Checked) -> None:
    appointment = await booked(hall, TEN)
    path = f"appointments/{appointment['id']}"

    reply = await hall.call("DELETE", path, token=appointment["token"])
    again = await hall.call("DELETE", path, token=appointment["token"])
    change = await changed(hall, appointment, {"count": 2})

    assert (reply.status, reply.body) == (200, {**appointment, "state": "cancelled", "seq": reply.body["seq"]})
    assert [(one.status, one.code, one.body["state"]) for one in (again, change)] == [
        (409, "wrong-state", "cancelled")
    ] * 2
    assert (await seen(hall, appointment))["state"] == "cancelled"


async def test_a_hold_is_given_up(hall: Checked) -> None:
    held = await booked(hall, TEN, hold=True)

    reply = await hall.call("DELETE", f"appointments/{held['id']}", token=held["token"])

    assert (reply.status, reply.body["state"]) == (200, "cancelled")


async def test_of_a_day_that_is_over_nothing_changes_any_more(hall: Checked, now: FakeClock, house: Service) -> None:
    appointment = await booked(hall, at("15:00"))
    now.put(at("10:00", 24))
    await hall.take("enquiry")

    gone = await hall.call("DELETE", f"appointments/{appointment['id']}", token=appointment["token"])
    moved = await changed(hall, appointment, {"starts_at": said(at("15:00", 24))})

    assert (await seen(hall, appointment))["state"] == "missed"
    assert [(one.status, one.code, one.body.get("state")) for one in (gone, moved)] == [
        (409, "wrong-state", "missed")
    ] * 2
    assert house.running.lanes.in_memory(HallId(hall.hall), at("10:00", 23).date()) is not None


async def test_what_was_booked_further_ahead_than_the_hall_looks_now_can_still_be_moved_and_given_up(
    hall: Checked,
) -> None:
    appointment, other = [await booked(hall, at("10:00", 30)) for _ in range(2)]
    near = {**demo(), "booking": {"horizon_days": 2}}
    dry = await hall.staff("PUT", "document?dry_run=1", {**near, "exceptions": [{"on": "2026-11-30", "closed": True}]})
    put = await hall.staff("PUT", "document", near, headers={"If-Match": '"1"'})

    further = await changed(hall, appointment, {"starts_at": said(at("11:00", 30))})
    nearer = await changed(hall, appointment, {"starts_at": said(TEN)})
    gone = await hall.call("DELETE", f"appointments/{other['id']}", token=other["token"])

    assert (put.status, further.code) == (200, "slot-not-offered")
    assert set(dry.body["over_capacity"]) == {appointment["id"], other["id"]}
    assert (nearer.status, gone.status, gone.body["state"]) == (200, 200, "cancelled")


# The same request again.


async def test_the_same_request_again_is_the_same_appointment(hall: Checked) -> None:
    who = person()
    once, again = [await try_to_book(hall, TEN, applicant=who, key=KEY) for _ in range(2)]

    assert (once.status, again.status, again.body) == (201, 201, once.body)
    assert len(await of_day(hall)) == 1


async def test_two_identical_bookings_at_once_are_one(hall: Checked) -> None:
    who = person()

    replies = await asyncio.gather(*(try_to_book(hall, TEN, applicant=who, key=KEY) for _ in range(8)))

    assert [reply.status for reply in replies] == [201] * 8
    assert all(reply.body == replies[0].body for reply in replies)
    assert len(await of_day(hall)) == 1


@pytest.mark.parametrize("other", [ELEVEN, at("10:00", 26)])
async def test_a_key_of_another_booking_is_refused_on_whatever_day(hall: Checked, other: datetime) -> None:
    await booked(hall, TEN, key=KEY)

    reply = await try_to_book(hall, other, key=KEY)

    assert (reply.status, reply.code) == (422, "idempotency-key-reused")


async def test_a_key_holds_the_next_day_though_the_booked_day_is_over(hall: Checked, now: FakeClock) -> None:
    who = person()
    first = await try_to_book(hall, at("16:00"), applicant=who, key=KEY)
    now.put(at("10:00", 24))
    await hall.take("enquiry")

    again = await try_to_book(hall, at("16:00"), applicant=who, key=KEY)

    assert (again.status, again.body) == (201, first.body)


async def test_a_move_sent_again_is_answered_again(hall: Checked) -> None:
    appointment = await booked(hall, TEN)
    patch = {"starts_at": said(at("14:00", 26))}

    once, again = [await changed(hall, appointment, patch, key=KEY) for _ in range(2)]
    other = await changed(hall, appointment, {"starts_at": said(at("15:00", 26))}, key=KEY)

    assert (once.status, again.status, again.body) == (200, 200, once.body)
    assert other.code == "idempotency-key-reused"


async def test_changes_and_cancellations_sent_again_are_answered_again(hall: Checked) -> None:
    appointment = await booked(hall, TEN, hold=True)
    path = f"appointments/{appointment['id']}"
    for body in ({"state": "booked", "applicant": LI}, {"count": 2}, {"starts_at": said(ELEVEN)}):
        key = f"a-key-for-{'-'.join(body)}-000000"
        once, again = [await changed(hall, appointment, body, key=key) for _ in range(2)]
        assert (once.status, again.status, again.body) == (200, 200, once.body), once.body

    gone, again = [await hall.call("DELETE", path, token=appointment["token"], key=KEY) for _ in range(2)]
    assert (gone.status, again.status, again.body) == (200, 200, gone.body)


# Lists, search, calendar.


async def test_a_days_list_says_which_the_day_would_not_take(hall: Checked) -> None:
    kept, over = [await booked(hall, TEN) for _ in range(2)]
    before = await hall.staff("GET", "appointments?on=2026-11-24")
    few = await hall.staff("PUT", "document", {**demo(), "booking": by_hand(1)}, headers={"If-Match": "*"})

    after = await hall.staff("GET", "appointments?on=2026-11-24&limit=1")

    assert few.status == 200
    assert before.body["over_capacity"] == []
    assert [one["id"] for one in after.body["items"]] == [kept["id"]]
    assert after.body["over_capacity"] == [over["id"]]


async def test_a_days_appointments_are_listed_page_by_page_without_their_people(hall: Checked) -> None:
    made = [await booked(hall, TEN, applicant=person(name="Unmistakable")) for _ in range(3)]
    pages, cursor = [], ""
    for _ in range(2):
        reply = await hall.staff("GET", f"appointments?on=2026-11-24&limit=2{cursor}")
        pages.append([item["id"] for item in reply.body["items"]])
        cursor = f"&cursor={reply.body['next_cursor']}"

    assert pages == [[made[0]["id"], made[1]["id"]], [made[2]["id"]]]
    assert reply.body["next_cursor"] is None
    assert reply.body["seq"] == made[2]["seq"]
    assert list(reply.body["items"][0]) == [
        "id",
        "code",
        "day",
        "service",
        "starts_at",
        "ends_at",
        "state",
        "count",
        "channel",
        "expires_at",
        "ticket",
    ]
    assert "Unmistakable" not in msgspec.json.encode(reply.body).decode()
    assert (await hall.staff("GET", "appointments")).body == {
        "items": [],
        "over_capacity": [],
        "next_cursor": None,
        "seq": 0,
    }


@pytest.mark.parametrize("query", ["on=tomorrow", "cursor=x", "limit=0"])
async def test_a_list_of_what_cannot_be_is_refused(hall: Checked, query: str) -> None:
    reply = await hall.staff("GET", f"appointments?{query}")

    assert (reply.status, reply.body["errors"][0]["path"]) == (422, query.partition("=")[0])


async def test_appointments_are_found_by_phone_name_and_code(hall: Checked) -> None:
    appointment = await booked(hall, at("10:00", 26), applicant=LI)
    await booked(hall, TEN, applicant=person(name="Wang"))
    code = appointment["code"]

    for wanted in (
        {"phone": "138-0013-8000"},
        {"phone": "+86 138 0013 8000"},
        {"phone": "0013 8000"},
        {"name": "xiaolong"},
        {"code": f" {code[:4]}-{code[4:]} ".lower()},
        {"code": code, "name": "Li"},
    ):
        found = (await hall.staff("POST", "search", wanted)).body
        assert [one["id"] for one in found["appointments"]] == [appointment["id"]], wanted
        assert found["items"] == []
    for wanted in ({"phone": "13800138001"}, {"code": code, "name": "Wang"}, {"number": "A001"}):
        assert (await hall.staff("POST", "search", wanted)).body["appointments"] == [], wanted


async def test_a_phone_with_the_trunk_prefix_of_its_country_is_found(found: Founder) -> None:
    hall = await found(country="DE")
    appointment = await booked(hall, TEN, applicant={"name": "Li", "phone": "030 1234567"})

    for phone in ("030 1234567", "+49 30 1234567", "0049301234567"):
        found_ = (await hall.staff("POST", "search", {"phone": phone})).body["appointments"]
        assert [one["id"] for one in found_] == [appointment["id"]], phone


async def test_an_appointment_goes_into_a_calendar_and_changes_there(hall: Checked) -> None:
    appointment = await booked(hall, TEN, applicant=LI)
    path = f"appointments/{appointment['id']}.ics"

    first = await hall.call("GET", path, token=appointment["token"])
    await changed(hall, appointment, {"starts_at": said(ELEVEN)})
    await changed(hall, appointment, {"starts_at": said(at("14:00", 26))})
    moved = (await hall.staff("GET", path)).body.decode()
    await hall.call("DELETE", f"appointments/{appointment['id']}", token=appointment["token"])
    gone = (await hall.staff("GET", path)).body.decode()

    text = first.body.decode()
    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "DTSTART:20261124T020000Z" in text
    assert "SEQUENCE:0" in text
    uid = next(line for line in text.splitlines() if line.startswith("UID:"))
    assert uid in moved
    assert uid in gone
    assert "DTSTART:20261126T060000Z" in moved
    assert "SEQUENCE:2" in moved
    assert "SEQUENCE:3" in gone
    assert "STATUS:CANCELLED" in gone
    for secret in ("13800138000", "Xiaolong", "li@example.org"):
        assert secret not in text + moved + gone


async def test_a_hold_is_tentative_in_a_calendar_until_it_is_over(hall: Checked, now: FakeClock) -> None:
    held = await booked(hall, hold=True)
    path = f"appointments/{held['id']}.ics"

    before = (await hall.call("GET", path, token=held["token"])).body.decode()
    now.put(now.now_at() + timedelta(minutes=10))
    after = (await hall.call("GET", path, token=held["token"])).body.decode()

    assert "STATUS:TENTATIVE" in before
    assert "METHOD:CANCEL" in after


async def test_a_hold_that_is_confirmed_has_changed_for_calendars(hall: Checked) -> None:
    held = await booked(hall, hold=True)
    path = f"appointments/{held['id']}.ics"

    files = [(await hall.call("GET", path, token=held["token"])).body.decode()]
    for change in ({"state": "booked", "applicant": person()}, {"starts_at": said(at("14:00", 26))}):
        assert (await changed(hall, held, change)).status == 200
        files.append((await hall.call("GET", path, token=held["token"])).body.decode())

    assert "STATUS:TENTATIVE" in files[0]
    assert "STATUS:CONFIRMED" in files[1]
    assert [re.findall(r"SEQUENCE:(\d+)", text) for text in files] == [["0"], ["1"], ["2"]]


async def test_a_calendar_file_is_its_owners(hall: Checked) -> None:
    appointment, other = await booked(hall), await booked(hall)
    path = f"appointments/{appointment['id']}.ics"

    replies = [await hall.call("GET", path, token=token) for token in (None, other["token"])]

    assert [(reply.status, reply.code) for reply in replies] == [
        (401, "token-missing"),
        (404, "appointment-not-found"),
    ]


# What is nobody's business.


async def test_nothing_of_a_person_is_in_the_journal_or_in_a_log(
    hall: Checked, house: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    appointment = await booked(hall, TEN, applicant=LI)
    await changed(hall, appointment, {"applicant": {"name": "Li Unmistakable", "email": "else@example.org"}})
    await changed(hall, appointment, {"starts_at": said(at("14:00", 26))})

    day = await house.running.lanes.day_on(HallId(hall.hall), at("14:00", 26).date())
    kept = repr(list(day.appointments.values()))
    history = msgspec.json.encode((await hall.staff("GET", "history?on=2026-11-26")).body).decode()
    metrics = (await hall.call("GET", "/metrics")).body.decode()
    logged = "".join(capsys.readouterr())

    for secret in ("Xiaolong", "Unmistakable", "13800138000", "li@example.org", "else@example.org"):
        assert secret not in kept + history + metrics + logged
    assert demo()["country"] == "CN"


async def test_a_history_says_what_became_of_appointments(hall: Checked) -> None:
    held = await booked(hall, TEN, hold=True)
    await changed(hall, held, {"state": "booked", "applicant": LI})
    await changed(hall, held, {"starts_at": said(ELEVEN)})
    await changed(hall, held, {"starts_at": said(at("14:00", 26))})
    await hall.staff("DELETE", f"appointments/{held['id']}")

    days = [(await hall.staff("GET", f"history?on=2026-11-{day}")).body["items"][::-1] for day in (24, 26)]

    assert [one["kind"] for one in days[0]] == [
        "day_opened",
        "appointment_made",
        "appointment_confirmed",
        "appointment_changed",
        "appointment_moved_away",
    ]
    assert [one["words"]["en"] for one in days[1]] == [
        "The day began",
        "Booking moved here from another day",
        "Booking cancelled by staff",
    ]
    for one in (*days[0], *days[1]):
        assert {"zh-CN", "en"} <= set(one["words"])
        assert not {"code", "person", "holder", "applicant"} & set(one["data"])
