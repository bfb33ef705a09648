"""A repeated request: one effect, and the same answer."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from service.domain.command_results import CommandResult
from service.domain.commands import CallNext, LiftSuspension, Suspend
from service.domain.day import Day
from service.domain.model import CounterId
from service.domain.refusals import KeyReused
from service.errors import Fault
from service.runtime.requests import Answer
from tests.race.process import DONE, Process, calls_in, commands_in, kinds_in, new_ticket, numbers_in, one_story

KEY = "8e03978e"


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable the search for earlier results of a command."""

    def find_nothing(_day: Day, _command_id: str) -> CommandResult | None:
        return None

    monkeypatch.setattr(Day, "find_result", find_nothing)


async def twice_in_one_batch(one: Process, _other: Process) -> list[Answer | BaseException]:
    await one.lane()
    command = new_ticket()
    answers = await asyncio.gather(one.do(command, KEY), one.do(command, KEY), return_exceptions=True)
    return list(answers)


async def while_the_first_is_under_way(one: Process, _other: Process) -> list[Answer | BaseException]:
    lane = await one.lane()
    command = new_ticket()
    again: list[asyncio.Task[Answer]] = []

    async def repeat() -> None:
        again.append(asyncio.create_task(lane.do(one.request(command, KEY))))
        await asyncio.sleep(0)
        assert len(lane._queue) == 1, "it waits for the next batch"

    one.journal.first["append"] = repeat
    first = await one.do(command, KEY)
    return [first, *await asyncio.gather(*again, return_exceptions=True)]


async def in_two_processes(one: Process, other: Process) -> list[Answer | BaseException]:
    await one.lane()
    await other.lane()
    command = new_ticket()
    first: list[Answer] = []

    async def be_first() -> None:
        first.append(await other.do(command, KEY))

    one.journal.first["append"] = be_first
    (second,) = await asyncio.gather(one.do(command, KEY), return_exceptions=True)
    return [*first, second]


async def one_after_the_other(one: Process, other: Process) -> list[Answer | BaseException]:
    await other.lane()
    command = new_ticket()
    first = await one.do(command, KEY)
    return [first, *await asyncio.gather(other.do(command, KEY), return_exceptions=True)]


Way = Callable[[Process, Process], Awaitable[list[Answer | BaseException]]]

WAYS: list[Way] = [twice_in_one_batch, while_the_first_is_under_way, in_two_processes, one_after_the_other]


@pytest.mark.parametrize("way", WAYS)
async def test_a_repeated_request_is_done_once_and_answered_alike(
    way: Way, one: Process, other: Process, dsn: str
) -> None:
    first, second = await way(one, other)

    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert first.done is not None
    assert first.done == second.done
    assert (await commands_in(dsn)).count(f"key {KEY}") == 1
    assert await numbers_in(dsn) == ["B001"]
    await one_story([one, other])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.usefixtures("forgetful")
async def test_without_looking_it_up_only_the_table_keeps_a_repeated_request_from_being_done_twice(
    way: Way, one: Process, other: Process, dsn: str
) -> None:
    first, second = await way(one, other)

    assert isinstance(first, Answer)
    assert isinstance(second, Fault), "command_done_once"
    assert await numbers_in(dsn) == ["B001"]


async def test_a_repeated_next_finishes_and_calls_nobody_further(one: Process, other: Process, dsn: str) -> None:
    await one.open("1")
    for _ in range(3):
        await one.take()
    await one.next("1")
    command = CallNext(CounterId("1"), DONE)

    answers = [await one.do(command, KEY), await one.do(command, KEY), await other.do(command, KEY)]

    assert answers[0].done is not None
    assert [answer.done for answer in answers] == [answers[0].done] * 3
    assert len(await calls_in(dsn)) == 2


async def test_a_repeated_next_without_a_key_finishes_and_calls_one_further_each_time(one: Process, dsn: str) -> None:
    await one.open("1")
    for _ in range(3):
        await one.take()
    await one.next("1")

    for _ in range(2):
        await one.next("1", DONE)

    assert len(await calls_in(dsn)) == 3


async def test_what_changes_nothing_is_remembered_once_though_asked_for_at_two_processes(
    one: Process, other: Process, dsn: str
) -> None:
    answers: list[Answer] = []
    await other.lane()

    async def be_first() -> None:
        answers.append(await other.do(LiftSuspension(), KEY))

    await one.lane()
    one.journal.first["append"] = be_first
    answers.append(await one.do(LiftSuspension(), KEY))
    await other.do(Suspend({"en": "Fire alarm"}))
    answers.append(await one.do(LiftSuspension(), KEY))

    assert [answer.done for answer in answers] == [answers[0].done] * 3
    assert await kinds_in(dsn) == ["day_opened", "nothing_changed", "suspension_began"]
    await one_story([one, other])


async def test_a_key_used_for_another_request_is_refused_by_every_process(one: Process, other: Process) -> None:
    await one.take(key=KEY)

    for process in (one, other):
        with pytest.raises(KeyReused):
            await process.take(key=KEY)


async def test_an_answer_repeated_later_is_the_first_one_though_the_ticket_went_on(
    one: Process, other: Process
) -> None:
    await one.open("1")
    command = new_ticket()
    first = await one.do(command, KEY)
    await one.next("1")

    again = await other.do(command, KEY)

    assert again.done == first.done
    assert again.seq == first.seq
