"""A browser that asks two processes at the same time gets one number, and learns which."""

import asyncio

import pytest
from msgspec.structs import replace

from service.domain.day import Day
from service.domain.decide import tickets
from service.domain.refusals import AlreadyWaiting
from service.runtime.requests import Answer
from tests.race.process import Process, new_ticket, number_of, numbers_in, one_story

BROWSER = "a keyed hash"


async def taken_at_once(one: Process, other: Process) -> list[Answer | BaseException]:
    """Return the answers of both processes to a browser that has no number in either."""
    for process in (one, other):
        await process.lane()
    both = asyncio.Barrier(2)
    one.journal.first["append"] = other.journal.first["append"] = both.wait
    return await asyncio.gather(
        *(process.do(replace(new_ticket(), browser=BROWSER)) for process in (one, other)), return_exceptions=True
    )


async def test_a_browser_that_asks_two_processes_at_once_gets_one_number(
    one: Process, other: Process, dsn: str
) -> None:
    answers = await taken_at_once(one, other)

    given = [answer for answer in answers if isinstance(answer, Answer)]
    refused = [answer for answer in answers if isinstance(answer, AlreadyWaiting)]
    assert [number_of(answer) for answer in given] == ["B001"]
    assert given[0].done is not None
    ticket = given[0].done.parts[-1].ticket
    assert ticket is not None
    assert [refusal.fields for refusal in refused] == [{"ticket": ticket.id}]
    assert await numbers_in(dsn) == ["B001"]
    await one_story([one, other])


async def test_without_the_rule_it_gets_two(
    one: Process, other: Process, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_nobody(_day: Day, _browser: str | None) -> None:
        pass

    monkeypatch.setattr(tickets, "_refuse_second_ticket", refuse_nobody)

    await taken_at_once(one, other)

    assert await numbers_in(dsn) == ["B001", "B002"]
