"""Tests of the sender: each message is sent once, also if senders die or run concurrently; never to erased people."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from service.clock import FakeClock
from service.config.settings import Settings
from service.domain.model import HallId
from service.journal.database import Database
from service.journal.faults import StorageUnavailable
from service.notify.messaging import Messages, messaging
from service.notify.model import Message, MessageChannel
from service.notify.outbox import Outbox
from service.notify.sender import BACKOFF_S, CLAIM_LEASE, CLAIM_MAX, SENDING_LEASE, TRIES_MAX
from service.notify.webhook import Gateway
from service.primitives.ids import new_id
from tests.notify.conftest import SENDER, Counted, Office, PlainLinks, at
from tests.notify.post import SECRET, PostOffice, Receiver
from tests.notify.story import EMAIL, PHONE, Story

MANY = 30

NOTHING_SKIPPED = """
UPDATE outbox AS o
SET claim = $2, leased_until = $3
FROM (
    SELECT id
    FROM outbox
    WHERE hall_id = $1 AND state = 'waiting' AND next_at <= $4 AND channel = $5
    ORDER BY next_at, id
    LIMIT $6
) AS due
WHERE o.hall_id = $1 AND o.id = due.id
RETURNING o.id, o.day, o.subject, o.kind, o.facts, o.tries
"""
"""The statement `claim` without SKIP LOCKED and without the check of other leases."""

NOBODYS = """
UPDATE outbox
SET state = 'sending', tries = tries + 1, leased_until = $4, facts = $5, changed_at = $6
WHERE hall_id = $1 AND id = $2 AND $3::uuid IS NOT NULL AND state IN ('waiting', 'sending', 'sent')
RETURNING tries
"""
"""The statement `begin_delivery` without the checks of claim and state."""


async def book_many(story: Story) -> None:
    """Book for many people with different addresses."""
    for nth in range(MANY):
        await story.book(at(25, 9 + nth // 12, nth % 12 * 5), await story.person(email=f"person-{nth}@home.example"))


async def send_at_once(office: Office, outbox: Outbox) -> None:
    """Run four senders at the same time."""
    await office.produce()
    await asyncio.gather(*(office.another_sender(outbox).run_once() for _ in range(4)))


async def test_many_senders_send_each_message_once(office: Office, story: Story, mails: PostOffice) -> None:
    await book_many(story)

    await send_at_once(office, office.outbox)

    assert Counter(mail["To"] for mail in mails.mails) == {f"person-{nth}@home.example": 1 for nth in range(MANY)}
    assert Counter(await office.rows("state"))["sent"] == MANY


async def test_without_claims_many_senders_send_a_message_more_than_once(
    office: Office, story: Story, mails: PostOffice
) -> None:
    """The twin of the test above: without the claims, messages are sent twice."""
    loose = Outbox(office.database)
    loose._sql = {**loose._sql, "claim": NOTHING_SKIPPED, "begin_delivery": NOBODYS}
    await book_many(story)

    await send_at_once(office, loose)

    assert max(Counter(mail["To"] for mail in mails.mails).values()) > 1


async def test_a_claim_skips_claimed_messages_until_their_lease_ends(
    office: Office, story: Story, clock: FakeClock
) -> None:
    await book_many(story)
    await office.produce()

    async def claimed() -> set[str]:
        now_at = clock.now_at()
        found = await office.outbox.claim(
            story.hall, new_id(), MessageChannel.MAIL, until_at=now_at + CLAIM_LEASE, now_at=now_at, limit=CLAIM_MAX
        )
        return {message.id for message in found}

    first, second, third = await claimed(), await claimed(), await claimed()
    clock.advance(CLAIM_LEASE.total_seconds())
    again = await claimed()

    assert (len(first), len(second), len(third), len(again)) == (CLAIM_MAX, MANY - CLAIM_MAX, 0, CLAIM_MAX)
    assert not first & second


async def test_a_message_whose_sender_died_before_delivery_is_sent_by_another(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock
) -> None:
    await story.book(at(25, 9, 20), await story.person())
    await office.produce()
    now_at = clock.now_at()
    claim = new_id()
    assert await office.outbox.claim(
        story.hall, claim, MessageChannel.MAIL, until_at=now_at + CLAIM_LEASE, now_at=now_at, limit=1
    )

    await office.sender.run_once()
    assert mails.mails == []
    clock.advance(CLAIM_LEASE.total_seconds())
    await office.sender.run_once()

    assert len(mails.mails) == 1


async def test_a_sender_delayed_beyond_its_lease_delivers_nothing(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock
) -> None:
    await story.book(at(25, 9, 20), await story.person())
    await office.produce()
    now_at = clock.now_at()
    claim = new_id()
    (message,) = await office.outbox.claim(
        story.hall, claim, MessageChannel.MAIL, until_at=now_at + CLAIM_LEASE, now_at=now_at, limit=1
    )
    clock.advance(CLAIM_LEASE.total_seconds())
    await office.sender.run_once()
    assert len(mails.mails) == 1

    late_at = clock.now_at()

    assert not await office.outbox.begin_delivery(message, claim, late_at + SENDING_LEASE, late_at)


async def test_a_newer_message_waits_while_an_older_one_is_being_delivered(
    office: Office, story: Story, mails: PostOffice
) -> None:
    one = await story.book(at(25, 9, 20), await story.person())
    await office.produce()
    mails.open.clear()
    slow = asyncio.create_task(office.sender.run_once())
    await mails.arrived.wait()
    await story.cancel(one)
    await office.produce()

    now_at = office.clock.now_at()
    claimed = await office.outbox.claim(
        story.hall, new_id(), MessageChannel.MAIL, until_at=now_at + CLAIM_LEASE, now_at=now_at, limit=CLAIM_MAX
    )
    mails.open.set()
    await slow
    await office.another_sender().run_once()

    assert claimed == []
    assert [str(mail["Subject"])[:4] for mail in mails.mails] == ["已约好：", "预约已取"]


async def test_a_mail_whose_sender_died_during_delivery_is_never_sent_again(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock
) -> None:
    await story.book(at(25, 9, 20), await story.person())
    await office.produce()
    mails.open.clear()
    dying = asyncio.create_task(office.sender.run_once())
    await mails.arrived.wait()  # the server has the whole message and never replies
    for task in [dying, *office.sender._under_way]:
        task.cancel()
    await asyncio.gather(dying, *office.sender._under_way, return_exceptions=True)
    mails.open.set()
    assert (await office.rows())[0] == ("booked", "sending")

    another = office.another_sender()
    await another.run_once()
    assert (await office.rows())[0] == ("booked", "sending")
    clock.advance(SENDING_LEASE.total_seconds())
    await another.run_once()

    assert (await office.rows("kind", "state", "reason"))[0] == ("booked", "dead", "unknown")
    assert len(mails.mails) == 1
    assert ("booked", "mail", "dead") in office.counted.outcomes


async def test_a_webhook_whose_sender_died_during_delivery_is_sent_again_with_the_same_id(
    hooked: Office, story: Story, hooks: Receiver, clock: FakeClock
) -> None:
    await story.book(at(25, 9, 20), await story.person(phone=PHONE))
    await hooked.produce()
    now_at = clock.now_at()
    claim = new_id()
    (message,) = await hooked.outbox.claim(
        story.hall, claim, MessageChannel.WEBHOOK, until_at=now_at + CLAIM_LEASE, now_at=now_at, limit=1
    )
    assert await hooked.outbox.begin_delivery(message, claim, now_at + SENDING_LEASE, now_at)

    clock.advance(SENDING_LEASE.total_seconds())
    await hooked.sender.run_once()

    assert [headers["webhook-id"] for headers, _ in hooks.raw] == [message.id]
    assert (await hooked.rows("state", "tries"))[0] == ("sent", 2)


async def test_a_late_result_corrects_an_unknown_outcome(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock
) -> None:
    await story.book(at(25, 9, 20), await story.person())
    await office.produce()
    mails.open.clear()
    slow = asyncio.create_task(office.sender.run_once())
    await mails.arrived.wait()
    clock.advance(SENDING_LEASE.total_seconds())
    await office.another_sender().run_once()
    assert (await office.rows("state", "reason"))[0] == ("dead", "unknown")

    mails.open.set()
    await slow

    assert (await office.rows("state", "reason"))[0] == ("sent", None)


async def test_a_connection_lost_after_the_message_went_out_leaves_a_dead_letter(
    office: Office, story: Story, mails: PostOffice
) -> None:
    await story.book(at(25, 9, 20), await story.person())
    mails.hangs_up = True

    await office.run()

    assert len(mails.mails) == 1
    assert (await office.rows("state", "reason"))[0] == ("dead", "unknown")


async def test_a_connection_lost_before_the_message_went_out_is_tried_again(
    office: Office, story: Story, mails: PostOffice
) -> None:
    await story.book(at(25, 9, 20), await story.person())
    mails.refuses[EMAIL] = "421 4.3.2 shutting down"

    await office.run()

    assert (await office.rows("state", "reason"))[0] == ("waiting", "smtp 421")


async def test_a_message_to_an_erased_person_is_deleted(office: Office, story: Story, mails: PostOffice) -> None:
    await story.book(at(25, 9, 20), await story.person())
    await office.produce()
    await office.execute("DELETE FROM applicants")

    await office.sender.run_once()

    assert mails.mails == []
    assert sorted(await office.rows("kind")) == ["day_before", "hour_before"]
    assert office.counted.outcomes == [("booked", "mail", "dropped")]


async def test_a_removed_address_gets_nothing(office: Office, story: Story, mails: PostOffice) -> None:
    await story.book(at(25, 9, 20), await story.person())
    await office.produce()
    await office.execute("UPDATE applicants SET email = NULL")

    await office.sender.run_once()

    assert mails.mails == []


async def test_an_outdated_message_is_not_sent_even_if_the_producer_is_behind(
    office: Office, story: Story, mails: PostOffice
) -> None:
    moved = await story.book(at(25, 9, 20), await story.person())
    gone = await story.book(at(25, 9, 40), await story.person())
    await office.produce()
    await story.move(moved, at(25, 16))
    await story.cancel(gone)

    await office.sender.run_once()

    assert mails.mails == []
    assert (await office.rows("kind", "state", "reason"))[:2] == [("booked", "withdrawn", "superseded")] * 2


async def test_the_outbox_contains_no_personal_data(office: Office, story: Story) -> None:
    await story.book(at(25, 9, 20), await story.person(phone=PHONE))
    await office.run()

    rows = await office.database.fetch("SELECT row_to_json(o)::text AS said FROM outbox AS o")

    assert rows
    for row in rows:
        for personal in (EMAIL, "wang", "王芳", "13800138000"):
            assert personal not in row["said"]


async def test_a_result_that_could_not_be_recorded_is_recorded_before_the_next_delivery(
    office: Office, story: Story, mails: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    await story.book(at(25, 9, 20), await story.person())
    await office.produce()

    async def away(*_: object, **__: object) -> bool:
        raise StorageUnavailable("away")

    with monkeypatch.context() as broken:
        broken.setattr(Outbox, "record_result", away)
        with pytest.raises(StorageUnavailable):
            await office.sender.run_once()
    assert (await office.rows())[0] == ("booked", "sending")
    await office.sender.run_once()

    assert (await office.rows())[0] == ("booked", "sent")
    assert len(mails.mails) == 1


async def test_an_internal_error_affects_one_message_and_logs_no_address(
    office: Office, story: Story, mails: PostOffice, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await story.book(at(25, 9, 20), await story.person())
    await story.book(at(25, 9, 40), await story.person(email="li.lei@home.example"))
    transport = office.transports[MessageChannel.MAIL]
    deliver = transport.deliver

    async def sometimes(message, letter, person, now_at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        if person.email == EMAIL:
            raise RuntimeError(person.email)
        return await deliver(message, letter, person, now_at)

    monkeypatch.setattr(transport, "deliver", sometimes)
    await office.run()

    assert [mail["To"] for mail in mails.mails] == ["li.lei@home.example"]
    assert min(await office.rows("state", "reason")) == ("dead", "fault")
    said = capsys.readouterr()
    assert "message_fault" in said.out + said.err
    assert EMAIL not in said.out + said.err


async def test_an_internal_error_in_one_hall_does_not_affect_the_others(
    office: Office, story: Story, mails: PostOffice, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await story.book(at(25, 9, 20), await story.person())
    await office.produce()
    due, claim = office.outbox.halls_due, office.outbox.claim

    async def one_more(*arguments: Any) -> list[HallId]:  # noqa: ANN401  (as `halls_due`)
        halls = await due(*arguments)
        return [HallId("broken"), *halls] if halls else []

    async def sometimes(hall: HallId, *arguments: Any, **more: Any) -> list[Message]:  # noqa: ANN401  (as `claim`)
        if hall == "broken":
            raise KeyError(EMAIL)
        return await claim(hall, *arguments, **more)

    monkeypatch.setattr(office.outbox, "halls_due", one_more)
    monkeypatch.setattr(office.outbox, "claim", sometimes)
    await office.sender.run_once()

    assert [mail["To"] for mail in mails.mails] == [EMAIL]
    said = capsys.readouterr()
    assert "send_fault" in said.out + said.err
    assert EMAIL not in said.out + said.err


async def test_a_deleted_hall_sends_nothing(office: Office, story: Story, mails: PostOffice) -> None:
    await story.book(at(25, 9, 20), await story.person())
    await office.produce()
    await office.execute("UPDATE outbox SET hall_id = 'gone'")
    await office.execute("UPDATE applicants SET hall_id = 'gone'")
    await office.execute("UPDATE appointments SET hall_id = 'gone'")

    await office.sender.run_once()

    assert mails.mails == []
    assert (await office.rows())[0] == ("booked", "withdrawn")


async def test_overdue_messages_are_counted_by_age(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock
) -> None:
    mails.refuses[EMAIL] = "451 4.3.0 later"
    await story.book(at(25, 9, 20), await story.person())

    await office.run()
    assert office.counted.overdue == {
        ("mail", "minute"): 1,
        ("mail", "ten_minutes"): 0,
        ("mail", "hour"): 0,
        ("mail", "longer"): 0,
    }
    found = []
    for seconds in (60, 540, 3000):
        clock.advance(seconds)
        await office.sender.run_once()
        found.append({age for (_, age), count in office.counted.overdue.items() if count})

    assert found == [{"ten_minutes"}, {"hour"}, {"longer"}]


async def test_an_expired_message_does_not_wait_for_its_next_try(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock
) -> None:
    mails.refuses[EMAIL] = "451 4.3.0 later"
    await story.book(at(23, 10, 40), await story.person())  # expires at 11:00
    await office.run()
    for seconds in BACKOFF_S[:4]:
        clock.advance(seconds)
        await office.sender.run_once()

    clock.put(at(23, 11) - timedelta(seconds=1))
    await office.sender.run_once()
    before = await office.rows("state", "reason", "tries")
    clock.put(at(23, 11))
    await office.sender.run_once()

    assert before == [("waiting", "smtp 451", 5)]
    assert await office.rows("state", "reason", "tries") == [("withdrawn", "late", 5)]


async def test_finished_messages_are_deleted_after_a_month(office: Office, story: Story, clock: FakeClock) -> None:
    await story.book(at(23, 10, 40), await story.person())
    await office.run()
    messages = Messages(office.producer, [office.sender], office.outbox, clock)

    await messages.sweep()
    assert len(await office.rows()) == 1
    clock.advance(31 * 86_400)
    await messages.sweep()

    assert await office.rows() == []
    assert await office.database.fetch("SELECT day FROM outbox_cursors") == []


async def test_a_stop_waits_for_the_delivery_in_progress_and_begins_no_other(
    database: Database, office: Office, story: Story, mails: PostOffice
) -> None:
    await book_many(story)
    mails.open.clear()
    settings = Settings(smtp_url=mails.url, mail_from=SENDER)
    messages_now = messaging(settings, database, office.halls, office.clock, list, PlainLinks(), Counted())
    async with messages_now as messages:
        assert messages is not None
        await messages.produce()
        sending = asyncio.create_task(messages.send())
        await mails.arrived.wait()
        sending.cancel()  # as at the end of the scheduler
        await asyncio.gather(sending, return_exceptions=True)
        asyncio.get_running_loop().call_soon(mails.open.set)

    states = Counter(await office.rows("kind", "state"))
    assert states["booked", "sending"] == 0
    assert 1 <= states["booked", "sent"] == len(mails.mails) < MANY


async def test_a_slow_pass_is_not_started_twice(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock
) -> None:
    await story.book(at(25, 9, 20), await story.person())
    await office.produce()
    messages = Messages(office.producer, [office.sender], office.outbox, clock)
    mails.open.clear()

    await messages.start_sending()
    await mails.arrived.wait()
    begun = messages._sending[office.sender]
    await messages.start_sending()
    assert messages._sending == {office.sender: begun}
    mails.open.set()
    await messages.stop()

    assert len(mails.mails) == 1
    assert (await office.rows())[0] == ("booked", "sent")
    assert begun.done()


async def test_a_slow_mail_server_does_not_delay_text_messages(
    office: Office, story: Story, mails: PostOffice, hooks: Receiver
) -> None:
    await book_many(story)
    await story.book(at(25, 9, 20), await story.person(phone=PHONE, email=None))
    mails.open.clear()
    async with Gateway(hooks.url, SECRET) as gateway:
        office.transports[MessageChannel.WEBHOOK] = gateway
        senders = [office.another_sender(channel=channel) for channel in office.transports]
        messages = Messages(office.another_producer(), senders, office.outbox, office.clock)
        await messages.produce()

        await messages.start_sending()
        async with asyncio.timeout(10):
            await mails.arrived.wait()
            await hooks.arrived.wait()
        mails.open.set()
        await messages.stop()

    assert [body["data"]["to"] for body in hooks.bodies] == [PHONE]


async def test_without_a_channel_there_are_no_messages(database: Database, office: Office) -> None:
    async with messaging(Settings(), database, office.halls, office.clock, list, PlainLinks(), Counted()) as messages:
        assert messages is None


async def test_passes_without_a_database_leave_their_work_to_the_next(
    office: Office, story: Story, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await story.book(at(25, 9, 20), await story.person())
    messages = Messages(office.another_producer(), [office.sender], office.outbox, clock)
    messages.mark_changed(HallId("demo"), story.on(at(25, 9)))

    async def away(*_: object, **__: object) -> None:
        raise StorageUnavailable("away")

    with monkeypatch.context() as broken:
        broken.setattr(Database, "fetch", away)
        await messages.produce()
        await messages.send()
        await messages.sweep()
    await messages.produce()
    await messages.send()

    assert (await office.rows())[0] == ("booked", "sent")
    assert TRIES_MAX == 8
