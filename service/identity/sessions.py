"""Sessions of browsers: an opaque token in a cookie, kept as its SHA-256.

A session lasts `LIFETIME` from its beginning, however idle; one that is used is renewed, until `LIFETIME_MAX`. What was
read is remembered for some seconds, so that a role taken away in one process is gone in all others that soon; what
this process changes it forgets at once. A token that we did not make is not looked for.
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
"""From the beginning, or the last renewal, to the end: a working day."""

LIFETIME_MAX = timedelta(days=7)
"""However much it is used."""

RENEW_AFTER = timedelta(hours=1)
"""A session in use is renewed when it was not for so long."""

_SQL = statements("sessions.sql", PACKAGE)


class Session(Struct, frozen=True):
    """A browser that has signed in; without an account it is the admin's."""

    hash: bytes
    account: Account | None
    expires_at: datetime


def token_hash(token: str) -> bytes:
    """What is kept of a token."""
    return sha256(token.encode()).digest()


class Sessions:
    """Begins, finds and ends sessions. Everything here raises StorageUnavailable, and what changes OutcomeUnknown."""

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
        self._forgotten = 0

    async def begin(self, account: Account | None, now_at: datetime, actor: str) -> tuple[str, Session]:
        """Begin a session of an account, or of the admin; return the token for the browser as well.

        Raises:
            Busy: the account was disabled, or its password is another, since somebody was let in: who ended all its
                sessions meanwhile must not be left with this one. It is to be looked at again.
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
        """The session of a token of 43 letters that has not ended, as it was some seconds ago at most."""
        hashed = token_hash(token)
        known = self._cache.get(hashed)
        if known is not None:
            session = known[1]
            return session if session is None or now_at < session.expires_at else None
        if not self._tokens.are_authentic(token):
            return None
        read_s, forgotten = self._monotonic_s(), self._forgotten
        session = await self._read(hashed, now_at)
        if forgotten == self._forgotten:  # else what was read may be older than the change
            self._cache.put(hashed, read_s, session)
        return session

    async def end(self, session: Session, now_at: datetime, actor: str, *, everywhere: bool = False) -> None:
        """End a session, or all of the same account."""
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
        """Read the sessions of an account (None: of the admin) anew: something about it has changed."""
        self._forgotten += 1
        self._cache.drop_where(lambda one: (None if one.account is None else one.account.id) == account)

    async def sweep(self, now_at: datetime) -> None:
        """Remove sessions that have ended."""
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
    """The halls whose history says what this account does at the door; none: that of the whole service does."""
    return [] if account is None else account.halls


def _about(account: Account | None) -> dict[str, str | bool]:
    return {} if account is None else {"account": account.id}
