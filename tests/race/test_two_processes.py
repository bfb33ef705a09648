"""Two processes on one hall: every command is carried out exactly once, and neither process starves."""

import asyncio
from collections.abc import Awaitable
from random import Random

import pytest

from service.domain.commands import CallNext, Command, LeaveQueue, OpenCounter, ParkTicket, RecallTicket, ResumeTicket
from service.domain.hall.demo import DEMO
from service.domain.model import CounterId, CounterState, TicketState
from service.domain.refusals import Refusal
from service.runtime.lane import Lane
from service.runtime.pending_requests import PendingRequest
from service.runtime.requests import Answer
from tests.race.process import (
    DAY,
    DONE,
    WITHIN_S,
    Process,
    commands_in,
    new_ticket,
    one_story,
    process_on,
    rows_of,
    until_blocked,
)

COMMANDS = 400
CLERKS = 20
RACES = 20


class Optimistic(Lane):
    """A lane that tries again after a lost race without a lock."""

    async def _try_locked(self, batch: list[PendingRequest]) -> bool:
        return await self._try(batch)


def some_command(lane: Lane, random: Random) -> Command:
    """Return a random command of a busy hall, by the state that this process knows."""
    counters = ("1", "2", "3", "4", "5")
    tickets = lane.committed.tickets.values()
    waiting = [ticket.id for ticket in tickets if ticket.state is TicketState.WAITING]
    parked = [ticket.id for ticket in tickets if ticket.state is TicketState.PARKED]
    called = [ticket.id for ticket in tickets if ticket.state is TicketState.CALLED]
    kinds: list[Command] = [CallNext(CounterId(random.choice(counters)), DONE) for _ in range(3)]
    kinds += [new_ticket(random.choice(("enquiry", "loan-first"))) for _ in range(4)]
    kinds += [LeaveQueue(random.choice(waiting)), ParkTicket(random.choice(waiting))] if waiting else []
    kinds += [ResumeTicket(random.choice(parked))] if parked else []
    kinds += [RecallTicket(random.choice(called))] if called else []
    return random.choice(kinds)


async def work(process: Process, seed: int) -> dict[str, Answer | Refusal]:
    """Send one clerk's share of the commands, one after another."""
    random = Random(seed)  # noqa: S311  (a reproducible day, not a secret)
    told: dict[str, Answer | Refusal] = {}
    lane = await process.lane()
    for nth in range(COMMANDS // CLERKS):
        key = f"{random.random()}" if nth % 3 == 0 else None
        request = process.request(some_command(lane, random), key)
        try:
            told[request.command_id] = await process.lanes.do(DEMO, request)
        except Refusal as refusal:
            told[request.command_id] = refusal
    return told


async def test_two_processes_with_400_commands_each_write_one_story(one: Process, other: Process, dsn: str) -> None:
    await one.open("1", "2", "3", "4", "5")
    await other.lane()
    before = set(await commands_in(dsn))
    start = asyncio.Barrier(2)  # the first two appends are decided at the same position, so one loses the race
    one.journal.first["append"] = other.journal.first["append"] = start.wait

    async with asyncio.timeout(3 * WITHIN_S):
        shares = await asyncio.gather(
            *(work(one, seed) for seed in range(CLERKS)),
            *(work(other, seed) for seed in range(CLERKS, 2 * CLERKS)),
        )

    told = {command: answer for share in shares for command, answer in share.items()}
    assert len(told) == 2 * COMMANDS
    done = {command: answer.done for command, answer in told.items() if isinstance(answer, Answer) and answer.done}
    written = await rows_of(
        dsn, "SELECT command_id, array_agg(seq ORDER BY part) AS seqs FROM events WHERE day = $1 GROUP BY 1", DAY
    )
    assert {row["command_id"]: row["seqs"] for row in written if row["command_id"] not in before} == {
        command: [part.seq for part in one_done.parts] for command, one_done in done.items()
    }, "what was answered as done is in the journal once, and nothing else"
    assert {refusal.code for refusal in told.values() if isinstance(refusal, Refusal)} <= {"wrong-state"}
    assert one.heard.races + other.heard.races > 0
    day = await one_story([one, other])
    for prefix in "AB":
        numbers = sorted(ticket.number for ticket in day.tickets.values() if ticket.number.startswith(prefix))
        assert numbers == [f"{prefix}{n:03d}" for n in range(1, len(numbers) + 1)]


async def always_between(one: Process, other: Process) -> None:
    """Let the other process append before each append of the first, until there were `RACES` races."""
    await one.open("1")
    await other.lane()

    async def get_between() -> None:
        if one.heard.races < RACES:
            await other.take()

    one.journal.always["append"] = get_between


async def test_who_lost_a_race_is_first_the_next_time(one: Process, other: Process, dsn: str) -> None:
    await always_between(one, other)
    pushing: list[asyncio.Task[str]] = []

    async def push() -> None:
        pushing.append(asyncio.create_task(other.take()))
        await until_blocked(dsn)

    one.journal.always["locked"] = push

    assert await one.take() == "B002"

    assert one.heard.races == 1
    async with asyncio.timeout(WITHIN_S):
        assert await pushing[0] == "B003"
    await one_story([one, other])


async def test_pure_optimism_loses_as_often_as_the_other_gets_between(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.runtime.lane_registry.Lane", Optimistic)
    async with process_on(dsn) as one, process_on(dsn) as other:
        await always_between(one, other)

        assert await one.take() == f"B{RACES + 1:03d}"

        assert one.heard.races == RACES


async def test_an_empty_try_under_the_lock_lets_the_others_go_on(one: Process, other: Process) -> None:
    await one.open("1", "2")
    await one.take()
    await other.lane()
    one.journal.first["append"] = lambda: other.next("2")

    assert await one.next("1") is None

    assert await other.take() == "B002"
    assert await one.next("1") is not None


async def test_a_process_that_dies_with_the_row_in_its_hands_stops_nobody(
    one: Process, other: Process, dsn: str
) -> None:
    await one.open("1")
    await other.lane()
    one.journal.first["append"] = other.take
    reached = asyncio.Event()

    async def die() -> None:
        reached.set()
        await asyncio.Event().wait()

    one.journal.first["locked"] = die
    dying = asyncio.create_task(one.take())
    await reached.wait()
    waiting: Awaitable[str] = asyncio.create_task(other.take())
    await until_blocked(dsn)

    for loop in one.lanes._loops.values():
        loop.cancel()

    async with asyncio.timeout(WITHIN_S):
        assert await waiting == "B002"
    one.lanes._lanes.clear()  # a dead process answers no waiting requests
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    await one_story([other])


async def test_counters_that_open_in_two_processes_are_open_in_both(one: Process, other: Process) -> None:
    await one.lane()
    await other.lane()

    await asyncio.gather(one.do(OpenCounter(CounterId("1"))), other.do(OpenCounter(CounterId("2"))))

    day = await one_story([one, other])
    assert {day.counters[CounterId(counter)].state for counter in "12"} == {CounterState.OPEN}
