"""Tests of forecasts: one process computes them, and HTTP, sockets and boards of all processes show the same.

The tests run the passes themselves. The simulation runs in this process, because these tests do not measure speed.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from service.clock import FakeClock
from service.domain.calendar.times import stamp
from service.domain.forecast.day_simulation import TooManyArrivals
from service.domain.forecast.start_state import StartState
from service.domain.model import HallId
from service.forecasts.forecast_updater import ForecastUpdater
from service.forecasts.worker import ForecastRequest, ForecastResult, compute
from service.forecasts.worker_process import WorkerLost, WorkerProcess
from tests.service import Api, Service, service_on

DEMO = HallId("demo")


class Here:
    """Computes in this process. Records its name in `made` and the request in `wanted`, for each call."""

    def __init__(self, name: str = "", made: list[str] | None = None) -> None:
        self._name = name
        self._made = [] if made is None else made
        self.wanted: list[tuple[bool, bool]] = []

    async def compute(self, wanted: ForecastRequest) -> ForecastResult:
        """Simulate the rest of a day."""
        self._made.append(self._name)
        self.wanted.append((wanted.waits, wanted.ahead))
        return compute(wanted)

    async def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def maker(service: Service) -> ForecastUpdater:
    """Provide the forecast updater of the service."""
    return made_for(service)


def made_for(service: Service) -> ForecastUpdater:
    """Let the updater of a service compute in this process."""
    service.running.forecaster._worker = Here()
    return service.running.forecaster


@pytest.fixture
async def other(service: Service, dsn: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Service]:
    """Provide another process on the same database."""
    assert service.running.halls.known(), "the first one is there"
    async with service_on(dsn, tmp_path / "other", clock) as running:
        yield running


async def busy(api: Api, waiting: int = 8) -> list[dict[str, Any]]:
    """Let people be served at two counters, and others wait."""
    await api.open("1", "2")
    tickets = [await api.take("enquiry") for _ in range(waiting + 2)]
    await api.next("1")
    await api.next("2")
    return tickets[2:]


async def ticket(api: Api, taken: dict[str, Any]) -> dict[str, Any]:
    """Read a ticket as its owner."""
    reply = await api.call("GET", f"tickets/{taken['id']}", token=taken["token"])
    assert reply.status == 200
    body: dict[str, Any] = reply.body
    return body


async def kept_seqs(service: Service) -> list[tuple[int, bool]]:
    """Return the seq of each stored forecast, and whether it has a body."""
    rows = await service.running.database.fetch("SELECT seq, body::text <> 'null' AS made FROM forecasts")
    return [(row["seq"], row["made"]) for row in rows]


async def test_waiting_people_see_the_forecast(
    service: Service, api: Api, clock: FakeClock, maker: ForecastUpdater
) -> None:
    waiting = await busy(api)
    clock.advance(5)

    await maker.update_all()

    seen = await ticket(api, waiting[-1])
    queue = (await api.staff("GET", "queue")).body
    promises = service.running.lanes.in_use()[0].promises
    assert promises is not None
    promise = promises.waits[waiting[-1]["id"]]
    assert promise.shown is not None
    assert seen["wait"]["p50_s"] == promise.p50_s
    assert seen["wait"]["p10_s"] < seen["wait"]["p50_s"] < seen["wait"]["p90_s"]
    assert seen["wait"]["shown"] == {"from_min": promise.shown.from_min, "to_min": promise.shown.to_min}
    assert seen["ahead"] == 7
    assert queue["waiting"][-1]["wait"] == seen["wait"]


async def test_a_forecast_in_the_form_of_another_release_is_computed_again(
    service: Service, api: Api, clock: FakeClock, maker: ForecastUpdater
) -> None:
    waiting = await busy(api)
    await service.running.database.fetch(
        "INSERT INTO forecasts SELECT hall_id, day, 0, $1, $1, '{\"promises\": 80}' FROM hall_days", clock.now_at()
    )
    clock.advance(5)

    await maker.update_all()

    promises = service.running.lanes.in_use()[0].promises
    assert promises is not None
    assert promises.waits[waiting[-1]["id"]].shown is not None


class Lost:
    """A worker that is lost at each request."""

    async def compute(self, wanted: ForecastRequest) -> ForecastResult:  # noqa: ARG002  (nothing is computed)
        """Fail."""
        raise WorkerLost

    async def close(self) -> None:
        """Nothing is held."""


async def test_a_request_for_the_outlook_is_busy_when_the_worker_is_lost(api: Api, maker: ForecastUpdater) -> None:
    maker._worker = Lost()

    reply = await api.staff("GET", "forecast")

    assert (reply.status, reply.code) == (503, "busy")


async def test_a_ticket_newer_than_the_forecast_gets_the_analytic_estimate(
    api: Api, clock: FakeClock, maker: ForecastUpdater
) -> None:
    await busy(api)
    clock.advance(5)
    await maker.update_all()

    newer = await api.take("enquiry")

    assert (await ticket(api, newer))["wait"] == newer["wait"]
    clock.advance(5)
    await maker.update_all()
    assert (await ticket(api, newer))["wait"] != newer["wait"]


async def test_an_event_of_a_ticket_ends_its_forecast(api: Api, clock: FakeClock, maker: ForecastUpdater) -> None:
    waiting = await busy(api)
    clock.advance(5)
    await maker.update_all()
    before = await ticket(api, waiting[3])

    changed = await api.staff("PATCH", f"tickets/{waiting[3]['id']}", {"class": "green", "reason": "urgent"})

    assert changed.status == 200, changed.body
    after = await ticket(api, waiting[3])
    assert after["ahead"] == 0
    assert after["wait"]["p90_s"] < before["wait"]["p10_s"]


async def test_http_sockets_and_boards_show_the_same(
    service: Service, api: Api, clock: FakeClock, maker: ForecastUpdater
) -> None:
    waiting = await busy(api)
    clock.advance(5)
    await maker.update_all()

    board = (await api.call("GET", "board")).body
    hall = (await api.call("GET", "/v1/halls/demo")).body
    async with connect(
        f"{service.sockets}/v1/halls/demo/board", subprotocols=[Subprotocol("paihao.board.v1")]
    ) as screen:
        shown = msgspec.json.decode(await screen.recv())
    path = f"{service.sockets}/v1/halls/demo/tickets/{waiting[-1]['id']}"
    protocols = [Subprotocol("paihao.ticket.v1"), Subprotocol(f"bearer.{waiting[-1]['token']}")]
    async with connect(path, subprotocols=protocols) as phone:
        watched = msgspec.json.decode(await phone.recv())

    assert shown["waiting"] == board["waiting"]
    assert watched["wait"] == (await ticket(api, waiting[-1]))["wait"]
    waits = {one["id"]: one["wait"]["shown"] for one in hall["services"]}
    assert {one["service"]: one["shown"] for one in board["waiting"]}.items() <= waits.items()


async def test_a_forecast_is_computed_once_for_each_event(
    service: Service, api: Api, clock: FakeClock, maker: ForecastUpdater
) -> None:
    await busy(api)
    clock.advance(5)
    await maker.update_all()
    first = await kept_seqs(service)
    await maker.update_all()
    assert await kept_seqs(service) == first

    await api.take("enquiry")
    await maker.update_all()
    assert await kept_seqs(service) == first, "not a second after the last one"

    clock.advance(1.5)
    await maker.update_all()
    assert await kept_seqs(service) == [(first[0][0] + 1, True)]


async def test_a_forecast_is_renewed_without_events(
    service: Service, api: Api, clock: FakeClock, maker: ForecastUpdater
) -> None:
    waiting = await busy(api)
    clock.advance(5)
    await maker.update_all()
    before = await ticket(api, waiting[0])

    clock.advance(31)
    await maker.update_all()

    after = await ticket(api, waiting[0])
    assert after["wait"]["as_of_at"] > before["wait"]["as_of_at"]
    assert len(await kept_seqs(service)) == 1


async def test_an_old_forecast_is_not_shown(api: Api, clock: FakeClock, maker: ForecastUpdater) -> None:
    waiting = await busy(api)
    clock.advance(5)
    await maker.update_all()
    as_of_at = (await ticket(api, waiting[0]))["wait"]["as_of_at"]

    clock.advance(121)

    assert (await ticket(api, waiting[0]))["wait"]["as_of_at"] > as_of_at


async def test_of_two_processes_one_computes_the_forecast_and_both_show_it(
    other: Service, api: Api, clock: FakeClock, maker: ForecastUpdater
) -> None:
    waiting = await busy(api)
    clock.advance(5)
    await ticket(other.api, waiting[0])  # the hall is in use in the other process, too
    made: list[str] = []
    makers = {"one": maker, "other": made_for(other)}
    for name, each in makers.items():
        each._worker = Here(name, made)

    for each in makers.values():
        await each.update_all()

    assert made == ["one"]
    assert await ticket(other.api, waiting[-1]) == await ticket(api, waiting[-1])


async def test_with_too_many_waiting_the_analytic_estimate_is_shown(
    api: Api, clock: FakeClock, maker: ForecastUpdater, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    maker._worker = Here("drawn", made)
    waiting = await busy(api)
    clock.advance(5)

    monkeypatch.setattr("service.forecasts.forecast_updater.WAITING_MAX", 7)
    await maker.update_all()
    too_many = list(made)
    monkeypatch.setattr("service.forecasts.forecast_updater.WAITING_MAX", 8)
    await maker.update_all()

    assert (too_many, made) == ([], ["drawn"])
    assert (await ticket(api, waiting[-1]))["wait"]["p50_s"] is not None


async def test_with_too_many_arrivals_the_analytic_estimate_is_shown(
    api: Api, clock: FakeClock, maker: ForecastUpdater, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker._worker = draws = Here()
    waiting = await busy(api)
    clock.advance(5)
    await maker.update_all()
    clock.advance(61)
    monkeypatch.setattr("service.domain.forecast.day_simulation.ARRIVALS_MAX", -1)

    await maker.update_all()

    late = await api.take("enquiry")
    assert (await ticket(api, late))["wait"] == late["wait"]
    seen = await ticket(api, waiting[-1])
    assert seen["wait"]["p50_s"] is not None
    assert seen["wait"]["as_of_at"] == stamp(clock.now_at()), "not what was told before they came"
    reply = await api.staff("GET", "forecast")
    assert (reply.status, reply.body["quarters"]) == (200, [])
    clock.advance(2)
    await maker.update_all()
    assert draws.wanted == [(True, True), (True, True), (True, False)]


async def test_a_failed_outlook_is_not_tried_again_for_a_minute(
    api: Api, clock: FakeClock, maker: ForecastUpdater, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_many(_scene: StartState) -> None:
        raise TooManyArrivals

    maker._worker = draws = Here()
    waiting = await busy(api)
    monkeypatch.setattr("service.forecasts.worker.day_outlook_of", too_many)
    clock.advance(5)
    await maker.update_all()
    told = (await ticket(api, waiting[-1]))["wait"]
    assert (await api.staff("GET", "forecast")).body["quarters"] == []
    await api.take("enquiry")
    clock.advance(5)
    await maker.update_all()
    clock.advance(61)
    await maker.update_all()

    assert draws.wanted == [(True, True), (True, False), (True, True)]
    assert told["p10_s"] < told["p50_s"], "who waits is told what was drawn all the same"


async def test_a_missing_outlook_is_computed_once_for_concurrent_requests(
    api: Api, clock: FakeClock, maker: ForecastUpdater, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.forecasts.forecast_updater.WAITING_MAX", 7)
    maker._worker = draws = Here()
    await busy(api)
    clock.advance(5)
    await maker.update_all()

    first, second = [reply.body for reply in await asyncio.gather(*(api.staff("GET", "forecast") for _ in range(2)))]
    clock.advance(61)
    third = (await api.staff("GET", "forecast")).body

    assert first["quarters"]
    assert first == second
    assert third["made_at"] > first["made_at"]
    assert draws.wanted == [(False, True)] * 2, "nobody who waits is told more by it"


async def test_a_forecast_of_the_release_before_is_shown_and_its_outlook_renewed(
    service: Service, other: Service, api: Api, clock: FakeClock, maker: ForecastUpdater
) -> None:
    waiting = await busy(api)
    clock.advance(5)
    await maker.update_all()
    told = (await ticket(api, waiting[-1]))["wait"]
    await service.running.database.fetch("UPDATE forecasts SET body = (body::jsonb - 'ahead_at')::json")
    reader = made_for(other)
    reader._worker = draws = Here()
    assert (await other.api.call("GET", "board")).status == 200

    await reader.update_all()

    assert (await ticket(other.api, waiting[-1]))["wait"] == told
    assert (await other.api.staff("GET", "forecast")).body["quarters"]
    assert draws.wanted == [(False, True)]


async def test_the_last_claim_stores_the_forecast(
    service: Service, other: Service, api: Api, clock: FakeClock, maker: ForecastUpdater
) -> None:
    await busy(api)
    clock.advance(5)
    await maker.update_all()
    day = service.running.lanes.in_use()[0]
    kept = maker._forecasts.of(DEMO, day.on)
    assert kept is not None
    early_at = clock.now_at() + timedelta(seconds=2)
    late_at = clock.now_at() + timedelta(seconds=4)

    assert await maker._forecasts.claim(DEMO, day.on, day.seq + 1, early_at)
    assert not await other.running.forecaster._forecasts.claim(DEMO, day.on, day.seq + 1, early_at)
    assert await other.running.forecaster._forecasts.claim(DEMO, day.on, day.seq + 1, late_at)

    assert not await maker._forecasts.store(DEMO, kept, early_at)
    assert await other.running.forecaster._forecasts.store(DEMO, kept, late_at)


async def test_the_displayed_range_stays_while_its_ends_move_little(
    api: Api, clock: FakeClock, maker: ForecastUpdater
) -> None:
    waiting = await busy(api, waiting=20)
    shown = [(await ticket(api, waiting[-1]))["wait"]["shown"]]
    for _ in range(4):
        clock.advance(2)
        await api.take("enquiry")
        await maker.update_all()
        shown.append((await ticket(api, waiting[-1]))["wait"]["shown"])

    assert all(one == shown[1] for one in shown[1:])


async def test_no_wait_is_promised_while_the_hall_is_suspended(
    api: Api, clock: FakeClock, maker: ForecastUpdater
) -> None:
    waiting = await busy(api)
    clock.advance(5)
    assert (await api.staff("PUT", "suspension", {"text": {"en": "Fire alarm"}})).status == 200

    await maker.update_all()

    assert (await ticket(api, waiting[0]))["wait"]["p50_s"] is None


async def test_a_lost_worker_affects_one_forecast(service: Service, api: Api, clock: FakeClock) -> None:
    maker = service.running.forecaster  # with a worker process
    waiting = await busy(api)
    clock.advance(5)
    await maker.update_all()
    process = maker._worker
    assert isinstance(process, WorkerProcess)
    assert process.child is not None
    process.child.kill()
    await process.child.wait()

    clock.advance(31)
    await maker.update_all()
    clock.advance(31)
    await maker.update_all()

    assert (await ticket(api, waiting[0]))["wait"]["as_of_at"] == clock.now_at().strftime("%Y-%m-%dT%H:%M:%S.000Z")


async def test_a_fault_in_one_hall_leaves_the_others_their_forecasts(
    service: Service, api: Api, clock: FakeClock, maker: ForecastUpdater
) -> None:
    class FaultyForDemo(Here):
        async def compute(self, wanted: ForecastRequest) -> ForecastResult:
            if wanted.scene.hall == DEMO:
                raise ZeroDivisionError
            return await super().compute(wanted)

    document = (await service.running.halls.get(DEMO)).document
    assert await service.running.halls.create_if_absent(HallId("next-door"), document)
    await busy(api)
    async with Api(service.api.base, "next-door") as next_door:
        await busy(next_door)
        clock.advance(5)
        await maker.update_all()
        maker._worker = FaultyForDemo()
        clock.advance(31)

        with capture_logs() as logs:
            await maker.update_all()

    told = {day.hall: day.promises for day in service.running.lanes.in_use()}
    assert {hall: promises and promises.made_at == clock.now_at() for hall, promises in told.items()} == {
        "demo": False,
        "next-door": True,
    }
    assert [(line["event"], line["hall"]) for line in logs if line["log_level"] == "error"] == [
        ("forecast_fault", "demo")
    ]


# The outlook of the day.


@pytest.mark.parametrize("looked", [True, False])
async def test_the_outlook_is_available_stored_or_not(
    api: Api,
    clock: FakeClock,
    maker: ForecastUpdater,
    looked: bool,  # noqa: FBT001
) -> None:
    await busy(api)
    clock.advance(5)
    if looked:
        await maker.update_all()

    reply = await api.staff("GET", "forecast")

    assert reply.status == 200, reply.body
    assert reply.body["closing_at"] == "2026-11-23T09:30:00.000Z"
    assert reply.body["quarters"][0]["waiting_p50"] == 8
    assert reply.body["quarters"][-1]["at"] == "2026-11-23T09:30:00.000Z"
    assert 0 <= reply.body["served"] <= 1


async def test_a_suspended_day_has_no_outlook(api: Api, maker: ForecastUpdater) -> None:
    assert (await api.staff("PUT", "suspension", {"text": {"en": "Fire alarm"}})).status == 200

    reply = await api.staff("GET", "forecast")

    assert maker is not None
    assert (reply.status, reply.body["quarters"], reply.body["served"]) == (200, [], None)


async def test_the_outlook_is_for_staff_only(api: Api) -> None:
    assert (await api.call("GET", "forecast")).code == "token-missing"
    taken = await api.take("enquiry")
    assert (await api.call("GET", "forecast", token=taken["token"])).status in {401, 403}


async def test_the_metrics_contain_the_outlook(api: Api, clock: FakeClock, maker: ForecastUpdater) -> None:
    await busy(api)
    clock.advance(5)
    await maker.update_all()

    said = (await api.call("GET", "/metrics")).body.decode()

    for name in ("served_ratio", "overtime_seconds", "waiting_most", "wait_longest_seconds", "made_timestamp_seconds"):
        assert f'paihao_forecast_{name}{{hall="demo"}}' in said


# Promises are compared with the real waits.


async def scores(api: Api) -> dict[str, float]:
    """Return the numbers of kept and broken promises."""
    said = (await api.call("GET", "/metrics")).body.decode()
    lines = [line for line in said.splitlines() if line.startswith("paihao_promise_total{")]
    return {line.split('held="')[1].split('"')[0]: float(line.rpartition(" ")[2]) for line in lines}


async def test_a_promise_is_scored_only_at_the_first_call(api: Api, clock: FakeClock) -> None:
    await api.open("1")
    first = await api.take("enquiry")
    late = await api.take("enquiry")
    await api.next("1")
    assert await scores(api) == {"true": 1}

    clock.advance(7200)
    await api.next("1", "done")
    assert await scores(api) == {"true": 1, "false": 1}
    assert first["id"] != late["id"]

    await api.staff("POST", f"tickets/{late['id']}/transfer")
    await api.next("1")
    assert await scores(api) == {"true": 1, "false": 1}


@pytest.mark.parametrize("what", ["suspended", "deferred", "reclassed", "parked"])
async def test_a_promise_made_void_by_an_event_is_not_scored(api: Api, clock: FakeClock, what: str) -> None:
    taken = await api.take("enquiry")
    path = f"tickets/{taken['id']}"
    if what == "suspended":
        await api.staff("PUT", "suspension", {"text": {"en": "Fire alarm"}})
        clock.advance(60)
        await api.staff("DELETE", "suspension")
    elif what == "deferred":
        await api.staff("PATCH", path, {"not_before_at": "2026-11-23T02:01:00Z"})
    elif what == "reclassed":
        await api.staff("PATCH", path, {"class": "green", "reason": "urgent"})
    else:
        await api.staff("POST", f"{path}/park")
        await api.staff("POST", f"{path}/resume")
    clock.advance(120)
    await api.open("1")

    called = await api.next("1")

    assert called is not None
    assert called["id"] == taken["id"]
    assert await scores(api) == {}
