"""Finding tickets: the list of a day, and the search for somebody who has lost the slip."""

import json
from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest

from service.api.http.query import LIMIT
from service.clock import FakeClock
from tests.api.booking import booked
from tests.api.checked import Checked, at
from tests.api.conftest import Founder
from tests.api.staff import employed
from tests.service import Service

LI = {"name": "Li Xiaolong", "phone": "+86 138-0013-8000"}
WANG = {"name": "王小明", "phone": "13900139000", "email": "wang@example.org"}


async def listed(hall: Checked, query: str = "") -> list[str]:
    """The numbers of a list."""
    reply = await hall.staff("GET", f"tickets{query}")
    assert reply.status == 200, reply.body
    return [item["number"] for item in reply.body["items"]]


async def found_by(hall: Checked, **said: str) -> list[str]:
    """The numbers that a search finds."""
    reply = await hall.staff("POST", "search", said)
    assert reply.status == 200, reply.body
    return [item["number"] for item in reply.body["items"]]


async def test_a_list_has_what_became_of_todays_tickets_in_the_order_of_issue(hall: Checked) -> None:
    called = await hall.called("enquiry", "1")
    await hall.take("loan-first", count=2)
    finished = await hall.done(called, "finish", {"outcome": "conditional", "missing": ["signature"]})

    reply = await hall.staff("GET", "tickets")

    items = reply.body["items"]
    assert [item["number"] for item in items] == ["B001", "A001"]
    assert (reply.body["next_cursor"], reply.body["seq"]) == (None, await hall.seq())
    assert items[0] == {name: finished[name] for name in items[0] if name in finished} | {
        "last_counter": "1",
        "left_reason": None,
    }
    assert (items[1]["count"], items[1]["state"]) == (2, "waiting")


async def test_a_list_is_read_page_by_page(hall: Checked) -> None:
    for _ in range(5):
        await hall.take("enquiry")
    pages: list[list[str]] = []
    cursor: str | None = "0"

    while cursor is not None:
        page = (await hall.staff("GET", f"tickets?limit=2&cursor={cursor}")).body
        pages.append([item["number"] for item in page["items"]])
        cursor = page["next_cursor"]

    assert pages == [["B001", "B002"], ["B003", "B004"], ["B005"]]


async def test_a_list_may_be_of_a_state_a_service_and_another_day(hall: Checked, now: FakeClock) -> None:
    enquiry = await hall.take("enquiry")
    await hall.take("loan-first")
    await hall.call("DELETE", f"tickets/{enquiry['id']}", token=enquiry["token"])

    assert await listed(hall, "?state=left") == ["B001"]
    assert await listed(hall, "?service=loan-first") == ["A001"]
    assert await listed(hall, "?service=loan-first&state=left") == []
    now.put(at("10:00", 24))
    assert await listed(hall) == []
    assert await listed(hall, "?on=2026-11-23") == ["B001", "A001"]
    assert (await hall.staff("GET", "tickets?on=2026-11-30")).body == {"items": [], "next_cursor": None, "seq": 0}


@pytest.mark.parametrize(
    "query",
    ["on=tomorrow", "on=2026-02-30", "on=20261123", "state=asleep", "service=No%20such", "cursor=x", "limit=0"],
)
async def test_a_list_of_what_cannot_be_is_refused(hall: Checked, query: str) -> None:
    reply = await hall.staff("GET", f"tickets?{query}")

    assert (reply.status, reply.code) == (422, "body-invalid")
    assert reply.body["errors"][0]["path"] == query.partition("=")[0]


async def test_a_list_has_tickets_of_its_own_hall_only(found: Founder) -> None:
    here, there = await found(), await found()
    await there.take("enquiry")

    assert await listed(here) == []
    assert await found_by(here, number="B001") == []


async def test_a_search_is_read_page_by_page_to_the_last_ticket_and_appointment(hall: Checked) -> None:
    tickets = [(await hall.take("enquiry", applicant=LI))["id"] for _ in range(3)]
    booked_ids = [
        (await booked(hall, starts_at, applicant={"name": LI["name"]}))["id"]
        for starts_at in (at("10:00", 24), at("10:00", 24), at("11:00", 24), at("09:00", 25), at("10:00", 26))
    ]
    whole = (await hall.staff("POST", "search", {"name": "xiaolong"})).body
    found: tuple[list[str], list[str]] = ([], [])
    sizes: list[tuple[int, int]] = []
    cursor = ""

    while cursor is not None:
        page = (await hall.staff("POST", f"search?limit=2&cursor={cursor}", {"name": "xiaolong"})).body
        sizes.append((len(page["items"]), len(page["appointments"])))
        for ids, name in zip(found, ("items", "appointments"), strict=True):
            ids += [one["id"] for one in page[name]]
        cursor = page["next_cursor"]

    assert sizes == [(2, 2), (1, 2), (0, 1)]
    assert found == (tickets[::-1], booked_ids[::-1])
    assert [[one["id"] for one in whole[name]] for name in ("items", "appointments")] == list(found)
    assert whole["next_cursor"] is None


async def test_a_search_says_when_it_has_more_than_a_page(hall: Checked) -> None:
    for _ in range(LIMIT + 1):
        await hall.take("enquiry", applicant=LI)

    first = (await hall.staff("POST", "search", {"name": "xiaolong"})).body
    last = (await hall.staff("POST", f"search?cursor={first['next_cursor']}", {"name": "xiaolong"})).body

    assert (len(first["items"]), len(last["items"]), last["next_cursor"]) == (LIMIT, 1, None)
    assert last["items"][0]["number"] == "B001"


NO_CURSORS = [
    "x",
    "käse",
    b64encode(b"\xff").decode(),
    *(
        urlsafe_b64encode(said.encode()).decode()
        for said in (
            "{}",
            "[null]",
            '[["2026-11-23", -1], null]',
            '[["2026-11-23", 2147483648], null]',
            '[["soon", 1], null]',
            '[null, ["2026-11-23T10:00:00", 1]]',
            '[null, ["9999-12-31T23:59:59-12:00", 1]]',
        )
    ),
]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", *(f"cursor={one}" for one in NO_CURSORS)])
async def test_a_search_for_a_page_that_cannot_be_is_refused(hall: Checked, query: str) -> None:
    reply = await hall.staff("POST", f"search?{query}", {"name": "xiaolong"})

    assert (reply.status, reply.code) == (422, "body-invalid")
    assert reply.body["errors"][0]["path"] == query.partition("=")[0]


@pytest.mark.parametrize("end", [[None, None], [["0001-01-01", 0], ["0001-01-01T00:00:00Z", 0]]])
async def test_after_the_last_there_is_nothing(hall: Checked, end: list[object]) -> None:
    await hall.take("enquiry", applicant=LI)
    cursor = urlsafe_b64encode(json.dumps(end).encode()).decode()

    reply = await hall.staff("POST", f"search?cursor={cursor}", {"name": "xiaolong"})

    assert reply.body == {"items": [], "appointments": [], "next_cursor": None}


async def a_day_of_people(hall: Checked) -> tuple[dict[str, Any], dict[str, Any]]:
    await hall.take("loan-first")
    return await hall.take("enquiry", applicant=LI), await hall.take("enquiry", applicant=WANG)


@pytest.mark.parametrize(
    "phone",
    [
        "+86 138-0013-8000",
        "13800138000",
        "138 0013 8000",
        "008613800138000",
        "0013 8000",
        "+8613800138000",
        "3800138000",
    ],
)
async def test_a_phone_is_found_however_it_is_written(hall: Checked, phone: str) -> None:
    await a_day_of_people(hall)

    assert await found_by(hall, phone=phone) == ["B001"]


async def test_the_last_digits_find_who_is_booked_though_they_could_be_a_phone_of_their_own(hall: Checked) -> None:
    appointment = await booked(hall, applicant={"name": "Wu", "phone": "136 2222 3333"})

    for phone in ("22223333", "2223333", "0086 136 2222 3333"):
        found = (await hall.staff("POST", "search", {"phone": phone})).body["appointments"]
        assert [one["id"] for one in found] == [appointment["id"]], phone


async def test_a_phone_on_a_ticket_is_kept_as_one_writes_it_everywhere(hall: Checked, house: Service) -> None:
    await hall.take("enquiry", applicant=LI)
    refused = await hall.call(
        "POST", "tickets", {"service": "enquiry", "applicant": {"name": "Wu", "phone": "no phone"}}
    )

    kept = await house.running.database.fetch("SELECT phone FROM applicants WHERE hall_id = $1", hall.hall)
    assert [row["phone"] for row in kept] == ["+8613800138000"]
    assert (refused.status, refused.code) == (422, "body-invalid")
    assert refused.body["errors"] == [{"path": "applicant.phone", "why": "is no phone number"}]


@pytest.mark.parametrize("phone", ["8000", "13800138001", "1380013", "91380013800"])
async def test_a_phone_that_is_another_is_not_found(hall: Checked, phone: str) -> None:
    await a_day_of_people(hall)

    assert await found_by(hall, phone=phone) == []


@pytest.mark.parametrize(
    ("name", "number"), [("xiaolong", "B001"), ("LI X", "B001"), (" li ", "B001"), ("小明", "B002")]
)
async def test_a_part_of_a_name_is_found(hall: Checked, name: str, number: str) -> None:
    await a_day_of_people(hall)

    assert await found_by(hall, name=name) == [number]


@pytest.mark.parametrize("name", ["%", "_", "Wang", "\\"])
async def test_a_name_is_a_text_and_no_pattern(hall: Checked, name: str) -> None:
    await a_day_of_people(hall)

    assert await found_by(hall, name=name) == []


async def test_a_code_is_found_as_people_read_it(hall: Checked) -> None:
    ticket, _ = await a_day_of_people(hall)
    code = ticket["code"]
    read = code.replace("0", "o").replace("1", "l").lower()

    assert await found_by(hall, code=code) == ["B001"]
    assert await found_by(hall, code=f" {read[:4]}-{read[4:]} ") == ["B001"]


async def test_all_that_is_said_has_to_fit(hall: Checked) -> None:
    await a_day_of_people(hall)

    assert await found_by(hall, number="b001", name="Li") == ["B001"]
    assert await found_by(hall, number="B002", name="Li") == []


async def test_yesterdays_tickets_are_found_and_older_ones_not(hall: Checked, now: FakeClock) -> None:
    await a_day_of_people(hall)
    now.put(at("10:00", 24))
    await hall.take("enquiry")

    assert await found_by(hall, number="B001") == ["B001", "B001"]
    days = [item["day"] for item in (await hall.staff("POST", "search", {"number": "B001"})).body["items"]]
    assert days == ["2026-11-24", "2026-11-23"]
    now.put(at("10:00", 25))
    assert await found_by(hall, number="B002") == []


@pytest.mark.parametrize("said", [{}, {"name": "  "}, {"phone": "---"}, {"code": " "}, {"number": " "}, {"mail": "x"}])
async def test_a_search_for_nothing_is_refused(hall: Checked, said: dict[str, str]) -> None:
    reply = await hall.staff("POST", "search", said)

    assert (reply.status, reply.code) == (422, "body-invalid")


async def test_what_is_found_and_logged_has_nothing_of_the_person(
    hall: Checked, house: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    await a_day_of_people(hall)
    capsys.readouterr()

    found = await hall.staff("POST", "search", {"name": "小明", "phone": "13900139000"})
    listed_ = await hall.staff("GET", "tickets")
    metrics = (await hall.call("GET", "/metrics")).body.decode()

    said = "".join(
        [*capsys.readouterr(), json.dumps(found.body, ensure_ascii=False), json.dumps(listed_.body), metrics]
    )
    assert [item["number"] for item in found.body["items"]] == ["B002"]
    for secret in ("小明", "13900139000", "wang@example.org", "Xiaolong"):
        assert secret not in said
    assert house.settings.metrics_open


async def test_lists_and_searches_are_for_staff(hall: Checked) -> None:
    async with employed(hall, "volunteer") as volunteer, employed(hall, "staff") as clerk:
        replies = [
            (await who.call(method, path, body)).status
            for who in (volunteer, clerk)
            for method, path, body in (("GET", "tickets", None), ("POST", "search", {"number": "A001"}))
        ]

    assert replies == [403, 403, 200, 200]
