"""Notices on the screens, and suspension: nothing is issued or called, and everything comes back alone."""

import pytest

from service.clock import FakeClock
from tests.api.checked import Checked, at
from tests.api.conftest import Founder
from tests.service import Service


async def test_a_notice_is_on_the_board_until_it_is_taken_away(hall: Checked) -> None:
    posted = await hall.staff("POST", "notices", {"text": {"en": "Lift out of order"}})
    listed = await hall.staff("GET", "notices")
    shown = (await hall.call("GET", "board")).body["notices"]
    removed = await hall.staff("DELETE", f"notices/{posted.body['id']}")
    again = await hall.staff("DELETE", f"notices/{posted.body['id']}")

    assert posted.status == 201
    assert posted.headers["Location"] == f"/v1/halls/{hall.hall}/notices/{posted.body['id']}"
    assert listed.body == {"items": [posted.body], "next_cursor": None, "seq": posted.body["seq"]}
    assert shown == [{"id": posted.body["id"], "text": {"en": "Lift out of order"}}]
    assert (removed.status, removed.body) == (204, b"")
    assert (again.status, again.code) == (404, "notice-not-found")
    assert (await hall.call("GET", "board")).body["notices"] == []


async def test_a_text_in_one_language_counts_for_all(hall: Checked) -> None:
    posted = await hall.staff("POST", "notices", {"text": "12:00"})

    assert posted.body["text"] == {"zh-CN": "12:00", "en": "12:00"}


async def test_a_notice_of_a_zone_is_on_the_boards_of_that_zone(found: Founder) -> None:
    hall = await found(zones=[{"id": "main"}, {"id": "upstairs"}])

    await hall.staff("POST", "notices", {"text": "x", "zones": ["upstairs"]})

    assert len((await hall.call("GET", "board?zone=upstairs")).body["notices"]) == 1
    assert (await hall.call("GET", "board?zone=main")).body["notices"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": {}},
        {"text": {"en": ""}},
        {"text": " \n"},
        {"text": {"en": "  "}},
        {"text": {"?": "x"}},
        {"text": "x" * 501},
        {"text": "x", "zones": ["attic"]},
        {"text": "x", "until_at": "2026-11-23T05:00:00Z"},
    ],
)
async def test_a_notice_that_says_nothing_sensible_is_refused(hall: Checked, body: dict[str, object]) -> None:
    reply = await hall.staff("POST", "notices", body)

    assert (reply.status, reply.code) == (422, "body-invalid")


async def test_while_suspended_nothing_is_issued_or_called_or_recalled(hall: Checked) -> None:
    called = await hall.called()
    await hall.open("2")

    begun = await hall.staff("PUT", "suspension", {"text": {"en": "Fire alarm"}})
    replies = [
        await hall.call("POST", "tickets", {"service": "enquiry"}),
        await hall.staff("POST", "counters/2/next"),
        await hall.act(called, "recall"),
    ]
    board = (await hall.call("GET", "board")).body
    seen = (await hall.call("GET", f"/v1/halls/{hall.hall}")).body

    assert begun.status == 200
    assert begun.body["text"] == {"en": "Fire alarm"}
    assert (begun.body["since_at"], begun.body["until_at"]) == ("2026-11-23T02:00:00.000Z", None)
    for reply in replies:
        assert (reply.status, reply.code, reply.body["text"]) == (409, "hall-suspended", {"en": "Fire alarm"})
    assert board["suspended"]["text"] == {"en": "Fire alarm"}
    assert seen["suspended"] is True


async def test_a_lifted_suspension_lets_everything_go_on(hall: Checked) -> None:
    await hall.staff("PUT", "suspension", {"text": "x"})

    lifted = await hall.staff("DELETE", "suspension")
    again = await hall.staff("DELETE", "suspension")

    assert lifted.body | {"seq": 0} == {"text": None, "since_at": None, "until_at": None, "seq": 0}
    assert again.body == lifted.body
    assert (await hall.take("enquiry"))["number"] == "B001"


async def test_a_suspension_ends_by_itself_at_its_time(hall: Checked, now: FakeClock) -> None:
    begun = await hall.staff("PUT", "suspension", {"text": "x", "until_at": "2026-11-23T11:00:00+08:00"})
    now.put(at("10:59:59"))
    before = await hall.call("POST", "tickets", {"service": "enquiry"})
    now.put(at("11:00"))
    after = await hall.call("POST", "tickets", {"service": "enquiry"})

    assert begun.body["until_at"] == "2026-11-23T03:00:00.000Z"
    assert before.code == "hall-suspended"
    assert after.status == 201
    assert (await hall.call("GET", "board")).body["suspended"] is None


@pytest.mark.parametrize(
    "until_at",
    [
        "2026-11-23T09:59:00+08:00",
        "2026-11-23T11:00:00",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "tomorrow",
        1,
    ],
)
async def test_a_suspension_until_a_time_that_cannot_be_is_refused(hall: Checked, until_at: object) -> None:
    reply = await hall.staff("PUT", "suspension", {"text": "x", "until_at": until_at})

    assert (reply.status, reply.code, reply.body["errors"][0]["path"]) == (422, "body-invalid", "until_at")
    assert (await hall.call("GET", "board")).body["suspended"] is None


async def test_the_pass_over_halls_writes_the_end_of_a_suspension_once(
    service: Service, own: Checked, clock: FakeClock
) -> None:
    await own.staff("PUT", "suspension", {"text": "x", "until_at": "2026-11-23T03:00:00Z"})
    clock.advance(3600)

    await service.running.jobs.sweep_halls()
    after_one = await own.seq()
    await service.running.jobs.sweep_halls()

    assert after_one == 3
    assert await own.seq() == after_one


async def test_the_pass_over_halls_recalls_and_passes_over_by_a_clock_that_stands_still_while_suspended(
    house: Service, found: Founder, now: FakeClock
) -> None:
    hall = await found(rules={"auto_no_show": True})
    ticket = await hall.called()

    async def after(seconds: int) -> tuple[str, int]:
        now.advance(seconds)
        await house.running.jobs.sweep_halls()
        await house.running.jobs.sweep_halls()
        seen = await hall.seen(ticket)
        return seen["state"], seen["calls"]

    assert await after(59) == ("called", 1)
    assert await after(1) == ("called", 2)
    await hall.staff("PUT", "suspension", {"text": "x"})
    assert await after(600) == ("called", 2)
    await hall.staff("DELETE", "suspension")
    assert await after(60) == ("called", 3)
    assert await after(60) == ("called", 4)
    assert await after(60) == ("no_show", 4)


# Overnight.


async def listed(hall: Checked) -> bool:
    """Whether the list of halls says that the hall is suspended."""
    cursor = ""
    while True:
        page = (await hall.call("GET", f"/v1/halls?limit=200{cursor}")).body
        for one in page["items"]:
            if one["id"] == hall.hall:
                return bool(one["suspended"])
        assert page["next_cursor"] is not None, "the hall is listed"
        cursor = f"&cursor={page['next_cursor']}"


async def test_a_suspension_and_a_notice_are_in_force_on_the_next_day_before_anybody_asks_for_anything(
    house: Service, hall: Checked, now: FakeClock
) -> None:
    posted = await hall.staff("POST", "notices", {"text": "Lift out of order"})
    await hall.staff("PUT", "suspension", {"text": {"en": "Fire alarm"}})
    now.put(at("00:06", 24))
    await house.running.jobs.end_days()

    before_it_began = await listed(hall)
    board = (await hall.call("GET", "board")).body
    now.put(at("10:00", 24))
    refused = await hall.call("POST", "tickets", {"service": "enquiry"})
    notices = (await hall.staff("GET", "notices")).body["items"]
    history = (await hall.staff("GET", "history")).body["items"]
    lifted = await hall.staff("DELETE", "suspension")

    assert before_it_began
    assert (board["day"], board["suspended"]["text"]) == ("2026-11-24", {"en": "Fire alarm"})
    assert [one["id"] for one in board["notices"]] == [one["id"] for one in notices] == [posted.body["id"]]
    assert (refused.status, refused.code) == (409, "hall-suspended")
    went_on = {one["kind"]: one["actor"] for one in history if one["kind"] in {"suspension_began", "notice_posted"}}
    assert went_on == {"suspension_began": "system", "notice_posted": "system"}
    assert lifted.status == 200
    await hall.take("enquiry")


async def test_a_suspension_until_tomorrow_ends_by_itself_tomorrow(
    house: Service, hall: Checked, now: FakeClock
) -> None:
    until_at = "2026-11-24T06:00:00.000Z"
    assert (await hall.staff("PUT", "suspension", {"text": "x", "until_at": until_at})).status == 200
    now.put(at("00:00:02", 24))
    assert (await hall.call("GET", "board")).body["suspended"]["until_at"] == until_at
    now.put(at("13:59:59", 24))
    assert (await hall.call("POST", "tickets", {"service": "enquiry"})).code == "hall-suspended"
    now.put(at("14:00", 24))

    await house.running.jobs.sweep_halls()

    assert not await listed(hall)
    await hall.take("enquiry")
