"""Browser sessions: an opaque token in a cookie, stored as its SHA-256.

A session lasts `LIFETIME` without use. Use renews it, up to `LIFETIME_MAX` after its beginning. Sessions that were read
are cached for some seconds, so a removed role takes effect in all processes within that time, and at once in the
process that removed it. A token with a wrong signature is rejected without a query.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

from msgspec import Struct

from service.domain.refusals import Busy
from service.identity import audit_log
from service.identity.accounts import Account, Accounts
from service.identity.opaque_tokens import DRAWN_BYTES, SignedTokens, TokenCache
from service.identity.store import PACKAGE, read, record_use, transaction
from service.journal.database import Database
from service.journal.sql_files import statements

LIFETIME = timedelta(hours=12)
"""Time from the beginning or the last renewal to the end: a working day."""

LIFETIME_MAX = timedelta(days=7)
"""Time from the beginning to the end at most, with renewals."""

RENEW_AFTER = timedelta(hours=1)
"""A session in use is renewed at most once in this time, to save writes."""

_SQL = statements("sessions.sql", PACKAGE)


class Session(Struct, frozen=True):
    """A session of a browser; `account` is None for the admin."""

    hash: bytes
    account: Account | None
    expires_at: datetime


def token_hash(token: str) -> bytes:
    """Return the SHA-256 under which a token is stored."""
    return sha256(token.encode()).digest()


class Sessions:
    """Begins, finds and ends sessions. Methods raise StorageUnavailable; those that write also OutcomeUnknown."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        admin_keys: list[bytes],
        monotonic_s: Callable[[], float],
        tokens: SignedTokens,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._admin_keys = admin_keys
        self._monotonic_s = monotonic_s
        self._tokens = tokens
        self._cache: TokenCache[Session] = TokenCache(monotonic_s)
        self._invalidations = 0

    async def begin(self, account: Account | None, now_at: datetime, actor: str) -> tuple[str, Session]:
        """Begin a session of an account, or of the admin (None); return the browser's token and the session.

        Raises:
            Busy: the account was disabled or its password has changed since it was verified. Both end all sessions, so
                no session may begin after them; the sign-in has to be repeated.
        """
        token = self._tokens.sign(secrets.token_bytes(DRAWN_BYTES))
        session = Session(token_hash(token), account, now_at + LIFETIME)
        lasts = (now_at, session.expires_at)
        async with transaction(self._database) as writer:
            if account is None:
                await writer.execute(_SQL["begin_of_admin"], session.hash, self._admin_keys[0], *lasts)
            elif await writer.fetchrow(_SQL["begin"], session.hash, account.id, account.password, *lasts) is None:
                raise Busy
            await audit_log.record(writer, _halls_of(account), now_at, actor, "signed_in", _about(account))
        return token, session

    async def find(self, token: str, now_at: datetime) -> Session | None:
        """Find the active session of a token of 43 characters, possibly from the cache and some seconds old."""
        hashed = token_hash(token)
        cached = self._cache.get(hashed)
        if cached is not None:
            session = cached[1]
            return session if session is None or now_at < session.expires_at else None
        if not self._tokens.is_authentic(token):
            return None
        read_s, invalidations = self._monotonic_s(), self._invalidations
        session = await self._read(hashed, now_at)
        if invalidations == self._invalidations:  # otherwise the read may be older than a change made meanwhile
            self._cache.put(hashed, read_s, session)
        return session

    async def end(self, session: Session, now_at: datetime, actor: str, *, everywhere: bool = False) -> None:
        """End a session, or with `everywhere` all sessions of its account."""
        account = session.account
        async with transaction(self._database) as writer:
            if not everywhere:
                await writer.execute(_SQL["end"], session.hash)
            elif account is None:
                await writer.execute(_SQL["end_of_admin"])
            else:
                await writer.execute(_SQL["end_of_account"], account.id, None)
            data = {**_about(account), "everywhere": everywhere}
            await audit_log.record(writer, _halls_of(account), now_at, actor, "signed_out", data)
        self.invalidate(None if account is None else account.id)

    def invalidate(self, account: str | None) -> None:
        """Remove the sessions of an account (None: of the admin) from the cache, because the account has changed."""
        self._invalidations += 1
        self._cache.drop_where(lambda session: (None if session.account is None else session.account.id) == account)

    async def sweep(self, now_at: datetime) -> None:
        """Delete sessions that have ended."""
        await read(self._database, _SQL["sweep"], now_at)

    async def _read(self, hashed: bytes, now_at: datetime) -> Session | None:
        rows = await read(self._database, _SQL["find"], hashed, now_at)
        if not rows:
            return None
        row = rows[0]
        account: Account | None = None
        if row["account_id"] is None:
            if row["admin_key"] not in self._admin_keys:
                return None
        else:
            account = await self._accounts.get(str(row["account_id"]))
            if account is None or account.disabled:
                return None
            await self._accounts.record_use(account, now_at)
        expires_at: datetime = row["expires_at"]
        renewed_at = min(now_at + LIFETIME, row["made_at"] + LIFETIME_MAX)
        is_due = renewed_at - expires_at >= RENEW_AFTER
        if is_due and await record_use(self._database, _SQL["renew"], hashed, renewed_at):
            expires_at = renewed_at
        return Session(hashed, account, expires_at)


def _halls_of(account: Account | None) -> list[str]:
    """Return the halls whose audit log records sign-ins of this account; none means the log of the whole service."""
    return [] if account is None else account.halls


def _about(account: Account | None) -> dict[str, str | bool]:
    return {} if account is None else {"account": account.id}
