"""A bad command in a batch affects only that command."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from service.domain.commands import Command, TakeTicket
from service.domain.day import Day
from service.domain.decide.decide import decide
from service.domain.events import Event, Record, TicketTaken
from service.domain.evolve.evolve import evolve
from service.domain.refusals import Busy, Refusal
from service.errors import Fault
from service.journal.faults import ConstraintBroken, RecordsRefused
from service.runtime.lane import BATCH_MAX, Lane, _Decision
from service.runtime.pending_requests import PendingRequest
from service.runtime.rejected_appends import refusal_for
from service.runtime.requests import Answer
from tests.race.process import Process, new_ticket, number_of, one_story, process_on, rows_of

BAD = "BADCODE0"
NTH = 40
"""Position of the bad command among the 64."""


class Fragile(Lane):
    """A lane in which an exception of `decide` affects the whole batch."""

    def _decide_one(self, pending: PendingRequest) -> _Decision:
        decide_or_break(self._decided, pending.request.command, pending.request.now_at)
        return super()._decide_one(pending)


class Wholesale(Lane):
    """A lane that gives up a whole batch that the journal rejects."""

    async def _settle_rejected(self, batch: list[PendingRequest], rejected: ConstraintBroken | RecordsRefused) -> None:
        self._forget_decided()
        for pending in batch:
            pending.settle(refusal_for(rejected, self.hall, self.on))


def decide_or_break(day: Day, command: Command, now_at: datetime) -> list[Event]:
    if isinstance(command, TakeTicket) and command.code == BAD:
        raise ZeroDivisionError
    return decide(day, command, now_at)


def evolve_or_break(day: Day, record: Record) -> Day:
    if isinstance(record.event, TicketTaken) and record.event.code == BAD:
        day.seq += 1  # it breaks half way
        raise ZeroDivisionError
    return evolve(day, record)


async def batch_with(process: Process, code: str) -> list[Answer | BaseException]:
    """Send a full batch of commands for a ticket, the `NTH` with this code."""
    lane = await process.lane()
    commands = [new_ticket(code=code if nth == NTH else None) for nth in range(BATCH_MAX)]
    answers = await asyncio.gather(*(lane.do(process.request(command)) for command in commands), return_exceptions=True)
    return list(answers)


async def only_the_offender(process: Process, answers: list[Answer | BaseException], told: type[Refusal]) -> None:
    """Assert that 63 commands got numbers without gaps, and the bad one a refusal."""
    assert type(answers[NTH]) is told
    numbers = [number_of(answer) for answer in answers if isinstance(answer, Answer)]
    assert numbers == [f"B{n:03d}" for n in range(1, BATCH_MAX)]
    await one_story([process])
    assert await process.take() == f"B{BATCH_MAX:03d}", "the lane goes on"


async def nothing_planted(_dsn: str) -> str:
    return BAD


async def a_code_that_is_given(dsn: str) -> str:
    """Insert a ticket of another day with the code."""
    await rows_of(
        dsn,
        "INSERT INTO tickets (hall_id, day, id, n, code, number, service, stage, class, first_class, channel, state,"
        " admission, count, prechecked, issued_at, queue_at, calls, missing, seq)"
        " VALUES ('demo', '2026-11-20', gen_random_uuid(), 1, $1, 'B001', 'enquiry', 'window', 'walk_in', 'walk_in',"
        " 'kiosk', 'done', 'admitted', 1, false, now(), now(), 1, '{}', 1)",
        BAD,
    )
    return BAD


async def a_nul(_dsn: str) -> str:
    return "BAD\0CODE"


async def half_a_pair(_dsn: str) -> str:
    return "BAD\ud800CO"


Poison = Callable[[str], Awaitable[str]]

POISONS: list[tuple[Poison, type[Refusal]]] = [(a_code_that_is_given, Busy), (a_nul, Fault), (half_a_pair, Fault)]


async def test_a_command_whose_decision_fails_costs_only_itself(one: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.runtime.lane.decide", decide_or_break)

    answers = await batch_with(one, BAD)

    assert one.heard.batches == [BATCH_MAX]
    await only_the_offender(one, answers, Fault)


async def test_without_a_decision_for_each_one_failure_costs_the_batch(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.runtime.lane_registry.Lane", Fragile)
    async with process_on(dsn) as one:
        answers = await batch_with(one, BAD)

    assert [type(answer) for answer in answers] == [Fault] * BATCH_MAX


async def test_a_command_whose_events_cannot_be_folded_costs_only_itself(
    one: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.runtime.lane.evolve", evolve_or_break)

    answers = await batch_with(one, BAD)

    assert one.heard.batches == [BATCH_MAX - 1]
    await only_the_offender(one, answers, Fault)


@pytest.mark.parametrize(("poison", "told"), POISONS)
async def test_a_command_that_the_journal_rejects_costs_only_itself(
    poison: Poison, told: type[Refusal], one: Process, dsn: str
) -> None:
    answers = await batch_with(one, await poison(dsn))

    assert len(one.heard.batches) > 1, "the batch was halved"
    await only_the_offender(one, answers, told)


@pytest.mark.parametrize(("poison", "told"), POISONS)
async def test_without_halving_one_rejected_command_costs_the_batch(
    poison: Poison, told: type[Refusal], dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.runtime.lane_registry.Lane", Wholesale)
    async with process_on(dsn) as one:
        answers = await batch_with(one, await poison(dsn))

    assert [type(answer) for answer in answers] == [told] * BATCH_MAX


async def test_an_offender_is_found_under_the_lock_as_well(one: Process, other: Process, dsn: str) -> None:
    code = await a_code_that_is_given(dsn)
    await one.lane()
    await other.lane()
    one.journal.first["append"] = other.take

    answers = await batch_with(one, code)

    assert one.heard.races == 1
    assert type(answers[NTH]) is Busy
    numbers = [number_of(answer) for answer in answers if isinstance(answer, Answer)]
    assert numbers == [f"B{n:03d}" for n in range(2, BATCH_MAX + 1)]
    await one_story([one, other])


async def test_two_offenders_in_one_batch_cost_two(one: Process) -> None:
    lane = await one.lane()
    codes = ["\0", None, None, "\0"]

    answers = await asyncio.gather(
        *(lane.do(one.request(new_ticket(code=code))) for code in codes), return_exceptions=True
    )

    assert [type(answer) for answer in answers] == [Fault, Answer, Answer, Fault]


async def test_who_hears_of_the_work_cannot_spoil_the_answers(one: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    await one.lane()

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(one.heard, "committed", broken)
        assert await one.take() == "B001"

    assert await one.take() == "B002"
    await one_story([one])
