"""Tests of a closed or suspended hall: no message asks people to come, and one message announces the closure."""

from datetime import date, datetime, timedelta

import pytest
from msgspec.structs import replace

from service.clock import FakeClock
from service.domain.calendar.day_plan import plan_of
from service.domain.events import (
    DayClosed,
    OvertimeEnded,
    OvertimeOpened,
    SuspensionBegan,
    SuspensionEnded,
)
from service.domain.hall.demo import demo_document
from service.domain.hall.document import ExceptionDay, Hours
from service.domain.model import CancelledBy, Suspension
from service.journal.database import Database
from service.notify.dead_letters import DeadLetters
from service.notify.model import Kind, State
from service.notify.rules import DayOpening, Postpone, SendAs, apply_opening
from tests.notify.conftest import Office, at
from tests.notify.post import PostOffice, Receiver
from tests.notify.story import EMAIL, PHONE, Story

WEDNESDAY = date(2026, 11, 25)
CLOSED = ExceptionDay(on=WEDNESDAY, closed=True)
MORNING = ExceptionDay(on=WEDNESDAY, from_="09:00", to="12:00")
ALARM = {"en": "Fire alarm"}


def hours(*spans: tuple[str, str]) -> DayOpening:
    """Return when a hall is open on that Wednesday."""
    document = demo_document(always_open=False)
    each = [Hours(weekdays=[3], from_=from_, to=to) for from_, to in spans]
    return DayOpening(plan_of(replace(document, hours=each), 1, WEDNESDAY))


def subjects(mails: PostOffice) -> list[str]:
    """Return the subject of each mail up to the colon, which names the kind of message."""
    return [str(mail["Subject"]).partition("：")[0] for mail in mails.mails]


def text(mails: PostOffice) -> str:
    """Return the text of the last mail."""
    part = mails.mails[-1].get_body(("plain",))
    assert part is not None
    found: str = part.get_content()
    return found


# A manager closes the day.


async def test_an_appointment_cancelled_by_closing_the_day_gets_one_message_of_its_own(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock
) -> None:
    one = await story.book(at(25, 15), await story.person())
    await office.run()
    clock.put(at(25, 10))
    await story.cancel(one, CancelledBy.STAFF, closed=True)
    await story.write(WEDNESDAY, DayClosed())

    await office.run()
    for hour in (14, 16):
        await office.run_at(at(25, hour))

    assert subjects(mails) == ["已约好", "预约已取消"]
    assert "今天的办理已提前结束" in text(mails)
    assert "重新预约：https://paihao.example/halls/demo\r\n" in text(mails)
    assert sorted(await office.rows()) == [
        ("booked", "sent"),
        ("cancelled", "sent"),
        ("day_before", "withdrawn"),
        ("hour_before", "withdrawn"),
    ]


async def test_a_missed_appointment_is_not_sent_to_a_hall_that_has_closed_since(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock
) -> None:
    one = await story.book(at(23, 10, 30), await story.person())
    clock.put(at(23, 11, 1))
    await story.miss(one)
    await story.write(date(2026, 11, 23), DayClosed())

    await office.run()

    assert "今天仍可到场取号" not in text(mails)
    assert "另选时间预约" in text(mails)


# The document changes.


@pytest.mark.parametrize("exception", [CLOSED, MORNING])
async def test_the_first_reminder_says_that_the_hall_is_closed_and_no_other_message_does(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock, exception: ExceptionDay
) -> None:
    one = await story.book(at(25, 15), await story.person())
    await office.run()
    await story.plan(WEDNESDAY, exception)

    await office.run()
    assert subjects(mails) == ["已约好"]
    await office.run_at(at(24, 15))
    assert subjects(mails) == ["已约好", "预约时间大厅不开放"]
    assert f"另选时间：https://paihao.example/halls/demo#{one.id}" in text(mails)
    await office.run_at(at(25, 14))
    clock.put(at(25, 15, 30))
    await story.miss(one)
    await office.run()

    assert subjects(mails) == ["已约好", "预约时间大厅不开放"]
    assert await office.rows("kind", "state", "reason") == [
        ("booked", "sent", None),
        ("day_before", "sent", None),
        ("hour_before", "withdrawn", "superseded"),
        ("missed", "withdrawn", "superseded"),
    ]
    assert ("closed", "mail", "sent") in office.counted.outcomes


async def test_a_closure_after_the_first_reminder_is_announced_by_the_second(
    office: Office, story: Story, mails: PostOffice
) -> None:
    await story.book(at(25, 15), await story.person())
    await office.run()
    await office.run_at(at(24, 15))
    await story.plan(WEDNESDAY, CLOSED)

    await office.run_at(at(25, 14))

    assert subjects(mails) == ["已约好", "预约提醒", "预约时间大厅不开放"]


async def test_a_closure_that_is_reverted_leaves_the_reminders_as_usual(
    office: Office, story: Story, mails: PostOffice
) -> None:
    await story.book(at(25, 15), await story.person())
    await office.run()
    await story.plan(WEDNESDAY, CLOSED)
    await office.run_at(at(24, 15))
    await story.plan(WEDNESDAY)

    await office.run_at(at(25, 14))

    assert subjects(mails) == ["已约好", "预约时间大厅不开放", "预约提醒"]
    assert "现在就可以签到" in text(mails)


async def test_a_repeated_closure_is_announced_once(office: Office, story: Story, mails: PostOffice) -> None:
    await story.book(at(25, 15), await story.person())
    await office.run()
    await story.plan(WEDNESDAY, CLOSED)
    await office.run_at(at(24, 15))
    await story.plan(WEDNESDAY)
    await story.plan(WEDNESDAY, MORNING)

    await office.run_at(at(25, 14))

    assert subjects(mails) == ["已约好", "预约时间大厅不开放"]


async def test_a_move_to_another_closed_time_announces_that_closure_too(
    office: Office, story: Story, mails: PostOffice
) -> None:
    one = await story.book(at(25, 15), await story.person())
    await story.plan(WEDNESDAY, CLOSED)
    await office.run_at(at(24, 15))
    await story.move(one, at(25, 17))

    for hour in (16, 17):
        await office.run_at(at(24, hour))

    assert subjects(mails)[-2:] == ["预约已变更", "预约时间大厅不开放"]
    assert "17:00" in text(mails)


async def test_a_closure_that_could_not_be_announced_is_announced_when_the_appointment_is_missed(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock
) -> None:
    one = await story.book(at(25, 15), await story.person())
    await office.run()
    for instant in (at(24, 15), at(25, 14)):
        await office.run_at(instant)
    await story.plan(WEDNESDAY, CLOSED)
    clock.put(at(25, 15, 30))
    await story.miss(one)

    await office.run()

    assert subjects(mails)[-1] == "预约已过时"
    assert "大厅已停止办理，谨致歉意" in text(mails)


async def test_a_retried_message_has_the_present_content(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock
) -> None:
    await story.book(at(25, 15), await story.person())
    await office.run()
    await story.plan(WEDNESDAY, CLOSED)
    mails.refuses[EMAIL] = "451 4.3.0 later"
    await office.run_at(at(24, 15))
    assert (await office.rows("kind", "state"))[1] == ("day_before", "waiting")
    mails.refuses.clear()
    await story.plan(WEDNESDAY)
    clock.advance(60)

    await office.run()

    assert subjects(mails) == ["已约好", "预约提醒"]


async def test_a_closure_whose_message_failed_is_announced_by_the_next_message(
    office: Office, story: Story, mails: PostOffice
) -> None:
    await story.book(at(25, 15), await story.person())
    await office.run()
    await story.plan(WEDNESDAY, CLOSED)
    mails.refuses[EMAIL] = "451 4.3.0 later"
    await office.run_at(at(24, 15))
    await office.run_at(at(24, 17))
    mails.refuses.clear()

    await office.run_at(at(25, 14))

    assert subjects(mails) == ["已约好", "预约时间大厅不开放"]
    assert (await office.rows("kind", "state", "reason"))[1] == ("day_before", "withdrawn", "late")


async def test_overtime_counts_as_open(office: Office, story: Story, mails: PostOffice, clock: FakeClock) -> None:
    await story.book(at(25, 15), await story.person())
    await story.book(at(25, 15, 5), await story.person())
    await story.plan(WEDNESDAY, MORNING)
    clock.put(at(25, 9))
    await story.write(WEDNESDAY, OvertimeOpened(until_at=at(25, 16)))

    await office.run_at(at(25, 14))
    assert "现在就可以签到" in text(mails)
    await story.write(WEDNESDAY, OvertimeEnded())
    await office.run_at(at(25, 14, 5))

    assert subjects(mails)[-1] == "预约时间大厅不开放"


async def test_managers_and_gateways_see_such_a_reminder_as_kind_closed(
    hooked: Office, story: Story, hooks: Receiver, database: Database
) -> None:
    await story.book(at(25, 15), await story.person(phone=PHONE))
    await story.plan(WEDNESDAY, CLOSED)

    await hooked.run_at(at(24, 15))

    assert hooks.bodies[-1]["type"] == "appointment.closed"
    assert hooks.bodies[-1]["data"]["kind"] == "closed"
    listed = await DeadLetters(database).list(story.hall, State.SENT, "00000000-0000-0000-0000-000000000000", 50)
    assert Kind.CLOSED in {one.kind for one in listed}


async def test_a_reminder_waits_for_a_process_that_can_read_the_day(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock
) -> None:
    await story.book(at(25, 15), await story.person())
    await office.run()
    await office.execute("UPDATE events SET body = '{\"plan\": \"of a newer release\"}' WHERE kind = 'day_opened'")

    await office.run_at(at(25, 14))
    assert subjects(mails) == ["已约好"]
    await story.plan(WEDNESDAY)
    clock.advance(60)
    await office.run()

    assert subjects(mails) == ["已约好", "预约提醒"]


# The doors are closed.


@pytest.mark.parametrize(
    ("starts_at", "doors_at"),
    [
        (at(25, 9, 20), at(25, 8, 30)),
        (at(25, 9, 30), None),
        (at(25, 14), at(25, 13, 30)),
    ],
)
def test_no_message_asks_to_check_in_before_the_doors_open(starts_at: datetime, doors_at: datetime | None) -> None:
    opening = hours(("09:00", "12:00"), ("14:00", "17:30"))

    told = apply_opening(Kind.HOUR_BEFORE, starts_at, opening, starts_at - timedelta(hours=1), closure_announced=False)

    assert told == SendAs(Kind.HOUR_BEFORE, doors_at=doors_at)


def test_a_day_that_begins_at_the_opening_has_no_doors_before_it() -> None:
    opening = hours(("00:00", "24:00"))

    told = apply_opening(Kind.HOUR_BEFORE, at(25, 0, 10), opening, at(24, 23, 10), closure_announced=False)

    assert told == SendAs(Kind.HOUR_BEFORE, doors_at=at(25, 0))


@pytest.mark.parametrize(("minute", "over"), [(29, False), (30, True)])
def test_a_missed_appointment_is_not_asked_to_take_a_ticket_after_closing(minute: int, *, over: bool) -> None:
    opening = hours(("09:00", "12:00"), ("14:00", "17:30"))

    told = apply_opening(Kind.MISSED, at(25, 16, 50), opening, at(25, 17, minute), closure_announced=False)

    assert told == SendAs(Kind.MISSED, over=over)


# The hall is suspended.


def test_no_missed_message_is_sent_while_the_hall_is_suspended() -> None:
    opening = replace(hours(("09:00", "17:30")), suspension=Suspension(ALARM, at(25, 10), at(25, 10, 5)))

    told = [apply_opening(Kind.NEAR, None, opening, at(25, 10, minute), closure_announced=False) for minute in (0, 5)]

    assert told == [Postpone(at(25, 10, 1), at(25, 10, 11)), SendAs(Kind.NEAR)]


@pytest.mark.parametrize(("minute", "told"), [(0, None), (30, SendAs(Kind.MISSED, over=True))])
def test_a_missed_message_is_sent_when_the_suspension_ends(minute: int, told: SendAs | None) -> None:
    now_at = at(25, 17, minute)
    opening = replace(hours(("09:00", "17:30")), suspension=Suspension(ALARM, at(25, 16)))
    again_at = now_at + timedelta(minutes=1)

    said = apply_opening(Kind.MISSED, at(25, 15), opening, now_at, closure_announced=False)

    assert said == (told or Postpone(again_at, again_at))


async def test_no_message_asks_to_check_in_while_the_hall_is_suspended(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock
) -> None:
    await story.book(at(25, 15), await story.person())
    await office.run()
    clock.put(at(25, 13, 30))
    await story.write(WEDNESDAY, SuspensionBegan(text=ALARM))

    for minute in (0, 20, 40):
        await office.run_at(at(25, 14, minute))
    assert subjects(mails) == ["已约好"]
    assert set(office.counted.overdue.values()) == {0}
    await story.write(WEDNESDAY, SuspensionEnded())
    await office.run_at(at(25, 14, 41))

    assert subjects(mails) == ["已约好", "预约提醒"]


async def test_a_suspension_with_an_end_is_over_for_messages_at_that_time(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock
) -> None:
    await story.book(at(25, 15), await story.person())
    await office.run()
    clock.put(at(25, 13, 30))
    await story.write(WEDNESDAY, SuspensionBegan(text=ALARM, until_at=at(25, 14, 0) + timedelta(seconds=20)))
    await office.run_at(at(25, 14))

    await office.run_at(at(25, 14, 0) + timedelta(seconds=20))

    assert subjects(mails) == ["已约好", "预约提醒"]


@pytest.mark.parametrize(("minute", "sent"), [(29, True), (30, False)])
async def test_after_a_suspension_the_reminder_is_sent_until_check_in_ends(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock, minute: int, *, sent: bool
) -> None:
    await story.book(at(25, 15), await story.person())
    await office.run()
    clock.put(at(25, 13, 30))
    await story.write(WEDNESDAY, SuspensionBegan(text=ALARM))
    await office.run_at(at(25, 14))
    await office.run_at(at(25, 15, minute) - timedelta(minutes=1))
    await story.write(WEDNESDAY, SuspensionEnded())

    await office.run_at(at(25, 15, minute))

    assert (subjects(mails)[-1] == "预约提醒") is sent
    assert (await office.rows("kind", "state", "reason"))[-1] == (
        ("hour_before", "sent", None) if sent else ("hour_before", "withdrawn", "late")
    )


async def test_a_suspension_does_not_delay_the_reminder_of_the_day_before(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock
) -> None:
    await story.book(at(25, 15), await story.person())
    await office.run()
    clock.put(at(24, 14))
    await story.write(date(2026, 11, 24), SuspensionBegan(text=ALARM))

    await office.run_at(at(24, 15))

    assert subjects(mails) == ["已约好", "预约提醒"]
