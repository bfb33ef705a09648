"""Tests of the message producer: which messages follow from the journal, each once, with several processes."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from service.clock import FakeClock
from service.domain.model import CancelledBy, HallId
from service.journal.database import Database
from service.journal.faults import StorageUnavailable
from service.notify.mail import Mailer
from service.notify.model import MessageChannel
from service.notify.outbox import Outbox, Writer
from service.notify.rules import AppointmentUpdate
from service.runtime.halls import Halls
from tests.notify.conftest import SENDER, Office, at
from tests.notify.story import Story


async def test_a_booking_makes_one_message_and_two_later_reminders(office: Office, story: Story) -> None:
    await story.book(at(25, 14), await story.person())

    await office.produce()

    assert await office.rows("kind", "state", "due_at") == [
        ("booked", "waiting", at(23, 10)),
        ("day_before", "waiting", at(24, 14)),
        ("hour_before", "waiting", at(25, 13)),
    ]


async def test_no_reminders_are_created_for_a_past_time(office: Office, story: Story) -> None:
    await story.book(at(23, 10, 30), await story.person())
    await story.book(at(24, 9), await story.person())

    await office.produce()

    assert sorted(await office.rows("kind")) == ["booked", "booked", "hour_before"]


async def test_events_are_not_processed_twice(office: Office, story: Story) -> None:
    await story.book(at(25, 14), await story.person())

    for _ in range(3):
        await office.produce()

    assert len(await office.rows()) == 3


async def test_a_day_without_new_events_is_not_read(
    office: Office, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    await story.book(at(25, 14), await story.person())
    await story.book(at(26, 14), await story.person())
    await office.produce()
    read: list[date] = []
    hold = Outbox.lock_cursor

    async def held(self: Outbox, writer: object, hall: object, on: date) -> int | None:
        read.append(on)
        return await hold(self, writer, hall, on)  # type: ignore[arg-type]

    monkeypatch.setattr(Outbox, "lock_cursor", held)
    await story.book(at(26, 15), await story.person())
    await office.produce()

    assert read == [date(2026, 11, 26)]


async def test_a_day_that_this_process_appended_to_is_read_at_once(office: Office, story: Story) -> None:
    await office.producer.run_once()
    await story.book(at(25, 14), await story.person())

    await office.producer.run_once()
    assert await office.rows() == []
    office.producer.mark_changed(story.hall, date(2026, 11, 25))
    await office.producer.run_once()

    assert len(await office.rows()) == 3


async def test_an_applicant_without_an_address_gets_no_message(office: Office, story: Story) -> None:
    await story.book(at(25, 14), await story.person(email=None, phone="+8613800138000"))
    await story.book(at(25, 15), None)

    await office.produce()

    assert await office.rows() == []


async def test_a_hold_gets_its_message_when_it_is_confirmed(office: Office, story: Story) -> None:
    held = await story.book(at(25, 14), None, hold=True)
    await office.produce()
    assert await office.rows() == []

    await story.confirm(held, await story.person())
    await office.produce()

    assert await office.rows("kind") == ["booked", "day_before", "hour_before"]


async def test_a_hold_that_ends_gets_no_message(office: Office, story: Story) -> None:
    cancelled = await story.book(at(25, 14), await story.person(), hold=True)
    expired = await story.book(at(25, 15), await story.person(), hold=True)
    await story.cancel(cancelled)
    await story.expire(expired)

    await office.produce()

    assert await office.rows() == []


async def test_a_move_within_a_day_leaves_only_messages_of_the_new_time(office: Office, story: Story) -> None:
    one = await story.book(at(25, 14), await story.person())
    await office.run()

    await story.move(one, at(25, 16))
    await office.produce()

    assert await office.rows("kind", "state", "due_at") == [
        ("booked", "sent", at(23, 10)),
        ("changed", "waiting", at(23, 10)),
        ("day_before", "withdrawn", at(24, 14)),
        ("day_before", "waiting", at(24, 16)),
        ("hour_before", "withdrawn", at(25, 13)),
        ("hour_before", "waiting", at(25, 15)),
    ]


@pytest.mark.parametrize("late_first", [False, True])
async def test_a_move_to_another_day_leaves_only_reminders_of_the_new_time(
    office: Office, story: Story, *, late_first: bool, clock: FakeClock
) -> None:
    one = await story.book(at(25, 14), await story.person())
    await office.run()
    clock.advance(60)

    await story.move(one, at(27, 9))
    for on in sorted([date(2026, 11, 25), date(2026, 11, 27)], reverse=late_first):
        await office.producer.produce(story.hall, on)

    assert sorted(await office.rows("kind", "state", "due_at")) == [
        ("booked", "sent", at(23, 10)),
        ("changed", "waiting", at(23, 10, 1)),
        ("day_before", "waiting", at(26, 9)),
        ("day_before", "withdrawn", at(24, 14)),
        ("hour_before", "waiting", at(27, 8)),
        ("hour_before", "withdrawn", at(25, 13)),
    ]


async def test_a_booking_moved_before_anything_was_sent_gets_one_message(office: Office, story: Story) -> None:
    one = await story.book(at(25, 14), await story.person())
    await story.move(one, at(25, 16))

    await office.produce()

    assert await office.rows("kind", "due_at") == [
        ("booked", at(23, 10)),
        ("day_before", at(24, 16)),
        ("hour_before", at(25, 15)),
    ]


async def test_a_change_withdraws_the_messages_not_sent_yet(office: Office, story: Story) -> None:
    one = await story.book(at(25, 14), await story.person())
    await office.produce()

    await story.cancel(one)
    await office.produce()

    assert sorted(await office.rows()) == [
        ("booked", "withdrawn"),
        ("cancelled", "waiting"),
        ("day_before", "withdrawn"),
        ("hour_before", "withdrawn"),
    ]


async def test_a_check_in_withdraws_the_reminders(office: Office, story: Story, clock: FakeClock) -> None:
    one = await story.book(at(25, 14), await story.person())
    await office.run()
    clock.put(at(25, 12, 55))

    await story.check_in(one)
    await office.produce()

    assert sorted(await office.rows()) == [
        ("booked", "sent"),
        ("day_before", "withdrawn"),
        ("hour_before", "withdrawn"),
    ]


async def test_a_missed_appointment_gets_a_message(office: Office, story: Story, clock: FakeClock) -> None:
    one = await story.book(at(23, 11), await story.person())
    await office.run()
    clock.put(at(23, 11, 31))

    await story.miss(one)
    await office.produce()

    assert max(await office.rows()) == ("missed", "waiting")


async def test_an_erasure_sends_no_cancellation(office: Office, story: Story) -> None:
    one = await story.book(at(25, 14), await story.person())
    await office.run()

    await story.cancel(one, CancelledBy.ERASED)
    await office.produce()

    assert "cancelled" not in await office.rows("kind")


async def test_an_appointment_given_to_another_applicant_sends_messages_to_that_one(
    office: Office, story: Story
) -> None:
    one = await story.book(at(25, 14), await story.person())
    await office.run()
    other = await story.person(email="li.lei@home.example")

    await story.give_to(one, other)
    await office.produce()

    waiting = [row for row in await office.rows("kind", "state", "applicant_id::text") if row[1] == "waiting"]
    assert {kind for kind, _, _ in waiting} == {"changed", "day_before", "hour_before"}
    assert {person for _, _, person in waiting} == {other.id}


async def test_a_booking_older_than_a_day_gets_only_reminders(office: Office, story: Story, clock: FakeClock) -> None:
    """Switching messages on must not announce old bookings."""
    await story.book(at(25, 14), await story.person())
    clock.put(at(24, 10, 1))

    await office.produce()

    assert await office.rows("kind") == ["day_before", "hour_before"]


async def test_events_of_a_downtime_get_their_messages_later(office: Office, story: Story, clock: FakeClock) -> None:
    """Events of the last moments before a stop get their messages after the next start, until these expire."""
    await story.book(at(25, 14), await story.person())
    await story.book(at(23, 11, 30), await story.person())
    clock.put(at(23, 12))

    await office.produce()

    assert await office.rows("kind", "due_at") == [
        ("booked", at(23, 10)),
        ("day_before", at(24, 14)),
        ("hour_before", at(25, 13)),
    ]


async def test_a_fault_in_one_day_does_not_hold_up_the_others(
    office: Office, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    await story.book(at(24, 14), await story.person())
    await story.book(at(25, 14), await story.person())
    updates = Outbox.updates

    async def sometimes(
        self: Outbox, writer: Writer, hall: HallId, on: date, seq: int
    ) -> tuple[int, list[AppointmentUpdate]]:
        if on == date(2026, 11, 24):
            raise RuntimeError
        return await updates(self, writer, hall, on, seq)

    with monkeypatch.context() as broken:
        broken.setattr(Outbox, "updates", sometimes)
        await office.produce()
    assert await office.rows("kind") == ["booked", "day_before", "hour_before"]
    await office.produce()

    assert len(await office.rows()) == 6


async def test_concurrent_producers_create_each_message_once(office: Office, story: Story) -> None:
    for minute in range(0, 50, 5):
        await story.book(at(25, 14, minute), await story.person())

    await asyncio.gather(*(office.another_producer().run_once() for _ in range(6)))
    await office.produce()

    assert len(await office.rows()) == 30


async def test_without_the_cursor_lock_the_unique_key_still_prevents_duplicates(office: Office, story: Story) -> None:
    """Without the lock of the cursor, the unique key prevents duplicates."""
    await story.book(at(25, 14), await story.person())
    loose = office.another_producer()
    loose._outbox = Outbox(office.database)
    nothing_held = "SELECT 0 FROM outbox_cursors WHERE hall_id = $1 AND day = $2"
    loose._outbox._sql = {**loose._outbox._sql, "lock_cursor": nothing_held}
    await office.produce()
    before = await office.rows("id", "state")

    await loose.produce(story.hall, date(2026, 11, 25))

    assert await office.rows("id", "state") == before


async def test_a_producer_that_dies_before_its_commit_has_done_nothing(
    office: Office, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    await story.book(at(25, 14), await story.person())

    async def dies(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as broken:
        broken.setattr(Outbox, "move_cursor", dies)
        with pytest.raises(StorageUnavailable):
            await office.produce()
    assert await office.rows() == []
    await office.produce()

    assert len(await office.rows()) == 3


async def test_the_reminder_of_the_day_before_has_the_same_local_time_across_a_clock_change(
    database: Database, halls: Halls, clock: FakeClock
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    document = replace(halls.known()[0].document, time_zone="Europe/Berlin")
    assert await halls.create_if_absent(HallId("berlin"), document)
    clock.put(datetime(2026, 10, 20, 8, 0, tzinfo=UTC))
    office = Office(database, halls, clock, {MessageChannel.MAIL: Mailer("smtp://127.0.0.1:1", SENDER)})
    story = Story(database, HallId("berlin"), document, clock)
    after_the_change_at = datetime(2026, 10, 25, 9, 0, tzinfo=berlin).astimezone(UTC)

    await story.book(after_the_change_at, await story.person())
    await office.produce()

    day_before_at, hour_before_at = (await office.rows("due_at"))[1:]
    assert day_before_at == datetime(2026, 10, 24, 9, 0, tzinfo=berlin).astimezone(UTC)
    assert after_the_change_at - day_before_at == timedelta(hours=25)
    assert after_the_change_at - hour_before_at == timedelta(hours=1)
