"""Idempotency of requests outside the journal: staff, devices, passwords, messages.

The key is stored in the transaction that makes the change, so concurrent requests with the same key make it once. The
answer is stored without its secrets (passwords, tokens). These are derived from the service's secret and stored ids, so
a repeated request gets the same answer.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
from msgspec import Struct

from service.domain.refusals import KeyReused
from service.identity.store import PACKAGE, Writer, read, transaction
from service.journal.database import Database
from service.journal.sql_files import statements

REMEMBERED_FOR = timedelta(days=2)
"""How long a key is stored: the hall's day and the next."""

Answer = TypeVar("Answer", bound=Struct)

_SQL = statements("idempotency.sql", PACKAGE)


class IdempotentRequest(Struct, frozen=True):
    """A request that changes something. `fingerprint` is None without an idempotency key; nothing is stored then.

    `fingerprints_before` are the fingerprints with the older accepted secrets, in their order.
    """

    command_id: str
    fingerprint: bytes | None
    now_at: datetime
    actor: str
    fingerprints_before: tuple[bytes, ...] = ()


class EmptyAnswer(Struct, frozen=True):
    """The stored answer of a request with an empty answer."""


NO_ANSWER = EmptyAnswer()


class AlreadyDone(Exception):  # noqa: N818  (not an error: the stored answer is returned)
    """Another request with the same key was first."""


async def stored_answer(database: Database, request: IdempotentRequest, kind: type[Answer]) -> Answer | None:
    """Return the stored answer of a request, without its secrets; None if there is none.

    Raises:
        KeyReused: the key was used for a different request.
        StorageUnavailable: the database cannot be reached.
    """
    found = await stored_answer_and_secret(database, request, kind)
    return None if found is None else found[0]


async def stored_answer_and_secret(
    database: Database, request: IdempotentRequest, kind: type[Answer]
) -> tuple[Answer, int] | None:
    """Return the stored answer, and the index of the secret of its fingerprint (0: the signing one).

    The secrets of the answer are derived with the same secret. Raises as `stored_answer`.
    """
    if request.fingerprint is None:
        return None
    rows = await read(database, _SQL["find"], request.command_id)
    if not rows:
        return None
    accepted = [request.fingerprint, *request.fingerprints_before]
    if rows[0]["fingerprint"] not in accepted:
        raise KeyReused
    return msgspec.json.decode(rows[0]["answer"], type=kind), accepted.index(rows[0]["fingerprint"])


async def store_answer(writer: Writer, request: IdempotentRequest, answer: Struct) -> None:
    """Store the key and the answer of a request in the transaction that makes its change. Raises AlreadyDone."""
    if request.fingerprint is None:
        return
    encoded = msgspec.json.encode(answer).decode()
    row = (request.command_id, request.fingerprint, request.now_at, encoded)
    if await writer.fetchrow(_SQL["store_answer"], *row) is None:
        raise AlreadyDone


async def do_once(
    database: Database,
    request: IdempotentRequest,
    work: Callable[[Writer], Awaitable[None]],
    stored: Struct = NO_ANSWER,
) -> None:
    """Make a change with an empty answer, once for each idempotency key.

    Args:
        database: the database.
        request: the request and its key.
        work: makes the change, in the transaction that stores the key.
        stored: the answer to store, if an earlier release reads another type than `EmptyAnswer`.

    Raises:
        KeyReused: the key was used for a different request.
        StorageUnavailable, OutcomeUnknown: the database did not answer.
    """
    if await stored_answer(database, request, type(stored)) is not None:
        return
    try:
        async with transaction(database) as writer:
            await store_answer(writer, request, stored)
            await work(writer)
    except AlreadyDone:
        await stored_answer(database, request, type(stored))


async def sweep(database: Database, now_at: datetime) -> None:
    """Delete keys older than `REMEMBERED_FOR`. Raises StorageUnavailable."""
    await read(database, _SQL["sweep"], now_at - REMEMBERED_FOR)
