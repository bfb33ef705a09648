"""What the pages on phones ask for: the rules, the code to be scanned, the hall of a ticket, and how the visit was."""

import gzip
from datetime import UTC, date, datetime, timedelta
from typing import Any

import aiohttp
import msgspec
import pytest
import segno

from service.api.counters.handlers import COMPRESSED_WAITING_MIN
from service.api.halls.answers import ExpectedSeen
from service.api.halls.hall_view import expected_walk_ins
from service.clock import FakeClock
from service.domain.calendar.day_plan import plan_of
from service.domain.calendar.learned import Learned, LearnedArrivals
from service.domain.forecast.day_outlook import DayAhead, Quarter
from service.domain.hall.demo import demo_document
from service.domain.model import HallId
from service.domain.stats.day_facts import DayFacts, OpenHour
from tests.api.booking import booked
from tests.api.checked import Checked
from tests.service import ADMIN, Service

UNKNOWN = "0198c0de-0000-7000-8000-000000000000"


async def called(hall: Checked) -> dict[str, Any]:
    """A ticket that was just called, as its owner has it."""
    ticket = await hall.take("enquiry")
    await hall.open("1")
    assert (await hall.next("1") or {})["id"] == ticket["id"]
    return ticket


async def test_the_rules_that_hang_on_the_wall_are_those_of_the_document(hall: Checked) -> None:
    rules = (await hall.call("GET", "rules")).body

    assert rules["credit_s"] == {"appointment": 3600, "green": 5400, "returning": 3600}
    assert (rules["grace_s"], rules["missed_after_s"], rules["check_in_before_s"]) == (600, 1800, 3600)
    assert rules["hours"] == [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "09:00", "to": "17:30"}]
    assert rules["words"]["enrolment-letter"]["en"] == "Enrolment letter"
    assert set(rules["ratings"]) <= set(rules["words"])
    assert "lunch" not in rules["words"]


async def test_a_hall_says_whether_numbers_are_given_out_and_how_long_a_service_takes(hall: Checked) -> None:
    seen = (await hall.call("GET", f"/v1/halls/{hall.hall}")).body

    assert (seen["doors_open"], seen["entrance"]) == (True, False)
    assert {one["id"]: one["duration_s"] for one in seen["services"]}["loan-first"] == 300


async def test_a_hall_without_a_history_says_nothing_of_who_is_expected(hall: Checked) -> None:
    assert (await hall.call("GET", f"/v1/halls/{hall.hall}")).body["expected"] == []


def test_who_is_expected_is_told_for_what_is_left_of_the_day() -> None:
    learned = Learned(walk_ins={"09": LearnedArrivals(12.0), "15": LearnedArrivals(3.04)})
    plan = plan_of(demo_document(always_open=False), 1, date(2026, 11, 23), learned=learned)

    found = expected_walk_ins(plan, datetime(2026, 11, 23, 4, 0, tzinfo=UTC), None)

    assert found == [ExpectedSeen("2026-11-23T07:00:00.000Z", "2026-11-23T08:00:00.000Z", 3.0, None)]


def test_an_hour_has_the_longest_of_its_waits_and_none_where_somebody_may_not_be_called() -> None:
    plan = plan_of(
        demo_document(always_open=False),
        1,
        date(2026, 11, 23),
        learned=Learned(walk_ins={f"{hour}": LearnedArrivals(12.0) for hour in (13, 14, 15, 16)}),
    )
    one_pm = datetime(2026, 11, 23, 5, tzinfo=UTC)

    def quarter(n: int, wait_p90_s: int | None, fits: float | None) -> Quarter:
        at = one_pm + timedelta(minutes=15 * n)
        return Quarter(at=at, waiting_p10=0, waiting_p50=1, waiting_p90=2, wait_p90_s=wait_p90_s, fits=fits)

    of_hours: list[list[tuple[int | None, float | None]]] = [
        [(9000, 1.0), (600, 0.9), (900, 1.0), (300, 0.8)],
        [(600, 0.9), (600, 0.79)],
        [(60, 1.0), (None, None)],
    ]
    quarters = [quarter(4 * hour + n, *one) for hour, some in enumerate(of_hours) for n, one in enumerate(some)]
    ahead = DayAhead(
        hall=HallId("demo"),
        day=plan.day,
        seq=1,
        made_at=one_pm,
        closing_at=plan.windows[-1].closes_at,
        quarters=quarters,
        served=0.5,
        intake_closes_at=None,
        overtime_s=0,
        overtime_p90_s=0,
    )

    found = expected_walk_ins(plan, one_pm + timedelta(minutes=1), ahead)

    assert [one.wait_p90_s for one in found] == [900, None, None, None]


async def test_a_hall_says_how_long_who_comes_later_will_wait_once_the_day_was_looked_at(
    own: Checked, service: Service, clock: FakeClock
) -> None:
    facts = [
        DayFacts(
            on=date(2026, 11, 23) - timedelta(back), hours={f"{hour:02d}": OpenHour(4, 3600) for hour in range(24)}
        )
        for back in range(1, 30)
    ]
    for one in facts:
        await service.running.database.fetch(
            "INSERT INTO day_facts (hall_id, day, facts) VALUES ($1, $2, $3)",
            own.hall,
            one.on,
            msgspec.json.encode(one).decode(),
        )
    await service.running.learning.learn_hall(await service.running.halls.get(HallId(own.hall)), date(2026, 11, 23))
    await own.open("1")
    before = (await own.call("GET", f"/v1/halls/{own.hall}")).body["expected"]

    clock.advance(1)
    await service.running.forecaster.update_all()
    after = (await own.call("GET", f"/v1/halls/{own.hall}")).body["expected"]

    assert {one["wait_p90_s"] for one in before} == {None}
    assert len(before) == len(after) > 3
    assert all(one["wait_p90_s"] is not None for one in after[1:3])


async def test_the_token_of_a_ticket_tells_its_hall(hall: Checked) -> None:
    ticket = await hall.take("enquiry")

    reply = await hall.call("GET", f"/v1/tickets/{ticket['id']}", token=ticket["token"])

    assert (reply.status, reply.body) == (200, {"hall": hall.hall})


@pytest.mark.parametrize("who", ["nobody", "another"])
async def test_nobody_else_learns_the_hall_of_a_ticket(hall: Checked, who: str) -> None:
    ticket, other = await hall.take("enquiry"), await hall.take("enquiry")
    token = None if who == "nobody" else other["token"]

    reply = await hall.call("GET", f"/v1/tickets/{ticket['id']}", token=token)

    assert (reply.status, reply.code) == (404, "ticket-not-found")
    assert (await hall.call("GET", f"/v1/tickets/{UNKNOWN}", token=token)).code == "ticket-not-found"


@pytest.mark.parametrize("kind", ["tickets", "appointments"])
async def test_a_code_is_drawn_as_what_is_scanned(hall: Checked, kind: str) -> None:
    own = await (hall.take("enquiry") if kind == "tickets" else booked(hall))

    drawn = (await hall.call("GET", f"{kind}/{own['id']}/qr", token=own["token"])).body

    assert drawn["code"] == own["code"]
    made = segno.make_qr(own["code"], error="m")
    assert drawn["modules"] == ["".join(map(str, row)) for row in made.matrix]


async def test_a_visit_is_rated_once_and_the_ticket_remembers_it(hall: Checked) -> None:
    ticket = await called(hall)
    early = await hall.call("POST", f"tickets/{ticket['id']}/rating", {"grade": 5}, token=ticket["token"])
    await hall.done(ticket, "finish", {"outcome": "done"})

    body = {"grade": 4, "reasons": ["friendly", "friendly"]}
    rated = await hall.call("POST", f"tickets/{ticket['id']}/rating", body, token=ticket["token"])
    again = await hall.call("POST", f"tickets/{ticket['id']}/rating", {"grade": 1}, token=ticket["token"])

    assert (early.status, early.code, early.body["state"]) == (409, "wrong-state", "called")
    assert (rated.status, rated.body["rating"]) == (201, 4)
    assert (again.code, again.body["state"]) == ("wrong-state", "rated")
    history = (await hall.staff("GET", f"tickets/{ticket['id']}/history")).body["items"]
    assert history[-1]["kind"] == "ticket_rated"
    assert history[-1]["data"]["reasons"] == ["friendly"]
    assert history[-1]["words"]["en"] == "Rated 4 of 5"


@pytest.mark.parametrize(
    ("body", "path"),
    [({}, ""), ({"grade": 0}, "grade"), ({"grade": 6}, "grade"), ({"grade": 3, "reasons": ["lunch"]}, "reasons[0]")],
)
async def test_a_rating_that_says_nothing_known_is_refused(hall: Checked, body: dict[str, object], path: str) -> None:
    ticket = await called(hall)
    await hall.done(ticket, "finish", {"outcome": "done"})

    reply = await hall.call("POST", f"tickets/{ticket['id']}/rating", body, token=ticket["token"])

    assert reply.code == "body-invalid"
    assert reply.body["errors"][0]["path"] == path


async def test_a_ticket_says_until_when_who_was_passed_over_may_come_back_and_what_was_put_off(hall: Checked) -> None:
    ticket = await hall.called("enquiry", "1")
    missed = await hall.done(ticket, "no-show")
    other = await hall.take("enquiry")
    put_off = await hall.call(
        "PATCH", f"tickets/{other['id']}", {"not_before_at": "2026-11-23T11:00:00+08:00"}, token=other["token"]
    )
    left = await hall.call("DELETE", f"tickets/{other['id']}", token=other["token"])

    assert missed["back_by_at"].endswith("Z")
    assert "back_by_at" not in other
    assert put_off.body["not_before_at"] == "2026-11-23T03:00:00.000Z"
    assert left.body["left_reason"] == "self"


async def read_twice(address: str, token: str | None = None) -> tuple[str | None, bytes, bytes]:
    """The coding of an answer to who can read it compressed, that answer, and the one to who cannot."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(auto_decompress=False, headers=headers) as client:
        async with client.get(address, headers={"Accept-Encoding": "gzip"}) as packed:
            sent = await packed.read()
        async with client.get(address, headers={"Accept-Encoding": "identity"}) as plain:
            return packed.headers.get("Content-Encoding"), sent, await plain.read()


async def test_a_month_of_starts_comes_compressed_to_who_can_read_it(house: Service, hall: Checked) -> None:
    address = f"{house.api.base}/v1/halls/{hall.hall}/slots?service=enquiry&from=2026-11-23&to=2026-12-20"

    coding, sent, whole = await read_twice(address)

    assert coding == "gzip"
    assert gzip.decompress(sent) == whole
    assert len(sent) * 8 < len(whole)


async def test_a_long_queue_comes_compressed_and_a_short_one_as_it_is(house: Service, hall: Checked) -> None:
    address = f"{house.api.base}/v1/halls/{hall.hall}/queue"
    await hall.take("enquiry")
    short, _, _ = await read_twice(address, ADMIN)
    for _ in range(COMPRESSED_WAITING_MIN):
        await hall.take("enquiry")

    coding, sent, whole = await read_twice(address, ADMIN)

    assert (short, coding) == (None, "gzip")
    assert len(msgspec.json.decode(gzip.decompress(sent))["waiting"]) == COMPRESSED_WAITING_MIN + 1
    assert len(sent) * 4 < len(whole)
