"""What is asked for with a key and is so already: the same answer again, and nothing done late."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec import Struct

from service.domain.hall.demo import DEMO
from service.journal.verify import Verifier
from tests.api.booking import booked, changed, said
from tests.api.checked import Checked, at
from tests.api.story import ask
from tests.api.test_kiosks import given, kiosk, lease
from tests.race.process import kinds_in
from tests.service import ADMIN, Service

KEY = "a-key-of-16-characters-at-least"
ELEVEN = at("11:00", 24)


class Asked(Struct):
    """A request for what is so already; what happens then, before it is made again; and another request."""

    method: str
    path: str
    body: Any
    meanwhile: Callable[[], Awaitable[object]]
    other: Any = None
    token: str = ADMIN


async def the_start_it_has(hall: Checked) -> Asked:
    appointment = await booked(hall)

    async def is_moved() -> None:
        assert (await changed(hall, appointment, {"starts_at": said(ELEVEN)})).status == 200

    body = {"starts_at": said(at("10:00", 24))}
    return Asked("PATCH", f"appointments/{appointment['id']}", body, is_moved, {"starts_at": said(ELEVEN)})


async def the_start_it_has_and_goes_to_another_day(hall: Checked) -> Asked:
    asked = await the_start_it_has(hall)

    async def is_moved() -> None:
        body = {"starts_at": said(at("11:00", 26))}
        assert (await hall.staff("PATCH", asked.path, body)).status == 200

    asked.meanwhile = is_moved
    return asked


async def the_count_it_has(hall: Checked) -> Asked:
    appointment = await booked(hall, count=2)

    async def is_another() -> None:
        assert (await changed(hall, appointment, {"count": 1})).status == 200

    path, token = f"appointments/{appointment['id']}", appointment["token"]
    return Asked("PATCH", path, {"count": 2}, is_another, {"count": 1}, token)


async def booked_already(hall: Checked) -> Asked:
    appointment = await booked(hall)
    path, token = f"appointments/{appointment['id']}", appointment["token"]

    async def is_cancelled() -> None:
        assert (await hall.call("DELETE", path, token=token)).status == 200

    return Asked("PATCH", path, {"state": "booked"}, is_cancelled, {"count": 2}, token)


async def nothing_of_an_appointment(hall: Checked) -> Asked:
    asked = await booked_already(hall)
    asked.body = {}
    return asked


async def nothing_of_a_ticket(hall: Checked) -> Asked:
    await hall.take("enquiry")
    ticket = await hall.take("enquiry")

    async def is_called() -> None:
        await hall.open("1")
        await hall.next("1")
        await hall.next("1", "done")

    return Asked("PATCH", f"tickets/{ticket['id']}", {}, is_called, {"not_before_at": None}, ticket["token"])


async def nothing_of_a_ticket_that_is_called(hall: Checked) -> Asked:
    ticket = await hall.called()

    async def is_done() -> None:
        await hall.done(ticket, "finish", {"outcome": "done"})

    return Asked("PATCH", f"tickets/{ticket['id']}", {}, is_done, {"class": "green", "reason": "urgent"})


async def not_suspended(hall: Checked) -> Asked:
    async def is_suspended() -> None:
        assert (await hall.staff("PUT", "suspension", {"text": "Fire alarm"})).status == 200

    return Asked("DELETE", "suspension", None, is_suspended)


async def no_overtime(hall: Checked) -> Asked:
    async def is_opened() -> None:
        assert (await hall.staff("PUT", "overtime", {"until_at": "2026-11-23T11:00:00Z"})).status == 200

    return Asked("DELETE", "overtime", None, is_opened)


async def closed_already(hall: Checked) -> Asked:
    assert (await hall.staff("POST", "day/close")).status == 200

    async def something_is_said() -> None:
        assert (await hall.staff("POST", "notices", {"text": "x"})).status == 201

    return Asked("POST", "day/close", {}, something_is_said)


async def a_number_that_was_reported(hall: Checked) -> Asked:
    device, token = await kiosk(hall)
    [item] = await lease(hall, device, token, 1)
    body = {"items": [given(item, "2026-11-23T02:00:00Z")]}
    path = f"devices/{device}/tickets"
    first = await hall.call("POST", path, body, token=token)

    async def is_put_aside() -> None:
        await hall.done(first.body["items"][0]["ticket"], "park")

    return Asked("POST", path, body, is_put_aside, token=token)


async def a_printer_that_is_known(hall: Checked) -> Asked:
    device, token = await kiosk(hall)
    path = f"devices/{device}/status"
    await hall.call("POST", path, {"paper": "out"}, token=token)

    async def has_paper() -> None:
        await hall.call("POST", path, {"paper": "ok"}, token=token)

    return Asked("POST", path, {"paper": "out"}, has_paper, {"paper": "low"}, token)


async def nobody_of_the_staff(hall: Checked) -> Asked:
    person = {"name": f"of.{hall.hall}", "display_name": "Of the Hall", "role": "staff"}
    member = (await hall.staff("POST", "staff", person)).body
    path = f"staff/{member['id']}"
    await hall.staff("DELETE", path)

    async def is_added_again() -> None:
        assert (await hall.staff("POST", "staff", person)).body["id"] == member["id"]

    return Asked("DELETE", path, None, is_added_again)


async def one_of_the_staff(hall: Checked) -> Asked:
    asked = await nobody_of_the_staff(hall)
    await asked.meanwhile()
    return asked


REQUESTS = [
    the_start_it_has,
    the_start_it_has_and_goes_to_another_day,
    the_count_it_has,
    booked_already,
    nothing_of_an_appointment,
    nothing_of_a_ticket,
    nothing_of_a_ticket_that_is_called,
    not_suspended,
    no_overtime,
    closed_already,
    a_number_that_was_reported,
    a_printer_that_is_known,
    nobody_of_the_staff,
    one_of_the_staff,
]


async def all_there_is(hall: Checked) -> list[Any]:
    """What the hall shows of itself, to those who may see everything."""
    days = [f"appointments?on=2026-11-{on}" for on in (24, 25, 26)]
    paths = ["queue", "board", "counters/1", "tickets", "notices", "staff", *days]
    return [(await hall.staff("GET", path)).body for path in paths]


@pytest.mark.parametrize("of", REQUESTS)
async def test_what_is_so_already_is_answered_again_as_then_and_never_done_late(
    of: Callable[[Checked], Awaitable[Asked]], hall: Checked
) -> None:
    asked = await of(hall)
    headers = {"Authorization": f"Bearer {asked.token}", "Idempotency-Key": KEY}

    first = await ask(hall, asked.method, asked.path, asked.body, headers)
    at_once = await ask(hall, asked.method, asked.path, asked.body, headers)
    await asked.meanwhile()
    before = await all_there_is(hall)
    later = await ask(hall, asked.method, asked.path, asked.body, headers)

    assert first.status in {200, 204}, first.body
    assert at_once == first
    assert later == first
    assert await all_there_is(hall) == before
    if asked.other is not None:
        other = await ask(hall, asked.method, asked.path, asked.other, headers)
        assert (other.status, other.json["code"]) == (422, "idempotency-key-reused")


async def test_without_a_key_nothing_is_kept_of_what_is_so_already(hall: Checked) -> None:
    before = (await hall.staff("DELETE", "suspension")).body["seq"]

    assert (await hall.staff("DELETE", "suspension")).body["seq"] == before


async def test_what_changed_nothing_is_in_the_journal_and_nobody_hears_of_it(
    own: Checked, service: Service, dsn: str
) -> None:
    ticket, appointment = await own.take("enquiry"), await booked(own, at("16:00"))
    path = f"appointments/{appointment['id']}"
    seen = ["history", f"tickets/{ticket['id']}/history", "report?day=2026-11-23"]
    before = [(await own.staff("GET", one)).body for one in seen]
    counted = (await own.call("GET", "/metrics")).body
    kinds = await kinds_in(dsn)

    for what, asked in ((path, {"starts_at": said(at("16:00"))}), (f"tickets/{ticket['id']}", {})):
        for _ in range(2):
            assert (await own.staff("PATCH", what, asked, key=KEY + what[:4])).status == 200

    assert await kinds_in(dsn) == [*kinds, "nothing_changed", "nothing_changed"]
    after = [(await own.staff("GET", one)).body for one in seen]
    assert [_without_seq(one) for one in after] == [_without_seq(one) for one in before]
    assert _of_people((await own.call("GET", "/metrics")).body) == _of_people(counted)
    row = (await own.staff("GET", "appointments?on=2026-11-23")).body["items"][0]
    assert (row["id"], row["starts_at"]) == (appointment["id"], appointment["starts_at"])
    assert [str(one) async for one in Verifier(service.running.database).differences()] == []
    assert (await service.running.lanes.day(DEMO)).appointments[appointment["id"]].sequence == 0


def _without_seq(seen: dict[str, Any]) -> dict[str, Any]:
    """What is shown but for where the day stands, of which each day of a report says its own."""
    items = [{**item, "seq": None} if "days" in item else item for item in seen["items"]]
    return {**seen, "seq": None, "items": items}


def _of_people(metrics: bytes) -> list[str]:
    counted = ("paihao_appointments_total", "paihao_tickets", "paihao_admission", "paihao_messages")
    return [line for line in metrics.decode().splitlines() if line.startswith(counted)]
