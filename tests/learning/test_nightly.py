"""Tests of nightly learning in a running service: an ended day is replayed once, and future plans use its values."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from service.clock import FakeClock
from service.domain.commands import BookAppointment
from service.domain.events import DayOpened, PlanChanged
from service.domain.model import AppointmentId, Channel, HallId, ServiceId
from service.domain.stats.day_facts import DayFacts, OpenHour
from service.journal.read import Reader
from service.primitives.ids import APPOINTMENT_CODE_STARTS, new_code, new_id
from service.runtime.jobs import in_sequence
from service.runtime.lane_registry import SYSTEM
from service.runtime.requests import Request
from tests.service import Service, service_on

DEMO = HallId("demo")
ENQUIRY = ServiceId("enquiry")
MONDAY = date(2026, 11, 23)
TUESDAY = MONDAY + timedelta(1)
FRIDAY = date(2026, 10, 9)
"""The Saturday after it is a working day in China, in exchange for a holiday of the National Day."""

NIGHT_AT = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
"""01:30 on Tuesday in the demo hall: after all spread delays."""

MEAN_S = (20 * 180 + 20 * 240) / 40
"""Mean of the document's duration with the weight of twenty visits, and twenty enquiries of four minutes."""


async def a_monday(service: Service, clock: FakeClock, visits: int = 20, seconds: float = 240) -> None:
    """Serve enquiries at counter 1, one after another."""
    api = service.api
    await api.open("1")
    for _ in range(visits):
        await api.take("enquiry")
        ticket = await api.next("1")
        assert ticket is not None
        assert (await api.staff("POST", f"tickets/{ticket['id']}/start")).status == 200
        clock.advance(seconds)
        await api.staff("POST", f"tickets/{ticket['id']}/finish", {"outcome": "done"})


async def the_night(service: Service, clock: FakeClock) -> None:
    clock.put(NIGHT_AT)
    await service.running.jobs.end_days()
    await service.running.learning.learn()


def days_read(monkeypatch: pytest.MonkeyPatch) -> list[date]:
    """Record the days whose events are read from now on."""
    read: list[date] = []
    load = Reader.load

    def noted(reader: Reader, hall: HallId, day: date, position: object) -> object:
        read.append(day)
        return load(reader, hall, day, position)  # type: ignore[arg-type]

    monkeypatch.setattr(Reader, "load", noted)
    return read


async def events(service: Service, on: date) -> list[object]:
    return [record.event for record in await Reader(service.running.database).events(DEMO, on)]


async def mean_s(service: Service) -> float:
    return (await service.running.lanes.day(DEMO)).plan.services[ENQUIRY].mean_s


async def test_the_next_day_begins_with_the_learned_values(service: Service, clock: FakeClock) -> None:
    await a_monday(service, clock)

    await the_night(service, clock)

    assert await mean_s(service) == pytest.approx(MEAN_S)
    opened = (await events(service, TUESDAY))[0]
    assert isinstance(opened, DayOpened)
    assert opened.plan.learned.durations[ENQUIRY].mean_s == pytest.approx(MEAN_S)
    assert opened.plan.learned.learned_at is not None


async def test_an_opened_day_takes_learned_values_over_by_one_event(service: Service, clock: FakeClock) -> None:
    await a_monday(service, clock)
    clock.put(NIGHT_AT)
    await service.running.jobs.end_days()
    assert await mean_s(service) == 180

    for _ in range(3):
        await service.running.learning.learn()
        await service.running.lanes.sweep()

    assert await mean_s(service) == pytest.approx(MEAN_S)
    assert [type(event) for event in await events(service, TUESDAY)] == [DayOpened, PlanChanged]


async def test_a_booked_future_day_takes_learned_values_over_too(service: Service, clock: FakeClock) -> None:
    on = MONDAY + timedelta(9)
    booking = BookAppointment(
        appointment=AppointmentId(new_id()),
        code=new_code(APPOINTMENT_CODE_STARTS),
        service=ENQUIRY,
        starts_at=datetime(2026, 12, 2, 2, tzinfo=UTC),
        channel=Channel.WEB,
        applicant=new_id(),
    )
    request = Request(command=booking, command_id=new_id(), actor=SYSTEM, now_at=clock.now_at())
    await service.running.lanes.do_on(DEMO, on, request)
    await a_monday(service, clock)

    await the_night(service, clock)

    last = (await events(service, on))[-1]
    assert isinstance(last, PlanChanged)
    assert last.plan.services[ENQUIRY].mean_s == pytest.approx(MEAN_S)


async def test_a_day_that_has_not_ended_is_not_learned_from(service: Service, clock: FakeClock) -> None:
    await a_monday(service, clock)
    clock.put(NIGHT_AT)

    await service.running.learning.learn()
    rows = await service.running.database.fetch("SELECT day FROM day_facts")
    await service.running.jobs.end_days()
    await service.running.learning.learn()

    assert rows == []
    assert [row["day"] for row in await service.running.database.fetch("SELECT day FROM day_facts")] == [MONDAY]


async def test_a_night_reads_the_events_of_the_ended_day_only(
    service: Service, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_monday(service, clock, visits=3)
    await the_night(service, clock)
    clock.put(NIGHT_AT + timedelta(hours=9))
    await service.api.take("enquiry")
    clock.put(NIGHT_AT + timedelta(1))
    await service.running.jobs.end_days()
    read = days_read(monkeypatch)

    await service.running.learning.learn()

    assert read == [TUESDAY]


async def test_an_ended_day_is_read_once_for_learning_and_reports(
    service: Service, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_monday(service, clock, visits=3)
    clock.put(NIGHT_AT)
    await service.running.jobs.end_days()
    read = days_read(monkeypatch)

    for _ in range(2):
        await in_sequence(service.running.reports.archive_ended, service.running.learning.learn)()
    reply = await service.api.staff("GET", f"report?day={MONDAY}")

    assert read == [MONDAY]
    assert await service.running.database.fetch("SELECT FROM day_facts NATURAL JOIN day_figures") != []
    assert reply.body["total"]["visits"]["served"] == 3


async def test_a_day_archived_by_a_report_is_learned_from_at_night(
    service: Service, clock: FakeClock, dsn: str, tmp_path: Path
) -> None:
    await a_monday(service, clock)
    clock.put(NIGHT_AT)
    await service.running.jobs.end_days()
    await service.api.staff("GET", f"report?day={MONDAY}")

    async with service_on(
        dsn, tmp_path / "other", clock
    ) as other:  # another process: the first one may have died before learning
        await other.running.learning.learn()

        assert await mean_s(other) == pytest.approx(MEAN_S)


async def test_a_pass_that_fails_does_not_keep_the_next_one_from_running() -> None:
    ran = []

    async def fails() -> None:
        ran.append("first")
        raise ValueError("this one")

    async def runs() -> None:
        ran.append("second")

    with capture_logs() as logs:
        await in_sequence(fails, runs)()

    assert ran == ["first", "second"]
    assert [line["event"] for line in logs] == ["pass_fault"]


async def test_a_cancelled_pass_begins_no_other() -> None:
    ran = []

    async def waits() -> None:
        ran.append("first")
        await asyncio.Event().wait()

    async def runs() -> None:
        ran.append("second")

    both = asyncio.ensure_future(in_sequence(waits, runs)())
    await asyncio.sleep(0)
    both.cancel()

    with pytest.raises(asyncio.CancelledError):
        await both
    assert ran == ["first"]


async def test_a_small_difference_is_not_stored(service: Service, clock: FakeClock) -> None:
    await a_monday(service, clock, visits=4, seconds=185)

    await the_night(service, clock)
    first = await service.running.database.fetch("SELECT changed_at FROM learned WHERE weekday = 0")
    hall = await service.running.halls.get(DEMO)
    learning = service.running.learning
    await service.running.database.fetch("DELETE FROM day_facts")
    await learning.learn_hall(hall, TUESDAY)

    assert len(first) == 1
    assert await service.running.database.fetch("SELECT changed_at FROM learned WHERE weekday = 0") == first


async def test_another_process_uses_learned_values_after_its_next_refresh(
    service: Service, clock: FakeClock, dsn: str, tmp_path: Path
) -> None:
    await a_monday(service, clock)
    async with service_on(dsn, tmp_path / "other", clock) as other:
        await the_night(service, clock)
        await other.running.halls.refresh()

        assert await mean_s(other) == pytest.approx(MEAN_S)
        assert (await other.running.halls.get(DEMO)).learned.days == 1
        await other.running.learning.learn()

    assert len(await events(service, TUESDAY)) == 1


async def test_walk_ins_of_a_weekday_are_in_its_plan(service: Service, clock: FakeClock) -> None:
    for back in range(2, 30):
        facts = DayFacts(on=MONDAY - timedelta(back), hours={"10": OpenHour(12 + back % 7, 3600)})
        await service.running.database.fetch(
            "INSERT INTO day_facts (hall_id, day, facts) VALUES ($1, $2, $3)",
            DEMO,
            facts.on,
            msgspec.json.encode(facts).decode(),
        )
    await a_monday(service, clock, visits=1)

    await the_night(service, clock)

    plan = (await service.running.lanes.day(DEMO)).plan
    assert plan.day == TUESDAY
    assert [(one.number, one.from_at.hour) for one in plan.walk_ins] == [(18.0, 2)]
    reply = await service.api.staff("GET", "learned")
    assert [one["weekday"] for one in reply.body["walk_ins"]] == [1, 2, 3, 4, 5, 6, 7]
    (ten,) = reply.body["walk_ins"][1]["hours"]
    assert (ten["hour"], ten["per_h"]) == (10, 18.0)
    assert 1 < ten["sd"] < 4


async def test_a_worked_saturday_counts_as_a_friday(service: Service, clock: FakeClock) -> None:
    document = (await service.api.staff("GET", "document")).body | {"holidays": True, "country": "CN"}
    await service.api.staff("PUT", "document", document, headers={"If-Match": '"1"'})
    people = {FRIDAY: 20, FRIDAY + timedelta(1): 20, FRIDAY + timedelta(8): 4, FRIDAY + timedelta(15): 4}
    for on, came in people.items():
        facts = DayFacts(on=on, hours={"10": OpenHour(came, 3600)})
        await service.running.database.fetch(
            "INSERT INTO day_facts (hall_id, day, facts) VALUES ($1, $2, $3)",
            DEMO,
            facts.on,
            msgspec.json.encode(facts).decode(),
        )
    await a_monday(service, clock, visits=1)

    await the_night(service, clock)

    reply = await service.api.staff("GET", "learned")
    assert [(one["weekday"], [hour["per_h"] for hour in one["hours"]]) for one in reply.body["walk_ins"]] == [
        (5, [20.0]),
        (6, [4.0]),
    ]


async def test_managers_see_what_was_learned(service: Service, clock: FakeClock) -> None:
    before = await service.api.staff("GET", "learned")
    await a_monday(service, clock)
    await the_night(service, clock)
    after = await service.api.staff("GET", "learned")

    assert (before.body["days"], before.body["learned_at"]) == (0, None)
    assert {one["service"]: one["mean_s"] for one in before.body["durations"]}["enquiry"] == 180
    enquiry = next(one for one in after.body["durations"] if one["service"] == "enquiry")
    assert enquiry == {
        "service": "enquiry",
        "mean_s": MEAN_S,
        "cv": enquiry["cv"],
        "prechecked_mean_s": None,
        "document_mean_s": 180.0,
        "learned": True,
        "share_of_walk_ins": 1.0,
        "stages": [],
    }
    loan = next(one for one in after.body["durations"] if one["service"] == "loan-first")
    assert [(one["stage"], one["mean_s"], one["document_mean_s"], one["learned"]) for one in loan["stages"]] == [
        ("precheck", 112.5, None, False),
        ("window", 300, 300, False),
    ]
    assert loan["stages"][0]["name"] == {"zh-CN": "预审台", "en": "Pre-check"}
    assert after.body["days"] == 1
    assert after.body["show_rate"] == 0.88
    assert (after.body["left_per_h"], after.body["no_show_per_h"], after.body["no_show_s"]) == (0, 0, 0)


async def test_a_dry_run_of_a_document_uses_learned_values(service: Service, clock: FakeClock) -> None:
    await a_monday(service, clock)
    await the_night(service, clock)
    document = (await service.api.staff("GET", "document")).body

    reply = await service.api.staff("PUT", "document?dry_run=1", document, headers={"If-Match": '"1"'})

    assert reply.status == 200
    assert (await service.api.staff("PUT", "document", document, headers={"If-Match": '"1"'})).status == 200
    assert await mean_s(service) == pytest.approx(MEAN_S)
