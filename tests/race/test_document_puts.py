"""A document that is put twice with one key is stored once: in two processes, and after a crash in between."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from service.api.halls import documents
from service.clock import FakeClock
from service.domain.hall.demo import DEMO
from service.domain.hall.document import HallDocument
from service.domain.model import HallId
from service.journal import hall_documents as stored
from service.journal.faults import StorageUnavailable
from service.journal.hall_documents import DocumentPut, PutResult
from tests.api.checked import demo
from tests.race.process import MIDNIGHT_AT, NEXT_DAY, WITHIN_S, kinds_in, rows_of, until_blocked
from tests.service import NOON_AT, Reply, Service, service_on

KEY = "the-same-change-0001"
HELD = "SELECT FROM halls WHERE hall_id = 'demo' FOR UPDATE"


@pytest.fixture
async def pair(dsn: str, tmp_path: Path) -> AsyncIterator[tuple[Service, Service]]:
    """Two processes on one database."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(service_on(dsn, tmp_path, FakeClock(NOON_AT)))
        yield first, await stack.enter_async_context(service_on(dsn, tmp_path, FakeClock(NOON_AT)))


async def put(service: Service, name: str = "Changed", key: str | None = KEY, match: str = '"1"') -> Reply:
    body = {**demo(), "name": {"en": name}}
    return await service.api.staff("PUT", "document", body, key=key, headers={"If-Match": match})


def told(reply: Reply) -> tuple[int, str | None, Any]:
    return reply.status, reply.headers.get("ETag") or reply.headers.get("Etag"), reply.body


async def revisions(service: Service) -> tuple[int, int]:
    """Return the revisions of the document and of the day's plan."""
    hall = await service.running.halls.read(DEMO)
    return hall.revision, (await service.running.lanes.day(DEMO, now=True)).plan.revision


async def killed(*_: object, **__: object) -> None:
    """Act like a process that is killed right after the document was stored."""
    raise SystemError


async def test_of_equal_requests_at_two_processes_one_is_done_and_both_are_answered(
    pair: tuple[Service, Service], dsn: str
) -> None:
    holder = await asyncpg.connect(dsn)
    for service in pair:
        await service.running.lanes.day(DEMO)
    async with asyncio.timeout(WITHIN_S):
        async with holder.transaction():
            await holder.execute(HELD)
            both = [asyncio.create_task(put(service)) for service in pair]
            await until_blocked(dsn, 2)
        first, second = await asyncio.gather(*both)
    await holder.close()

    assert told(first) == told(second)
    assert told(first)[:2] == (200, '"2"')
    assert (await kinds_in(dsn)).count("plan_changed") == 1
    assert await revisions(pair[0]) == await revisions(pair[1]) == (2, 2)


async def test_a_request_whose_process_died_before_the_event_is_answered_as_done(
    pair: tuple[Service, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = pair
    with monkeypatch.context() as patched:
        patched.setattr(documents, "_take_over", killed)
        assert (await put(first)).status == 500

    again = await put(second)

    assert told(again)[:2] == (200, '"2"')
    assert await revisions(second) == (2, 2), "and the day has the plan when the answer is given"


async def test_a_document_put_while_another_process_begins_the_next_day_gives_that_day_its_own_plan(
    pair: tuple[Service, Service],
) -> None:
    first, second = pair
    booking = {"service": "enquiry", "starts_at": "2026-11-24T02:00:00Z", "applicant": {"name": "Li Lei"}}
    assert (await first.api.call("POST", "appointments", booking)).status == 201
    assert isinstance(second.clock, FakeClock)
    second.clock.put(MIDNIGHT_AT)
    assert (await second.running.lanes.day(DEMO)).on == NEXT_DAY

    assert (await put(first)).status == 200

    day = await second.running.lanes.day(DEMO, now=True)
    assert (day.on, day.plan.day, day.plan.revision) == (NEXT_DAY, NEXT_DAY, 2)
    assert {window.opens_at.date() for window in day.plan.windows} == {NEXT_DAY}


async def test_without_its_note_a_request_whose_process_died_conflicts_with_itself(
    pair: tuple[Service, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = pair
    sql: Mapping[str, str] = stored._SQL
    monkeypatch.setattr(stored, "_SQL", {**sql, "put_before": sql["put_before"].replace("= $2;", "= $2 AND FALSE;")})
    with monkeypatch.context() as patched:
        patched.setattr(documents, "_take_over", killed)
        assert (await put(first)).status == 500

    again = await put(second)

    assert (again.status, again.code) == (412, "document-conflict")


async def test_a_request_whose_answer_was_lost_is_not_told_that_nothing_was_done(
    pair: tuple[Service, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = pair
    store = stored.HallStore.put

    async def lost(halls: stored.HallStore, hall: HallId, document: HallDocument, request: DocumentPut) -> PutResult:
        await store(halls, hall, document, request)
        raise StorageUnavailable("the connection was cut")

    with monkeypatch.context() as patched:
        patched.setattr(stored.HallStore, "put", lost)
        unknown = await put(first)

    again = await put(second)

    assert (unknown.status, unknown.code) == (503, "outcome-unknown")
    assert told(again)[:2] == (200, '"2"')


async def test_a_done_request_is_answered_with_its_own_revision_after_others_changed_the_document(
    pair: tuple[Service, Service],
) -> None:
    first, second = pair
    done = await put(first)
    assert (await put(second, "Again", "another-change-0002", '"2"')).status == 200

    again = await put(second)

    assert told(again) == told(done)
    assert await revisions(second) == (3, 3), "and nothing is put back"


async def test_a_key_is_one_requests_at_any_process(pair: tuple[Service, Service]) -> None:
    first, second = pair
    await put(first)

    other = await put(second, "Something else")

    assert (other.status, other.code) == (422, "idempotency-key-reused")
    assert await revisions(second) == (2, 2)


async def test_notes_are_forgotten_when_their_keys_do_not_count_any_more(
    pair: tuple[Service, Service], dsn: str
) -> None:
    first, _ = pair
    await put(first)
    await rows_of(dsn, "UPDATE document_puts SET at = at - interval '5 days'")

    await put(first, "Later", "another-change-0002", '"2"')
    await put(first, "Without a key", None, '"3"')

    assert [row["revision"] for row in await rows_of(dsn, "SELECT revision FROM document_puts")] == [3]
