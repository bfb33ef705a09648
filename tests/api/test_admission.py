"""Walk-ins over HTTP: on standby, in overtime, told that the hall is full; and from standby to an appointment."""

import asyncio
from typing import Any

from service.clock import FakeClock
from tests.api.booking import booked, by_hand, person, said
from tests.api.checked import Checked, at, demo
from tests.api.conftest import Founder
from tests.api.staff import employed
from tests.service import Reply, Service

KEY = "a-key-of-16-characters-at-least"
TOMORROW = at("10:00", 24)


async def full(hall: Checked, now: FakeClock, local: str = "17:00") -> tuple[list[dict[str, Any]], Reply]:
    """Take numbers at a late hour, with one counter open, until the hall is full; tickets and refusal."""
    now.put(at(local))
    await hall.open("1")
    return await fill(hall)


async def fill(hall: Checked) -> tuple[list[dict[str, Any]], Reply]:
    """Take numbers until the hall is full."""
    tickets = []
    while (reply := await hall.call("POST", "tickets", {"service": "enquiry"})).status == 201:
        tickets.append(reply.body)
        assert len(tickets) < 200
    return tickets, reply


def standby_of(tickets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [ticket for ticket in tickets if ticket["admission"] == "standby"]


async def book_for(hall: Checked, ticket: dict[str, Any], starts_at: Any = TOMORROW, **more: Any) -> Reply:  # noqa: ANN401
    """Book for who has a ticket on standby, as its owner unless `more` has another token."""
    sent = {"token": ticket["token"], **{name: more.pop(name) for name in ("token", "key") if name in more}}
    body = {"service": "enquiry", "starts_at": said(starts_at), "applicant": person(), "ticket": ticket["id"], **more}
    return await hall.call("POST", "appointments", body, **sent)


async def test_people_are_admitted_then_stand_by_then_are_told_that_it_is_full(hall: Checked, now: FakeClock) -> None:
    tickets, refused = await full(hall, now)

    admissions = [ticket["admission"] for ticket in tickets]
    assert admissions == sorted(admissions), "all who are admitted come first"
    assert set(admissions) == {"admitted", "standby"}
    first, second, *_ = standby_of(tickets)
    assert (first["ahead"], second["ahead"]) == (0, 1)
    assert set(first["wait"].values()) == {None}
    assert (refused.status, refused.code, refused.body["overtime"]) == (409, "hall-full", None)
    starts = [slot["starts_at"] for slot in refused.body["slots"]]
    assert starts == ["2026-11-24T01:00:00.000Z", "2026-11-24T01:05:00.000Z", "2026-11-24T01:10:00.000Z"]
    assert all(slot["free"] > 0 for slot in refused.body["slots"])


async def test_all_channels_have_the_same_rule(hall: Checked, now: FakeClock) -> None:
    await full(hall, now)

    async with employed(hall, "staff") as clerk:
        for channel in ("staff", "hotline", "kiosk"):
            reply = await clerk.call("POST", "tickets", {"service": "enquiry", "channel": channel})
            assert reply.code == "hall-full"


async def test_a_hall_that_lets_everybody_in_has_no_standby(found: Founder, now: FakeClock) -> None:
    hall = await found(admission="all")
    now.put(at("17:25"))
    await hall.open("1")

    said_of = {(await hall.take("enquiry"))["admission"] for _ in range(30)}

    assert said_of == {"admitted"}


async def test_the_queue_and_the_board_show_who_stands_by(hall: Checked, now: FakeClock) -> None:
    tickets, _ = await full(hall, now)
    standby = standby_of(tickets)

    queue = (await hall.staff("GET", "queue")).body
    board = (await hall.call("GET", "board")).body

    assert [ticket["id"] for ticket in queue["standby"]] == [ticket["id"] for ticket in standby]
    assert not {ticket["id"] for ticket in queue["waiting"]} & {ticket["id"] for ticket in standby}
    assert board["standby"] == len(standby)
    counts = {waiting["service"]: waiting["count"] for waiting in board["waiting"]}
    assert counts["enquiry"] == len(tickets) - len(standby)
    metrics = (await hall.call("GET", "/metrics")).body.decode()
    assert f'paihao_standby{{hall="{hall.hall}",service="enquiry"}} {len(standby)}.0' in metrics
    for admission, number in (
        ("admitted", len(tickets) - len(standby)),
        ("standby", len(standby)),
        ("refused", 1),
    ):
        assert f'paihao_admission_total{{admission="{admission}",hall="{hall.hall}"}} {number}.0' in metrics


async def test_who_leaves_lets_somebody_in_and_is_answered_for_themselves(hall: Checked, now: FakeClock) -> None:
    tickets, _ = await full(hall, now)
    first = standby_of(tickets)[0]
    owner = tickets[3]

    left = await hall.call("DELETE", f"tickets/{owner['id']}", token=owner["token"], key=KEY)
    again = await hall.call("DELETE", f"tickets/{owner['id']}", token=owner["token"], key=KEY)

    assert (left.status, left.body["id"], left.body["state"]) == (200, owner["id"], "left")
    assert again.body == left.body
    now_seen = await hall.seen(first)
    assert (now_seen["admission"], now_seen["state"]) == ("admitted", "waiting")
    assert now_seen["wait"]["p50_s"] is not None
    history = (await hall.staff("GET", f"tickets/{first['id']}/history")).body["items"]
    assert [item["kind"] for item in history] == ["ticket_taken", "ticket_admitted"]
    assert history[0]["words"]["en"].endswith("on standby, 0 before it")
    assert history[0]["data"]["fit"]["p"] < 0.8 <= history[1]["data"]["fit"]["p"]
    assert history[1]["data"]["fit"]["closes_at"] == "2026-11-23T09:30:00.000Z"


async def test_calls_finishes_and_breaks_are_answered_for_themselves(hall: Checked, now: FakeClock) -> None:
    tickets, _ = await full(hall, now)

    called = await hall.staff("POST", "counters/1/next", {})
    after = await hall.staff("POST", "counters/1/next", {"finish": {"outcome": "done"}}, key=KEY)
    again = await hall.staff("POST", "counters/1/next", {"finish": {"outcome": "done"}}, key=KEY)
    paused = await hall.staff("POST", "counters/1/pause", {"release": True})

    assert called.body["ticket"]["id"] == tickets[0]["id"]
    assert (after.body["ticket"]["id"], after.body["reason"]["rule"]) == (tickets[1]["id"], "credit")
    assert again.body == after.body
    assert (paused.body["id"], paused.body["state"]) == ("1", "paused")
    assert (await hall.seen(standby_of(tickets)[0]))["admission"] == "admitted", "who was done at once made room"


async def test_an_idle_counter_calls_the_first_on_standby(hall: Checked, now: FakeClock) -> None:
    tickets, _ = await full(hall, now, "17:26")
    standby = standby_of(tickets)
    now.put(at("17:31"))  # nobody is let in any more

    answered = [(await hall.staff("POST", "counters/1/next", {})).body]
    while answered[-1]["ticket"] is not None:
        answered.append((await hall.staff("POST", "counters/1/next", {"finish": {"outcome": "done"}})).body)

    rules = [one["reason"]["rule"] for one in answered[:-1]]
    assert [one["ticket"]["id"] for one in answered[:-1]] == [ticket["id"] for ticket in tickets]
    assert rules == ["credit"] * (len(tickets) - len(standby)) + ["standby"] * len(standby)
    assert answered[-2]["ticket"]["admission"] == "admitted"


async def test_overtime_lets_people_in_and_says_so(hall: Checked, now: FakeClock) -> None:
    tickets, _ = await full(hall, now)
    until = {"until_at": "2026-11-23T18:00:00+08:00", "counters": 1}

    await hall.staff("PUT", "overtime", until)

    assert {(await hall.seen(ticket))["admission"] for ticket in standby_of(tickets)} == {"overtime"}
    assert (await hall.take("enquiry"))["admission"] == "overtime"
    more, refused = await fill(hall)
    assert more
    assert refused.body["overtime"] == {"until_at": "2026-11-23T10:00:00.000Z", "counters": 1}
    called = await hall.staff("POST", "counters/1/call", {"ticket": standby_of(tickets)[0]["id"], "reason": "urgent"})
    assert called.status == 200, called.body
    now.advance(120)
    await hall.done(standby_of(tickets)[0], "finish", {"outcome": "done"})
    metrics = (await hall.call("GET", "/metrics")).body.decode()
    assert f'paihao_overtime_service_seconds_total{{hall="{hall.hall}",service="enquiry"}} 120.0' in metrics


async def test_who_is_made_green_is_let_in(hall: Checked, now: FakeClock) -> None:
    tickets, _ = await full(hall, now)
    last = standby_of(tickets)[-1]

    changed = await hall.staff("PATCH", f"tickets/{last['id']}", {"class": "green", "reason": "urgent"})

    assert (changed.body["id"], changed.body["class"], changed.body["admission"]) == (last["id"], "green", "admitted")
    assert changed.body["ahead"] == 0


async def test_each_minute_those_who_fit_are_let_in(service: Service, own: Checked) -> None:
    assert isinstance(service.clock, FakeClock)
    tickets, _ = await full(own, service.clock)
    seq = await own.seq()

    await service.running.jobs.sweep_standby()
    assert await own.seq() == seq, "nothing has changed"

    service.clock.put(at("17:31"))
    await service.running.jobs.sweep_standby()
    assert await own.seq() == seq, "and after closing nobody is let in"
    assert standby_of(tickets)


async def test_the_job_lets_in_who_fits_because_others_have_not_come(service: Service, own: Checked) -> None:
    clock = service.clock
    assert isinstance(clock, FakeClock)
    document = {**demo(), "booking": by_hand(12)}
    assert (await own.staff("PUT", "document", document, headers={"If-Match": '"1"'})).status == 200
    for _ in range(12):
        await booked(own, at("17:00"), service="loan-first")
    clock.put(at("16:58"))
    await own.open("2")
    tickets, _ = await full(own, clock, "16:58")
    first = standby_of(tickets)[0]

    clock.put(at("17:11"))
    await service.running.jobs.sweep_standby()

    assert (await own.seen(first))["admission"] == "admitted"
    seq = await own.seq()
    await service.running.jobs.sweep_standby()
    assert await own.seq() == seq


# From standby to an appointment.


async def test_who_stands_by_books_another_day_in_one_call(hall: Checked, now: FakeClock) -> None:
    tickets, _ = await full(hall, now)
    first, second, *_ = standby_of(tickets)

    reply = await book_for(hall, first, key=KEY)
    again = await book_for(hall, first, key=KEY, applicant={"name": "Li", "phone": "13800138000"})

    assert reply.status == 201, reply.body
    assert (reply.body["starts_at"], reply.body["state"]) == ("2026-11-24T02:00:00.000Z", "booked")
    assert again.code == "idempotency-key-reused"
    left = await hall.seen(first)
    assert (left["state"], left["admission"]) == ("left", "standby")
    words = (await hall.staff("GET", f"tickets/{first['id']}/history")).body["items"][-1]
    assert words["data"] == {"reason": "booked"}
    assert (await hall.seen(second))["ahead"] == 0
    assert (await book_for(hall, first)).code == "wrong-state"


async def test_who_stands_by_with_a_name_has_no_more_appointments_than_anybody(found: Founder, now: FakeClock) -> None:
    hall = await found(booking={"per_person": 1})
    li = {"name": "Li", "phone": "13800138000"}
    first = await booked(hall, at("11:00", 24), applicant=li)
    now.put(at("17:00"))
    await hall.open("1")
    ticket = await hall.take("enquiry", applicant={**li, "phone": "+86 138 0013 8000"})
    while ticket["admission"] != "standby":
        ticket = await hall.take("enquiry", applicant={**li, "phone": "+86 138 0013 8000"})

    refused = await book_for(hall, ticket, applicant=None)
    await hall.call("DELETE", f"appointments/{first['id']}", token=first["token"])
    given = await book_for(hall, ticket, applicant=None)
    again = await hall.call(
        "POST", "appointments", {"service": "enquiry", "starts_at": said(at("11:00", 24)), "applicant": li}
    )

    assert (refused.code, given.status, again.code) == ("already-booked", 201, "already-booked")


async def test_a_booking_from_standby_that_is_sent_again_is_the_same(hall: Checked, now: FakeClock) -> None:
    tickets, _ = await full(hall, now)
    body = {
        "service": "enquiry",
        "starts_at": said(TOMORROW),
        "applicant": person(),
        "ticket": standby_of(tickets)[0]["id"],
    }
    token = standby_of(tickets)[0]["token"]

    one = await hall.call("POST", "appointments", body, token=token, key=KEY)
    two = await hall.call("POST", "appointments", body, token=token, key=KEY)

    assert (one.status, two.status) == (201, 201)
    assert two.body == one.body


async def test_who_stands_by_books_later_today(hall: Checked, now: FakeClock) -> None:
    tickets, _ = await full(hall, now, "15:00")
    first = standby_of(tickets)[0]

    reply = await book_for(hall, first, at("16:30"))

    assert reply.status == 201, reply.body
    assert reply.body["starts_at"] == "2026-11-23T08:30:00.000Z"
    assert (await hall.seen(first))["state"] == "left"


async def test_a_full_start_leaves_them_on_standby(found: Founder, now: FakeClock) -> None:
    span = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "09:00", "to": "17:30"}
    hall = await found(booking={"places": [{**span, "every_min": 30, "places": 1}]})
    tickets, _ = await full(hall, now)
    first, second, *_ = standby_of(tickets)
    assert (await book_for(hall, first)).status == 201

    reply = await book_for(hall, second)

    assert reply.code == "slot-full"
    assert reply.body["slots"]
    assert (await hall.seen(second))["state"] == "waiting"


async def test_nobody_books_with_somebody_elses_ticket(hall: Checked, now: FakeClock) -> None:
    tickets, _ = await full(hall, now)
    first, second, *_ = standby_of(tickets)

    for token in (second["token"], None):
        assert (await book_for(hall, first, token=token)).code == "ticket-not-found"
    assert (await book_for(hall, {**first, "id": "0198c0de-0000-7000-8000-000000000000"})).code == "ticket-not-found"
    assert (await book_for(hall, tickets[0])).body["state"] == "admitted"
    assert (await hall.seen(first))["state"] == "waiting"
    async with employed(hall, "staff") as clerk:
        body = {"service": "enquiry", "starts_at": said(TOMORROW), "applicant": person(), "ticket": first["id"]}
        assert (await clerk.call("POST", "appointments", body)).status == 201


async def test_of_a_call_and_a_booking_at_once_one_has_the_person(hall: Checked, now: FakeClock) -> None:
    tickets, _ = await full(hall, now, "17:26")
    admitted, standby = tickets
    now.put(at("17:31"))
    await hall.call("DELETE", f"tickets/{admitted['id']}", token=admitted["token"])

    booking, called = await asyncio.gather(book_for(hall, standby), hall.staff("POST", "counters/1/next", {}))

    if booking.status == 201:
        assert called.status == 204
    else:
        assert (booking.code, called.status) == ("wrong-state", 200)
        assert called.body["ticket"]["id"] == standby["id"]


async def test_a_hall_says_of_each_service_what_who_comes_now_would_get(hall: Checked, now: FakeClock) -> None:
    async def told() -> dict[str, str | None]:
        services = (await hall.call("GET", f"/v1/halls/{hall.hall}")).body["services"]
        return {service["id"]: service["admission"] for service in services}

    assert await told() == {"loan-first": "admitted", "enquiry": "admitted", "loan-renewal": None}
    await full(hall, now)

    assert (await told())["enquiry"] == "full"
    board = (await hall.call("GET", "board")).body
    assert {one["service"]: one["admission"] for one in board["waiting"]} == {
        name: admission for name, admission in (await told()).items() if name != "loan-renewal"
    }
    await hall.staff("PUT", "overtime", {"until_at": said(at("20:00")), "counters": 2})
    assert (await told())["enquiry"] == "overtime"
    await hall.staff("POST", "day/close")
    assert set((await told()).values()) == {None}
