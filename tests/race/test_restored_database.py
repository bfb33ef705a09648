"""A database restored to an earlier copy: the day is loaded again, and never continued from memory."""

from collections.abc import Sequence
from datetime import date

import asyncpg
import pytest

from service.domain.hall.demo import DEMO
from service.errors import StorageUnavailable
from service.journal import day_locks, read
from service.journal.records import record_of
from service.journal.values import Position
from tests.race.process import DAY, Process, equal, folded, kinds_in, numbers_in, one_story, process_on, rows_of

KEPT = 2


async def put_back(dsn: str, seq: int, on: date = DAY) -> None:
    """Restore the database to its state after event `seq`; 0 means before the day. Only tickets were issued since."""
    await rows_of(dsn, "DELETE FROM events WHERE day = $1 AND seq > $2", on, seq)
    await rows_of(dsn, "DELETE FROM tickets WHERE day = $1 AND seq > $2", on, seq)
    await rows_of(
        dsn,
        "UPDATE hall_days SET seq = $2, head = e.append_id FROM events AS e"
        " WHERE hall_days.day = $1 AND e.day = $1 AND e.seq = $2",
        on,
        seq,
    )
    if seq == 0:
        await rows_of(dsn, "DELETE FROM hall_days WHERE day = $1", on)


async def four_numbers_of_which_two_are_lost(one: Process, dsn: str) -> None:
    for _ in range(4):
        await one.take()
    await put_back(dsn, 1 + KEPT)


async def after(dsn: str, others: int) -> None:
    """Let another process issue tickets in the restored database."""
    async with process_on(dsn) as other:
        for _ in range(others):
            await other.take()


OTHERS = [0, 1, 2, 3]
"""Tickets of others after the restore: fewer than in memory, as many, and more."""


@pytest.mark.parametrize("others", OTHERS)
async def test_a_command_after_a_restore_is_decided_on_the_restored_day(others: int, one: Process, dsn: str) -> None:
    await four_numbers_of_which_two_are_lost(one, dsn)
    await after(dsn, others)

    assert await one.take() == f"B{KEPT + others + 1:03d}"

    assert await numbers_in(dsn) == [f"B{n:03d}" for n in range(1, KEPT + others + 2)]
    await one_story([one])


@pytest.mark.parametrize("others", OTHERS)
async def test_a_refusal_after_a_restore_rests_on_the_restored_day(others: int, one: Process, dsn: str) -> None:
    await one.open("1")
    await four_numbers_of_which_two_are_lost(one, dsn)
    await put_back(dsn, 2)
    await after(dsn, others)

    called = await one.next("1")

    assert (called is None) == (others == 0)
    await one_story([one])


@pytest.mark.parametrize("others", OTHERS)
async def test_a_read_after_a_restore_shows_the_restored_day(others: int, one: Process, dsn: str) -> None:
    await four_numbers_of_which_two_are_lost(one, dsn)
    await after(dsn, others)

    day = await one.lanes.day(DEMO, now=True)

    assert len(day.tickets) == KEPT + others
    await one_story([one])


async def test_without_comparing_the_head_two_journals_are_glued_together(
    one: Process, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(rows: Sequence[asyncpg.Record], _head: str) -> tuple[list[object], Position]:
        last = rows[-1]
        return [record_of(row) for row in rows[1:]], Position(last["seq"], str(last["append_id"]), last["now_at"])

    monkeypatch.setattr(read, "records_after", careless)
    monkeypatch.setattr(day_locks, "records_after", careless)
    await four_numbers_of_which_two_are_lost(one, dsn)
    await after(dsn, 3)

    day = await one.lanes.day(DEMO, now=True)

    assert day.seq == (await folded(one)).seq
    assert not equal(day, await folded(one)), "it knows people who are not there, and others not"


async def test_a_day_that_a_restore_took_away_begins_anew(one: Process, dsn: str) -> None:
    await one.take()
    await put_back(dsn, 0)

    with pytest.raises(StorageUnavailable):
        await one.lanes.day(DEMO, now=True)
    assert await one.take() == "B001"

    assert await kinds_in(dsn) == ["day_opened", "ticket_taken"]
    assert len(one.lanes._loops) == 1
    await one_story([one])


async def test_a_day_that_a_restore_took_away_is_begun_by_who_is_first(one: Process, other: Process, dsn: str) -> None:
    await one.take()
    await put_back(dsn, 0)
    one.journal.first["open_day"] = other.take  # another process begins the day

    assert await one.take() == "B002"

    await one_story([one, other])
