"""A hall that cannot be folded or reckoned, by a fault of ours, is said in the log, and no other hall waits for it."""

from collections.abc import AsyncIterator, Callable, MutableMapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import convert
from structlog.testing import capture_logs

from service.clock import FakeClock
from service.config.values import NetworkPrinter
from service.domain.hall.document import HallDocument
from service.domain.model import HallId
from service.domain.queue.dispatch import overdue_walk_ins
from service.domain.queue.waits import wait_of_newcomer
from service.printing.printer_monitor import PrinterMonitor
from service.printing.printers import Printers
from service.privacy.data_requests import DataRequests
from service.runtime.hall import Hall
from service.runtime.lanes import Lanes
from service.runtime.requests import Request
from tests.api.booking import booked
from tests.api.checked import Checked, at, demo
from tests.api.test_admission import fill
from tests.api.test_operations import watched
from tests.service import NOON_AT, Service, service_on

BROKEN = "broken"
"""A hall before the demo hall in every order."""

UNFOLDABLE = """
UPDATE events SET body = jsonb_set(body::jsonb, ARRAY[$2::text], to_jsonb(gen_random_uuid()::text))::json
WHERE hall_id = 'broken' AND kind = $1
RETURNING seq
"""
NIGHT_AT = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
"""01:30 of the Tuesday at the demo hall: after all spreads."""


@pytest.fixture
async def one(service: Service) -> AsyncIterator[Checked]:
    """A client of a hall of which there is something to fold, as of the demo hall."""
    assert await service.running.halls.create_if_absent(HallId(BROKEN), convert(demo(), HallDocument))
    async with Checked(service.api.base, BROKEN) as client:
        await client.called()
        await service.api.take("enquiry")
        yield client


async def break_fold(service: Service, kind: str = "ticket_called", about: str = "ticket") -> None:
    """Leave an event in the journal of the one hall that no fold can take: it is about nothing that there is."""
    assert await service.running.database.fetch(UNFOLDABLE, kind, about)


def failing(of: Callable[..., Any], hall_of: Callable[[Any], str]) -> Callable[..., Any]:
    """The same function, but for one hall, where it meets a fault of ours."""

    def sometimes(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401  (whatever it takes and gives)
        if any(hall_of(argument) == BROKEN for argument in arguments):
            raise KeyError(BROKEN)
        return of(*arguments, **more)

    return sometimes


def of_day(value: object) -> str:
    """The hall of a day."""
    return str(getattr(value, "hall", ""))


def of_hall(value: object) -> str:
    """The id of a hall."""
    return value.id if isinstance(value, Hall) else ""


def faults(logs: list[MutableMapping[str, Any]]) -> set[tuple[str, str]]:
    """The faults in a log: which, and of which hall."""
    return {(line["event"], line["hall"]) for line in logs if line["log_level"] == "error" and line.get("exc_info")}


async def kinds(service: Service, on: date) -> list[str]:
    """What happened on a day of the demo hall."""
    events = "SELECT kind FROM events WHERE hall_id = 'demo' AND day = $1 ORDER BY seq"
    return [row["kind"] for row in await service.running.database.fetch(events, on)]


async def test_the_days_of_all_others_end(
    service: Service, one: Checked, clock: FakeClock, dsn: str, tmp_path: Path
) -> None:
    assert one.hall == BROKEN
    await break_fold(service)
    async with service_on(dsn, tmp_path / "other", clock) as other:
        clock.put(NIGHT_AT)

        with capture_logs() as logs:
            await other.running.jobs.end_days()

    assert (await kinds(service, date(2026, 11, 23)))[-1] == "day_ended"
    assert faults(logs) == {("day_not_ended", BROKEN)}


async def test_all_others_learn_from_their_days(service: Service, one: Checked, clock: FakeClock) -> None:
    assert one.hall == BROKEN
    clock.put(NIGHT_AT)
    await service.running.jobs.end_days()
    await break_fold(service)

    with capture_logs() as logs:
        await service.running.learning.learn()

    facts = await service.running.database.fetch("SELECT hall_id FROM day_facts")
    assert [row["hall_id"] for row in facts] == ["demo"]
    assert faults(logs) == {("not_learned", BROKEN)}


async def test_the_days_ahead_of_all_others_follow_their_documents(
    service: Service, own: Checked, one: Checked, clock: FakeClock, tmp_path: Path
) -> None:
    for client in (one, own):
        appointment = await booked(client, at("10:00", 25))
        path = f"appointments/{appointment['id']}"
        assert (await client.call("DELETE", path, token=appointment["token"])).status == 200
        document = convert({**demo(), "booking": {"horizon_days": 20}}, HallDocument)
        await service.running.halls.replace(HallId(client.hall), document, 1)
    await break_fold(service, "appointment_cancelled", "appointment")
    async with service_on(str(service.settings.database_url), tmp_path / "other", clock) as other:
        with capture_logs() as logs:
            await other.running.lanes.sweep()

    assert (await kinds(service, date(2026, 11, 25)))[-1] == "plan_changed"
    assert faults(logs) == {("plan_not_changed", BROKEN)}


@pytest.mark.parametrize("broken", ["waited_too_long", "do"])
async def test_the_suspensions_of_all_others_are_lifted(
    service: Service, one: Checked, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    until_at = (NOON_AT + timedelta(minutes=5)).isoformat()
    for client in (one, service.api):
        assert (await client.staff("PUT", "suspension", {"text": "!", "until_at": until_at})).status == 200
    clock.advance(600)
    if broken == "do":
        monkeypatch.setattr(Lanes, "do", failing(Lanes.do, str))
    else:
        monkeypatch.setattr("service.runtime.jobs.overdue_walk_ins", failing(overdue_walk_ins, of_day))

    with capture_logs() as logs:
        await service.running.jobs.sweep_halls()

    assert (await kinds(service, date(2026, 11, 23)))[-1] == "suspension_ended"
    assert {hall for _, hall in faults(logs)} == {BROKEN}


async def test_the_standby_of_all_others_is_looked_at(
    service: Service, own: Checked, one: Checked, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.put(at("17:00"))
    for client in (one, own):
        await fill(client)
    asked: list[str] = []

    async def nobody(_lanes: Lanes, hall: HallId, _request: Request) -> None:
        asked.append(hall)
        raise KeyError(hall)

    monkeypatch.setattr(Lanes, "do", nobody)
    with capture_logs() as logs:
        await service.running.jobs.sweep_standby()

    assert asked == [BROKEN, "demo"]
    assert faults(logs) == {("job_refused", BROKEN), ("job_refused", "demo")}


async def test_the_printers_of_all_others_are_looked_at(
    service: Service, own: Checked, one: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    printers = [
        NetworkPrinter(hall, "at the door", "127.0.0.1", 1, "TM-T88V", gb18030=True) for hall in (BROKEN, "demo")
    ]
    for client in (one, own):
        assert (await client.staff("POST", "devices", {"name": "at the door", "role": "kiosk"})).status == 201
    monkeypatch.setattr(Printers, "state", failing(Printers.state, of_day))

    with capture_logs() as logs:
        running = service.running
        await PrinterMonitor(Printers(printers), running.identity.devices, running.lanes, service.clock).check()

    assert (await kinds(service, date(2026, 11, 23)))[-1] == "printer_reported"
    assert faults(logs) == {("printer_not_reported", BROKEN)}


async def test_the_appointments_of_all_others_are_missed(
    service: Service, own: Checked, one: Checked, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for client in (one, own):
        await booked(client, at("14:00"))
    clock.put(at("15:00"))
    monkeypatch.setattr(Lanes, "do", failing(Lanes.do, str))

    with capture_logs() as logs:
        await service.running.jobs.sweep_appointments()

    assert (await kinds(service, date(2026, 11, 23)))[-1] == "appointment_missed"
    assert faults(logs) == {("job_refused", BROKEN)}


async def test_the_holds_of_all_others_are_over(
    service: Service, own: Checked, one: Checked, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for client in (one, own):
        await booked(client, hold=True)
    clock.advance(3600)
    monkeypatch.setattr(Lanes, "do_on", failing(Lanes.do_on, str))

    with capture_logs() as logs:
        await service.running.jobs.sweep_appointments()

    assert (await kinds(service, date(2026, 11, 24)))[-1] == "appointment_expired"
    assert faults(logs) == {("job_refused", BROKEN)}


async def test_all_others_are_in_the_list_when_one_cannot_be_reckoned(
    own: Checked, one: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_of_them = await own.call("GET", "/v1/halls")
    monkeypatch.setattr("service.api.halls.hall_view.wait_of_newcomer", failing(wait_of_newcomer, of_day))
    with capture_logs() as logs:
        others = await own.call("GET", "/v1/halls")

    assert [item["id"] for item in all_of_them.body["items"]] == [one.hall, "demo"]
    assert (others.status, [item["id"] for item in others.body["items"]]) == (200, ["demo"])
    assert faults(logs) == {("hall_not_listed", BROKEN)}


async def test_all_others_are_in_the_list_when_one_cannot_be_folded(
    service: Service, one: Checked, clock: FakeClock, dsn: str, tmp_path: Path
) -> None:
    assert one.hall == BROKEN
    await break_fold(service)
    async with service_on(dsn, tmp_path / "other", clock) as other, Checked(other.api.base) as elsewhere:
        with capture_logs() as logs:
            others = await elsewhere.call("GET", "/v1/halls")

    assert (others.status, [item["id"] for item in others.body["items"]]) == (200, ["demo"])
    assert faults(logs) == {("hall_not_listed", BROKEN)}


async def test_all_others_are_watched(
    service: Service, own: Checked, one: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    await one.take("enquiry")
    fold = service.running.lanes.in_memory(HallId(BROKEN), date(2026, 11, 23))
    assert fold is not None
    fold.tickets.clear()
    with capture_logs() as logs:
        uncounted = await watched(own)
        measured = (await own.call("GET", "/metrics")).body.decode()
    monkeypatch.setattr(Hall, "day_at", failing(Hall.day_at, of_hall))
    undated = await watched(own)

    assert (list(uncounted), list(undated)) == (["demo"], ["demo"])
    assert 'paihao_tickets_waiting{class="walk_in",hall="demo",service="enquiry"} 1.0' in measured
    assert faults(logs) == {("hall_not_watched", BROKEN), ("hall_not_measured", BROKEN)}


async def test_the_people_of_all_others_are_forgotten(
    service: Service, one: Checked, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert one.hall == BROKEN
    await service.api.take("enquiry", applicant={"name": "Li", "phone": "13800138000"})
    clock.advance(timedelta(days=400).total_seconds())
    monkeypatch.setattr(DataRequests, "erase_old_of", failing(DataRequests.erase_old_of, of_hall))

    with capture_logs() as logs:
        await service.running.privacy.erase_old()

    assert await service.running.database.fetch("SELECT FROM applicants") == []
    assert faults(logs) == {("people_not_forgotten", BROKEN)}
