"""Tests of messages in a running service: only with a configured channel; the API for managers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.clock import FakeClock
from service.config.secret_files import Secrets
from service.credentials.page_links import Links
from service.credentials.signer import Signer
from service.domain.hall.demo import DEMO
from service.domain.model import HallId
from service.journal.database import Database
from service.primitives.ids import new_id
from tests.api.checked import Checked
from tests.api.staff import employed
from tests.notify.conftest import SENDER, at
from tests.notify.post import SECRET, PostOffice, Receiver
from tests.notify.story import EMAIL
from tests.service import Service, service_on

DEAD = """
INSERT INTO outbox (hall_id, id, day, subject, seq, kind, channel, applicant_id, facts, state, reason, made_at, due_at,
    next_at, expires_at, changed_at, tries)
VALUES ($1, $2, '2026-11-25', $3, 1, 'booked', 'mail', $3, '{"service": "enquiry"}', 'dead', 'smtp 550', $4, $4, $4, $5,
    $4, 1)
"""


@pytest.fixture
async def served(
    dsn: str, tmp_path: Path, clock: FakeClock, mails: PostOffice, hooks: Receiver
) -> AsyncIterator[Service]:
    """Provide a service with both channels."""
    settings = {
        "smtp_url": mails.url,
        "mail_from": SENDER,
        "webhook_url": hooks.url,
        "webhook_secret": SECRET,
        "public_url": "https://paihao.example",
    }
    async with service_on(dsn, tmp_path, clock, **settings) as running:
        yield running


@pytest.fixture
async def manager(served: Service) -> AsyncIterator[Checked]:
    """Provide a manager's API client for its demo hall."""
    async with Checked(served.api.base) as api:
        yield api


async def dead(database: Database, clock: FakeClock, hall: str = DEMO) -> str:
    """Insert a dead message and return its id."""
    message = new_id()
    await database.fetch(DEAD, hall, message, new_id(), clock.now_at(), at(29, 9))
    return message


async def test_a_booking_is_sent_with_the_link_to_its_page(
    served: Service, manager: Checked, mails: PostOffice
) -> None:
    applicant = {"name": "王芳", "email": EMAIL}
    body = {"service": "loan-first", "starts_at": "2026-11-25T09:20:00+08:00", "applicant": applicant}
    one = await manager.call("POST", "appointments", body)
    assert one.status == 201, one.body
    messages = served.running.messages
    assert messages is not None

    await messages.produce()
    await messages.send()

    (mail,) = mails.mails
    assert mail["To"] == EMAIL
    said = mail.get_body(("plain",))
    assert said is not None
    page = f"https://paihao.example/halls/demo#appointment={one.body['id']}&token={one.body['token']}"
    assert page in said.get_content()
    metrics = (await served.api.call("GET", "/metrics")).body.decode()
    assert 'paihao_messages_total{channel="mail",kind="booked",outcome="sent"} 1.0' in metrics
    assert 'paihao_messages_waiting{channel="webhook",due_for="minute"} 0.0' in metrics


async def test_closing_a_day_sends_cancellations_and_no_request_to_come(
    served: Service, manager: Checked, mails: PostOffice, clock: FakeClock
) -> None:
    applicant = {"name": "王芳", "email": EMAIL, "locale": "en"}
    body = {"service": "loan-first", "starts_at": "2026-11-23T15:00:00+08:00", "applicant": applicant}
    assert (await manager.call("POST", "appointments", body)).status == 201
    messages = served.running.messages
    assert messages is not None
    await messages.produce()
    await messages.send()

    assert (await manager.staff("POST", "day/close")).status == 200
    for instant in (at(23, 10), at(23, 14), at(23, 15, 31)):
        clock.put(instant)
        await served.running.jobs.sweep_appointments()
        await messages.produce()
        await messages.send()

    assert [mail["Subject"].partition(":")[0] for mail in mails.mails] == ["Booked", "Booking cancelled"]
    said = mails.mails[-1].get_body(("plain",))
    assert said is not None
    assert "the hall has closed for the day" in said.get_content()
    assert "Book again: https://paihao.example/halls/demo" in said.get_content()


async def test_without_a_channel_nothing_is_wired(service: Service) -> None:
    assert service.running.messages is None


async def test_the_process_that_called_creates_the_message_of_a_near_ticket(served: Service, hooks: Receiver) -> None:
    api = served.api
    await api.open("1")
    for _ in range(5):
        await api.take("enquiry")
    ticket = await api.take("enquiry", applicant={"name": "王芳", "phone": "+8613800138000"})
    await api.next("1")
    await api.next("1", "done")
    messages = served.running.messages
    assert messages is not None

    await messages.produce()
    await messages.send()

    assert [body["type"] for body in hooks.bodies] == ["ticket.near"]
    assert hooks.bodies[0]["data"]["subject"] == ticket["id"]
    assert ticket["number"] in hooks.bodies[0]["data"]["text"]


async def test_a_manager_sees_dead_messages_without_personal_data(
    served: Service, manager: Checked, clock: FakeClock
) -> None:
    messages = [await dead(served.running.database, clock) for _ in range(3)]
    await dead(served.running.database, clock, hall="elsewhere")

    first = await manager.staff("GET", "messages?limit=2")
    second = await manager.staff("GET", f"messages?state=dead&limit=2&cursor={first.body['next_cursor']}")
    sent = await manager.staff("GET", "messages?state=sent")

    listed = [item for page in (first, second) for item in page.body["items"]]
    assert [item["id"] for item in listed] == messages
    assert listed[0] == {
        "id": messages[0],
        "kind": "booked",
        "channel": "mail",
        "state": "dead",
        "reason": "smtp 550",
        "day": "2026-11-25",
        "appointment": listed[0]["appointment"],
        "ticket": None,
        "due_at": "2026-11-23T02:00:00.000Z",
        "changed_at": "2026-11-23T02:00:00.000Z",
        "tries": 1,
    }
    assert second.body["next_cursor"] is None
    assert sent.body == {"items": [], "next_cursor": None}


async def test_a_manager_retries_a_message_once_for_a_key(served: Service, manager: Checked, clock: FakeClock) -> None:
    message = await dead(served.running.database, clock)

    first = await manager.staff("POST", f"messages/{message}/retry", key="retry-it-please")
    again = await manager.staff("POST", f"messages/{message}/retry", key="retry-it-please")
    other = await manager.staff("POST", f"messages/{message}/retry")
    history = await manager.staff("GET", "history")

    assert first.status == 200
    assert (first.body["state"], first.body["reason"], first.body["tries"]) == ("waiting", None, 0)
    assert again.body == first.body
    assert (other.code, other.body["state"]) == ("wrong-state", "waiting")
    assert [item["words"]["en"] for item in history.body["items"] if item["kind"] == "message_retried"] == [
        "Message tried again"
    ]


async def test_concurrent_retries_of_a_message_retry_it_once(
    served: Service, manager: Checked, clock: FakeClock
) -> None:
    message = await dead(served.running.database, clock)

    replies = await asyncio.gather(
        *(manager.staff("POST", f"messages/{message}/retry", key="retry-it-please") for _ in range(4))
    )

    assert {reply.status for reply in replies} == {200}
    assert len({str(reply.body) for reply in replies}) == 1


@pytest.mark.parametrize("message", ["0198a000-0000-7000-8000-000000000000", "none"])
async def test_an_unknown_message_is_not_found(manager: Checked, message: str) -> None:
    reply = await manager.staff("POST", f"messages/{message}/retry")

    assert (reply.status, reply.code) == (404, "message-not-found")


async def test_a_message_of_another_hall_is_not_found(served: Service, manager: Checked, clock: FakeClock) -> None:
    message = await dead(served.running.database, clock, hall="elsewhere")

    reply = await manager.staff("POST", f"messages/{message}/retry")

    assert reply.code == "message-not-found"


@pytest.mark.parametrize("query", ["state=lost", "cursor=x", "limit=0"])
async def test_an_invalid_list_query_is_refused(manager: Checked, query: str) -> None:
    reply = await manager.staff("GET", f"messages?{query}")

    assert (reply.status, reply.code) == (422, "body-invalid")


async def test_only_managers_may_see_messages(manager: Checked) -> None:
    async with employed(manager, "staff") as clerk, employed(manager, "manager") as boss:
        refused = await clerk.call("GET", "messages")
        seen = await boss.call("GET", "messages")
    nobody = await manager.call("GET", "messages")

    assert (refused.code, seen.status, nobody.code) == ("forbidden", 200, "token-missing")


def test_links_contain_the_token_in_the_fragment() -> None:
    signer = Signer(Secrets("admin", (b"secret",)))
    links = Links("https://paihao.example", signer)
    appointment = "0198a000-0000-7000-8000-000000000001"

    said = links.appointment(HallId("demo"), appointment)

    page, _, rest = said.partition("#")
    assert page == links.hall(HallId("demo"))
    token = rest.partition("token=")[2]
    assert signer.is_appointment_token(HallId("demo"), appointment, token)  # type: ignore[arg-type]
    ticket_link = links.ticket(HallId("demo"), appointment)
    page, _, ticket_token = ticket_link.partition("#")
    assert page == f"https://paihao.example/t/{appointment}"
    assert signer.is_ticket_token(HallId("demo"), appointment, ticket_token)  # type: ignore[arg-type]
    assert token not in ticket_link
