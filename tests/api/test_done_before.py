"""What was done is answered again whatever has changed since: the document, a code, a limit, the day.

The same key with the same body hears the same answer, and with another body that it was used: before anything else is
looked at.
"""

import itertools
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from service.api.tickets import check_ins
from service.clock import FakeClock
from service.journal.search import FoundCode
from service.limits.rules import WRONG_CODES_PER_ADDRESS
from tests.api.booking import booked, by_hand, changed, person, said, try_to_book
from tests.api.checked import Checked, at, demo
from tests.api.conftest import Founder
from tests.api.test_admission import full
from tests.api.test_check_ins import checked_in, invited
from tests.service import NOON_AT, Reply, Service, service_on

KEY = "a-key-of-16-characters-at-least"
LAST = at("10:00", 30)
"""A week ahead, on the last day that a hall takes whose horizon is a week."""

NEAR = {"booking": {"horizon_days": 3}}
NOWHERE = {"country": None, "holidays": False}


async def become(hall: Checked, **fields: object) -> None:
    """Give the hall another document."""
    reply = await hall.staff("PUT", "document", {**demo(), **fields}, headers={"If-Match": "*"})
    assert reply.status == 200, reply.body


def same(first: Reply, again: Reply) -> bool:
    """Tell whether two answers are one."""
    return (first.status, first.body, first.headers.get("Location")) == (
        again.status,
        again.body,
        again.headers.get("Location"),
    )


async def test_a_booking_is_answered_again_when_its_day_is_beyond_the_horizon_by_now(hall: Checked) -> None:
    body = {"applicant": person()}
    first = await try_to_book(hall, LAST, **body, key=KEY)
    await become(hall, **NEAR)

    assert first.status == 201, first.body
    assert same(first, await try_to_book(hall, LAST, **body, key=KEY))
    assert (await try_to_book(hall, LAST, **body)).code == "slot-not-offered"


async def test_a_move_is_answered_again_wherever_the_appointment_is_by_now(hall: Checked) -> None:
    appointment = await booked(hall)
    first = await changed(hall, appointment, {"starts_at": said(LAST)}, key=KEY)
    again = await changed(hall, appointment, {"starts_at": said(LAST)}, key=KEY)
    moved = await changed(hall, appointment, {"starts_at": said(at("11:00", 25))})
    await become(hall, **NEAR)

    assert (first.status, moved.status) == (200, 200), (first.body, moved.body)
    assert same(first, again)
    assert same(first, await changed(hall, appointment, {"starts_at": said(LAST)}, key=KEY))
    assert (await changed(hall, appointment, {"starts_at": said(LAST)})).code == "slot-not-offered"


async def test_a_hold_that_was_confirmed_and_given_up_is_answered_again_as_it_was_confirmed(hall: Checked) -> None:
    held = await booked(hall, LAST, hold=True)
    body = {"state": "booked", "applicant": person()}
    confirmed = await changed(hall, held, body, key=KEY)
    given_up = await hall.call("DELETE", f"appointments/{held['id']}", token=held["token"], key=KEY)
    await become(hall, **NOWHERE)

    assert (confirmed.status, given_up.status) == (200, 200), confirmed.body
    assert same(confirmed, await changed(hall, held, body, key=KEY))
    assert same(given_up, await hall.call("DELETE", f"appointments/{held['id']}", token=held["token"], key=KEY))


async def test_a_phone_is_not_read_anew_of_what_was_done(hall: Checked) -> None:
    body = {"service": "enquiry", "applicant": {"name": "Li", "phone": "13800138000"}}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("tickets", body),
        ("appointments", {**body, "starts_at": said(LAST)}),
        ("invitations", {"items": [{"name": "Li", "phone": "13800138001"}]}),
        ("erasures?keep=1", {"phone": "13800138001"}),
    ]
    first = [await hall.staff("POST", path, sent, key=KEY) for path, sent in calls]
    await become(hall, **NOWHERE)
    again = [await hall.staff("POST", path, sent, key=KEY) for path, sent in calls]

    assert [reply.status for reply in first] == [201, 201, 201, 200], [one.body for one in first]
    assert [same(one, other) for one, other in zip(first, again, strict=True)] == [True] * len(calls)
    refused = [await hall.staff("POST", path, sent) for path, sent in calls]
    assert {reply.code for reply in refused} == {"body-invalid"}


async def test_a_list_is_not_read_anew_whose_service_is_online_by_now(hall: Checked) -> None:
    body = {"items": [{"name": "Li", "service": "enquiry"}]}
    first = await hall.staff("POST", "invitations", body, key=KEY)
    online = {"online_url": "https://example.org/"}
    await become(hall, services=[{**one, **(online if one["id"] == "enquiry" else {})} for one in demo()["services"]])
    assert (await hall.staff("POST", "invitations", body)).code == "body-invalid"

    assert same(first, await hall.staff("POST", "invitations", body, key=KEY))
    assert (await hall.staff("POST", "invitations", {"items": [{"name": ""}]}, key=KEY)).code == (
        "idempotency-key-reused"
    )


async def test_a_suspension_says_again_what_it_said(hall: Checked) -> None:
    first = await hall.staff("PUT", "suspension", {"text": "Back at noon."}, key=KEY)
    await become(hall, languages=["en"])

    assert same(first, await hall.staff("PUT", "suspension", {"text": "Back at noon."}, key=KEY))


async def test_a_key_that_was_used_is_told_so_whatever_else_is_wrong(hall: Checked) -> None:
    slip = await hall.take("enquiry")
    await hall.act(slip, "park")
    appointment = await booked(hall)
    done = [
        await checked_in(hall, slip["code"], key=KEY),
        await try_to_book(hall, LAST, key=KEY),
        await changed(hall, appointment, {"starts_at": said(LAST)}, key=KEY),
    ]
    far, never = at("10:00", 23).replace(year=2099), "9999-12-31T23:59:59Z"

    others = [
        await checked_in(hall, "00000000", key=KEY),
        await try_to_book(hall, LAST, invitation="00000000", key=KEY),
        await try_to_book(hall, LAST, ticket=slip["id"], key=KEY),
        await try_to_book(hall, far, key=KEY),
        await try_to_book(hall, at("10:00", 1), key=KEY),
        await hall.call("POST", "appointments", {"service": "enquiry", "starts_at": never}, key=KEY),
        await try_to_book(hall, LAST, applicant={"name": "Li", "phone": "1234567"}, key=KEY),
        await changed(hall, appointment, {"starts_at": said(far)}, key=KEY),
        await changed(hall, appointment, {"applicant": {"phone": "1234567"}}, key=KEY),
    ]

    assert [reply.status for reply in done] == [200, 201, 200], [reply.body for reply in done]
    assert [reply.code for reply in others] == ["idempotency-key-reused"] * len(others)


async def test_a_key_that_was_used_costs_no_wrong_code(dsn: str, tmp_path: Path, clock: FakeClock) -> None:
    async with service_on(dsn, tmp_path, clock, rate_limit=True) as limited, Checked(limited.api.base) as api:
        slip = await api.take("enquiry")
        await api.act(slip, "park")
        await checked_in(api, slip["code"], key=KEY)
        codes = [await checked_in(api, "00000000", key=KEY) for _ in range(WRONG_CODES_PER_ADDRESS.most + 1)]

    assert {reply.code for reply in codes} == {"idempotency-key-reused"}


async def test_what_was_done_yesterday_is_answered_today_with_a_document_that_would_not_have_it(
    own: Checked, clock: FakeClock
) -> None:
    slip = await own.take("enquiry")
    await own.act(slip, "park")
    appointment = await booked(own, LAST)
    asks: list[Callable[[], Awaitable[Reply]]] = [
        lambda: checked_in(own, slip["code"], key=KEY),
        lambda: try_to_book(own, at("16:00"), applicant={"name": "Li", "phone": "13800138000"}, key=KEY),
        lambda: try_to_book(own, LAST, applicant={"name": "Li", "phone": "13800138002"}, key=f"{KEY}-2"),
        lambda: changed(own, appointment, {"applicant": {"phone": "13800138001"}}, key=KEY),
        lambda: changed(own, appointment, {"starts_at": said(at("16:00"))}, key=f"{KEY}-2"),
    ]
    first = [await one() for one in asks]
    clock.advance(86_400)
    await become(own, **NOWHERE, **NEAR)
    again = [await one() for one in asks]

    assert [reply.status for reply in first] == [200, 201, 201, 200, 200], [reply.body for reply in first]
    assert [same(one, other) for one, other in zip(first, again, strict=True)] == [True] * 5


async def test_a_repeat_that_another_process_has_just_done_is_not_refused(
    service: Service, own: Checked, dsn: str, tmp_path: Path
) -> None:
    invitation = await invited(service, own)
    async with service_on(dsn, tmp_path, FakeClock(NOON_AT)) as other, Checked(other.api.base) as elsewhere:
        assert (
            await elsewhere.call("GET", "board")
        ).status == 200  # and it does not look again: its clock stands still
        first = await checked_in(own, invitation["code"], key=KEY)

        assert first.status == 201, first.body
        assert same(first, await checked_in(elsewhere, invitation["code"], key=KEY))
        assert (await checked_in(elsewhere, invitation["code"])).code == "code-used"
        assert (await checked_in(elsewhere, "00000000", key=KEY)).code == "idempotency-key-reused"


async def test_the_same_check_in_at_once_waits_for_the_first_one(
    hall: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    slip = await hall.take("enquiry")
    await hall.act(slip, "park")
    find, heard = check_ins._find_code, []

    async def find_late(*asked: Any) -> FoundCode:  # noqa: ANN401  (as it is)
        monkeypatch.setattr(check_ins, "_find_code", find)
        heard.append(await checked_in(hall, slip["code"], key=KEY))
        return await find(*asked)

    monkeypatch.setattr(check_ins, "_find_code", find_late)
    heard.append(await checked_in(hall, slip["code"], key=KEY))

    assert heard[0].status == 200, heard[0].body
    assert same(*heard)


def looks(service: Service, monkeypatch: pytest.MonkeyPatch) -> list[date]:
    """What a service looks up in the journal from now on: the days that are preferred."""
    looked: list[date] = []
    journal = service.running.lanes._journal
    look = journal.day_of_command

    async def day_of_command(hall: Any, first_on: date, command_id: str, on: date) -> date | None:  # noqa: ANN401  (as it is)
        looked.append(on)
        return await look(hall, first_on, command_id, on)

    monkeypatch.setattr(journal, "day_of_command", day_of_command)
    return looked


async def test_a_key_is_looked_up_once_and_once_more_where_no_day_has_decided(
    house: Service, found: Founder, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = await found(booking=by_hand(1, every_min=480))
    slip = await hall.take("enquiry")
    looked, tomorrow = looks(house, monkeypatch), at("09:00", 24)
    keys = (f"{KEY}-{nth}" for nth in itertools.count())

    async def asked(reply: Awaitable[Reply]) -> tuple[int, str | None, int]:
        looked.clear()
        told = await reply
        return told.status, told.code, len(looked)

    assert await asked(try_to_book(hall, tomorrow, key=next(keys))) == (201, None, 1)
    assert await asked(try_to_book(hall, tomorrow, key=next(keys))) == (409, "slot-full", 1)
    appointment = await booked(hall, at("17:00", 24))
    assert await asked(try_to_book(hall, tomorrow, key=next(keys))) == (409, "slot-full", 1)  # the whole day is
    to = {"starts_at": said(tomorrow)}
    assert await asked(changed(hall, appointment, to, key=next(keys))) == (409, "slot-full", 1)
    to = {"starts_at": said(at("09:00", 25))}
    assert await asked(changed(hall, appointment, to, key=next(keys))) == (200, None, 1)
    assert await asked(hall.act(slip, "resume", key=next(keys))) == (409, "wrong-state", 0)
    assert await asked(try_to_book(hall, tomorrow, invitation="00000000", key=next(keys))) == (404, "code-not-found", 2)
    assert await asked(checked_in(hall, "00000000", key=next(keys))) == (404, "code-not-found", 1)


async def test_who_is_told_that_the_hall_is_full_costs_no_look_into_the_journal(
    house: Service, hall: Checked, now: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await full(hall, now)
    looked = looks(house, monkeypatch)

    refused = await hall.call("POST", "tickets", {"service": "enquiry"}, key=KEY)

    assert (refused.code, len(refused.body["slots"]), looked) == ("hall-full", 3, [])


@pytest.mark.parametrize("keyed", [True, False])
async def test_what_the_present_day_knows_and_what_has_no_key_is_not_looked_up(
    service: Service, own: Checked, monkeypatch: pytest.MonkeyPatch, *, keyed: bool
) -> None:
    slip = await own.take("enquiry")
    await own.act(slip, "park")
    key = KEY if keyed else None
    today = {"applicant": person()}
    appointment = await booked(own, at("15:00"))

    async def ask() -> list[Reply]:
        return [
            await own.call("POST", "tickets", {"service": "enquiry"}, key=key),
            await checked_in(own, slip["code"], key=key),
            await try_to_book(own, at("16:00"), **today, key=key),
            await changed(own, appointment, {"starts_at": said(at("15:30"))}, key=key),
        ]

    if keyed:
        first = await ask()
    looked = looks(service, monkeypatch)
    again = await ask()

    assert looked == []
    if keyed:
        assert [same(one, other) for one, other in zip(first, again, strict=True)] == [True] * 4


async def test_who_is_at_the_door_again_with_a_code_of_before_hears_the_same(found: Founder, now: FakeClock) -> None:
    hall = await found(entrance=True)
    code = (await hall.staff("GET", "entrance")).body["code"]
    first = await hall.call("POST", "tickets", {"service": "enquiry", "entrance": code}, key=KEY)
    now.advance(600)

    again = await hall.call("POST", "tickets", {"service": "enquiry", "entrance": code}, key=KEY)
    other = await hall.call("POST", "tickets", {"service": "loan-first", "entrance": code}, key=KEY)

    assert first.status == 201, first.body
    assert same(first, again)
    assert other.code == "idempotency-key-reused"
