"""Halls as people see them: what they offer, whether they are open, their board."""

import asyncio
from pathlib import Path

import asyncpg
import msgspec
import pytest

from service.clock import FakeClock
from service.domain.hall.demo import DEMO, demo_document
from service.domain.model import HallId
from tests.api.checked import Checked, at, demo
from tests.api.conftest import Founder
from tests.service import ADMIN, NOON_AT, Service, service_on


async def test_a_hall_says_what_it_offers(hall: Checked) -> None:
    seen = (await hall.call("GET", f"/v1/halls/{hall.hall}")).body

    assert (seen["id"], seen["time_zone"], seen["languages"]) == (hall.hall, "Asia/Shanghai", ["zh-CN", "en"])
    assert seen["name"]["en"] == "Student Loan Hall"
    services = {service["id"]: service for service in seen["services"]}
    assert list(services) == ["loan-first", "enquiry", "loan-renewal"]
    assert [paper["id"] for paper in services["loan-first"]["papers"]][:2] == ["id-card", "student-card"]
    assert services["loan-renewal"]["online_url"] == "https://example.org/loan-renewal"
    assert services["loan-renewal"]["wait"]["p50_s"] is None
    assert services["enquiry"]["wait"]["p50_s"] == 0
    assert [zone["id"] for zone in seen["zones"]] == ["main"]


@pytest.mark.parametrize(
    ("local", "is_open", "opens_at"),
    [
        ("08:59:59", False, "2026-11-23T01:00:00.000Z"),
        ("09:00", True, "2026-11-24T01:00:00.000Z"),
        ("17:29:59", True, "2026-11-24T01:00:00.000Z"),
        ("17:30", False, "2026-11-24T01:00:00.000Z"),
    ],
)
async def test_a_hall_says_whether_it_is_open_and_when_it_opens_next(
    hall: Checked, now: FakeClock, local: str, is_open: object, opens_at: str
) -> None:
    now.put(at(local))

    seen = (await hall.call("GET", f"/v1/halls/{hall.hall}")).body

    assert (seen["open"], seen["opens_at"]) == (is_open, opens_at)


async def test_the_wait_of_a_newcomer_grows_with_the_queue(hall: Checked) -> None:
    async def wait() -> int:
        services = (await hall.call("GET", f"/v1/halls/{hall.hall}")).body["services"]
        waits: dict[str, int] = {service["id"]: service["wait"]["p50_s"] for service in services}
        return waits["enquiry"]

    before = await wait()
    for _ in range(20):
        await hall.take("enquiry")

    assert await wait() > before


async def test_the_list_is_walked_page_by_page(house: Service, hall: Checked, found: Founder) -> None:
    await found()
    known = [one.id for one in house.running.halls.known()]

    walked, cursor = [], None
    while True:
        query = "" if cursor is None else f"&cursor={cursor}"
        page = (await hall.call("GET", f"/v1/halls?limit=1{query}")).body
        walked += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert walked == known
    assert len(walked) > 1


@pytest.mark.parametrize("limit", ["0", "201", "-1", "", "x", "1.0", "９", "9" * 5000])
async def test_a_limit_that_cannot_be_is_refused(hall: Checked, limit: str) -> None:
    reply = await hall.call("GET", f"/v1/halls?limit={limit}")

    assert (reply.status, reply.code) == (422, "body-invalid")


@pytest.mark.parametrize("name", ["nowhere", "Demo", "a" * 33, "%00", "demo%2F", "..%2Fdemo", "大厅", "%ED%A0%80"])
async def test_a_hall_that_does_not_exist_is_not_found(hall: Checked, name: str) -> None:
    for path in (f"/v1/halls/{name}", f"/v1/halls/{name}/board"):
        reply = await hall.call("GET", path)
        assert (reply.status, reply.code) == (404, "hall-not-found"), path


async def test_a_hall_is_known_while_its_document_is_read(house: Service, hall: Checked) -> None:
    reading = asyncio.create_task(house.running.halls.read(HallId(hall.hall)))
    await asyncio.sleep(0)  # the read is under way
    known = [one.id for one in house.running.halls.known()]
    await reading

    assert hall.hall in known


async def test_the_list_says_what_is_so_whatever_this_process_has_in_memory(
    own: Checked, service: Service, tmp_path: Path
) -> None:
    await own.take("enquiry")
    await own.staff("PUT", "suspension", {"text": {"en": "Fire drill"}})
    assert await service.running.halls.create_if_absent(HallId("unused"), demo_document(always_open=True))
    here = (await own.call("GET", "/v1/halls")).body["items"]

    async with service_on(str(service.settings.database_url), tmp_path / "second", FakeClock(NOON_AT)) as second:
        there = (await second.api.call("GET", "/v1/halls")).body["items"]
        shown = (await second.api.call("GET", "/v1/halls/demo")).body

    told = [(one["id"], one["suspended"], one["seq"]) for one in there]
    assert (
        told == [(one["id"], one["suspended"], one["seq"]) for one in here] == [("demo", True, 3), ("unused", False, 0)]
    )
    assert [one["services"] for one in there] == [shown["services"], here[1]["services"]]
    assert here[1]["services"][1]["wait"]["p50_s"] == 0


async def test_a_document_of_a_newer_release_stops_its_hall_and_no_other(own: Checked, service: Service) -> None:
    other, halls = HallId("other"), service.running.halls
    assert await halls.create_if_absent(other, demo_document(always_open=True))
    before = (await own.call("GET", "/v1/halls/other/document", token=ADMIN)).body
    await written(service, other, {"robots": 7})

    await halls.refresh()
    await halls.refresh()

    assert [item["id"] for item in (await own.call("GET", "/v1/halls")).body["items"]] == ["demo"]
    for method, path, body, token in (
        ("GET", "/v1/halls/other", None, None),
        ("POST", "/v1/halls/other/tickets", {"service": "enquiry"}, None),
        ("PUT", "/v1/halls/other/document", before, ADMIN),
    ):
        refused = await own.call(method, path, body, token=token, headers={"If-Match": "*"})
        assert (refused.status, refused.code) == (503, "storage-unavailable"), path
    assert (await own.take("enquiry"))["number"] == "B001"

    await written(service, other, {})
    await halls.refresh()

    assert (await own.call("GET", "/v1/halls/other")).status == 200


async def test_a_service_starts_beside_a_document_of_a_newer_release(service: Service, tmp_path: Path) -> None:
    await written(service, DEMO, {"robots": 7})

    async with service_on(str(service.settings.database_url), tmp_path / "second", FakeClock(NOON_AT)) as second:
        refused = await second.api.call("GET", "/v1/halls/demo")

    assert (refused.status, refused.code) == (503, "storage-unavailable")


async def written(service: Service, hall: HallId, fields: dict[str, object]) -> None:
    """Have a hall's document put into the database by another release: the demo hall's, with these fields besides."""
    connection = await asyncpg.connect(str(service.settings.database_url))
    try:
        await connection.execute(
            "UPDATE halls SET document = $2, revision = revision + 1, changed_at = clock_timestamp() "
            "WHERE hall_id = $1",
            hall,
            msgspec.json.encode(demo() | fields).decode(),
        )
    finally:
        await connection.close()


async def test_the_board_shows_what_screens_get(hall: Checked) -> None:
    ticket = await hall.called()
    await hall.take("enquiry")
    await hall.done(ticket, "recall")

    board = (await hall.call("GET", "board?zone=main")).body

    assert board["type"] == "board"
    assert [(call["number"], call["counter"], call["again"]) for call in board["called"]] == [("B001", "1", 1)]
    waiting = {line["service"]: line["count"] for line in board["waiting"]}
    assert waiting["enquiry"] == 1
    assert board["counters"][0] == {"id": "1", "state": "open"}
    assert (board["standby"], board["notices"], board["suspended"]) == (0, [], None)
    assert board["closing_at"] == "2026-11-23T09:30:00.000Z"


async def test_no_zone_is_the_whole_hall_as_it_is_for_screens(hall: Checked) -> None:
    whole = (await hall.call("GET", "board")).body

    assert (await hall.call("GET", "board?zone=")).body == whole


async def test_a_zone_the_hall_does_not_have_has_no_board(hall: Checked) -> None:
    reply = await hall.call("GET", "board?zone=attic")

    assert (reply.status, reply.code, reply.body["errors"][0]["path"]) == (422, "body-invalid", "zone")


async def test_a_day_that_was_closed_does_not_open_again(found: Founder, now: FakeClock) -> None:
    halves = [
        {"weekdays": [1, 2], "from": "09:00", "to": "12:00"},
        {"weekdays": [1, 2], "from": "14:00", "to": "17:00"},
    ]
    hall = await found(hours=halves)
    ticket = await hall.take("enquiry")

    closed = await hall.staff("POST", "day/close")
    again = await hall.staff("POST", "day/close")
    seen = (await hall.call("GET", f"/v1/halls/{hall.hall}")).body
    now.put(at("14:30"))
    refused = await hall.call("POST", "tickets", {"service": "enquiry"})

    tomorrow = "2026-11-24T01:00:00.000Z"
    assert (closed.status, closed.body["day"], closed.body["closed"]) == (200, "2026-11-23", True)
    assert again.body == closed.body
    assert (seen["open"], seen["opens_at"]) == (False, tomorrow)
    assert (refused.code, refused.body["opens_at"]) == ("hall-closed", tomorrow)
    assert (await hall.seen(ticket))["state"] == "left"


async def test_the_sockets_are_where_the_setting_says_or_else_on_the_visitors_host(
    house: Service, hall: Checked
) -> None:
    seen = (await hall.call("GET", f"/v1/halls/{hall.hall}", headers={"Host": "hall.example:8080"})).body

    assert seen["display_url"] == f"ws://hall.example:{house.running.display_port}"


async def test_the_setting_says_where_the_sockets_are(service: Service, dsn: str) -> None:
    data_dir = service.settings.data_dir
    async with service_on(dsn, data_dir, service.clock, display_url="wss://screens.example") as other:
        seen = (await other.api.call("GET", "/v1/halls/demo")).body

    assert seen["display_url"] == "wss://screens.example"


async def test_head_is_get_without_a_body(hall: Checked) -> None:
    got = await hall.call("GET", "board")
    asked = await hall.call("HEAD", "board")
    missing = await hall.call("HEAD", "/v1/halls/nowhere")

    assert (asked.status, asked.body) == (200, b"")
    assert asked.headers["Content-Type"] == got.headers["Content-Type"]
    assert (missing.status, missing.body) == (404, b"")


async def test_notices_are_read_page_by_page_the_oldest_first(hall: Checked) -> None:
    posted = [(await hall.staff("POST", "notices", {"text": f"Notice {n}"})).body["id"] for n in range(5)]
    pages: list[list[str]] = []
    query = "limit=2"

    while query:
        page = (await hall.staff("GET", f"notices?{query}")).body
        pages.append([one["id"] for one in page["items"]])
        query = f"limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
        await hall.staff("DELETE", f"notices/{posted[1]}")  # a page begins after one that is gone, too

    assert pages == [posted[:2], posted[2:4], posted[4:]]
    for query in ("limit=0", "limit=201", "limit=x", "cursor=zz"):
        reply = await hall.staff("GET", f"notices?{query}")
        assert (reply.code, reply.body["errors"][0]["path"]) == ("body-invalid", query.partition("=")[0])


async def test_a_service_that_goes_is_named_while_the_day_has_people_of_it(own: Checked) -> None:
    ticket = await own.take("enquiry")
    await own.open("1")
    document = (await own.staff("GET", "document")).body
    gone = next(one for one in document["services"] if one["id"] == "enquiry")
    document["services"] = [one for one in document["services"] if one["id"] != "enquiry"]
    for counter in document["counters"]:
        counter["services"] = [name for name in counter["services"] if name != "enquiry"]
    assert (await own.call("GET", f"/v1/halls/{own.hall}")).body["no_longer_offered"] == []

    assert (await own.staff("PUT", "document", document, headers={"If-Match": "*"})).status == 200

    seen = (await own.call("GET", f"/v1/halls/{own.hall}")).body
    assert "enquiry" not in [service["id"] for service in seen["services"]]
    [kept] = seen["no_longer_offered"]
    assert (kept["id"], kept["name"], kept["prefix"]) == ("enquiry", gone["name"], "B")
    assert (await own.call("POST", "tickets", {"service": "enquiry"})).code == "service-not-found"
    board = (await own.call("GET", "board")).body
    assert board["names"]["services"]["enquiry"]["name"] == gone["name"]
    assert {one["service"]: one["count"] for one in board["waiting"]}["enquiry"] == 1
    called = (await own.staff("POST", "counters/1/next")).body["ticket"]
    assert called["id"] == ticket["id"]


async def test_papers_of_a_service_that_goes_have_the_names_the_hall_still_has(own: Checked) -> None:
    await own.take("loan-first")
    document = (await own.staff("GET", "document")).body
    gone = next(one for one in document["services"] if one["id"] == "loan-first")
    other = next(one for one in document["services"] if one["id"] == "enquiry")
    of_another, in_texts, unknown, *_ = gone["papers"]
    other["papers"] = [{"id": of_another["id"], "name": {"zh-CN": "证件", "en": "Papers"}}]
    document["texts"][in_texts["id"]] = {"zh-CN": "学生证", "en": "Student card"}
    document["texts"].pop(unknown["id"], None)
    document["codes"]["missing"] = [code for code in document["codes"]["missing"] if code != unknown["id"]]
    later = {"id": of_another["id"], "name": {"en": "Something else"}}
    document["services"] = [one for one in document["services"] if one not in (gone, other)]
    document["services"] = [other, *({**one, "papers": [later]} for one in document["services"])]
    for counter in document["counters"]:
        counter.update(services=["enquiry"], stage="window")

    put = await own.staff("PUT", "document", document, headers={"If-Match": "*"})
    assert put.status == 200, put.body

    [kept] = (await own.call("GET", f"/v1/halls/{own.hall}")).body["no_longer_offered"]
    assert [paper["id"] for paper in kept["papers"]] == [paper["id"] for paper in gone["papers"]]
    names = [paper["name"].get("en") for paper in kept["papers"][:3]]
    assert names == ["Papers", "Student card", None]
    at_counters = {one["id"]: one for one in (await own.staff("GET", "desk")).body["services"]}
    assert at_counters["loan-first"]["papers"] == kept["papers"]
    assert at_counters["enquiry"]["papers"] == other["papers"]


async def test_a_hall_says_whether_its_counters_are_staffed_and_when_its_day_ends(hall: Checked) -> None:
    async def told() -> tuple[bool, str]:
        seen = (await hall.call("GET", f"/v1/halls/{hall.hall}")).body
        return seen["staffed"], seen["day_ends_at"]

    assert await told() == (False, "2026-11-23T16:00:00.000Z")
    await hall.open("2")
    assert (await told())[0]
    await hall.staff("POST", "counters/2/pause")
    assert (await told())[0], "who is on a break comes back"
    await hall.staff("POST", "counters/2/close")
    assert not (await told())[0]


async def test_a_closed_day_has_no_overtime_any_more(own: Checked) -> None:
    await own.staff("PUT", "overtime", {"until_at": "2026-11-23T19:00:00+08:00"})
    await own.staff("POST", "day/close")

    assert (await own.call("GET", f"/v1/halls/{own.hall}")).body["overtime"] is None
