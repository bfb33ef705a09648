"""Idempotency of what is done outside the journal: staff, devices, passwords.

The key is claimed in the transaction that does the thing, so it is done once, whoever asks at the same time; the answer
is kept without its secrets, which are drawn from the secret and the command's id and so can be answered again.
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
"""How long a key is known: the hall's day and the next."""

Answer = TypeVar("Answer", bound=Struct)

_SQL = statements("idempotency.sql", PACKAGE)


class IdempotentRequest(Struct, frozen=True):
    """Something asked for; `fingerprint` is None when no key came, and nothing is remembered.

    `fingerprints_before` are by the secrets before the one that signs, in their order.
    """

    command_id: str
    fingerprint: bytes | None
    now_at: datetime
    actor: str
    fingerprints_before: tuple[bytes, ...] = ()


class EmptyAnswer(Struct, frozen=True):
    """What is remembered of an request that is answered with nothing: that it was asked for."""


NO_ANSWER = EmptyAnswer()


class AlreadyDone(Exception):  # noqa: N818  (it is no error: the answer is there)
    """Another request with the same key was first."""


async def stored_answer(database: Database, request: IdempotentRequest, kind: type[Answer]) -> Answer | None:
    """The answer of an request that was done before, without its secrets. Raises KeyReused, StorageUnavailable."""
    found = await stored_answer_and_secret(database, request, kind)
    return None if found is None else found[0]


async def stored_answer_and_secret(
    database: Database, request: IdempotentRequest, kind: type[Answer]
) -> tuple[Answer, int] | None:
    """The same, and by which of our secrets it was answered, 0 the one that signs: its own are drawn from that one."""
    if request.fingerprint is None:
        return None
    rows = await read(database, _SQL["find"], request.command_id)
    if not rows:
        return None
    known = [request.fingerprint, *request.fingerprints_before]
    if rows[0]["fingerprint"] not in known:
        raise KeyReused
    return msgspec.json.decode(rows[0]["answer"], type=kind), known.index(rows[0]["fingerprint"])


async def store_answer(writer: Writer, request: IdempotentRequest, given: Struct) -> None:
    """Remember an request and its answer in the transaction that does it. Raises DoneBefore."""
    if request.fingerprint is None:
        return
    answer = msgspec.json.encode(given).decode()
    if (
        await writer.fetchrow(_SQL["store_answer"], request.command_id, request.fingerprint, request.now_at, answer)
        is None
    ):
        raise AlreadyDone


async def do_once(
    database: Database,
    request: IdempotentRequest,
    work: Callable[[Writer], Awaitable[None]],
    stored: Struct = NO_ANSWER,
) -> None:
    """Do something that is answered with an empty body, once for each idempotency key.

    Args:
        database: where the key is stored.
        request: the request and its key.
        work: what to do, in the transaction that stores the key.
        stored: the answer to store, where a release before reads more than `EmptyAnswer`.

    Raises:
        KeyReused: the key belongs to another request.
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
    """Remove what need not be remembered any more. Raises StorageUnavailable."""
    await read(database, _SQL["sweep"], now_at - REMEMBERED_FOR)
