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
"""Signs in with the admin token; no account may have it."""

NAME = re.compile(r"\w[\w.@+-]{0,63}")
"""What a name is, as `normalized_name` makes it."""

ONE_TIME_PASSWORD_LIFETIME = timedelta(days=7)
"""How long a password for one use can be used."""

SEEN_INTERVAL = timedelta(minutes=5)
"""How exactly it is known when an account was last in use."""

_SQL = statements("accounts.sql", PACKAGE)
_SESSIONS = statements("sessions.sql", PACKAGE)


class Account(Personal, frozen=True, kw_only=True):
    """Somebody who works here; `roles` by hall, `*` for one of none."""

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
        """The halls it has a role in, in order."""
        return sorted(self.roles)


class Member(Personal, frozen=True, kw_only=True):
    """An account as one hall sees it.

    Of somebody who works `elsewhere`, too, in halls that whoever looks does not manage, it says what this hall's work
    needs and no more: how and when they sign in is None.
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
    """A name as it is kept: one form for each way to type it."""
    return unicodedata.normalize("NFKC", typed).strip().casefold()


class Accounts:
    """Reads and changes accounts. Everything here raises StorageUnavailable, and what changes OutcomeUnknown."""

    def __init__(self, database: Database, hashes: Passwords) -> None:
        self._database = database
        self._hashes = hashes

    async def get(self, account: str) -> Account | None:
        """An account, by id."""
        rows = await read(self._database, _SQL["by_id"], account)
        return _account_of(rows[0]) if rows else None

    async def by_name(self, name: str) -> Account | None:
        """The account that signs in with a name, as `normalized_name` makes it."""
        rows = await read(self._database, _SQL["by_name"], name)
        return _account_of(rows[0]) if rows else None

    async def by_sso_person(self, issuer: str, subject: str) -> Account | None:
        """The account of a person whom a provider of single sign-on knows."""
        rows = await read(self._database, _SQL["by_person"], issuer, subject)
        return await self.get(str(rows[0]["id"])) if rows else None

    async def of_hall(self, hall: str, after: str, limit: int, managed: frozenset[str] | None) -> list[Member]:
        """The accounts with a role in a hall, by name, from the one after `after` on, for who manages `managed`."""
        halls = None if managed is None else sorted(managed)
        rows = await read(self._database, _SQL["of_hall"], hall, after, limit, halls)
        return [Member(**{**dict(row), "id": str(row["id"])}) for row in rows]

    async def display_names(self, accounts: set[str]) -> dict[str, str]:
        """What accounts are called."""
        if not accounts:
            return {}
        return {str(row["id"]): row["display_name"] for row in await read(self._database, _SQL["names"], accounts)}

    async def authenticate(
        self, name: str, password: str, now_at: datetime, *, known: bool = False
    ) -> tuple[Account | None, bool]:
        """Find the account of a name, and tell whether it may sign in with a password.

        Whether there is one, has a password, or is disabled, takes the same time to find out. A browser that is `known`
        is let in where strangers have to wait. What is begun by the password names its hash, which the account has
        here, and holds only while it is that one. Raises Busy.
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
        """The account with its password under a hash of today's parameters.

        While there is no room for it that is left to the next time. The hash is made before a connection is lent, for
        it may have to wait.
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
        """Tell whether a password was chosen by this very request before. Raises KeyReused."""
        return await idempotency.stored_answer(self._database, request, _Chosen) is not None

    async def choose_password(self, account: Account, password: str, request: IdempotentRequest, keep: bytes) -> None:
        """Give an account the password its owner chose, and end its sessions but the one whose hash is `keep`.

        Raises:
            Busy: there is no room for the hash; or the password is another than the one that was looked at, for it was
                given anew meanwhile, or the account is a person's of a single sign-on now.
            KeyReused: the key was another request's.
        """
        hashed = await self._hashes.hash(password)

        async def change(writer: Writer) -> None:
            if await writer.fetchrow(_SQL["choose_password"], account.id, hashed, account.password) is None:
                raise Busy
            await writer.execute(_SESSIONS["end_of_account"], account.id, keep)
            data = {"account": account.id}
            await audit_log.record(writer, account.halls, request.now_at, request.actor, "password_changed", data)

        await idempotency.do_once(self._database, request, change, stored=_Chosen(account.id))  # as 0.1.0 reads it

    async def link_sso_person(
        self, account: Account, issuer: str, subject: str, now_at: datetime, actor: str
    ) -> Account | None:
        """Make an account that of a person of a single sign-on; None when it is another person's by now."""
        async with transaction(self._database) as writer:
            if await writer.fetchrow(_SQL["link"], account.id, issuer, subject) is None:
                return None
            await writer.execute(_SESSIONS["end_of_account"], account.id, None)
            await audit_log.record(writer, account.halls, now_at, actor, "person_linked", {"account": account.id})
            return await read_account(writer, account.id)

    async def record_use(self, account: Account, now_at: datetime) -> None:
        """Note that an account is in use, to within `SEEN_INTERVAL`."""
        if account.last_seen_at is None or now_at - account.last_seen_at >= SEEN_INTERVAL:
            await record_use(self._database, _SQL["seen"], account.id, now_at)


async def read_account(writer: Writer, account: str) -> Account | None:
    """An account as a transaction sees it."""
    row = await writer.fetchrow(_SQL["by_id"], account)
    return None if row is None else _account_of(row)


def member_of(account: Account, hall: str, *, full_details: bool) -> Member:
    """An account as a hall sees it in which it has a role; see `Member` for one that is not `full_details`."""
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
