"""Volunteers over HTTP: staff's acts at counters of an optional stage, 403 elsewhere."""

import pytest

from service.api.access.roles import Role
from service.api.routes import ROUTES
from tests.api.checked import Checked
from tests.api.staff import device, employed

ACTS = ("recall", "start", "finish", "no-show", "park", "transfer", "papers", "undo", "resume")
BODIES = {"finish": {"outcome": "done"}, "papers": {"then": "park"}}


def test_every_act_of_a_volunteer_is_bound_to_optional_stages_but_the_alarm() -> None:
    changing = {route.path for route in ROUTES if Role.VOLUNTEER in route.roles and route.method != "GET"}
    bound = {route.path for route in ROUTES if route.at_optional}

    assert changing - bound == {"/v1/halls/{hall}/alarm"}
    assert bound <= changing


async def test_a_volunteer_alone_runs_the_precheck_from_opening_to_closing(hall: Checked) -> None:
    first, second = await hall.take("loan-first"), await hall.take("loan-first")
    async with employed(hall, "volunteer") as volunteer:

        async def does(path: str, body: object = None) -> dict[str, object]:
            reply = await volunteer.call("POST", path, body)
            assert reply.status == 200, (path, reply.body)
            return dict(reply.body)

        await does("counters/P1/open")
        called = await does("counters/P1/next")
        assert called["ticket"]["id"] == first["id"]  # type: ignore[index]  # JSON
        await does(f"tickets/{first['id']}/recall")
        await does(f"tickets/{first['id']}/no-show")
        await does(f"tickets/{first['id']}/undo")
        await does(f"tickets/{first['id']}/start")
        await does("counters/P1/next", {"finish": {"outcome": "conditional", "ticket": first["id"]}})
        back = await does(f"tickets/{first['id']}/undo", {"release": True})
        assert (back["state"], back["counter"]) == ("serving", "P1")
        await does(f"tickets/{first['id']}/park")
        await does(f"tickets/{first['id']}/resume")
        await does("counters/P1/next")
        await does(f"tickets/{first['id']}/transfer")
        await does("counters/P1/call", {"ticket": second["id"], "reason": "other"})
        on = await does(f"tickets/{second['id']}/papers", {"then": "advance"})
        assert (on["stage"], on["prechecked"]) == ("window", True)
        await does("counters/P1/pause", {"reason": "lunch"})
        await does("counters/P1/open")
        await does("counters/P1/close")


@pytest.mark.parametrize("act", ACTS)
async def test_a_volunteer_is_refused_what_is_at_a_window(hall: Checked, act: str) -> None:
    ticket = await hall.called("enquiry", "1")
    if act == "undo":
        await hall.done(ticket, "no-show")
    if act == "resume":
        await hall.done(ticket, "park")
    before = await hall.seen(ticket)

    async with employed(hall, "volunteer") as volunteer, employed(hall, "staff") as clerk:
        refused = await volunteer.call("POST", f"tickets/{ticket['id']}/{act}", BODIES.get(act))
        after = await hall.seen(ticket)
        done = await clerk.call("POST", f"tickets/{ticket['id']}/{act}", BODIES.get(act))

    assert (refused.status, refused.code) == (403, "forbidden")
    assert after == before
    assert done.status == 200, done.body


@pytest.mark.parametrize(
    ("act", "body"),
    [("open", {}), ("pause", {}), ("close", {}), ("next", {}), ("next", {"finish": {"outcome": "done"}})],
)
async def test_a_volunteer_is_refused_a_window(hall: Checked, act: str, body: dict[str, object]) -> None:
    if act != "open":
        await hall.open("1")
    before = (await hall.staff("GET", "counters/1")).body

    async with employed(hall, "volunteer") as volunteer:
        refused = await volunteer.call("POST", f"counters/1/{act}", body)

    assert (refused.status, refused.code) == (403, "forbidden")
    assert (await hall.staff("GET", "counters/1")).body == before


async def test_a_device_of_staff_is_no_volunteer(hall: Checked) -> None:
    token = await device(hall, "staff")

    opened = await hall.call("POST", "counters/1/open", {}, token=token)

    assert opened.status == 200, opened.body


async def test_a_volunteers_act_whose_answer_is_lost_is_done_once(hall: Checked) -> None:
    await hall.open("P1")
    await hall.take("loan-first")
    second = await hall.take("loan-first")
    async with employed(hall, "volunteer") as volunteer:
        replies = [await volunteer.call("POST", "counters/P1/next", {}, key="a-volunteer-calls") for _ in range(2)]

    assert replies[0].status == 200
    assert replies[0].body == replies[1].body
    assert (await hall.seen(second))["state"] == "waiting"
