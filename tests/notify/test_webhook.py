"""Tests of webhooks: signatures, and the handling of the receiver's responses."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from service.clock import FakeClock
from service.domain.model import HallId
from service.journal.database import Database
from service.notify.model import MessageChannel
from service.notify.webhook import Gateway
from service.runtime.halls import Halls
from tests.notify.conftest import Office, at
from tests.notify.post import SECRET, Receiver
from tests.notify.story import PHONE, Story


async def test_a_webhook_contains_the_text_and_the_phone_number(hooked: Office, story: Story, hooks: Receiver) -> None:
    one = await story.book(at(25, 9, 20), await story.person(phone=PHONE, locale="en"))

    await hooked.run()

    (message,) = [row[0] for row in await hooked.rows("id::text", "kind") if row[1] == "booked"]
    assert hooks.bodies == [
        {
            "type": "appointment.booked",
            "timestamp": "2026-11-23T02:00:00.000Z",
            "data": {
                "hall": "demo",
                "kind": "booked",
                "to": PHONE,
                "language": "en",
                "text": "Student Loan Hall: booked for Wed 25 Nov, 09:20, First loan contract. "
                f"Code {one.code}: scan or enter it when you arrive.",
                "subject": one.id,
            },
        }
    ]
    headers, _ = hooks.raw[0]
    assert headers["webhook-id"] == message
    assert headers["Content-Type"] == "application/json"


async def test_a_receiver_can_verify_who_sent_it(database: Database, halls: Halls, hooks: Receiver) -> None:
    """Use the real time, because a signature is valid for five minutes."""
    clock = FakeClock(datetime.now(UTC))
    story = Story(database, HallId("demo"), halls.known()[0].document, clock)
    async with Gateway(hooks.url, SECRET) as gateway:
        office = Office(database, halls, clock, {MessageChannel.WEBHOOK: gateway})
        await story.book(clock.now_at() + timedelta(days=3), await story.person(phone=PHONE))
        await office.run()

    headers, body = hooks.raw[0]
    assert Webhook(SECRET).verify(body, headers) == hooks.bodies[0]
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(SECRET).verify(body.replace("booked", "changed"), headers)


async def test_an_applicant_without_a_phone_gets_no_webhook(hooked: Office, story: Story) -> None:
    await story.book(at(25, 9, 20), await story.person())

    await hooked.run()

    assert await hooked.rows() == []


@pytest.mark.parametrize("status", [200, 204])
async def test_every_2xx_means_that_it_was_accepted(hooked: Office, story: Story, hooks: Receiver, status: int) -> None:
    hooks.statuses = [status]
    await story.book(at(25, 9, 20), await story.person(phone=PHONE))

    await hooked.run()

    assert (await hooked.rows("state", "tries"))[0] == ("sent", 1)


async def test_410_means_that_it_is_never_retried(hooked: Office, story: Story, hooks: Receiver) -> None:
    hooks.statuses = [410]
    await story.book(at(25, 9, 20), await story.person(phone=PHONE))

    await hooked.run()

    assert (await hooked.rows("state", "reason"))[0] == ("dead", "http 410")


@pytest.mark.parametrize("status", [307, 404, 503])
async def test_other_statuses_are_retried_with_the_same_id_and_redirects_are_not_followed(
    hooked: Office, story: Story, hooks: Receiver, clock: FakeClock, status: int
) -> None:
    hooks.statuses = [status]
    await story.book(at(25, 9, 20), await story.person(phone=PHONE))
    await hooked.run()
    assert (await hooked.rows("state", "reason"))[0] == ("waiting", f"http {status}")

    clock.advance(60)
    await hooked.run()

    assert (await hooked.rows("state", "reason", "tries"))[0] == ("sent", None, 2)
    assert len({headers["webhook-id"] for headers, _ in hooks.raw}) == 1
    assert len(hooks.raw) == 2
    assert hooks.raw[0][0]["webhook-signature"] != hooks.raw[1][0]["webhook-signature"]


async def test_an_unreachable_receiver_is_retried(
    hooked: Office, story: Story, hooks: Receiver, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Gateway("http://127.0.0.1:1/hook?key=hush", SECRET) as nowhere:
        hooked.transports[MessageChannel.WEBHOOK], there = nowhere, hooked.transports[MessageChannel.WEBHOOK]
        await story.book(at(25, 9, 20), await story.person(phone=PHONE))
        await hooked.run()
    assert (await hooked.rows("state", "reason"))[0] == ("waiting", "unreachable")
    hooked.transports[MessageChannel.WEBHOOK] = there

    clock.advance(60)
    await hooked.run()

    assert len(hooks.raw) == 1
    said = capsys.readouterr()
    assert "hush" not in said.out + said.err


async def test_an_applicant_with_both_contacts_gets_both_messages(
    office: Office, story: Story, hooks: Receiver
) -> None:
    async with Gateway(hooks.url, SECRET) as gateway:
        office.transports[MessageChannel.WEBHOOK] = gateway
        await story.book(at(23, 10, 40), await story.person(phone=PHONE))
        await office.run()

    assert sorted(await office.rows("kind", "channel", "state")) == [
        ("booked", "mail", "sent"),
        ("booked", "webhook", "sent"),
    ]
    assert len(hooks.raw) == 1
