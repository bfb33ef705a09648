"""Staff accounts: a sign-in name, a password or a single sign-on identity, and one role in each of several halls.

A password that another person created is a one-time password: its owner must change it within
`ONE_TIME_PASSWORD_LIFETIME`. Accounts are never deleted, because the journal refers to them. An account without a role
has no rights.
"""

import re
import unicodedata
from datetime import datetime, timedelta

import asyncpg
from msgspec import Struct
from msgspec.structs import replace

from service.domain.refusals import Busy
from service.identity import audit_log, idempotency, passwords
from service.identity.idempotency import IdempotentRequest
from service.identity.passwords import Passwords
from service.identity.store import PACKAGE, Writer, as_strings, read, record_use, transaction
from service.journal.database import Database
from service.journal.sql_files import statements
from service.primitives.personal_data import Personal

ADMIN_NAME = "admin"
"""The sign-in name of the admin, who signs in with the admin token. Reserved: no account may have it."""

NAME = re.compile(r"\w[\w.@+-]{0,63}")
"""The pattern of a sign-in name, after `normalized_name`."""

ONE_TIME_PASSWORD_LIFETIME = timedelta(days=7)
"""Validity of a one-time password."""

SEEN_INTERVAL = timedelta(minutes=5)
"""Precision of `last_seen_at`: it is updated at most once in this time."""

_SQL = statements("accounts.sql", PACKAGE)
_SESSIONS = statements("sessions.sql", PACKAGE)


class Account(Personal, frozen=True, kw_only=True):
    """A staff account. `roles` maps halls to roles; the hall `*` is for a role in the whole service."""

    SHOWN = ("id",)

    id: str
    name: str
    display_name: str
    roles: dict[str, str]
    must_change: bool
    disabled: bool
    sso: bool
    password: str | None
    password_until: datetime | None
    last_seen_at: datetime | None

    @property
    def halls(self) -> list[str]:
        """The halls in which the account has a role, sorted."""
        return sorted(self.roles)


class Member(Personal, frozen=True, kw_only=True):
    """An account as shown to the managers of one hall.

    `elsewhere`: the account also has a role in a hall that the viewer does not manage. The details of signing in
    (`sso`, `must_change`, `last_seen_at`) are None then.
    """

    SHOWN = ("id",)

    id: str
    name: str
    display_name: str
    role: str
    sso: bool | None
    disabled: bool
    must_change: bool | None
    last_seen_at: datetime | None
    elsewhere: bool = False


class _Chosen(Struct, frozen=True):
    account: str


def normalized_name(typed: str) -> str:
    """Normalize a sign-in name as it is stored: NFKC, trimmed, case-folded."""
    return unicodedata.normalize("NFKC", typed).strip().casefold()


class Accounts:
    """Reads and changes accounts. Every method raises StorageUnavailable; methods that write raise OutcomeUnknown."""

    def __init__(self, database: Database, hashes: Passwords) -> None:
        self._database = database
        self._hashes = hashes

    async def get(self, account: str) -> Account | None:
        """Find an account by id."""
        rows = await read(self._database, _SQL["by_id"], account)
        return _account_of(rows[0]) if rows else None

    async def by_name(self, name: str) -> Account | None:
        """Find an account by its normalized sign-in name (`normalized_name`)."""
        rows = await read(self._database, _SQL["by_name"], name)
        return _account_of(rows[0]) if rows else None

    async def by_sso_person(self, issuer: str, subject: str) -> Account | None:
        """Find the account that is linked to a single sign-on identity."""
        rows = await read(self._database, _SQL["by_person"], issuer, subject)
        return await self.get(str(rows[0]["id"])) if rows else None

    async def of_hall(self, hall: str, after: str, limit: int, managed: frozenset[str] | None) -> list[Member]:
        """List the accounts with a role in a hall, by name, after the name `after`.

        `managed` are the halls that the viewer manages, None for all.
        """
        halls = None if managed is None else sorted(managed)
        rows = await read(self._database, _SQL["of_hall"], hall, after, limit, halls)
        return [Member(**{**dict(row), "id": str(row["id"])}) for row in rows]

    async def display_names(self, accounts: set[str]) -> dict[str, str]:
        """Return the display names of accounts, by id."""
        if not accounts:
            return {}
        return {
            str(row["id"]): row["display_name"] for row in await read(self._database, _SQL["display_names"], accounts)
        }

    async def authenticate(
        self, name: str, password: str, now_at: datetime, *, known: bool = False
    ) -> tuple[Account | None, bool]:
        """Find the account of a sign-in name, and tell whether it may sign in with a password.

        Takes the same time whether the account exists, has a password or is disabled. A `known` browser may use
        capacity that other browsers may not. The returned account contains the verified password hash: a session
        begins only if the hash has not changed since.

        Raises:
            Busy: too many hashes are waiting.
        """
        account = await self.by_name(name)
        typed = (
            passwords.normalized_one_time_password(password)
            if account is not None and account.must_change
            else password
        )
        stored = None if account is None else account.password
        same = await self._hashes.matches(stored, typed, known=known)
        if account is None or stored is None or not same or account.disabled:
            return account, False
        if account.password_until is not None and now_at >= account.password_until:
            return account, False
        if self._hashes.is_old(stored):
            account = await self._rehashed(account, typed)
        return account, True

    async def _rehashed(self, account: Account, password: str) -> Account:
        """Hash the account's password again with the current parameters, and store and return it.

        If there is no capacity, the account is returned unchanged; the next sign-in tries again. The hash is computed
        before a database connection is taken, because it may have to wait.
        """
        try:
            hashed = await self._hashes.hash(password)
        except Busy:
            return account
        async with transaction(self._database) as writer:
            if await writer.fetchrow(_SQL["rehash"], account.id, account.password, hashed) is None:
                return account
        return replace(account, password=hashed)

    async def has_changed_password(self, request: IdempotentRequest) -> bool:
        """Tell whether an earlier request with the same idempotency key changed the password. Raises KeyReused."""
        return await idempotency.stored_answer(self._database, request, _Chosen) is not None

    async def choose_password(self, account: Account, password: str, request: IdempotentRequest, keep: bytes) -> None:
        """Set the password that the owner chose, and end all sessions except the one with the hash `keep`.

        Raises:
            Busy: too many hashes are waiting; or the password has changed since the account was read, because it was
                reset or the account was linked to single sign-on.
            KeyReused: the idempotency key was used for a different request.
        """
        hashed = await self._hashes.hash(password)

        async def change(writer: Writer) -> None:
            if await writer.fetchrow(_SQL["choose_password"], account.id, hashed, account.password) is None:
                raise Busy
            await writer.execute(_SESSIONS["end_of_account"], account.id, keep)
            data = {"account": account.id}
            await audit_log.record(writer, account.halls, request.now_at, request.actor, "password_changed", data)

        await idempotency.do_once(self._database, request, change, stored=_Chosen(account.id))  # release 0.1.0 reads it

    async def link_sso_person(
        self, account: Account, issuer: str, subject: str, now_at: datetime, actor: str
    ) -> Account | None:
        """Link an account to a single sign-on identity; None if it has been linked to another identity meanwhile."""
        async with transaction(self._database) as writer:
            if await writer.fetchrow(_SQL["link"], account.id, issuer, subject) is None:
                return None
            await writer.execute(_SESSIONS["end_of_account"], account.id, None)
            await audit_log.record(writer, account.halls, now_at, actor, "person_linked", {"account": account.id})
            return await read_account(writer, account.id)

    async def record_use(self, account: Account, now_at: datetime) -> None:
        """Record that an account is in use, at most once per `SEEN_INTERVAL`."""
        if account.last_seen_at is None or now_at - account.last_seen_at >= SEEN_INTERVAL:
            await record_use(self._database, _SQL["record_use"], account.id, now_at)


async def read_account(writer: Writer, account: str) -> Account | None:
    """Read an account inside a transaction."""
    row = await writer.fetchrow(_SQL["by_id"], account)
    return None if row is None else _account_of(row)


def member_of(account: Account, hall: str, *, full_details: bool) -> Member:
    """Build the view of an account for a hall in which it has a role; without `full_details` see `Member`."""
    return Member(
        id=account.id,
        name=account.name,
        display_name=account.display_name,
        role=account.roles[hall],
        sso=account.sso if full_details else None,
        disabled=account.disabled,
        must_change=account.must_change if full_details else None,
        last_seen_at=account.last_seen_at if full_details else None,
        elsewhere=not full_details,
    )


def _account_of(row: asyncpg.Record) -> Account:
    return Account(
        id=str(row["id"]),
        name=row["name"],
        display_name=row["display_name"],
        roles=dict(zip(as_strings(row["halls"]), as_strings(row["roles"]), strict=True)),
        must_change=row["must_change"],
        disabled=row["disabled"],
        sso=row["sso"],
        password=row["password"],
        password_until=row["password_until"],
        last_seen_at=row["last_seen_at"],
    )
