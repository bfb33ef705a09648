"""Counters: opened, paused, closed; who is next there and why; and the queue they serve."""

import asyncio

import pytest

from service.clock import FakeClock
from tests.api.checked import Checked, at, demo


async def test_a_counter_opens_for_what_it_is_planned_for(hall: Checked) -> None:
    closed = (await hall.staff("GET", "counters/P1")).body

    opened = (await hall.staff("POST", "counters/P1/open")).body

    assert closed == {
        "id": "P1",
        "state": "closed",
        "stage": "precheck",
        "services": ["loan-first"],
        "zone": "main",
        "ticket": None,
        "staff": None,
        "since_at": None,
        "reason": None,
        "until_at": None,
        "next": None,
        "seq": 1,
    }
    assert closed.pop("next") is None
    changes = {"state": "open", "staff": None, "since_at": "2026-11-23T02:00:00.000Z", "seq": 2}
    assert opened == closed | changes
    assert list(opened) == list(closed)


async def test_a_counter_says_who_would_be_next_and_why_without_calling_them(hall: Checked) -> None:
    closed = (await hall.staff("GET", "counters/1")).body["next"]
    await hall.open("1")
    nobody = (await hall.staff("GET", "counters/1")).body["next"]
    await hall.take("enquiry")
    late = await hall.take("enquiry")
    await hall.staff("PATCH", f"tickets/{late['id']}", {"class": "green", "reason": "urgent"})
    before = await hall.seq()

    seen = (await hall.staff("GET", "counters/1")).body

    assert (closed, nobody) == (None, None)
    assert seen["next"]["id"] == late["id"]
    assert seen["next"]["reason"]["rule"] == "credit"
    assert (seen["next"]["reason"]["class"], seen["next"]["reason"]["ahead_of"]) == ("green", 1)
    assert await hall.seq() == before
    called = await hall.next("1")
    assert called is not None
    assert called["id"] == late["id"]
    assert called["reason"] == seen["next"]["reason"]


async def test_what_counters_work_with_follows_the_document_and_names_what_has_left_it(hall: Checked) -> None:
    await hall.take("enquiry")
    asked = {"id": "income-proof", "name": {"zh-CN": "家庭收入证明", "en": "Proof of income"}}
    document = demo()
    services = {service["id"]: service for service in document["services"]}
    services["loan-first"]["papers"] = [asked]
    document["services"] = [services["loan-first"], services["loan-renewal"]]
    for counter in document["counters"]:
        counter["services"] = ["loan-first"]
    changed = await hall.staff("PUT", "document", document, headers={"If-Match": '"1"'})
    assert changed.status == 200, changed.body

    seen = {service["id"]: service for service in (await hall.staff("GET", "desk")).body["services"]}

    assert seen["loan-first"]["papers"] == [asked]
    assert (seen["loan-first"]["offered"], seen["loan-first"]["online_url"]) == (True, None)
    assert seen["loan-renewal"]["online_url"] == services["loan-renewal"]["online_url"]
    assert (seen["enquiry"]["offered"], seen["enquiry"]["name"]) == (False, services["enquiry"]["name"])


async def test_nobody_is_next_while_the_hall_is_suspended_or_closed(hall: Checked) -> None:
    await hall.open("1")
    await hall.take("enquiry")

    await hall.staff("PUT", "suspension", {"text": "x"})
    assert (await hall.staff("GET", "counters/1")).body["next"] is None
    await hall.staff("DELETE", "suspension")
    assert (await hall.staff("GET", "counters/1")).body["next"] is not None


async def test_staff_see_why_a_ticket_was_called_and_its_owner_does_not(hall: Checked) -> None:
    await hall.open("1")
    ticket = await hall.take("enquiry")
    waiting = await hall.seen(ticket)
    await hall.staff("POST", "counters/1/call", {"ticket": ticket["id"], "reason": "elderly"})

    called = await hall.seen(ticket)
    own = (await hall.call("GET", f"tickets/{ticket['id']}", token=ticket["token"])).body
    queue = (await hall.staff("GET", "queue")).body

    assert waiting["reason"] is None
    assert (called["reason"]["rule"], called["reason"]["code"]) == ("chosen", "elderly")
    assert queue["called"][0]["reason"] == called["reason"]
    assert "reason" not in own
    assert "reason" not in ticket
    put_back = await hall.done(ticket, "transfer", {})
    assert put_back["reason"] is None


async def test_a_break_says_why_and_until_when(hall: Checked) -> None:
    await hall.open("1")
    until_at = "2026-11-23T05:30:00.000Z"

    paused = (await hall.staff("POST", "counters/1/pause", {"reason": "lunch", "until_at": until_at})).body

    assert (paused["reason"], paused["until_at"]) == ("lunch", until_at)
    assert (await hall.staff("GET", "counters/1")).body == paused | {"next": None}
    await hall.open("1")
    assert (await hall.staff("GET", "counters/1")).body["until_at"] is None


async def test_a_counter_opened_for_one_service_calls_no_other(hall: Checked) -> None:
    await hall.take("loan-first")
    enquiry = await hall.take("enquiry")

    opened = await hall.staff("POST", "counters/1/open", {"services": ["enquiry"], "stage": "window"})
    called = await hall.next("1")
    nobody = await hall.next("1", "done")

    assert opened.body["services"] == ["enquiry"]
    assert called is not None
    assert called["id"] == enquiry["id"]
    assert nobody is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"services": ["no-such"]}, "service-not-found"),
        ({"services": []}, "body-invalid"),
        ({"stage": "no-such"}, "body-invalid"),
    ],
)
async def test_a_counter_does_not_open_for_what_the_hall_does_not_have(
    hall: Checked, body: dict[str, object], code: str
) -> None:
    reply = await hall.staff("POST", "counters/1/open", body)

    assert reply.code == code
    assert (await hall.staff("GET", "counters/1")).body["state"] == "closed"


async def test_counters_keep_to_their_states(hall: Checked) -> None:
    async def refused(verb: str) -> str:
        reply = await hall.staff("POST", f"counters/1/{verb}")
        assert (reply.status, reply.code) == (409, "wrong-state"), verb
        state: str = reply.body["state"]
        return state

    assert await refused("pause") == "closed"
    assert await refused("close") == "closed"
    await hall.open("1")
    assert await refused("open") == "open"
    pause = {"reason": "lunch", "until_at": "2026-11-23T13:00:00+08:00"}
    assert (await hall.staff("POST", "counters/1/pause", pause)).body["state"] == "paused"
    assert await refused("pause") == "paused"
    await hall.open("1")
    await hall.staff("POST", "counters/1/pause", {})
    assert (await hall.staff("POST", "counters/1/close")).body["state"] == "closed"


@pytest.mark.parametrize(
    "body",
    [
        {"reason": "no-such-reason"},
        {"until_at": "2026-11-23T13:00:00"},
        {"until_at": "9999-12-31T23:59:59-14:00"},
        {"release": "yes"},
    ],
)
async def test_a_pause_that_cannot_be_is_refused(hall: Checked, body: dict[str, object]) -> None:
    await hall.open("1")

    reply = await hall.staff("POST", "counters/1/pause", body)

    assert (reply.status, reply.code) == (422, "body-invalid")


@pytest.mark.parametrize(("verb", "state"), [("pause", "paused"), ("close", "closed")])
async def test_with_a_person_there_a_counter_stops_only_by_release(hall: Checked, verb: str, state: str) -> None:
    ticket = await hall.called()

    refused = await hall.staff("POST", f"counters/1/{verb}")
    released = await hall.staff("POST", f"counters/1/{verb}", {"release": True})

    assert (refused.status, refused.code, refused.body["ticket"]) == (409, "counter-busy", ticket["id"])
    assert (released.body["state"], released.body["ticket"]) == (state, None)
    assert (await hall.seen(ticket))["state"] == "waiting"


@pytest.mark.parametrize(("verb", "state"), [("pause", "paused"), ("close", "closed")])
async def test_a_counter_that_stops_puts_back_the_one_it_names_and_nobody_else(
    hall: Checked, verb: str, state: str
) -> None:
    first = await hall.called()
    second = await hall.take("enquiry")
    await hall.next("1", "done")
    before = await hall.seq()

    behind = await hall.staff("POST", f"counters/1/{verb}", {"release": True, "present": first["id"]})
    unsaid = await hall.staff("POST", f"counters/1/{verb}", {"present": second["id"]})
    seq = await hall.seq()
    released = await hall.staff("POST", f"counters/1/{verb}", {"release": True, "present": second["id"].upper()})

    assert (behind.status, behind.code, behind.body["ticket"]) == (409, "counter-busy", second["id"])
    assert (unsaid.code, unsaid.body["ticket"]) == ("counter-busy", second["id"])
    assert seq == before
    assert (released.body["state"], released.body["ticket"]) == (state, None)
    assert (await hall.seen(second))["state"] == "waiting"


@pytest.mark.parametrize("verb", ["pause", "close"])
async def test_a_counter_stops_for_nobody_but_the_one_it_names(hall: Checked, verb: str) -> None:
    ticket = await hall.called()
    await hall.done(ticket, "finish", {"outcome": "done"})

    reply = await hall.staff("POST", f"counters/1/{verb}", {"release": True, "present": ticket["id"]})

    assert (reply.status, reply.code, reply.body["state"]) == (409, "wrong-state", "open")
    assert (await hall.staff("GET", "counters/1")).body["state"] == "open"


async def test_next_says_who_and_why(hall: Checked, now: FakeClock) -> None:
    await hall.open("1")
    first = await hall.take("enquiry")
    now.advance(60)
    await hall.take("loan-first")
    now.advance(60)

    reply = await hall.staff("POST", "counters/1/next")

    assert reply.status == 200
    assert list(reply.body) == ["ticket", "reason", "seq"]
    assert (reply.body["ticket"]["id"], reply.body["ticket"]["state"]) == (first["id"], "called")
    assert reply.body["reason"] == {
        "rule": "credit",
        "class": "walk_in",
        "queue_at": "2026-11-23T02:00:00.000Z",
        "credit_s": 0,
        "ahead_of": 1,
        "code": None,
    }


async def test_next_with_nobody_there_is_empty(hall: Checked) -> None:
    await hall.open("1")

    reply = await hall.staff("POST", "counters/1/next")

    assert (reply.status, reply.body) == (204, b"")


async def test_next_that_finished_somebody_and_found_nobody_says_so(hall: Checked) -> None:
    ticket = await hall.called()

    reply = await hall.staff("POST", "counters/1/next", {"finish": {"outcome": "done"}})

    assert reply.status == 200
    assert (reply.body["ticket"], reply.body["reason"]) == (None, None)
    assert (await hall.seen(ticket))["state"] == "done"


async def test_next_ends_the_visit_of_the_one_it_names_and_of_nobody_else(hall: Checked) -> None:
    first = await hall.called("enquiry", "1")
    second, third = await hall.take("enquiry"), await hall.take("enquiry")
    finish = {"finish": {"outcome": "done", "ticket": first["id"].upper()}}

    called = await hall.staff("POST", "counters/1/next", finish)
    behind = await hall.staff("POST", "counters/1/next", finish)

    assert called.body["ticket"]["id"] == second["id"]
    assert (behind.status, behind.code, behind.body["ticket"]) == (409, "counter-busy", second["id"])
    assert (await hall.seen(second))["state"] == "called"
    assert (await hall.seen(third))["state"] == "waiting"


async def test_next_with_a_finish_and_nobody_to_finish_just_calls(hall: Checked) -> None:
    await hall.open("1")
    ticket = await hall.take("enquiry")

    called = await hall.next("1", "done")
    nobody = await hall.staff("POST", "counters/2/next", {"finish": {"outcome": "done"}})

    assert called is not None
    assert called["id"] == ticket["id"]
    assert nobody.code == "counter-closed"


async def test_next_needs_an_open_and_free_counter(hall: Checked) -> None:
    closed = await hall.staff("POST", "counters/1/next")
    ticket = await hall.called()
    busy = await hall.staff("POST", "counters/1/next")

    assert (closed.status, closed.code) == (409, "counter-closed")
    assert (busy.status, busy.code, busy.body["ticket"]) == (409, "counter-busy", ticket["id"])


async def test_the_longest_waiting_is_next_whatever_the_service(hall: Checked, now: FakeClock) -> None:
    await hall.open("1")
    taken = []
    for service in ("enquiry", "loan-first", "enquiry", "loan-first"):
        taken.append((await hall.take(service))["id"])
        now.advance(1)

    called = [await hall.next("1", "done") for _ in taken]

    assert [ticket and ticket["id"] for ticket in called] == taken


async def test_a_chosen_ticket_is_called_out_of_order_with_a_reason_code(hall: Checked) -> None:
    await hall.open("1")
    await hall.take("enquiry")
    chosen = await hall.take("enquiry")

    reply = await hall.staff("POST", "counters/1/call", {"ticket": chosen["id"].upper(), "reason": "elderly"})

    assert (reply.body["ticket"]["id"], reply.body["ticket"]["counter"]) == (chosen["id"], "1")
    assert (reply.body["reason"]["rule"], reply.body["reason"]["code"]) == ("chosen", "elderly")


async def test_only_who_waits_can_be_chosen(hall: Checked) -> None:
    ticket = await hall.called()
    await hall.open("2")

    called = await hall.staff("POST", "counters/2/call", {"ticket": ticket["id"], "reason": "other"})
    no_reason = await hall.staff("POST", "counters/2/call", {"ticket": ticket["id"], "reason": "no-such"})
    nobody = "0198c0de-0000-7000-8000-000000000000"
    not_there = await hall.staff("POST", "counters/2/call", {"ticket": nobody, "reason": "other"})

    assert (called.code, called.body["state"]) == ("wrong-state", "called")
    assert (no_reason.code, no_reason.body["errors"][0]["path"]) == ("body-invalid", "reason")
    assert (not_there.status, not_there.code) == (404, "ticket-not-found")


async def test_tickets_are_given_out_from_half_an_hour_before_opening_and_called_from_opening(
    hall: Checked, now: FakeClock
) -> None:
    opens_at = "2026-11-23T01:00:00.000Z"
    now.put(at("08:29:59"))
    before_doors = await hall.call("POST", "tickets", {"service": "enquiry"})
    now.put(at("08:30"))
    await hall.take("enquiry")
    await hall.open("1")
    now.put(at("08:59:59"))
    before_opening = await hall.staff("POST", "counters/1/next")
    now.put(at("09:00"))
    called = await hall.next("1")

    assert (before_doors.status, before_doors.code, before_doors.body["opens_at"]) == (409, "hall-closed", opens_at)
    assert (before_opening.code, before_opening.body["opens_at"]) == ("hall-closed", opens_at)
    assert called is not None


async def test_after_closing_who_waits_is_still_called_but_nobody_joins(hall: Checked, now: FakeClock) -> None:
    await hall.open("1")
    await hall.take("enquiry")
    now.put(at("17:30"))

    refused = await hall.call("POST", "tickets", {"service": "enquiry"})
    called = await hall.next("1")

    assert (refused.code, refused.body["opens_at"]) == ("hall-closed", "2026-11-24T01:00:00.000Z")
    assert called is not None


async def test_the_queue_shows_everybody_whose_visit_is_not_over(hall: Checked, now: FakeClock) -> None:
    await hall.open("1", "2")
    tickets = []
    for _ in range(6):
        tickets.append((await hall.take("enquiry"))["id"])
        now.advance(1)
    await hall.next("1")
    now.advance(1)
    await hall.next("2")
    await hall.staff("POST", f"tickets/{tickets[3]}/park")
    await hall.staff("DELETE", f"tickets/{tickets[4]}")
    await hall.staff("PATCH", f"tickets/{tickets[5]}", {"class": "green", "reason": "urgent"})

    queue = (await hall.staff("GET", "queue")).body

    assert {name: [ticket["id"] for ticket in queue[name]] for name in ("called", "waiting", "standby", "parked")} == {
        "called": [tickets[1], tickets[0]],
        "waiting": [tickets[5], tickets[2]],
        "standby": [],
        "parked": [tickets[3]],
    }
    assert [ticket["ahead"] for ticket in queue["waiting"]] == [0, 1]


@pytest.mark.parametrize("counter", ["6", "p1", "no-such", "a" * 17, "%00", "%2F", "1%0A", "一"])
async def test_a_counter_the_hall_does_not_have_is_not_found(hall: Checked, counter: str) -> None:
    shown = await hall.staff("GET", f"counters/{counter}")
    opened = await hall.staff("POST", f"counters/{counter}/open")

    assert (shown.status, shown.code) == (404, "counter-not-found")
    assert (opened.status, opened.code) == (404, "counter-not-found")


async def test_counters_that_ask_at_once_never_get_the_same_ticket(hall: Checked) -> None:
    counters = ["1", "2", "3", "4", "5"]
    await hall.open(*counters)
    taken = {(await hall.take("enquiry"))["id"] for _ in range(20)}

    called = []
    for _ in range(4):
        called += await asyncio.gather(*(hall.next(counter, "done") for counter in counters))

    ids = [ticket["id"] for ticket in called if ticket is not None]
    assert len(ids) == 20
    assert set(ids) == taken


async def test_tickets_taken_at_once_have_numbers_without_gap_or_repeat(hall: Checked) -> None:
    tickets = await asyncio.gather(*(hall.take("enquiry") for _ in range(60)))

    assert sorted(ticket["number"] for ticket in tickets) == [f"B{n:03d}" for n in range(1, 61)]
    assert sorted(ticket["seq"] for ticket in tickets) == list(range(2, 62))
