"""Devices: machines and partners' programs that have a bearer token of a role in a hall.

The token is shown once and kept as its SHA-256; it begins with `phd_`, so that it can be told from a ticket's without
asking the database, and found where it was left by mistake. What was read is remembered for some seconds, and one that
we did not make is not looked for.
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
"""How exactly it is known when a device was last in use."""

_SQL = statements("devices.sql", PACKAGE)


class Device(Struct, frozen=True):
    """A device that was not revoked."""

    hall: str
    id: str
    name: str
    role: str
    made_at: datetime
    last_seen_at: datetime | None


class Devices:
    """Makes, finds and revokes devices. Everything raises StorageUnavailable, and what changes OutcomeUnknown."""

    def __init__(self, database: Database, monotonic_s: Callable[[], float], tokens: SignedTokens) -> None:
        self._database = database
        self._tokens = tokens
        self._monotonic_s = monotonic_s
        self._cache: TokenCache[Device] = TokenCache(monotonic_s)
        self._forgotten = 0

    async def find(self, token: str, now_at: datetime) -> Device | None:
        """The device of a token of its form, as it was some seconds ago at most."""
        hashed = token_hash(token)
        known = self._cache.get(hashed)
        if known is not None:
            return known[1]
        if not self._tokens.are_authentic(token.removeprefix(PREFIX)):
            return None
        read_s, forgotten = self._monotonic_s(), self._forgotten
        rows = await read(self._database, _SQL["find"], hashed)
        device = _device_of(rows[0]) if rows else None
        if device is not None and (device.last_seen_at is None or now_at - device.last_seen_at >= SEEN_INTERVAL):
            await record_use(self._database, _SQL["seen"], device.hall, device.id, now_at)
        if forgotten == self._forgotten:  # else what was read may be older than the change
            self._cache.put(hashed, read_s, device)
        return device

    async def of_hall(self, hall: str, after: str, limit: int) -> list[Device]:
        """The devices of a hall, oldest first, from the one after `after` on (`NIL`: the first)."""
        return [_device_of(row) for row in await read(self._database, _SQL["of_hall"], hall, after, limit)]

    async def all(self) -> list[Device]:
        """Every device."""
        return [_device_of(row) for row in await read(self._database, _SQL["all"])]

    async def create(self, hall: str, name: str, role: str, request: IdempotentRequest) -> tuple[Device, str]:
        """Make a device, and return its token as well. Raises KeyReused."""
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
        """Take a device's token back; nothing happens where it has none. Raises KeyReused."""
        revoked: list[bytes] = []

        async def take_back(writer: Writer) -> None:
            row = await writer.fetchrow(_SQL["revoke"], hall, device, request.now_at)
            if row is not None:
                await audit_log.record(
                    writer, [hall], request.now_at, request.actor, "device_revoked", {"device": device}
                )
                revoked.append(row["hash"])

        await idempotency.do_once(self._database, request, take_back)
        for token in revoked:
            self._forgotten += 1
            self._cache.drop(token)

    def _token(self, device: str, nth: int = 0) -> str:
        """A device's token: drawn from the nth secret, so that the same key gets the same answer again."""
        return PREFIX + self._tokens.derive(f"device|{device}".encode(), nth)


def _device_of(row: asyncpg.Record) -> Device:
    return Device(row["hall_id"], str(row["id"]), row["name"], row["role"], row["made_at"], row["last_seen_at"])
