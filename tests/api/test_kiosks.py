"""Kiosks over HTTP: numbers in stock, what was given out while one was cut off, printers, help."""

from pathlib import Path
from typing import Any

import pytest

from service.clock import FakeClock
from service.config.values import NetworkPrinter
from service.journal.database import Database
from service.journal.verify import Verifier
from service.printing.printer_monitor import PrinterMonitor
from service.printing.printers import Printers
from service.runtime.startup_checks import CannotServe
from tests.api.checked import Checked
from tests.printing.receiver import OUT, receiver
from tests.service import NOON_AT, Service, service_on


async def kiosk(hall: Checked, name: str = "at the door") -> tuple[str, str]:
    """A new kiosk's id and token."""
    added = await hall.staff("POST", "devices", {"name": name, "role": "kiosk"})
    assert added.status == 201, added.body
    return added.body["id"], added.body["token"]


async def lease(hall: Checked, device: str, token: str, count: int = 3) -> list[dict[str, Any]]:
    reply = await hall.call("POST", f"devices/{device}/lease", {"count": count}, token=token)
    assert reply.status == 201, reply.body
    items: list[dict[str, Any]] = reply.body["items"]
    return items


def given(item: dict[str, Any], at: str, service: str = "enquiry", count: int = 1) -> dict[str, Any]:
    return {"number": item["number"], "code": item["code"], "service": service, "issued_at": at, "count": count}


def _printers(port: int) -> tuple[NetworkPrinter, ...]:
    return (NetworkPrinter("demo", "at the door", "127.0.0.1", port, "TM-T88V", gb18030=True),)


async def _watch(service: Service, port: int) -> None:
    """What the scheduler runs each minute."""
    running = service.running
    await PrinterMonitor(Printers(_printers(port)), running.identity.devices, running.lanes, service.clock).check()


async def test_a_kiosk_hears_who_it_is_and_where_people_watch_their_tickets(hall: Checked) -> None:
    device, token = await kiosk(hall)

    seen = await hall.call("GET", "kiosk", token=token)

    assert (seen.status, seen.body["device"], seen.body["name"]) == (200, device, "at the door")
    assert seen.body["printer"] is False
    assert "{ticket}" in seen.body["ticket_url"]
    assert "{token}" in seen.body["ticket_url"]


async def test_leased_numbers_come_with_all_that_a_slip_says(hall: Checked, now: FakeClock) -> None:
    device, token = await kiosk(hall)

    items = await lease(hall, device, token)
    now.advance(600)
    reply = await hall.call(
        "POST", f"devices/{device}/tickets", {"items": [given(items[0], "2026-11-23T02:05:00Z")]}, token=token
    )

    assert [item["number"] for item in items] == ["Z001", "Z002", "Z003"]
    [told] = reply.body["items"]
    assert told["problem"] is None
    assert told["ticket"]["token"] == items[0]["token"]
    assert (told["ticket"]["id"], told["ticket"]["code"]) == (items[0]["ticket"], items[0]["code"])
    assert told["ticket"]["issued_at"] == "2026-11-23T02:05:00.000Z"
    assert (told["ticket"]["channel"], told["ticket"]["class"]) == ("kiosk", "walk_in")
    watched = await hall.call("GET", f"tickets/{items[0]['ticket']}", token=items[0]["token"])
    assert watched.body["number"] == "Z001"


async def test_who_opens_a_slips_link_before_the_kiosk_is_back_hears_that_the_number_is_not_reported(
    hall: Checked, now: FakeClock
) -> None:
    device, token = await kiosk(hall)
    [item] = await lease(hall, device, token, 1)
    link = f"tickets/{item['ticket']}"

    before = await hall.call("GET", link, token=item["token"])
    stranger = await hall.call("GET", link, token="A" * 43)
    now.advance(60)
    body = {"items": [given(item, "2026-11-23T02:00:30Z")]}
    await hall.call("POST", f"devices/{device}/tickets", body, token=token)
    after = await hall.call("GET", link, token=item["token"])

    assert (before.status, before.code, before.body["number"]) == (409, "number-not-reported", "Z001")
    assert (stranger.status, stranger.code) == (404, "ticket-not-found")
    assert (after.status, after.body["number"]) == (200, "Z001")


async def test_a_number_that_nobody_reported_by_the_end_of_the_day_is_not_known_any_more(
    hall: Checked, now: FakeClock
) -> None:
    device, token = await kiosk(hall)
    [item] = await lease(hall, device, token, 1)

    now.advance(24 * 3600)
    late = await hall.call("GET", f"tickets/{item['ticket']}", token=item["token"])

    assert (late.status, late.code) == (404, "ticket-not-found")


async def test_a_lease_sent_again_with_its_key_is_the_same_and_another_key_has_other_numbers(hall: Checked) -> None:
    device, token = await kiosk(hall)
    path = f"devices/{device}/lease"

    first = await hall.call("POST", path, {"count": 2}, token=token, key="lease-0001")
    again = await hall.call("POST", path, {"count": 2}, token=token, key="lease-0001")
    other = await hall.call("POST", path, {"count": 2}, token=token, key="lease-0002")

    assert first.body == again.body
    assert [item["number"] for item in other.body["items"]] == ["Z003", "Z004"]


async def test_who_was_there_while_the_kiosk_was_cut_off_is_called_in_their_turn(hall: Checked, now: FakeClock) -> None:
    await hall.open("1")
    device, token = await kiosk(hall)
    items = await lease(hall, device, token)
    now.advance(300)
    during = await hall.take("enquiry")
    now.advance(300)

    reported = await hall.call(
        "POST",
        f"devices/{device}/tickets",
        {"items": [given(items[0], "2026-11-23T02:01:00Z"), given(items[1], "2026-11-23T02:06:00Z", count=1)]},
        token=token,
    )

    assert [one["problem"] for one in reported.body["items"]] == [None, None]
    order = [ticket["number"] for ticket in (await hall.staff("GET", "queue")).body["waiting"]]
    assert order == ["Z001", during["number"], "Z002"]


async def test_a_report_sent_again_with_or_without_its_key_gives_nobody_a_second_number(
    hall: Checked, now: FakeClock
) -> None:
    device, token = await kiosk(hall)
    items = await lease(hall, device, token)
    body = {"items": [given(item, "2026-11-23T02:00:00Z") for item in items]}
    path = f"devices/{device}/tickets"
    now.advance(60)

    first = await hall.call("POST", path, body, token=token, key="report-0001")
    await hall.take("enquiry")
    again = await hall.call("POST", path, body, token=token, key="report-0001")
    unkeyed = await hall.call("POST", path, body, token=token)

    assert [one["ticket"] for one in first.body["items"]] == [one["ticket"] for one in again.body["items"]]
    assert [one["ticket"]["number"] for one in unkeyed.body["items"]] == ["Z001", "Z002", "Z003"]
    assert len((await hall.staff("GET", "tickets")).body["items"]) == 4


async def test_a_number_that_cannot_be_is_said_so_and_the_others_go_on(hall: Checked, now: FakeClock) -> None:
    device, token = await kiosk(hall)
    items = await lease(hall, device, token)
    now.advance(60)
    at = "2026-11-23T02:00:00Z"
    body = {
        "items": [
            given(items[0], at, "loan-renewal"),
            {**given(items[1], at), "code": "00000000"},
            given(items[2], at),
        ]
    }

    reply = await hall.call("POST", f"devices/{device}/tickets", body, token=token)

    assert reply.status == 200
    codes = [one["problem"] and one["problem"]["code"] for one in reply.body["items"]]
    assert codes == ["online-only", "number-not-leased", None]


async def test_a_code_that_was_printed_offline_checks_in_after_a_park(hall: Checked, now: FakeClock) -> None:
    device, token = await kiosk(hall)
    [item] = await lease(hall, device, token, 1)
    now.advance(60)
    before = await hall.call("POST", "check-ins", {"code": item["code"]}, token=token)
    body = {"items": [given(item, "2026-11-23T02:00:30Z")]}
    await hall.call("POST", f"devices/{device}/tickets", body, token=token)
    await hall.staff("POST", f"tickets/{item['ticket']}/park")

    back = await hall.call("POST", "check-ins", {"code": item["code"]}, token=token)

    assert (before.status, before.code) == (404, "code-not-found")
    assert (back.status, back.body["number"], back.body["state"]) == (200, "Z001", "waiting")


async def test_a_kiosk_acts_for_itself_alone(hall: Checked) -> None:
    device, _ = await kiosk(hall)
    other, token = await kiosk(hall, "at the back")
    assert device != other

    for path, body in (
        ("lease", {"count": 1}),
        (
            "tickets",
            {"items": [{"number": "Z001", "code": "X", "service": "enquiry", "issued_at": "2026-11-23T02:00:00Z"}]},
        ),
        ("status", {"paper": "out"}),
        ("slips", {"ticket": "0198c0de-0000-7000-8000-000000000000"}),
    ):
        reply = await hall.call("POST", f"devices/{device}/{path}", body, token=token)
        assert (reply.status, reply.code) == (404, "device-not-found"), path


async def test_a_kiosk_leases_nothing_after_the_day_was_closed(hall: Checked) -> None:
    device, token = await kiosk(hall)
    await hall.staff("POST", "day/close")

    reply = await hall.call("POST", f"devices/{device}/lease", {"count": 1}, token=token)

    assert (reply.status, reply.code) == (409, "hall-closed")


@pytest.mark.parametrize("count", [0, 101])
async def test_a_lease_is_of_1_to_100_numbers(hall: Checked, count: int) -> None:
    device, token = await kiosk(hall)

    reply = await hall.call("POST", f"devices/{device}/lease", {"count": count}, token=token)

    assert (reply.status, reply.code) == (422, "body-invalid")


async def test_a_kiosk_has_no_more_than_900_numbers_a_day(hall: Checked) -> None:
    device, token = await kiosk(hall)
    for _ in range(9):
        await lease(hall, device, token, 100)

    reply = await hall.call("POST", f"devices/{device}/lease", {"count": 1}, token=token)

    assert (reply.status, reply.code) == (409, "lease-limit")


async def test_an_empty_roll_is_in_the_queue_of_all_staff_until_it_is_full(hall: Checked) -> None:
    device, token = await kiosk(hall)

    said = await hall.call("POST", f"devices/{device}/status", {"paper": "out"}, token=token)
    empty = (await hall.staff("GET", "queue")).body["printers"]
    await hall.call("POST", f"devices/{device}/status", {"paper": "ok"}, token=token)

    assert said.body == {"device": device, "state": "out", "seq": said.body["seq"]}
    assert [(one["device"], one["name"], one["state"]) for one in empty] == [(device, "at the door", "out")]
    assert (await hall.staff("GET", "queue")).body["printers"] == []


async def test_staff_hear_which_kiosk_calls_for_help(hall: Checked) -> None:
    _, token = await kiosk(hall)

    raised = await hall.call("POST", "alarm", {}, token=token)

    assert (raised.status, raised.body["kiosk"], raised.body["counter"]) == (201, "at the door", None)
    [seen] = (await hall.staff("GET", "queue")).body["alarms"]
    assert (seen["id"], seen["kiosk"]) == (raised.body["id"], "at the door")


async def test_a_kiosk_without_a_network_printer_is_told_so(hall: Checked) -> None:
    device, token = await kiosk(hall)
    ticket = await hall.take("enquiry")

    reply = await hall.call("POST", f"devices/{device}/slips", {"ticket": ticket["id"]}, token=token)

    assert (reply.status, reply.code) == (404, "printer-not-found")


async def test_a_slip_is_printed_and_an_empty_roll_found_by_the_service(
    dsn: str,
    tmp_path: Path,
    clock: FakeClock,
) -> None:
    async with receiver() as hears, service_on(dsn, tmp_path, clock, printers=_printers(hears.port)) as service:
        hall = Checked(service.api.base, "demo")
        async with hall:
            device, token = await kiosk(hall)
            seen = await hall.call("GET", "kiosk", token=token)
            ticket = await hall.take("enquiry")
            printed = await hall.call("POST", f"devices/{device}/slips", {"ticket": ticket["id"]}, token=token)
            hears.paper = OUT
            await _watch(service, hears.port)

            assert seen.body["printer"] is True
            assert (printed.status, printed.body["state"]) == (200, "ok")
            assert any(ticket["number"].encode() in slip for slip in hears.slips)
            link = seen.body["ticket_url"].format(ticket=ticket["id"], token=ticket["token"])
            assert any(link.encode() in slip for slip in hears.slips), "the same as on the screen"
            printers = (await hall.staff("GET", "queue")).body["printers"]
            assert [(one["device"], one["state"]) for one in printers] == [(device, "out")]
            metrics = (await hall.call("GET", "/metrics")).body.decode()
            assert 'paihao_printers{hall="demo",state="out"} 1.0' in metrics
            without = await hall.call("POST", f"devices/{device}/slips", {"ticket": ticket["id"]}, token=token)
            assert without.body["state"] == "out"
            missing = "0198c0de-0000-7000-8000-000000000000"
            nobodys = await hall.call("POST", f"devices/{device}/slips", {"ticket": missing}, token=token)
            assert (nobodys.status, nobodys.code) == (404, "ticket-not-found")


async def test_a_slip_is_printed_once_for_each_key_and_its_answer_stays(
    dsn: str,
    tmp_path: Path,
    clock: FakeClock,
) -> None:
    async with receiver() as hears, service_on(dsn, tmp_path, clock, printers=_printers(hears.port)) as service:
        hall = Checked(service.api.base, "demo")
        async with hall:
            device, token = await kiosk(hall)
            slip = {"ticket": (await hall.take("enquiry"))["id"]}
            path = f"devices/{device}/slips"
            printed = [await hall.call("POST", path, slip, token=token, key=f"a-key-{n}-of-many") for n in range(2)]
            hears.paper = OUT
            await _watch(service, hears.port)

            again = [await hall.call("POST", path, slip, token=token, key=f"a-key-{n}-of-many") for n in range(2)]

            assert [one.body for one in again] == [one.body for one in printed]
            assert [one.body["state"] for one in again] == ["ok", "ok"]
            assert sum(bool(slip) for slip in hears.slips) == 2


async def test_a_day_with_leases_is_sound(own: Checked, service: Service, clock: FakeClock) -> None:
    device, token = await kiosk(own)
    items = await lease(own, device, token)
    clock.advance(60)
    await own.call(
        "POST", f"devices/{device}/tickets", {"items": [given(items[1], "2026-11-23T02:00:30Z")]}, token=token
    )
    await own.take("enquiry")
    dsn = service.settings.database_url
    assert dsn is not None

    async with Database(dsn) as database:
        differences = [one async for one in Verifier(database).differences()]

    assert differences == []
    assert clock.now_at() > NOON_AT


async def test_a_printer_of_a_profile_that_nobody_knows_keeps_the_service_from_starting(
    dsn: str, tmp_path: Path, clock: FakeClock
) -> None:
    printers = (NetworkPrinter("demo", "at the door", "127.0.0.1", 9100, "TM-9999"),)

    with pytest.raises(CannotServe, match="no profile TM-9999"):
        async with service_on(dsn, tmp_path, clock, printers=printers):
            pass
