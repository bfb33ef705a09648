"""A process that stalls, or a host that is lost, while it locks a hall's row: the other processes go on."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg
import pytest
from asyncpg.pool import PoolConnectionProxy

from service.domain.hall.demo import DEMO, demo_document
from service.domain.hall.document import HallDocument
from service.errors import OutcomeUnknown
from service.errors import StorageUnavailable as Unavailable
from service.journal import day_opening
from service.journal.faults import StorageUnavailable
from service.journal.hall_documents import ChangeRecorder, DocumentPut
from service.primitives.ids import new_id
from tests.race.process import WITHIN_S, Process, numbers_in, renamed


def put(note: ChangeRecorder | None) -> DocumentPut:
    return DocumentPut(if_revisions=None, command_id=new_id(), fingerprint=None, record_change=note)


async def insisting(process: Process) -> str:
    """Take a ticket, and try again after `storage-unavailable`, while another process stalls."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            with suppress(Unavailable):
                return await process.take()


async def stall(process: Process, meanwhile: Callable[[], Awaitable[object]]) -> None:
    """Lock the hall's row as the opening of a day does, and send nothing while `meanwhile` runs."""
    async with process.database.reading() as connection, connection.transaction():
        await connection.fetchrow(day_opening._SQL["document_held"], DEMO)
        await meanwhile()


async def test_a_process_that_stalls_while_it_opens_a_day_keeps_nobody_waiting(
    one: Process, other: Process, dsn: str
) -> None:
    with pytest.raises(StorageUnavailable):
        await stall(one, lambda: insisting(other))

    assert await numbers_in(dsn) == ["B001"]
    assert await one.take() == "B002"


async def test_a_process_that_stalls_while_it_replaces_a_document_keeps_nobody_waiting(
    one: Process, other: Process
) -> None:
    async def say_nothing(_: "PoolConnectionProxy[asyncpg.Record]", _before: HallDocument, _revision: int) -> None:
        assert await insisting(other) == "B001"

    with pytest.raises(OutcomeUnknown):
        await one.halls.put(DEMO, renamed(demo_document(always_open=True), "Stalled Hall"), put(say_nothing))

    assert (await other.halls.read(DEMO)).revision == 1


async def test_who_waits_for_a_row_is_not_ended_while_it_waits(one: Process, other: Process) -> None:
    document = renamed(demo_document(always_open=True), "Patient Hall")

    with pytest.raises(StorageUnavailable):
        await stall(other, lambda: one.halls.put(DEMO, document, put(None)))

    assert (await other.halls.read(DEMO)).document == document, "a statement that waits is not idle"
