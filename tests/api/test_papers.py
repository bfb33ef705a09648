"""The pre-check over HTTP: what is missing is on the ticket and in its history, and where it goes then."""

from typing import Any

import pytest

from tests.api.checked import Checked
from tests.api.staff import employed


async def prechecking(hall: Checked) -> dict[str, Any]:
    """A ticket called to the pre-check."""
    return await hall.called("loan-first", "P1")


async def test_complete_papers_make_a_ticket_prechecked(hall: Checked) -> None:
    ticket = await hall.take("loan-first")

    checked = await hall.done(ticket, "papers")

    assert (checked["state"], checked["prechecked"], checked["missing"]) == ("waiting", True, [])
    assert (checked["ahead"], checked["queue_at"]) == (ticket["ahead"], ticket["queue_at"])
    own = (await hall.call("GET", f"tickets/{ticket['id']}", token=ticket["token"])).body
    assert own["prechecked"]


async def test_what_is_missing_is_on_the_ticket_and_in_its_history(hall: Checked) -> None:
    ticket = await prechecking(hall)

    sent_on = await hall.done(ticket, "papers", {"missing": ["id-card", "photocopy", "id-card"], "then": "advance"})

    assert (sent_on["state"], sent_on["stage"], sent_on["prechecked"]) == ("waiting", "window", False)
    assert sent_on["missing"] == ["id-card", "photocopy"]
    history = (await hall.staff("GET", f"tickets/{ticket['id']}/history")).body["items"]
    checked = next(item for item in history if item["kind"] == "papers_checked")
    assert checked["data"]["missing"] == ["id-card", "photocopy"]
    assert checked["words"]["en"] == "Papers missing: id-card, photocopy"
    assert history[-1]["kind"] == "ticket_advanced"


async def test_a_ticket_with_papers_missing_may_be_put_aside(hall: Checked) -> None:
    ticket = await prechecking(hall)

    parked = await hall.done(ticket, "papers", {"missing": ["signature"], "then": "park"})

    assert (parked["state"], parked["missing"], parked["counter"]) == ("parked", ["signature"], None)
    queue = (await hall.staff("GET", "queue")).body
    assert [one["missing"] for one in queue["parked"]] == [["signature"]]
    assert (await hall.done(ticket, "resume"))["missing"] == ["signature"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"missing": ["a-whim"]}, "missing"),
        ({"missing": ["A Whim"]}, "missing[0]"),
        ({"missing": ["signature"] * 51}, "missing"),
        ({"then": "go-home"}, "then"),
    ],
)
async def test_a_check_that_cannot_be_is_refused(hall: Checked, body: dict[str, Any], path: str) -> None:
    ticket = await prechecking(hall)

    reply = await hall.act(ticket, "papers", body)

    assert (reply.status, reply.code) == (422, "body-invalid")
    assert path in reply.body["errors"][0]["path"]
    assert (await hall.seen(ticket))["missing"] == []


async def test_the_window_is_the_last_stage(hall: Checked) -> None:
    ticket = await hall.called("enquiry", "1")

    reply = await hall.act(ticket, "papers", {"then": "advance"})

    assert (reply.status, reply.code, reply.body["errors"][0]["path"]) == (422, "body-invalid", "then")


async def test_a_lost_answer_checks_papers_once(hall: Checked) -> None:
    ticket = await prechecking(hall)

    first = await hall.act(ticket, "papers", {"then": "advance"}, key="papers-0001")
    again = await hall.act(ticket, "papers", {"then": "advance"}, key="papers-0001")

    assert first.status == again.status == 200
    assert first.body == again.body


async def test_a_volunteer_walks_along_the_line(hall: Checked) -> None:
    await hall.open("P1")
    first, second = await hall.take("loan-first"), await hall.take("loan-first")
    async with employed(hall, "volunteer") as volunteer:
        called = await volunteer.call("POST", "counters/P1/call", {"ticket": second["id"], "reason": "other"})
        checked = await volunteer.call("POST", f"tickets/{second['id']}/papers", {"then": "advance"})
        waiting = await volunteer.call("POST", f"tickets/{first['id']}/papers", {"missing": ["signature"]})
        finished = await volunteer.call("POST", f"tickets/{second['id']}/finish", {"outcome": "done"})

    assert (called.status, checked.status, waiting.status) == (200, 200, 200)
    assert (checked.body["stage"], checked.body["prechecked"]) == ("window", True)
    assert waiting.body["missing"] == ["signature"]
    assert (finished.status, finished.code) == (403, "forbidden")
