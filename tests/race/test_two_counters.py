"""Two counters that call at the same time never get the same ticket."""

import asyncio
from collections.abc import Awaitable, Iterable

import msgspec
import pytest

from service.domain.commands import CallNext
from service.domain.hall.demo import DEMO
from service.domain.model import CounterId, TicketId
from service.errors import Fault
from service.runtime.lane import Lane, _Decision
from service.runtime.pending_requests import PendingRequest
from tests.race.process import (
    Blind,
    Process,
    calls_in,
    commands_in,
    numbers_in,
    one_story,
    process_on,
)


class Forgetful(Lane):
    """A lane that decides each command of a batch without the effects of those before it."""

    def _decide(self, batch: Iterable[PendingRequest]) -> list[_Decision]:
        decisions: list[_Decision] = []
        written = 0
        for pending in batch:
            self._forget_decided()
            decision = self._decide_one(pending)
            # numbered, so that the violated constraint is not that on `seq`
            decision.records = [msgspec.structs.replace(one, seq=one.seq + written) for one in decision.records]
            written += len(decision.records)
            decisions.append(decision)
        return decisions


async def two_waiting(process: Process) -> None:
    await process.open("1", "2")
    for _ in range(2):
        await process.take()


async def test_two_counters_of_one_process_never_call_the_same_ticket(one: Process, dsn: str) -> None:
    await two_waiting(one)

    first, second = await asyncio.gather(one.next("1"), one.next("2"))

    assert one.heard.batches[-1] == 2, "both were decided in one batch"
    assert None not in {first, second}
    assert first != second
    assert await calls_in(dsn) == [first, second]
    await one_story([one])


async def test_without_the_fold_that_runs_ahead_one_batch_calls_a_ticket_twice(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.runtime.lane_registry.Lane", Forgetful)
    async with process_on(dsn) as one:
        await two_waiting(one)

        await asyncio.gather(one.next("1"), one.next("2"), return_exceptions=True)

    first, second = await calls_in(dsn)
    assert first == second


async def test_two_counters_of_two_processes_never_call_the_same_ticket(one: Process, other: Process, dsn: str) -> None:
    await two_waiting(one)
    await other.lane()
    calls: list[TicketId | None] = []
    one.journal.first["append"] = lambda: keep(calls, other.next("2"))

    calls.append(await one.next("1"))

    assert one.heard.races == 1
    assert len(set(calls)) == 2
    assert await calls_in(dsn) == calls
    await one_story([one, other])


async def test_without_comparing_the_position_two_processes_call_the_same_ticket(dsn: str) -> None:
    async with process_on(dsn, journal=Blind) as one, process_on(dsn) as other:
        await two_waiting(one)
        await other.lane()
        one.journal.first["append"] = lambda: other.next("2")

        await one.next("1")

        first, second = await calls_in(dsn)
        assert first == second


async def test_two_processes_never_give_the_same_number(one: Process, other: Process, dsn: str) -> None:
    await one.open("1")
    await other.lane()
    one.journal.first["append"] = other.take

    assert await one.take() == "B002"

    assert await numbers_in(dsn) == ["B001", "B002"]
    await one_story([one, other])


async def test_without_comparing_the_position_only_the_table_refuses_a_number_given_twice(dsn: str) -> None:
    async with process_on(dsn, journal=Blind) as one, process_on(dsn) as other:
        await one.open("1")
        await other.lane()
        one.journal.first["append"] = other.take

        with pytest.raises(Fault):
            await one.take()

    assert await numbers_in(dsn) == ["B001"]


async def test_a_lost_race_is_decided_again_and_may_come_out_empty(one: Process, other: Process, dsn: str) -> None:
    await one.open("1", "2")
    await one.take()
    await other.lane()
    one.journal.first["append"] = lambda: other.next("2")
    request = one.request(CallNext(CounterId("1")))

    answer = await one.lanes.do(DEMO, request)

    assert answer.done is None
    assert request.command_id not in await commands_in(dsn)
    assert len(await calls_in(dsn)) == 1


async def keep(calls: list[TicketId | None], calling: Awaitable[TicketId | None]) -> None:
    calls.append(await calling)
