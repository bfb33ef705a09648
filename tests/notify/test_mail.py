"""Tests of mail: texts, calendar files, and the handling of the mail server's replies."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from service.clock import FakeClock
from service.domain.hall.demo import demo_document
from service.domain.hall.document import HallDocument
from service.domain.model import CancelledBy, HallId, ServiceId
from service.notify.content import RenderedMessage, render_message
from service.notify.mail import PORT, TLS_PORT, Mailer, build_mail, parse_server_url
from service.notify.model import Facts, Kind, Message, MessageChannel, Person
from tests.notify.calendars import read_calendar
from tests.notify.conftest import SENDER, Office, PlainLinks, at
from tests.notify.post import PostOffice
from tests.notify.story import EMAIL, NAME, Story


def text_of(mail: EmailMessage) -> str:
    """Return the text part of a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def event_of(mail: EmailMessage) -> tuple[str, Any]:
    """Return method and event of the calendar in a mail; check that alternative and attachment are the same."""
    parts = [part for part in mail.walk() if part.get_content_type() in {"text/calendar", "application/ics"}]
    assert [part.get_content_type() for part in parts] == ["text/calendar", "application/ics"]
    shown, file = (part.get_content() for part in parts)
    method, event = read_calendar(file)
    assert read_calendar(shown.encode()) == (method, event)
    assert parts[0].get_param("method") == method
    assert parts[1].get_filename() == "appointment.ics"
    return method, event


async def test_a_booking_is_a_mail_with_the_time_the_code_and_what_to_bring(
    office: Office, story: Story, mails: PostOffice
) -> None:
    one = await story.book(at(25, 9, 20), await story.person())

    await office.run()

    (mail,) = mails.mails
    assert mail["Subject"] == "已约好：11月25日（周三） 09:20 首次贷款签约"
    assert parseaddr(mail["From"]) == ("学生资助贷款办理大厅", SENDER)
    assert mail["To"] == EMAIL
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "zh-CN"
    assert text_of(mail) == (
        f"{NAME}，您好：\n\n"
        f"学生资助贷款办理大厅：已为您约好 11月25日（周三） 09:20 首次贷款签约，凭证码 {one.code}。"
        "到场后扫码或输入凭证码签到。\n\n"
        "请带：身份证、学生证或录取通知书、贷款申请表、共同借款人身份证\n\n"
        f"查看、改期或取消：https://paihao.example/halls/demo#{one.id}\n\n"
        "本邮件由系统自动发出，不接收回复。\n"
    )


async def test_a_mail_is_in_the_language_of_its_recipient(office: Office, story: Story, mails: PostOffice) -> None:
    one = await story.book(at(25, 9, 20), await story.person(name=None, locale="en-GB"), count=2)

    await office.run()

    (mail,) = mails.mails
    assert mail["Subject"] == "Booked: Wed 25 Nov, 09:20, First loan contract"
    assert text_of(mail).startswith(
        f"Hello,\n\nStudent Loan Hall: booked for Wed 25 Nov, 09:20, First loan contract. Code {one.code}:"
    )
    assert "\n\nPeople: 2\n\nPlease bring: ID card; Student card or admission letter;" in text_of(mail)


async def test_a_calendar_file_contains_no_personal_data_but_the_address(
    office: Office, story: Story, mails: PostOffice
) -> None:
    one = await story.book(at(25, 9, 20), await story.person(phone="+8613800138000"))

    await office.run()

    method, event = event_of(mails.mails[0])
    assert method == "REQUEST"
    assert event["UID"] == f"{one.id}@demo"
    assert event["SEQUENCE"] == 0
    assert event["DTSTART"].dt == datetime(2026, 11, 25, 1, 20, tzinfo=UTC)
    assert event["DTEND"].dt == datetime(2026, 11, 25, 1, 25, tzinfo=UTC)
    assert event["SUMMARY"] == "首次贷款签约 · 学生资助贷款办理大厅"
    assert event["LOCATION"] == "学生资助贷款办理大厅"
    assert event["STATUS"] == "CONFIRMED"
    assert event["URL"] == f"https://paihao.example/halls/demo#{one.id}"
    assert event["ORGANIZER"] == f"mailto:{SENDER}"
    assert event["ATTENDEE"] == f"mailto:{EMAIL}"
    assert event["ATTENDEE"].params["RSVP"] == "FALSE"
    assert one.code in event["DESCRIPTION"]
    written = event.to_ical().decode()
    assert NAME not in written
    assert "13800138000" not in written


async def test_a_calendar_replaces_moved_entries_and_removes_cancelled_ones(
    office: Office, story: Story, mails: PostOffice
) -> None:
    one = await story.book(at(25, 9, 20), await story.person())
    await office.run()
    one = await story.move(one, at(25, 16))
    await office.run()
    one = await story.move(one, at(27, 10))
    await office.run()
    await story.cancel(one)
    await office.run()

    events = [event_of(mail) for mail in mails.mails]
    assert [method for method, _ in events] == ["REQUEST", "REQUEST", "REQUEST", "CANCEL"]
    assert {str(event["UID"]) for _, event in events} == {f"{one.id}@demo"}
    assert [event["SEQUENCE"] for _, event in events] == [0, 1, 2, 3]
    assert [event["DTSTART"].dt for _, event in events] == [at(25, 9, 20), at(25, 16), at(27, 10), at(27, 10)]
    assert events[-1][1]["STATUS"] == "CANCELLED"


@pytest.mark.parametrize(
    ("by", "said"),
    [(CancelledBy.SELF, "的预约（首次贷款签约）已取消。需要时"), (CancelledBy.STAFF, "因大厅安排有变")],
)
async def test_a_cancellation_says_who_cancelled(
    office: Office, story: Story, mails: PostOffice, by: CancelledBy, said: str
) -> None:
    one = await story.book(at(25, 9, 20), await story.person())
    await office.run()

    await story.cancel(one, by)
    await office.run()

    assert said in text_of(mails.mails[1])
    assert "重新预约：https://paihao.example/halls/demo\n" in text_of(mails.mails[1])


async def test_reminders_come_a_day_and_an_hour_before_and_change_no_calendar(
    office: Office, story: Story, mails: PostOffice
) -> None:
    await story.book(at(25, 9, 20), await story.person())
    await office.run()

    for when in (at(24, 9, 19), at(24, 9, 20), at(25, 8, 19), at(25, 8, 20), at(25, 9, 20)):
        await office.run_at(when)

    assert [mail["Subject"].partition("：")[0] for mail in mails.mails] == ["已约好", "预约提醒", "预约提醒"]
    assert all(mail.get_content_type() == "text/plain" for mail in mails.mails[1:])


async def test_a_reminder_that_is_an_hour_late_is_not_sent(office: Office, story: Story, mails: PostOffice) -> None:
    await story.book(at(25, 9, 20), await story.person())
    await office.run()

    await office.run_at(at(24, 10, 20))
    await office.run_at(at(25, 9, 20))

    assert len(mails.mails) == 1
    assert await office.rows("kind", "state", "reason") == [
        ("booked", "sent", None),
        ("day_before", "withdrawn", "late"),
        ("hour_before", "withdrawn", "late"),
    ]
    assert ("day_before", "mail", "withdrawn") in office.counted.outcomes


async def test_the_reminder_of_a_moved_appointment_names_the_new_time(
    office: Office, story: Story, mails: PostOffice
) -> None:
    one = await story.book(at(25, 9, 20), await story.person())
    await office.run()
    await story.move(one, at(25, 16))
    await office.run()

    for when in (at(24, 9, 20), at(24, 16), at(25, 8, 20), at(25, 15)):
        await office.run_at(when)

    assert [mail["Subject"] for mail in mails.mails[2:]] == ["预约提醒：11月25日（周三） 16:00 首次贷款签约"] * 2


async def test_a_mail_comes_from_the_halls_address_so_that_bounces_go_there(
    office: Office, story: Story, mails: PostOffice
) -> None:
    await story.book(at(25, 9, 20), await story.person())

    await office.run()

    assert mails.envelopes[0].mail_from == SENDER
    assert mails.envelopes[0].rcpt_tos == [EMAIL]


async def test_an_address_that_does_not_exist_is_a_dead_letter_at_once(
    office: Office, story: Story, mails: PostOffice, capsys: pytest.CaptureFixture[str]
) -> None:
    mails.refuses[EMAIL] = f"550 5.1.1 <{EMAIL}> unknown"
    await story.book(at(25, 9, 20), await story.person())

    await office.run()
    await office.run_at(at(23, 22))

    assert await office.rows("kind", "state", "reason", "tries") == [
        ("booked", "dead", "smtp 550", 1),
        ("day_before", "waiting", None, 0),
        ("hour_before", "waiting", None, 0),
    ]
    said = capsys.readouterr()
    assert "message_dead" in said.out + said.err
    assert EMAIL not in said.out + said.err
    assert NAME not in said.out + said.err


async def test_a_temporary_refusal_is_retried_with_the_same_message_id(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock
) -> None:
    mails.refuses[EMAIL] = "451 4.3.0 greylisted"
    await story.book(at(25, 9, 20), await story.person())
    await office.run()
    assert await office.rows("state", "reason", "tries") == [
        ("waiting", "smtp 451", 1),
        ("waiting", None, 0),
        ("waiting", None, 0),
    ]
    mails.refuses.clear()
    clock.advance(59)
    await office.run()
    assert mails.mails == []

    clock.advance(1)
    await office.run()

    (message,) = [row for row in await office.rows("id::text", "state") if row[1] == "sent"]
    assert mails.mails[0]["Message-ID"] == f"<{message[0]}@city.example>"


async def test_a_message_that_the_server_refuses_as_a_whole_is_dead_or_tried_again_by_its_answer(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock
) -> None:
    mails.answer = "452 4.2.2 mailbox full"
    await story.book(at(25, 9, 20), await story.person())
    await office.run()
    assert (await office.rows("state", "reason"))[0] == ("waiting", "smtp 452")

    mails.answer = "554 5.7.1 spam"
    clock.advance(60)
    await office.run()

    assert (await office.rows("state", "reason"))[0] == ("dead", "smtp 554")


async def test_a_server_that_is_away_is_tried_eight_times_and_then_the_letter_is_dead(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock
) -> None:
    office.transports[MessageChannel.MAIL] = Mailer("smtp://127.0.0.1:1", SENDER)
    await story.book(at(29, 9, 20), await story.person())
    waits = []

    for _ in range(8):
        await office.run()
        state, next_at = (await office.rows("state", "next_at"))[0]
        waits.append((next_at - clock.now_at()).total_seconds())
        if state == "waiting":
            clock.put(next_at)

    assert waits[:-1] == [60, 300, 900, 1800, 3600, 10_800, 21_600]
    assert (await office.rows("state", "reason", "tries"))[0] == ("dead", "unreachable", 8)
    assert mails.mails == []


async def test_a_server_that_refuses_us_altogether_is_retried(office: Office, story: Story) -> None:
    async def refuse(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 5.7.1 no service for you\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        office.transports[MessageChannel.MAIL] = Mailer(f"smtp://127.0.0.1:{port}", SENDER)
        await story.book(at(25, 9, 20), await story.person())
        await office.run()

    assert (await office.rows("state", "reason"))[0] == ("waiting", "smtp 554")


async def test_a_server_that_refuses_the_sender_is_retried(
    office: Office, story: Story, mails: PostOffice, clock: FakeClock
) -> None:
    mails.refuses[SENDER] = "550 5.7.1 too many mails from you today"
    await story.book(at(25, 9, 20), await story.person())
    await office.run()
    assert (await office.rows("state", "reason"))[0] == ("waiting", "smtp 550")

    mails.refuses.clear()
    clock.advance(60)
    await office.run()

    assert len(mails.mails) == 1


@pytest.mark.parametrize("address", ["two words@home.example", "a@b\r\nBcc: all@home.example", "@", "名@home.example"])
async def test_an_address_that_is_invalid_in_a_header_is_a_dead_letter(
    office: Office, story: Story, mails: PostOffice, address: str
) -> None:
    await story.book(at(25, 9, 20), await story.person(email=address))

    await office.run()

    assert (await office.rows("state", "reason"))[0] == ("dead", "address")
    assert mails.mails == []


def test_a_password_is_not_sent_in_the_clear_to_another_machine() -> None:
    assert parse_server_url("smtp://hall:a%40b@mail.example") == ("mail.example", PORT, "hall", "a@b", False, True)
    assert parse_server_url("smtps://hall:hush@mail.example") == ("mail.example", TLS_PORT, "hall", "hush", True, None)
    assert parse_server_url("smtp://hall:hush@localhost:25").start_tls is None
    assert parse_server_url("smtp://mail.example:25") == ("mail.example", 25, None, None, False, None)


def test_a_mail_is_ascii_on_its_way_and_its_lines_are_short(story: Story) -> None:
    mail = build_mail(*_written(story.document, Kind.BOOKED), SENDER, EMAIL, at(23, 10)).as_bytes()

    assert mail.isascii()
    assert max(len(line) for line in mail.split(b"\r\n")) <= 998


def test_names_of_hall_and_service_may_have_line_breaks() -> None:
    document = demo_document(always_open=False)
    first, *others = document.services
    services = [replace(first, name={"zh-CN": "首次\n签约"}), *others]

    mail = build_mail(
        *_written(replace(document, name={"zh-CN": "市民\r\n大厅"}, services=services), Kind.BOOKED),
        SENDER,
        EMAIL,
        at(23, 10),
    )

    assert str(mail["From"]) == f"市民 大厅 <{SENDER}>"
    assert str(mail["Subject"]).endswith("首次 签约")


def _written(document: HallDocument, kind: Kind) -> tuple[Message, RenderedMessage]:
    message = Message(
        hall=HallId("demo"),
        id="0198a000-0000-7000-8000-000000000000",
        day=date(2026, 11, 25),
        subject="0198a000-0000-7000-8000-000000000001",
        kind=kind,
        channel=MessageChannel.MAIL,
        facts=Facts(
            service=ServiceId("loan-first"),
            code="A3K9QXRT",
            starts_at=at(25, 9, 20),
            ends_at=at(25, 9, 20) + timedelta(minutes=5),
        ),
        tries=1,
    )
    person = Person(name=NAME, phone=None, email=EMAIL, locale=None)
    return message, render_message(message, person, document, PlainLinks())


@pytest.mark.parametrize("hour", [0, 1])
def test_a_time_in_the_repeated_hour_is_local_in_the_text_and_unambiguous_in_the_calendar(
    story: Story, hour: int
) -> None:
    starts_at = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
    message, _ = _written(story.document, Kind.BOOKED)
    facts = replace(message.facts, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=5))
    document = replace(story.document, time_zone="Europe/Berlin")
    person = Person(name=None, phone=None, email=EMAIL, locale="en")

    letter = render_message(replace(message, facts=facts), person, document, PlainLinks())

    assert "Sun 25 Oct, 02:30" in letter.text
    assert letter.entry is not None
    assert letter.entry.starts_at == starts_at
    assert letter.entry.starts_at.astimezone(ZoneInfo("Europe/Berlin")).hour == 2
