"""Devices: machines and programs of partners that have a bearer token with a role in a hall.

The token is shown once and stored as its SHA-256. It begins with `phd_`, so that no query is needed to distinguish it
from a ticket's token, and secret scanners can find it. Lookups are cached for some seconds; a token with a wrong
signature is rejected without a query.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import asyncpg
from msgspec import Struct

from service.identity import audit_log, idempotency
from service.identity.idempotency import AlreadyDone, IdempotentRequest
from service.identity.opaque_tokens import SignedTokens, TokenCache
from service.identity.sessions import token_hash
from service.identity.store import PACKAGE, Writer, read, record_use, transaction
from service.journal.database import Database
from service.journal.sql_files import statements
from service.primitives.ids import new_id

PREFIX = "phd_"
TOKEN_FORM = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")

SEEN_INTERVAL = timedelta(minutes=5)
"""Precision of `last_seen_at`: it is updated at most once in this time."""

_SQL = statements("devices.sql", PACKAGE)


class Device(Struct, frozen=True):
    """A device that is not revoked."""

    hall: str
    id: str
    name: str
    role: str
    made_at: datetime
    last_seen_at: datetime | None


class Devices:
    """Creates, finds and revokes devices. Methods raise StorageUnavailable; those that write also OutcomeUnknown."""

    def __init__(self, database: Database, monotonic_s: Callable[[], float], tokens: SignedTokens) -> None:
        self._database = database
        self._tokens = tokens
        self._monotonic_s = monotonic_s
        self._cache: TokenCache[Device] = TokenCache(monotonic_s)
        self._invalidations = 0

    async def find(self, token: str, now_at: datetime) -> Device | None:
        """Find the device of a token that matches `TOKEN_FORM`, possibly from the cache and some seconds old."""
        hashed = token_hash(token)
        cached = self._cache.get(hashed)
        if cached is not None:
            return cached[1]
        if not self._tokens.is_authentic(token.removeprefix(PREFIX)):
            return None
        read_s, invalidations = self._monotonic_s(), self._invalidations
        rows = await read(self._database, _SQL["find"], hashed)
        device = _device_of(rows[0]) if rows else None
        if device is not None and (device.last_seen_at is None or now_at - device.last_seen_at >= SEEN_INTERVAL):
            await record_use(self._database, _SQL["record_use"], device.hall, device.id, now_at)
        if invalidations == self._invalidations:  # otherwise the read may be older than a change made meanwhile
            self._cache.put(hashed, read_s, device)
        return device

    async def of_hall(self, hall: str, after: str, limit: int) -> list[Device]:
        """List the devices of a hall, oldest first, after the device `after` (`NIL`: from the first)."""
        return [_device_of(row) for row in await read(self._database, _SQL["of_hall"], hall, after, limit)]

    async def all(self) -> list[Device]:
        """List the devices of all halls."""
        return [_device_of(row) for row in await read(self._database, _SQL["all"])]

    async def create(self, hall: str, name: str, role: str, request: IdempotentRequest) -> tuple[Device, str]:
        """Create a device; return it and its token. Raises KeyReused."""
        done = await idempotency.stored_answer_and_secret(self._database, request, Device)
        if done is not None:
            device, nth = done
            return device, self._token(device.id, nth)
        device = Device(hall, new_id(), name, role, request.now_at, None)
        token = self._token(device.id)
        try:
            async with transaction(self._database) as writer:
                await idempotency.store_answer(writer, request, device)
                await writer.execute(_SQL["create"], hall, device.id, name, role, token_hash(token), request.now_at)
                data = {"device": device.id, "role": role}
                await audit_log.record(writer, [hall], request.now_at, request.actor, "device_added", data)
        except AlreadyDone:
            return await self.create(hall, name, role, request)
        return device, token

    async def revoke(self, hall: str, device: str, request: IdempotentRequest) -> None:
        """Revoke a device; do nothing if it is revoked or does not exist. Raises KeyReused."""
        revoked: list[bytes] = []

        async def revoke_token(writer: Writer) -> None:
            row = await writer.fetchrow(_SQL["revoke"], hall, device, request.now_at)
            if row is not None:
                await audit_log.record(
                    writer, [hall], request.now_at, request.actor, "device_revoked", {"device": device}
                )
                revoked.append(row["hash"])

        await idempotency.do_once(self._database, request, revoke_token)
        for token in revoked:
            self._invalidations += 1
            self._cache.drop(token)

    def _token(self, device: str, nth: int = 0) -> str:
        """Derive a device's token with the nth secret: a repeated request gets the same token."""
        return PREFIX + self._tokens.derive(f"device|{device}".encode(), nth)


def _device_of(row: asyncpg.Record) -> Device:
    return Device(row["hall_id"], str(row["id"]), row["name"], row["role"], row["made_at"], row["last_seen_at"])
