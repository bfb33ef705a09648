"""Tests of the message `near`: sent once, when three or fewer people are ahead, to tickets issued with more ahead."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from service.clock import FakeClock
from service.domain.day import Day
from service.domain.model import HallId, Ticket
from service.notify import rules
from tests.notify.conftest import Office
from tests.notify.post import PostOffice
from tests.service import Service, service_on

FIRST = {"name": "王芳", "email": "wang.fang@home.example", "locale": "en"}


@pytest.fixture
async def lobby(dsn: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Service]:
    """Provide a service at 10:00 without messages, because the tests run the producer themselves."""
    async with service_on(dsn, tmp_path, clock) as running:
        await running.api.open("1")
        yield running


@pytest.fixture
async def near(lobby: Service, office: Office) -> Office:
    """Provide the messages of that service."""
    await office.halls.refresh()
    office.days += lobby.running.lanes.in_use()
    return office


async def people(lobby: Service, count: int) -> None:
    """Issue tickets without contacts."""
    for _ in range(count):
        await lobby.api.take("enquiry")


async def somebody(lobby: Service, **applicant: Any) -> dict[str, Any]:  # noqa: ANN401  (fields)
    """Issue a ticket with contacts."""
    return await lobby.api.take("enquiry", applicant={**FIRST, **applicant})


async def call(lobby: Service, count: int = 1) -> None:
    """Call and finish `count` tickets."""
    for _ in range(count):
        assert await lobby.api.next("1", "done")


async def test_it_is_sent_once_when_three_are_left(
    lobby: Service, near: Office, mails: PostOffice, clock: FakeClock
) -> None:
    await people(lobby, 6)
    ticket = await somebody(lobby)
    assert (await lobby.api.next("1")) is not None
    await call(lobby)
    await near.run()
    assert mails.mails == []

    await call(lobby)
    for _ in range(3):
        await near.run()
        await near.producer.run_once()
        clock.advance(60)
        await call(lobby)

    assert [mail["Subject"] for mail in mails.mails] == [f"{ticket['number']}: 3 ahead of you"]
    assert await near.rows("kind", "state", "seq") == [("near", "sent", 0)]


async def test_a_ticket_issued_with_three_or_fewer_ahead_gets_no_message(lobby: Service, near: Office) -> None:
    await people(lobby, 3)
    await somebody(lobby)

    await near.run()
    await lobby.api.next("1")
    await near.run()

    assert await near.rows() == []


async def test_two_processes_with_the_same_day_send_it_once(lobby: Service, near: Office, mails: PostOffice) -> None:
    await people(lobby, 5)
    await somebody(lobby)
    await lobby.api.next("1")
    await call(lobby)

    for producer in (near.another_producer(), near.another_producer(), near.producer):
        await producer.run_once()
    await near.sender.run_once()

    assert len(mails.mails) == 1


async def test_a_ticket_called_meanwhile_gets_no_message(lobby: Service, near: Office, mails: PostOffice) -> None:
    await people(lobby, 5)
    await somebody(lobby)
    await lobby.api.next("1")
    await call(lobby)
    await near.produce()
    await call(lobby, 4)

    await near.sender.run_once()

    assert mails.mails == []
    assert await near.rows("state", "reason") == [("withdrawn", "superseded")]


async def test_it_is_not_sent_when_it_has_expired(
    lobby: Service, near: Office, mails: PostOffice, clock: FakeClock
) -> None:
    await people(lobby, 5)
    await somebody(lobby)
    await lobby.api.next("1")
    await call(lobby)
    await near.produce()
    clock.advance(600)

    await near.sender.run_once()

    assert mails.mails == []
    assert await near.rows("state", "reason") == [("withdrawn", "late")]


async def test_nobody_is_called_back_while_the_hall_is_suspended(
    lobby: Service, near: Office, mails: PostOffice, clock: FakeClock
) -> None:
    await people(lobby, 5)
    ticket = await somebody(lobby)
    await lobby.api.next("1")
    await call(lobby)
    await near.produce()
    await lobby.api.staff("PUT", "suspension", {"text": {"en": "Fire alarm"}})
    for _ in range(2):
        await near.sender.run_once()
        clock.advance(590)
    assert mails.mails == []

    await lobby.api.staff("DELETE", "suspension")
    await near.sender.run_once()

    assert [mail["Subject"] for mail in mails.mails] == [f"{ticket['number']}: 3 ahead of you"]


async def test_a_ticket_without_contacts_gets_no_message(lobby: Service, near: Office) -> None:
    await people(lobby, 5)
    await somebody(lobby, email=None)
    await lobby.api.next("1")
    await call(lobby)

    await near.run()

    assert await near.rows() == []


async def test_a_fault_in_one_hall_does_not_hold_up_the_others(
    lobby: Service, near: Office, mails: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    await people(lobby, 6)
    await somebody(lobby)
    await near.run()
    await call(lobby, 3)
    broken = near.days[0].copy()
    broken.hall = HallId("broken")
    near.days.insert(0, broken)

    def sometimes(day: Day, now_at: datetime) -> list[tuple[Ticket, int]]:
        if day.hall == "broken":
            raise KeyError(day.hall)
        return list(rules.tickets_near_call(day, now_at))

    monkeypatch.setattr("service.notify.message_producer.tickets_near_call", sometimes)
    await near.run()

    assert len(mails.mails) == 1
