"""What happened in a hall: the day's journal and what was done beside it, in words, and who did it."""

from typing import Any, get_args

import pytest

from service.api.reports.hall_history import NOTE_WORDS
from service.clock import FakeClock
from service.domain.events import Event
from service.identity.document_changes import changed_paths
from tests.api.checked import Checked, demo
from tests.api.conftest import Founder
from tests.api.staff import Browser, employed
from tests.service import ADMIN, NOON_AT, Service


def kinds(reply: Any) -> list[str]:  # noqa: ANN401  (any JSON)
    return [item["kind"] for item in reply.body["items"]]


async def test_it_is_one_story_of_the_journal_and_what_was_beside_it_newest_first(
    hall: Checked, now: FakeClock
) -> None:
    async with employed(hall, "manager", f"li.{hall.hall}") as manager:
        now.advance(1)
        await manager.call("POST", "counters/1/open")
        now.advance(1)
        await manager.call("POST", "devices", {"name": "door", "role": "kiosk"})
        now.advance(1)
        changed = {**demo(), "rules": {**demo()["rules"], "no_show_after_s": 90}}
        await manager.call("PUT", "document", changed, headers={"If-Match": "*", "Sec-Fetch-Site": "same-origin"})
        seen = await manager.call("GET", "history")

    assert sorted(kinds(seen)[:2]) == ["document_changed", "plan_changed"]
    assert kinds(seen)[2:4] == ["device_added", "counter_opened"]
    assert sorted(kinds(seen)[4:]) == ["day_opened", "password_changed", "signed_in", "staff_added"]
    opened = next(item for item in seen.body["items"] if item["kind"] == "counter_opened")
    assert (opened["who"], opened["seq"]) == (f"Li.{hall.hall}".title(), 2)
    assert opened["actor"] == f"account:{manager.account}/manager/local"
    document = next(item for item in seen.body["items"] if item["kind"] == "document_changed")
    assert document["data"] == {"revision": 2, "paths": ["rules.no_show_after_s"]}
    assert (document["seq"], document["who"]) == (None, opened["who"])
    plan = next(item for item in seen.body["items"] if item["kind"] == "plan_changed")
    assert plan["who"] == opened["who"], "the day says it too"
    added = next(item for item in seen.body["items"] if item["kind"] == "staff_added")
    assert (added["actor"], added["who"]) == ("admin/local", None)


async def test_pages_follow_one_another_without_gap_or_repetition(hall: Checked) -> None:
    for _ in range(4):
        await hall.take("enquiry")
        await hall.staff("POST", "devices", {"name": "door", "role": "kiosk"})
    whole = await hall.staff("GET", "history")

    found, cursor = [], ""
    while True:
        page = await hall.staff("GET", f"history?limit=2{cursor}")
        found += page.body["items"]
        if page.body["next_cursor"] is None:
            break
        cursor = f"&cursor={page.body['next_cursor']}"

    assert found == whole.body["items"]
    assert len(found) == 9
    assert whole.body["seq"] == await hall.seq()


async def test_another_day_has_a_history_of_its_own(hall: Checked, now: FakeClock) -> None:
    await hall.take("enquiry")
    await hall.staff("POST", "devices", {"name": "door", "role": "kiosk"})
    now.advance(86400)
    await hall.take("enquiry")

    today = await hall.staff("GET", "history")
    yesterday = await hall.staff("GET", "history?on=2026-11-23")
    before = await hall.staff("GET", "history?on=2026-11-22")

    assert sorted(kinds(today)) == ["day_opened", "ticket_taken"]
    assert {"device_added", "ticket_taken", "day_opened", "day_ended"} <= set(kinds(yesterday))
    assert before.body["items"] == []
    assert (today.body["seq"], before.body["seq"]) == (2, 0)


@pytest.mark.parametrize(
    "query", ["on=yesterday", "on=2026-13-01", "on=20261123", "cursor=x", "cursor=eHh4", "limit=0", "limit=201"]
)
async def test_a_history_that_cannot_be_asked_for_is_refused(hall: Checked, query: str) -> None:
    reply = await hall.staff("GET", f"history?{query}")

    assert (reply.status, reply.code) == (422, "body-invalid")


async def test_refused_sign_ins_are_in_the_history_of_the_persons_halls_and_say_nothing_of_what_was_typed(
    found: Founder,
) -> None:
    hall, other = await found(), await found()
    async with employed(hall, "staff", f"target.{hall.hall}") as browser:
        await browser.sign_in(f"target.{hall.hall}", "the wrong password")
        await browser.sign_in(f"no-one.{hall.hall}", "another wrong password")
        account = browser.account
    here, there = await hall.staff("GET", "history"), await other.staff("GET", "history")

    refused = [item for item in here.body["items"] if item["kind"] == "sign_in_refused"]
    assert [item["data"] for item in refused] == [{"account": account}]
    assert "wrong" not in str(here.body)
    assert "sign_in_refused" not in kinds(there)


async def test_what_belongs_to_no_hall_is_in_the_history_of_the_service(service: Service, clock: FakeClock) -> None:
    async with Browser(service.api.base) as admin, Checked(service.api.base) as hall:
        await admin.sign_in("no-one", "a wrong password")
        clock.advance(1)
        await admin.sign_in("admin", ADMIN)
        seen = await admin.call("GET", "/v1/history")
        first = await admin.call("GET", "/v1/history?limit=1")
        second = await admin.call("GET", f"/v1/history?limit=1&cursor={first.body['next_cursor']}")
        before = await admin.call("GET", "/v1/history?on=2026-11-22")
        odd = [await admin.call("GET", f"/v1/history?{query}") for query in ("on=today", "on=9999-12-31", "cursor=x")]
        async with employed(hall, "manager") as manager:
            refused = await manager.call("GET", "/v1/history")

    assert [(item["kind"], item["actor"]) for item in seen.body["items"]] == [
        ("signed_in", "admin/local"),
        ("sign_in_refused", "anyone/local"),
    ]
    assert "wrong" not in str(seen.body)
    assert "no-one" not in str(seen.body)
    assert [*first.body["items"], *second.body["items"]] == seen.body["items"]
    assert before.body == {"items": [], "next_cursor": None, "seq": None}
    assert [reply.code for reply in odd] == ["body-invalid"] * 3
    assert refused.code == "forbidden"


async def test_what_was_noted_is_kept_for_400_days(service: Service, clock: FakeClock) -> None:
    async def known() -> list[str]:
        token = {"Authorization": f"Bearer {ADMIN}"}
        reply = await service.api.call("GET", f"/v1/history?on={NOON_AT:%Y-%m-%d}", headers=token)
        return kinds(reply)

    async with Browser(service.api.base) as browser:
        await browser.sign_in("admin", ADMIN)
    clock.advance(400 * 86400)
    await service.running.identity.sweep()
    at_last = await known()
    clock.advance(1)
    await service.running.identity.sweep()

    assert (at_last, await known()) == (["signed_in"], [])


async def test_a_tickets_history_says_who(hall: Checked) -> None:
    ticket = await hall.take("enquiry")
    async with employed(hall, "staff", f"clerk.{hall.hall}") as clerk:
        await clerk.call("POST", "counters/1/open")
        await clerk.call("POST", "counters/1/next")
        seen = await clerk.call("GET", f"tickets/{ticket['id']}/history")

    assert [item["who"] for item in seen.body["items"]] == [None, f"Clerk.{hall.hall}".title()]


async def test_how_a_visit_ended_and_what_it_is_now_are_said_in_words(hall: Checked) -> None:
    served, gone = await hall.take("enquiry"), await hall.take("enquiry")
    await hall.staff("PATCH", f"tickets/{gone['id']}", {"class": "green", "reason": "elderly"})
    await hall.staff("DELETE", f"tickets/{gone['id']}")
    await hall.open("1")
    finish = {"outcome": "conditional", "missing": ["photocopy"]}
    await hall.staff("POST", "counters/1/next")
    await hall.staff("POST", f"tickets/{served['id']}/finish", finish)

    said = {item["kind"]: item["words"] for item in (await hall.staff("GET", "history")).body["items"]}

    assert said["ticket_reclassed"] == {"zh-CN": "改为绿色通道（elderly）", "en": "Now green channel (elderly)"}
    assert said["ticket_left"] == {"zh-CN": "自行离开", "en": "Left"}
    assert said["ticket_finished"] == {"zh-CN": "容缺受理", "en": "Accepted with papers missing"}


def test_every_kind_of_note_has_words_in_both_languages() -> None:
    assert all({"zh-CN", "en"} <= set(words) for words in NOTE_WORDS.values())
    assert not set(NOTE_WORDS) & {str(kind.__struct_config__.tag) for kind in get_args(Event)}


@pytest.mark.parametrize(
    ("before", "after", "paths"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["a"]),
        ({"a": {"b": 1, "c": 1}}, {"a": {"b": 2, "c": 1}}, ["a.b"]),
        (
            {"s": [{"id": "x", "n": 1}, {"id": "y", "n": 1}]},
            {"s": [{"id": "y", "n": 2}, {"id": "x", "n": 1}]},
            ["s.y.n"],
        ),
        ({"s": [{"id": "x"}]}, {"s": [{"id": "x"}, {"id": "y"}]}, ["s.y"]),
        ({"s": [{"id": "x"}, {"id": "y"}]}, {"s": [{"id": "y"}, {"id": "x"}]}, ["s"]),
        ({"h": [1, 2]}, {"h": [1]}, ["h"]),
    ],
)
def test_changed_parts_are_named_by_their_ids(before: object, after: object, paths: list[str]) -> None:
    assert changed_paths(before, after) == paths
