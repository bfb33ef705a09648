"""Invitations: a list comes in, codes go out, and who gave them sees what became of each."""

import asyncio
import csv
import io
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from service.api.http.body import BODY_MAX
from service.api.invitations.handlers import CSV_TYPE, IMPORT_MAX_BYTES, XLSX_TYPE
from service.clock import FakeClock
from service.domain.model import HallId
from service.identity import idempotency
from service.invitations.store import HALL
from service.journal.search import Finder
from service.primitives.ids import new_id
from tests.api.checked import Checked, demo
from tests.api.conftest import Founder
from tests.api.staff import device, employed
from tests.invitations.books import book
from tests.service import ADMIN, Reply, Service

LIST = "姓名,手机,事项\n张伟,13800138000,enquiry\nAnn Lee,13800138001,\n"
BAD_LINE = LIST + ",13800138002,\nBo,12,\n"


async def imported(  # noqa: PLR0917  (a request)
    hall: Checked,
    text: str | bytes = LIST,
    kind: str = CSV_TYPE,
    path: str = "invitations",
    token: str | None = None,
    key: str | None = None,
) -> Reply:
    raw = text.encode() if isinstance(text, str) else text
    headers = {"Content-Type": kind}
    if token is None:
        return await hall.staff("POST", path, raw=raw, headers=headers, key=key)
    return await hall.call("POST", path, raw=raw, headers=headers, token=token, key=key)


async def listed(hall: Checked, query: str = "", token: str | None = None) -> list[dict[str, object]]:
    path = f"invitations?{query}"
    reply = await (hall.staff("GET", path) if token is None else hall.call("GET", path, token=token))
    assert reply.status == 200, reply.body
    items: list[dict[str, object]] = reply.body["items"]
    return items


async def person_of(house: Service, hall: Checked, code: str) -> dict[str, str]:
    """Who a code invites, as the call of bookings finds them."""
    finder, name = Finder(house.running.database), HallId(hall.hall)
    given = await finder.find_code(name, code)
    assert given is not None
    invitation = await finder.invitation(name, given.id)
    assert invitation is not None
    rows = await house.running.database.fetch("SELECT name, phone FROM applicants WHERE id = $1", invitation.applicant)
    return dict(rows[0])


async def test_each_person_of_a_list_gets_a_code(hall: Checked) -> None:
    reply = await imported(hall)

    assert reply.status == 201
    assert reply.headers["Location"] == f"/v1/halls/{hall.hall}/invitations?batch={reply.body['batch']}"
    assert [one["line"] for one in reply.body["items"]] == [2, 3]
    assert reply.body["errors"] == []
    assert all(re.fullmatch(r"[MNP-TV-Z][0-9A-HJKMNP-TV-Z]{7}", one["code"]) for one in reply.body["items"])


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ('{"items": [{"name": "张伟", "phone": "13800138000"}]}'.encode(), "application/json"),
        ("姓名,手机\n张伟,13800138000\n".encode("gb18030"), CSV_TYPE),
        (book([("姓名", "手机"), ("张伟", 13800138000.0)]), XLSX_TYPE),
    ],
    ids=["json", "csv", "xlsx"],
)
async def test_a_list_may_be_json_csv_or_a_workbook(hall: Checked, house: Service, raw: bytes, kind: str) -> None:
    reply = await imported(hall, raw, kind)

    assert reply.status == 201, reply.body
    assert await person_of(house, hall, reply.body["items"][0]["code"]) == {"name": "张伟", "phone": "+8613800138000"}


async def test_with_mode_all_nothing_is_stored_when_a_line_is_bad(hall: Checked) -> None:
    reply = await imported(hall, BAD_LINE)

    assert (reply.status, reply.code) == (422, "body-invalid")
    assert reply.body["errors"] == [
        {"path": "lines[4].name", "why": "is missing"},
        {"path": "lines[5].phone", "why": "is no phone number"},
    ]
    assert await listed(hall) == []


async def test_with_mode_good_the_good_lines_are_stored_and_the_bad_ones_told(hall: Checked) -> None:
    reply = await imported(hall, BAD_LINE, path="invitations?mode=good")

    assert reply.status == 201
    assert [one["line"] for one in reply.body["items"]] == [2, 3]
    assert reply.body["errors"] == [
        {"line": 4, "path": "name", "why": "is missing"},
        {"line": 5, "path": "phone", "why": "is no phone number"},
    ]
    assert len(await listed(hall)) == 2


async def test_a_list_sent_twice_with_one_key_is_one_import(hall: Checked) -> None:
    once = await imported(hall, BAD_LINE, path="invitations?mode=good", key="a-list-of-may-2026")
    again = await imported(hall, BAD_LINE, path="invitations?mode=good", key="a-list-of-may-2026")
    other = await imported(hall, key="a-list-of-may-2026")

    assert again.body == once.body
    assert again.status == once.status == 201
    assert (other.status, other.code) == (422, "idempotency-key-reused")
    assert len(await listed(hall)) == 2


async def _many_at_once(hall: Checked) -> int:
    """How many imports one list with one key becomes that many send at the same time."""
    replies = await asyncio.gather(*(imported(hall, key="a-list-of-may-2026") for _ in range(6)))
    assert {reply.status for reply in replies} == {201}
    return len({reply.body["batch"] for reply in replies})


async def test_a_list_sent_many_times_at_once_with_one_key_is_one_import(hall: Checked) -> None:
    assert await _many_at_once(hall) == 1
    assert len(await listed(hall)) == 2


async def test_without_the_claim_of_the_key_it_would_be_several(hall: Checked, monkeypatch: pytest.MonkeyPatch) -> None:
    async def keep(*_: object) -> None:
        return

    monkeypatch.setattr(idempotency, "store_answer", keep)

    assert await _many_at_once(hall) == 6


@pytest.mark.parametrize(
    ("kind", "raw", "status", "code"),
    [
        ("application/vnd.ms-excel", b"name\nAnn\n", 415, "media-type"),
        ("text/plain", b"name\nAnn\n", 415, "media-type"),
        (XLSX_TYPE, b"name\nAnn\n", 422, "body-invalid"),
        (CSV_TYPE, book([("name",), ("Ann",)]), 422, "body-invalid"),
        ("application/json", b"name\nAnn\n", 400, "body-unreadable"),
        ("application/json", b'{"items": []}', 422, "body-invalid"),
        ("application/json", b'{"items": 3}', 422, "body-invalid"),
        ("application/json", b"", 422, "body-invalid"),
    ],
)
async def test_a_file_that_is_not_what_it_is_said_to_be_is_refused(
    hall: Checked, kind: str, raw: bytes, status: int, code: str
) -> None:
    reply = await imported(hall, raw, kind)

    assert (reply.status, reply.code) == (status, code)
    accepts = ["application/json", CSV_TYPE, XLSX_TYPE]
    assert reply.body.get("accepts") == (accepts if code == "media-type" else None)


@pytest.mark.parametrize(
    "query", ["mode=some", "releases_at=tomorrow", "releases_at=2026-11-23T09:00:00", "partner=%20"]
)
async def test_a_query_that_cannot_be_is_refused(hall: Checked, query: str) -> None:
    reply = await imported(hall, path=f"invitations?{query}")

    assert (reply.status, reply.code) == (422, "body-invalid")
    assert reply.body["errors"][0]["path"] == query.partition("=")[0]


async def test_a_list_may_be_larger_than_other_bodies_and_has_a_bound_too(hall: Checked) -> None:
    rows = "".join(f"{'A' * 150} {number},\n" for number in range(1000))
    assert len(rows) > BODY_MAX

    assert (await imported(hall, "name,phone\n" + rows)).status == 201
    assert hall._session is not None
    headers = {"Authorization": f"Bearer {ADMIN}", "Content-Type": CSV_TYPE}
    url = f"{hall.base}/v1/halls/{hall.hall}/invitations"
    too_large = io.BytesIO(b"name\n" + b"x" * IMPORT_MAX_BYTES)
    async with hall._session.post(url, data=too_large, headers=headers) as refused:
        assert (refused.status, (await refused.json())["code"]) == (413, "body-too-large")
    other = await hall.staff("POST", "search", raw=b" " * (BODY_MAX + 1))
    assert (other.status, other.code) == (413, "body-too-large")


async def test_a_partner_sees_only_what_it_gave_and_nobody_else_sees_its_names(hall: Checked) -> None:
    school, college = await device(hall, "partner"), await device(hall, "partner")
    of_school = (await imported(hall, token=school)).body["batch"]
    of_hall = (await imported(hall)).body["batch"]

    assert [one["name"] for one in await listed(hall, token=school)] == ["张伟", "Ann Lee"]
    assert await listed(hall, token=college) == []
    assert await listed(hall, f"batch={of_hall}", token=school) == []
    assert [one["name"] for one in await listed(hall, f"batch={of_school}")] == [None, None]
    assert [one["name"] for one in await listed(hall, f"batch={of_hall}")] == ["张伟", "Ann Lee"]
    assert {one["partner"] for one in await listed(hall, f"batch={of_hall}")} == {HALL}


async def test_a_manager_may_import_for_a_partner_and_a_partner_only_for_itself(hall: Checked) -> None:
    school = await device(hall, "partner")
    named = (await hall.staff("GET", "devices")).body["items"][0]["id"]

    async with employed(hall, "manager") as manager:
        reply = await imported(manager, path=f"invitations?partner={named}&releases_at=2026-11-24T09:00:00%2B08:00")
    refused = await imported(hall, path="invitations?partner=another", token=school)

    assert reply.status == 201
    seen = await listed(hall, token=school)
    assert [one["name"] for one in seen] == ["张伟", "Ann Lee"]
    assert seen[0]["releases_at"] == "2026-11-24T01:00:00.000Z"
    assert (refused.status, refused.code) == (403, "forbidden")


async def test_a_list_is_paged(hall: Checked) -> None:
    await imported(hall)

    first = await hall.staff("GET", "invitations?limit=1")
    second = await hall.staff("GET", f"invitations?limit=1&cursor={first.body['next_cursor']}")

    assert [one["line"] for one in first.body["items"] + second.body["items"]] == [2, 3]
    assert second.body["next_cursor"] is None
    for query in ("cursor=x", "batch=x"):
        assert (await hall.staff("GET", f"invitations?{query}")).code == "body-invalid"


async def test_imports_are_listed_the_newest_first_and_a_partner_sees_its_own(hall: Checked) -> None:
    school = await device(hall, "partner")
    first = (await imported(hall)).body
    second = (await imported(hall, path="invitations?mode=good", token=school)).body
    await hall.staff("DELETE", f"invitations/{first['items'][0]['id']}")
    await invited_to(hall, first["items"][1]["code"])

    newest = (await hall.staff("GET", "invitations/batches?limit=1")).body
    older = (await hall.staff("GET", f"invitations/batches?cursor={newest['next_cursor']}")).body
    own = (await hall.call("GET", "invitations/batches", token=school)).body

    assert [one["batch"] for one in newest["items"]] == [one["batch"] for one in own["items"]] == [second["batch"]]
    assert [(one["batch"], one["invited"], one["used"], one["revoked"]) for one in older["items"]] == [
        (first["batch"], 2, 1, 1)
    ]
    assert older["next_cursor"] is None
    assert (await hall.staff("GET", "invitations/batches?cursor=x")).code == "body-invalid"


async def invited_to(hall: Checked, code: str, **more: object) -> Reply:
    """Book with a code, at 11:00 of the day after the test's."""
    body = {"service": "enquiry", "starts_at": "2026-11-24T03:00:00Z", "invitation": code, **more}
    return await hall.call("POST", "appointments", body)


async def test_whoever_has_a_code_books_comes_and_is_served_and_the_partner_sees_it(
    hall: Checked, now: FakeClock
) -> None:
    school = await device(hall, "partner")
    given = (await imported(hall, "name,phone,service\nAnn,13800138000,enquiry\nBo,,\n", token=school)).body["items"]
    became = [[one["state"] for one in await listed(hall, token=school)]]

    booked = await invited_to(hall, given[0]["code"])
    became.append([one["state"] for one in await listed(hall, token=school)])
    now.put(datetime(2026, 11, 24, 3, tzinfo=UTC))
    ticket = await hall.call("POST", "check-ins", {"code": booked.body["code"]})
    walk_in = await hall.call("POST", "check-ins", {"code": given[1]["code"], "service": "enquiry"})
    became.append([one["state"] for one in await listed(hall, token=school)])
    await hall.open("1")
    assert await hall.next("1") is not None
    assert await hall.next("1", "done") is not None
    became.append([one["state"] for one in await listed(hall, token=school)])

    assert (booked.status, ticket.status, walk_in.status) == (201, 201, 201), (booked.body, ticket.body, walk_in.body)
    assert ticket.body["prechecked"]
    assert became == [
        ["unused", "unused"],
        ["booked", "unused"],
        ["checked_in", "checked_in"],
        ["done", "checked_in"],
    ]
    again = await invited_to(hall, given[0]["code"])
    assert (again.status, again.code) == (409, "code-used")


async def test_places_kept_for_a_partner_are_booked_with_its_invitations_only(found: Founder) -> None:
    hall = await found()
    school = await device(hall, "partner")
    partner = (await hall.staff("GET", "devices")).body["items"][0]["id"]
    reserved = {"partner": partner, "on": "2026-11-24", "from": "11:00", "to": "12:00", "share": 1}
    document = {**demo(), "booking": {"reserved": [{**reserved, "release_before_s": 3600}]}}
    assert (await hall.staff("PUT", "document", document, headers={"If-Match": '"1"'})).status == 200
    given = (await imported(hall, "name,phone\nAnn,13800138000\n", token=school)).body["items"]
    of_hall = (await imported(hall, "name,phone\nBo,13800138001\n")).body["items"]

    refused = await invited_to(hall, of_hall[0]["code"])
    booked = await invited_to(hall, given[0]["code"])

    assert (refused.status, refused.code) == (409, "slot-full")
    assert booked.status == 201, booked.body


async def test_an_invitation_is_taken_back_and_its_person_forgotten(hall: Checked, house: Service) -> None:
    given = (await imported(hall)).body["items"][0]

    for _ in range(2):
        assert (await hall.staff("DELETE", f"invitations/{given['id']}")).status == 204

    assert [(one["state"], one["name"]) for one in await listed(hall)] == [("revoked", None), ("unused", "Ann Lee")]
    assert (await invited_to(hall, given["code"])).code == "code-not-found"
    people = await house.running.database.fetch("SELECT name FROM applicants WHERE hall_id = $1", hall.hall)
    assert [row["name"] for row in people] == ["Ann Lee"]


async def test_nobody_takes_back_what_is_not_theirs_or_not_there(hall: Checked) -> None:
    school = await device(hall, "partner")
    given = (await imported(hall)).body["items"][0]["id"]

    for invitation in (given, new_id(), "x"):
        reply = await hall.call("DELETE", f"invitations/{invitation}", token=school)
        assert (reply.status, reply.code) == (404, "code-not-found")


async def _booked(house: Service, hall: str, invitation: str, state: str, ticket_state: str | None = None) -> None:
    """What the append of a booking leaves: rows as the journal writes them."""
    database, appointment, ticket = house.running.database, new_id(), new_id()
    await database.fetch(
        "INSERT INTO appointments (hall_id, id, day, n, code, service, starts_at, ends_at, state, count, channel, "
        "prechecked, invitation_id, place, places, per_person, ticket_id, made_at, sequence, seq) "
        "VALUES ($1, $2, '2026-11-24', 1, $3, 'enquiry', '2026-11-24 01:00Z', '2026-11-24 02:00Z', $4, 1, 'web', "
        "true, $5, 1, 9, 1, $6, now(), 0, 1)",
        hall,
        appointment,
        appointment[-8:],
        state,
        invitation,
        ticket if state == "checked_in" else None,
    )
    if ticket_state is not None:
        await database.fetch(
            "INSERT INTO tickets (hall_id, day, id, n, code, number, service, stage, class, first_class, channel, "
            "state, admission, count, prechecked, issued_at, queue_at, calls, missing, seq, appointment_id, counter) "
            "VALUES ($1, '2026-11-24', $2, 1, $3, $3, 'enquiry', 'window', 'appointment', 'appointment', 'web', $4, "
            "'admitted', 1, true, now(), now(), 0, '{}', 1, $5, NULL)",
            hall,
            ticket,
            ticket[-8:],
            ticket_state,
            appointment,
        )
    used_by = appointment if state in {"held", "booked", "checked_in"} else None
    await database.fetch(
        "UPDATE invitations SET used_by = $3 WHERE hall_id = $1 AND id = $2", hall, invitation, used_by
    )


@pytest.mark.parametrize(
    ("appointment", "ticket", "became"),
    [
        ("held", None, "booked"),
        ("booked", None, "booked"),
        ("checked_in", "waiting", "checked_in"),
        ("checked_in", "done", "done"),
        ("checked_in", "left", "left"),
        ("checked_in", "no_show", "left"),
        ("missed", None, "missed"),
        ("cancelled", None, "unused"),
        ("expired", None, "unused"),
    ],
)
async def test_a_list_says_what_became_of_each(
    hall: Checked, house: Service, appointment: str, ticket: str | None, became: str
) -> None:
    given = (await imported(hall)).body["items"]

    await _booked(house, hall.hall, given[0]["id"], appointment, ticket)

    assert [one["state"] for one in await listed(hall)] == [became, "unused"]
    revoked = await hall.staff("DELETE", f"invitations/{given[0]['id']}")
    assert revoked.code == (None if became in {"unused", "missed"} else "code-used")


async def test_a_code_that_is_taken_is_drawn_anew(
    hall: Checked, house: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = (await imported(hall, "name\nAnn\n")).body["items"][0]["code"]
    drawn = iter([taken, "MMMMMMM1", "MMMMMMM2"])
    monkeypatch.setattr("service.invitations.store.new_code", lambda _: next(drawn))

    reply = await imported(hall, "name\nBo\nCy\n")

    assert sorted(one["code"] for one in reply.body["items"]) == ["MMMMMMM1", "MMMMMMM2"]
    people = await house.running.database.fetch("SELECT name FROM applicants WHERE hall_id = $1", hall.hall)
    assert sorted(row["name"] for row in people) == ["Ann", "Bo", "Cy"]


async def test_codes_come_back_as_csv_in_which_nothing_is_a_formula(hall: Checked) -> None:
    given = (await imported(hall, "name\n=HYPERLINK(1)\n@Ann\nBo\n")).body

    reply = await hall.staff("GET", f"invitations.csv?batch={given['batch']}")

    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Cache-Control"] == "no-store"
    assert f"invitations-{given['batch']}.csv" in reply.headers["Content-Disposition"]
    assert reply.body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(reply.body.decode("utf-8-sig"))))
    assert [row["name"] for row in rows] == ["'=HYPERLINK(1)", "'@Ann", "Bo"]
    assert [row["code"] for row in rows] == [one["code"] for one in given["items"]]
    assert rows[0]["link"].endswith(f"/halls/{hall.hall}#invitation={rows[0]['code']}")
    assert not any(cell[:1] in "=+-@\t\r" for row in rows for cell in row.values() if cell)


@pytest.mark.parametrize("path", ["invitations", "invitations.csv", "invitations/sheet", "learned"])
async def test_a_hall_that_does_not_exist_has_none(hall: Checked, path: str) -> None:
    reply = await hall.staff("GET", f"/v1/halls/nowhere/{path}?batch={new_id()}")

    assert (reply.status, reply.code) == (404, "hall-not-found")


@pytest.mark.parametrize("path", ["invitations.csv", "invitations/sheet"])
async def test_codes_of_no_import_are_not_given(hall: Checked, path: str) -> None:
    assert (await hall.staff("GET", path)).code == "body-invalid"
    assert (await hall.staff("GET", f"{path}?batch=x")).code == "body-invalid"


class _Page(HTMLParser):
    """What stands on a page, and what in it could run or restyle."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.forbidden: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.forbidden += [name for name, _ in attrs if name == "style" or name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text.append(data.strip())


async def test_a_sheet_to_print_has_a_card_for_each_unused_code_under_the_strict_policy(hall: Checked) -> None:
    given = (await imported(hall, "name\n<b>Ann</b>\nBo\nCy\n")).body
    await hall.staff("DELETE", f"invitations/{given['items'][2]['id']}")

    reply = await hall.staff("GET", f"invitations/sheet?batch={given['batch']}")

    assert reply.headers["Content-Type"].startswith("text/html")
    assert "unsafe" not in reply.headers["Content-Security-Policy"]
    page = _Page()
    page.feed(reply.body.decode())
    assert page.forbidden == []
    assert not {"script", "style", "b"} & set(page.tags)
    assert page.tags.count("svg") == 2
    assert {"<b>Ann</b>", "Bo"} <= set(page.text)
    assert "Cy" not in page.text
    code = given["items"][0]["code"]
    assert f"{code[:4]} {code[4:]}" in page.text
    assert (await hall.call("GET", "/pages/invitations/sheet.css")).status == 200


async def test_a_long_sheet_goes_on_on_another_page(found: Founder) -> None:
    hall = await found()
    given = (await imported(hall, "name\n" + "".join(f"Ann {n}\n" for n in range(201)))).body

    first = (await hall.staff("GET", f"invitations/sheet?batch={given['batch']}")).body.decode()
    more = re.search(r'href="([^"]*cursor=[^"]*)"', first)
    assert more is not None
    second = (await hall.staff("GET", more[1].replace("&amp;", "&"))).body.decode()

    assert first.count("<svg") == 200
    assert second.count("<svg") == 1
    assert "cursor=" not in second


async def test_what_was_done_is_in_the_history_without_anybodys_name(hall: Checked) -> None:
    given = (await imported(hall, BAD_LINE, path="invitations?mode=good")).body
    await hall.staff("DELETE", f"invitations/{given['items'][0]['id']}")

    items = (await hall.staff("GET", "history")).body["items"]

    told = {one["kind"]: one["data"] for one in items}
    assert told["invitations_imported"] == {"batch": given["batch"], "partner": HALL, "invited": 2, "bad": 2}
    assert told["invitation_revoked"] == {"invitation": given["items"][0]["id"]}
    assert "张伟" not in str(items)
