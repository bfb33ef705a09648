"""Tickets: taken, watched, called, finished, moved about; as applicants and staff see it."""

from itertools import pairwise

import pytest

from service.clock import FakeClock
from tests.api.checked import Checked, at
from tests.api.conftest import Founder

FIELDS = """
    id code number day service stage class channel state admission count then counter calls ahead wait queue_at
    issued_at called_at started_at finished_at outcome missing due_on prechecked appointment token seq
""".split()  # noqa: SIM905  (CONTRACT 5, in its order)

NO_WAIT = {"p10_s": None, "p50_s": None, "p90_s": None, "as_of_at": None, "shown": None}


async def test_a_ticket_has_the_fields_of_the_contract_in_its_order(hall: Checked) -> None:
    reply = await hall.call("POST", "tickets", {"service": "loan-first"})

    ticket = reply.body
    assert reply.status == 201
    assert list(ticket) == FIELDS
    assert reply.headers["Location"] == f"/v1/halls/{hall.hall}/tickets/{ticket['id']}"
    assert ticket | {"id": "", "code": "", "token": "", "wait": {}} == {
        "id": "",
        "code": "",
        "number": "A001",
        "day": "2026-11-23",
        "service": "loan-first",
        "stage": "precheck",
        "class": "walk_in",
        "channel": "web",
        "state": "waiting",
        "admission": "admitted",
        "count": 1,
        "then": [],
        "counter": None,
        "calls": 0,
        "ahead": 0,
        "wait": {},
        "queue_at": "2026-11-23T02:00:00.000Z",
        "issued_at": "2026-11-23T02:00:00.000Z",
        "called_at": None,
        "started_at": None,
        "finished_at": None,
        "outcome": None,
        "missing": [],
        "due_on": None,
        "prechecked": False,
        "appointment": None,
        "token": "",
        "seq": 2,
    }
    assert len(ticket["code"]) == 8
    assert set(ticket["code"]) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


async def test_numbers_count_up_for_each_prefix(hall: Checked) -> None:
    numbers = [(await hall.take(service))["number"] for service in ("enquiry", "loan-first", "enquiry")]

    assert numbers == ["B001", "A001", "B002"]


async def test_the_token_is_there_for_its_owner_and_for_who_made_it_only(hall: Checked) -> None:
    ticket = await hall.take()
    path = f"tickets/{ticket['id']}"

    by_owner = (await hall.call("GET", path, token=ticket["token"])).body
    by_staff = (await hall.staff("GET", path)).body
    made_by_staff = (await hall.staff("POST", "tickets", {"service": "enquiry"})).body

    assert by_owner["token"] == ticket["token"]
    assert "token" not in by_staff
    assert "token" in made_by_staff


async def test_the_channel_is_what_was_said_or_that_of_the_role(hall: Checked) -> None:
    by_staff = (await hall.staff("POST", "tickets", {"service": "enquiry"})).body
    by_qr = await hall.take("enquiry", channel="qr")

    assert by_staff["channel"] == "staff"
    assert by_qr["channel"] == "qr"


@pytest.mark.parametrize("count", [0, 100, 5, -1, 1.5, "1", None])
async def test_a_count_the_service_does_not_take_is_refused(hall: Checked, count: object) -> None:
    reply = await hall.call("POST", "tickets", {"service": "loan-first", "count": count})

    assert reply.status == 422
    assert [error["path"] for error in reply.body["errors"]] == ["count"]


async def test_ahead_counts_those_whose_service_shares_a_counter(hall: Checked) -> None:
    await hall.take("enquiry")
    await hall.take("loan-first")

    last = await hall.take("enquiry")

    assert last["ahead"] == 2
    assert last["wait"]["p10_s"] <= last["wait"]["p50_s"] <= last["wait"]["p90_s"]


async def test_the_wait_is_all_null_where_no_counter_is_planned(found: Founder) -> None:
    hall = await found(counters=[])

    seen = (await hall.call("GET", f"/v1/halls/{hall.hall}")).body
    ticket = await hall.take()

    assert [service["wait"] for service in seen["services"]] == [NO_WAIT] * len(seen["services"])
    assert ticket["wait"] == NO_WAIT
    assert (await hall.seen(ticket))["wait"] == NO_WAIT


async def test_a_ticket_id_may_be_written_in_capitals(hall: Checked) -> None:
    ticket = await hall.called()

    seen = await hall.staff("GET", f"tickets/{ticket['id'].upper()}")
    started = await hall.staff("POST", f"tickets/{ticket['id'].upper()}/start")

    assert seen.body["id"] == ticket["id"]
    assert started.body["id"] == ticket["id"]


async def test_who_waits_may_leave_once(hall: Checked) -> None:
    ticket = await hall.take()
    path = f"tickets/{ticket['id']}"

    left = await hall.call("DELETE", path, token=ticket["token"])
    again = await hall.call("DELETE", path, token=ticket["token"])

    assert left.body["state"] == "left"
    assert left.body["ahead"] is None
    assert left.body["wait"] == NO_WAIT
    assert (again.status, again.code, again.body["state"]) == (409, "wrong-state", "left")


async def test_who_was_called_cannot_leave(hall: Checked) -> None:
    ticket = await hall.called()

    reply = await hall.staff("DELETE", f"tickets/{ticket['id']}")

    assert (reply.code, reply.body["state"]) == ("wrong-state", "called")


async def test_a_visit_goes_through_its_stages_with_one_number_and_one_queue_time(
    hall: Checked, now: FakeClock
) -> None:
    await hall.open("1", "P1")
    taken = await hall.take("loan-first")
    now.advance(60)
    assert await hall.next("1") is None

    at_precheck = await hall.next("P1")
    assert at_precheck is not None
    now.advance(60)
    started = await hall.done(at_precheck, "start")
    now.advance(60)
    moved = await hall.done(at_precheck, "finish", {"outcome": "done"})
    at_window = await hall.next("1")
    assert at_window is not None
    over = await hall.done(at_window, "finish", {"outcome": "done"})

    assert (at_precheck["state"], at_precheck["counter"], at_precheck["calls"]) == ("called", "P1", 1)
    assert at_precheck["called_at"] == "2026-11-23T02:01:00.000Z"
    assert (started["state"], started["started_at"]) == ("serving", "2026-11-23T02:02:00.000Z")
    assert (moved["state"], moved["stage"], moved["prechecked"], moved["counter"]) == ("waiting", "window", True, None)
    assert (moved["number"], moved["queue_at"]) == (taken["number"], taken["queue_at"])
    assert (over["state"], over["outcome"], over["finished_at"]) == ("done", "done", "2026-11-23T02:03:00.000Z")


async def test_an_optional_stage_with_no_open_counter_is_skipped(hall: Checked) -> None:
    await hall.take("loan-first")
    await hall.open("1")

    called = await hall.next("1")

    assert called is not None
    assert called["stage"] == "window"


async def test_services_of_one_visit_follow_each_other(hall: Checked) -> None:
    await hall.open("1")
    taken = await hall.take("enquiry", then=["loan-first"])
    called = await hall.next("1")
    assert called is not None

    moved = await hall.done(called, "finish", {"outcome": "done"})

    assert (moved["service"], moved["then"], moved["number"]) == ("loan-first", [], taken["number"])
    assert moved["state"] == "waiting"


async def test_a_recall_counts(hall: Checked) -> None:
    ticket = await hall.called()

    recalled = await hall.done(ticket, "recall")

    assert recalled["calls"] == 2
    assert recalled["called_at"] == ticket["called_at"]


async def test_a_conditional_finish_says_what_is_missing_and_until_when(hall: Checked) -> None:
    ticket = await hall.called("loan-first")

    finished = await hall.done(
        ticket, "finish", {"outcome": "conditional", "missing": ["signature", "id-card"], "due_on": "2026-12-01"}
    )

    assert (finished["state"], finished["outcome"]) == ("done", "conditional")
    assert (finished["missing"], finished["due_on"]) == (["signature", "id-card"], "2026-12-01")


async def test_a_conditional_finish_without_a_date_is_due_in_fourteen_days(hall: Checked) -> None:
    ticket = await hall.called()

    finished = await hall.done(ticket, "finish", {"outcome": "conditional"})

    assert finished["due_on"] == "2026-12-07"


@pytest.mark.parametrize(
    ("finish", "path"),
    [
        ({"outcome": "done", "missing": ["signature"]}, "outcome"),
        ({"outcome": "referred", "due_on": "2026-12-01"}, "outcome"),
        ({"outcome": "conditional", "missing": ["no-such-paper"]}, "missing"),
        ({"outcome": "conditional", "due_on": "2026-11-22"}, "due_on"),
        ({"outcome": "lost"}, "outcome"),
        ({}, ""),
    ],
)
async def test_a_finish_that_cannot_be_is_refused(hall: Checked, finish: dict[str, object], path: str) -> None:
    ticket = await hall.called()

    reply = await hall.act(ticket, "finish", finish)

    assert (reply.status, reply.code) == (422, "body-invalid")
    assert reply.body["errors"][0]["path"] == path
    assert (await hall.seen(ticket))["state"] == "called"


async def test_who_did_not_come_may_return_once_within_thirty_minutes(hall: Checked, now: FakeClock) -> None:
    ticket = await hall.called()
    await hall.done(ticket, "no-show")
    now.advance(30 * 60)

    back = await hall.done(ticket, "resume")
    assert await hall.next("1") is not None
    await hall.done(ticket, "no-show")
    again = await hall.act(ticket, "resume")

    assert (back["state"], back["queue_at"]) == ("waiting", "2026-11-23T02:20:00.000Z")
    assert (again.code, again.body["state"]) == ("wrong-state", "no_show")


async def test_who_did_not_come_cannot_return_after_thirty_minutes(hall: Checked, now: FakeClock) -> None:
    ticket = await hall.called()
    await hall.done(ticket, "no-show")
    now.advance(30 * 60 + 1)

    reply = await hall.act(ticket, "resume")

    assert (reply.code, reply.body["state"]) == ("wrong-state", "no_show")


async def test_who_was_parked_returns_at_most_ten_minutes_ahead_of_the_return(hall: Checked, now: FakeClock) -> None:
    soon, late = await hall.take("enquiry"), await hall.take("enquiry")
    await hall.done(soon, "park", {"reason": "paper-missing"})
    await hall.done(late, "park")
    now.advance(5 * 60)
    soon_back = await hall.done(soon, "resume")
    now.advance(60 * 60)
    late_back = await hall.done(late, "resume")

    assert soon_back["queue_at"] == soon["queue_at"]
    assert late_back["queue_at"] == "2026-11-23T02:55:00.000Z"


@pytest.mark.parametrize(
    ("verb", "body", "back"), [("finish", {"outcome": "done"}, "serving"), ("no-show", None, "called")]
)
async def test_an_end_can_be_taken_back_for_thirty_seconds(
    hall: Checked, now: FakeClock, verb: str, body: dict[str, str] | None, back: str
) -> None:
    ticket = await hall.called()
    await hall.done(ticket, verb, body)
    now.advance(30)

    undone = await hall.done(ticket, "undo")
    await hall.done(ticket, verb, body)
    now.advance(31)
    too_late = await hall.act(ticket, "undo")

    assert (undone["state"], undone["counter"], undone["outcome"]) == (back, "1", None)
    assert too_late.code == "wrong-state"


async def test_an_end_is_not_taken_back_when_the_counter_has_somebody_else(hall: Checked) -> None:
    ticket = await hall.called()
    await hall.take("enquiry")
    following = await hall.next("1", "done")
    assert following is not None

    reply = await hall.act(ticket, "undo")

    assert (reply.code, reply.body["ticket"]) == ("counter-busy", following["id"])


async def test_an_end_is_taken_back_and_who_was_called_meanwhile_goes_back_in_one_command(hall: Checked) -> None:
    ticket = await hall.called()
    await hall.take("enquiry")
    meanwhile = await hall.next("1", "done")
    assert meanwhile is not None
    before = await hall.seq()

    first = await hall.act(ticket, "undo", {"release": True}, key="taken-back-once")
    again = await hall.act(ticket, "undo", {"release": True}, key="taken-back-once")

    assert first.status == 200, first.body
    assert first.body == again.body
    assert (first.body["state"], first.body["counter"]) == ("serving", "1")
    back = await hall.seen(meanwhile)
    assert (back["state"], back["counter"], back["queue_at"]) == ("waiting", None, meanwhile["queue_at"])
    assert await hall.seq() == before + 2
    assert (await hall.staff("GET", "counters/1")).body["ticket"] == ticket["id"]


async def test_an_end_that_is_taken_back_puts_back_the_one_it_names_and_nobody_else(hall: Checked) -> None:
    ticket = await hall.called()
    for _ in range(2):
        await hall.take("enquiry")
    second = await hall.next("1", "done")
    third = await hall.next("1", "done")
    assert second is not None
    assert third is not None

    behind = await hall.act(ticket, "undo", {"release": True, "present": second["id"]})
    still = (await hall.seen(third))["state"]
    undone = await hall.done(ticket, "undo", {"release": True, "present": third["id"].upper()})

    assert (behind.status, behind.code, behind.body["ticket"]) == (409, "counter-busy", third["id"])
    assert still == "called"
    assert (undone["state"], undone["counter"]) == ("serving", "1")
    assert (await hall.seen(third))["state"] == "waiting"


async def test_an_end_is_taken_back_though_the_one_it_names_has_gone_already(hall: Checked) -> None:
    ticket = await hall.called()
    await hall.take("enquiry")
    following = await hall.next("1", "done")
    assert following is not None
    await hall.done(following, "park")

    undone = await hall.done(ticket, "undo", {"release": True, "present": following["id"]})

    assert undone["counter"] == "1"
    assert (await hall.seen(following))["state"] == "parked"


async def test_a_transfer_that_says_nothing_puts_back_to_the_old_place(hall: Checked) -> None:
    ticket = await hall.called()
    await hall.take("enquiry")

    back = await hall.done(ticket, "transfer", {})

    assert (back["state"], back["ahead"], back["counter"]) == ("waiting", 0, None)
    assert back["queue_at"] == ticket["queue_at"]


async def test_a_transfer_sends_to_a_service_and_a_counter(hall: Checked) -> None:
    await hall.open("2", "3")
    ticket = await hall.called("enquiry")

    moved = await hall.done(ticket, "transfer", {"service": "loan-first", "counter": "2"})
    at_another = await hall.next("3")
    at_the_one = await hall.next("2")

    assert (moved["service"], moved["stage"], moved["state"]) == ("loan-first", "window", "waiting")
    assert at_another is None
    assert at_the_one is not None
    assert at_the_one["id"] == ticket["id"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"service": "no-such"}, "service-not-found"),
        ({"counter": "99"}, "counter-not-found"),
        ({"stage": "precheck"}, "body-invalid"),
        ({"counter": "P1"}, "body-invalid"),
        ({"service": "loan-renewal"}, "online-only"),
    ],
)
async def test_a_transfer_to_where_nobody_can_go_is_refused(hall: Checked, body: dict[str, str], code: str) -> None:
    ticket = await hall.called()

    reply = await hall.act(ticket, "transfer", body)

    assert reply.code == code
    assert (await hall.seen(ticket))["state"] == "called"


async def test_a_green_ticket_counts_as_come_ninety_minutes_earlier(hall: Checked) -> None:
    first, second = await hall.take("enquiry"), await hall.take("enquiry")

    green = await hall.staff("PATCH", f"tickets/{second['id']}", {"class": "green", "reason": "urgent"})

    assert (green.body["class"], green.body["ahead"]) == ("green", 0)
    assert green.body["queue_at"] == "2026-11-23T00:30:00.000Z"
    assert (await hall.seen(first))["ahead"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {"class": "green"},
        {"class": "green", "reason": "no-such-reason"},
        {"class": "returning", "reason": "urgent"},
        {"class": "first", "reason": "urgent"},
        {"not_before_at": "2026-11-23T11:00:00"},
        {"not_before_at": "2026-11-24T00:00:00+08:00"},
        {"not_before_at": "9999-12-31T23:59:59-14:00"},
        {"not_before_at": "0001-01-01T00:00:00+14:00"},
        {"state": "done"},
    ],
)
async def test_a_change_that_cannot_be_is_refused(hall: Checked, body: dict[str, str]) -> None:
    ticket = await hall.take()

    reply = await hall.staff("PATCH", f"tickets/{ticket['id']}", body)

    assert (reply.status, reply.code) == (422, "body-invalid")
    assert (await hall.seen(ticket)) | {"wait": {}, "seq": 0} == {
        name: value for name, value in ticket.items() if name != "token"
    } | {"wait": {}, "reason": None, "seq": 0}


async def test_not_before_keeps_the_place_and_is_the_owners_to_say(hall: Checked, now: FakeClock) -> None:
    await hall.open("1")
    patient, other = await hall.take("enquiry"), await hall.take("enquiry")
    path = f"tickets/{patient['id']}"

    changed = await hall.call("PATCH", path, {"not_before_at": "2026-11-23T10:30:00+08:00"}, token=patient["token"])
    passed_over = await hall.next("1")
    now.put(at("10:30"))
    third = await hall.take("enquiry")
    in_turn = await hall.next("1", "done")

    assert (changed.status, changed.body["queue_at"]) == (200, patient["queue_at"])
    assert changed.body["token"] == patient["token"]
    assert passed_over is not None
    assert passed_over["id"] == other["id"]
    assert third["ahead"] == 1
    assert in_turn is not None
    assert in_turn["id"] == patient["id"]


async def test_not_before_can_be_taken_back(hall: Checked) -> None:
    await hall.open("1")
    ticket = await hall.take("enquiry")
    path = f"tickets/{ticket['id']}"
    await hall.staff("PATCH", path, {"not_before_at": "2026-11-23T04:00:00Z"})
    assert await hall.next("1") is None

    await hall.staff("PATCH", path, {"not_before_at": None})

    assert await hall.next("1") is not None


async def test_a_change_that_changes_nothing_is_no_event(hall: Checked) -> None:
    ticket = await hall.take()

    reply = await hall.call("PATCH", f"tickets/{ticket['id']}", {}, token=ticket["token"])

    assert reply.status == 200
    assert await hall.seq() == ticket["seq"]


async def test_whatever_the_table_of_states_does_not_have_is_refused_with_the_state(hall: Checked) -> None:
    await hall.open("1", "2")
    tickets = {"waiting": await hall.take("enquiry"), "left": await hall.take("enquiry")}
    await hall.staff("DELETE", f"tickets/{tickets['left']['id']}")
    for state, verb in (("done", "finish"), ("no_show", "no-show"), ("parked", "park"), ("serving", "start")):
        tickets[state] = await hall.take("enquiry")
        body = {"ticket": tickets[state]["id"], "reason": "other"}
        assert (await hall.staff("POST", "counters/1/call", body)).status == 200
        await hall.done(tickets[state], verb, {"outcome": "done"} if verb == "finish" else None)
    tickets["called"] = await hall.take("enquiry")
    await hall.staff("POST", "counters/2/call", {"ticket": tickets["called"]["id"], "reason": "other"})
    allowed = {
        "recall": {"called"},
        "start": {"called"},
        "finish": {"called", "serving"},
        "no-show": {"called"},
        "park": {"waiting", "called", "serving"},
        "resume": {"parked", "no_show"},
        "transfer": {"called", "serving"},
        "undo": {"done", "no_show"},
    }

    for verb, states in allowed.items():
        for state in tickets.keys() - states:
            reply = await hall.act(tickets[state], verb, {"outcome": "done"} if verb == "finish" else None)
            assert (reply.status, reply.code, reply.body["state"]) == (409, "wrong-state", state), (verb, state)


async def test_a_history_is_read_page_by_page(hall: Checked) -> None:
    ticket = await hall.called()
    for _ in range(3):
        await hall.done(ticket, "recall")
    at = f"tickets/{ticket['id']}/history"
    pages: list[list[str]] = []
    cursor: str | None = "0"

    while cursor is not None:
        page = (await hall.staff("GET", f"{at}?limit=2&cursor={cursor}")).body
        pages.append([item["kind"] for item in page["items"]])
        cursor = page["next_cursor"]

    recalled = "ticket_recalled"
    assert pages == [["ticket_taken", "ticket_called"], [recalled, recalled], [recalled]]
    for query in ("limit=0", "limit=201", "limit=x", "cursor=zz"):
        reply = await hall.staff("GET", f"{at}?{query}")
        assert (reply.code, reply.body["errors"][0]["path"]) == ("body-invalid", query.partition("=")[0])


async def test_a_history_says_when_who_and_by_which_rule(hall: Checked) -> None:
    ticket = await hall.called()
    await hall.done(ticket, "finish", {"outcome": "done"})

    history = (await hall.staff("GET", f"tickets/{ticket['id']}/history")).body

    kinds = [(item["kind"], item["actor"]) for item in history["items"]]
    assert kinds == [
        ("ticket_taken", "anyone/local"),
        ("ticket_called", "admin/local"),
        ("ticket_finished", "admin/local"),
    ]
    assert history["items"][1]["data"]["reason"]["rule"] == "credit"
    assert all({"code", "applicant", "token"}.isdisjoint(item["data"]) for item in history["items"])
    assert history["items"][1]["words"]["en"] == "Earliest queue time: called to counter 1"
    assert all(before["seq"] < after["seq"] for before, after in pairwise(history["items"]))


async def test_seq_counts_the_events_of_the_day(hall: Checked) -> None:
    await hall.open("1")
    taken = await hall.take("enquiry")
    at_counter = await hall.next("1")
    assert at_counter is not None

    assert (taken["seq"], at_counter["seq"]) == (3, 4)
    assert await hall.seq() == 4
