"""Staff: who has which role in a hall, as its managers decide it.

A role belongs to a hall, and its managers give and take it. What belongs to the person (the name shown, whether they
may sign in at all, the password) may be touched only by who manages every hall they have a role in. Nobody changes or
takes away their own role, and nobody disables themselves: a slip must not lock a hall's manager out.

Whoever knows an account's password acts with all its roles. So a manager cannot add somebody who works in a hall that
is not theirs: else a name taken in one hall beforehand would get the rights of another, and a clerk added elsewhere
would be out of their own manager's hands. Who is to work in several halls is added by somebody who manages them all,
or by the admin. An account without any role is given anew: a new password, no session left.
"""

from collections.abc import Callable

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from service.domain.refusals import WrongState
from service.errors import AccountNotFound, Forbidden
from service.identity import audit_log, idempotency, passwords
from service.identity.accounts import ONE_TIME_PASSWORD_LIFETIME, Account, Accounts, Member, member_of, read_account
from service.identity.idempotency import AlreadyDone, IdempotentRequest
from service.identity.passwords import Passwords
from service.identity.sessions import Sessions
from service.identity.store import PACKAGE, Writer, transaction
from service.journal.database import Database
from service.journal.sql_files import statements
from service.primitives.ids import new_id
from service.primitives.personal_data import Personal

_SQL = statements("accounts.sql", PACKAGE)
_SESSIONS = statements("sessions.sql", PACKAGE)


class Authority(Struct, frozen=True):
    """Who decides: an account (None: the admin, or a program), and the halls it manages (None: all)."""

    account: str | None = None
    halls: frozenset[str] | None = None

    def covers(self, account: Account) -> bool:
        """Tell whether it manages every hall that an account has a role in."""
        return self.halls is None or set(account.roles) <= self.halls


class StaffChange(Personal, frozen=True):
    """What is to be another."""

    role: str | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class AddResult(Struct, frozen=True):
    """Somebody who now has a role here, and whether they were given a password for one use."""

    member: Member
    new: bool


class _Reset(Struct, frozen=True):
    account: str


class _Changed(Exception):  # noqa: N818  (it is no error: it is looked at again)
    """The account has changed since it was looked at."""


class Staff:
    """Gives and takes roles. Everything raises StorageUnavailable, OutcomeUnknown, and KeyReused for a key's misuse."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        sessions: Sessions,
        hashes: Passwords,
        hashes_of: Callable[[bytes], list[bytes]],
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._sessions = sessions
        self._hashes = hashes
        self._hashes_of = hashes_of

    async def add(  # noqa: PLR0913, PLR0917  (who, what, where, and by whom)
        self, hall: str, name: str, display_name: str, role: str, request: IdempotentRequest, authority: Authority
    ) -> tuple[Member, str | None]:
        """Give somebody a role in a hall; whoever has no role anywhere gets an account, with a password for one use.

        Args:
            hall: the hall, or `EVERY_HALL` for a role of none.
            name: as `name_of` makes it.
            display_name: what an account that is new is called.
            role: the role, in place of the one they may have here.
            request: the request.
            authority: whose decision it is.

        Returns:
            The member, and the password where there is one.

        Raises:
            Forbidden: it is the caller's own account, or somebody's in halls the caller does not manage.
        """
        done = await idempotency.stored_answer_and_secret(self._database, request, AddResult)
        if done is not None:
            before, nth = done
            return before.member, self._one_time(before.member.id, request, nth) if before.new else None
        known = await self._accounts.by_name(name)
        account_id = known.id if known is not None else new_id()
        password = self._one_time(account_id, request)
        new = known is None or _is_given_anew(known)
        hashed = await self._hashes.hash(password) if new else ""
        try:
            async with transaction(self._database) as writer:
                until_at = request.now_at + ONE_TIME_PASSWORD_LIFETIME
                if known is None:
                    await _make(writer, account_id, name, display_name, hashed, until_at, request.now_at)
                account = await _locked(writer, account_id)
                _require_other(account, authority)
                if hall not in account.roles and not authority.covers(account):
                    raise Forbidden
                if known is not None:
                    _require_same(account, given_anew=new)
                    if new:
                        account = await _give_anew(writer, account, display_name, hashed, until_at)
                await writer.execute(_SQL["set_role"], hall, account_id, role)
                account = replace(account, roles={**account.roles, hall: role})
                member = member_of(account, hall, full_details=authority.covers(account))
                await idempotency.store_answer(writer, request, AddResult(member, new))
                data = {"account": account_id, "role": role}
                await audit_log.record(writer, [hall], request.now_at, request.actor, "staff_added", data)
        except (AlreadyDone, _Changed):
            return await self.add(hall, name, display_name, role, request, authority)
        self._sessions.invalidate(account_id)
        return member, password if new else None

    async def change(
        self, hall: str, account_id: str, change: StaffChange, request: IdempotentRequest, authority: Authority
    ) -> Member:
        """Change somebody's role here, what they are called, and whether they may sign in.

        Raises:
            AccountNotFound: they have no role here.
            Forbidden: it is the caller's own role, or about a person of halls the caller does not manage.
        """
        before = await idempotency.stored_answer(self._database, request, Member)
        if before is not None:
            return before
        try:
            async with transaction(self._database) as writer:
                member = await self._changed(writer, hall, account_id, change, request, authority)
                await idempotency.store_answer(writer, request, member)
        except AlreadyDone:
            return await self.change(hall, account_id, change, request, authority)
        self._sessions.invalidate(account_id)
        return member

    async def remove(self, hall: str, account_id: str, request: IdempotentRequest, authority: Authority) -> None:
        """Take somebody's role in a hall away; nothing happens where there is none.

        Raises:
            Forbidden: it is the caller's own.
        """

        async def take_away(writer: Writer) -> None:
            account = await read_account(writer, account_id)
            if account is None or hall not in account.roles:
                return
            _require_other(account, authority)
            await writer.execute(_SQL["drop_role"], hall, account_id)
            await audit_log.record(
                writer, [hall], request.now_at, request.actor, "staff_removed", {"account": account_id}
            )

        await idempotency.do_once(self._database, request, take_away)
        self._sessions.invalidate(account_id)

    async def sign_out(self, hall: str, account_id: str, request: IdempotentRequest) -> None:
        """End all sessions of somebody with a role in a hall, wherever else they work; of nobody else."""

        async def end_sessions(writer: Writer) -> None:
            account = await read_account(writer, account_id)
            if account is None or hall not in account.roles:
                return
            await writer.execute(_SESSIONS["end_of_account"], account_id, None)
            await audit_log.record(
                writer, account.halls, request.now_at, request.actor, "staff_signed_out", {"account": account_id}
            )

        await idempotency.do_once(self._database, request, end_sessions)
        self._sessions.invalidate(account_id)

    async def reset(self, hall: str | None, account_id: str, request: IdempotentRequest, authority: Authority) -> str:
        """Give somebody a password for one use, return it, and end their sessions.

        Args:
            hall: where they must have a role; None: anywhere.
            account_id: the account.
            request: the request.
            authority: whose decision it is.

        Raises:
            AccountNotFound: they have no role here.
            Forbidden: it is the caller's own account, which needs its present password, or they have a role in a hall
                that the caller does not manage.
            WrongState: they sign in by single sign-on, and have no password here.
        """
        done = await idempotency.stored_answer_and_secret(self._database, request, _Reset)
        if done is not None:
            return self._one_time(account_id, request, done[1])
        password = self._one_time(account_id, request)
        hashed = await self._hashes.hash(password)
        try:
            async with transaction(self._database) as writer:
                account = await _member(writer, hall, account_id)
                _require_other(account, authority)
                if not authority.covers(account):
                    raise Forbidden
                if account.sso:
                    raise WrongState("sso")
                await idempotency.store_answer(writer, request, _Reset(account_id))
                await writer.execute(
                    _SQL["give_password"], account_id, hashed, request.now_at + ONE_TIME_PASSWORD_LIFETIME
                )
                await writer.execute(_SESSIONS["end_of_account"], account_id, None)
                await _note_everywhere(writer, account, request, "password_reset", {"account": account_id})
        except AlreadyDone:
            return await self.reset(hall, account_id, request, authority)
        self._sessions.invalidate(account_id)
        return password

    async def _changed(  # noqa: PLR0913, PLR0917  (as its caller, and where)
        self,
        writer: Writer,
        hall: str,
        account_id: str,
        change: StaffChange,
        request: IdempotentRequest,
        authority: Authority,
    ) -> Member:
        account = await _member(writer, hall, account_id)
        if change.role is not UNSET and change.role != account.roles[hall]:
            _require_other(account, authority)
            await writer.execute(_SQL["set_role"], hall, account_id, change.role)
            account = replace(account, roles={**account.roles, hall: change.role})
            data = {"account": account_id, "role": change.role}
            await audit_log.record(writer, [hall], request.now_at, request.actor, "staff_role_changed", data)
        if change.display_name is not UNSET or change.disabled is not UNSET:
            account = await self._change_person(writer, account, change, request, authority)
        return member_of(account, hall, full_details=authority.covers(account))

    async def _change_person(
        self, writer: Writer, account: Account, change: StaffChange, request: IdempotentRequest, authority: Authority
    ) -> Account:
        if not authority.covers(account):
            raise Forbidden
        if change.disabled is True:
            _require_other(account, authority)
        changed = replace(
            account,
            display_name=account.display_name if change.display_name is UNSET else change.display_name,
            disabled=account.disabled if change.disabled is UNSET else change.disabled,
        )
        if changed == account:
            return account
        await writer.execute(_SQL["change"], account.id, changed.display_name, changed.disabled)
        if changed.disabled:
            await writer.execute(_SESSIONS["end_of_account"], account.id, None)
        if changed.disabled is account.disabled:
            kind = "staff_renamed"
        else:
            kind = "staff_disabled" if changed.disabled else "staff_enabled"
        await _note_everywhere(writer, account, request, kind, {"account": account.id})
        return changed

    def _one_time(self, account: str, request: IdempotentRequest, nth: int = 0) -> str:
        """A password for one use: drawn from the nth secret, so that the same key gets the same answer again."""
        return passwords.one_time_password(self._hashes_of(f"one time|{account}|{request.command_id}".encode())[nth])


async def _make(writer: Writer, *fields: object) -> None:
    """Make an account. Raises DoneBefore when somebody else has just made one of this name."""
    if await writer.fetchrow(_SQL["create"], *fields) is None:
        raise AlreadyDone


def _is_given_anew(account: Account) -> bool:
    """Tell whether adding somebody gives the account to a new owner: nobody vouches for the one it has."""
    return not account.roles and not account.sso


async def _give_anew(writer: Writer, account: Account, display_name: str, *password: object) -> Account:
    given = replace(account, display_name=display_name, disabled=False, must_change=True)
    await writer.execute(_SQL["change"], given.id, given.display_name, given.disabled)
    await writer.execute(_SQL["give_password"], given.id, *password)
    await writer.execute(_SESSIONS["end_of_account"], given.id, None)
    return given


def _require_same(account: Account, *, given_anew: bool) -> None:
    if _is_given_anew(account) is not given_anew:
        raise _Changed


async def _locked(writer: Writer, account_id: str) -> Account:
    await writer.fetchrow(_SQL["lock"], account_id)
    account = await read_account(writer, account_id)
    assert account is not None, "accounts are never deleted"
    return account


async def _member(writer: Writer, hall: str | None, account_id: str) -> Account:
    """An account, held; with a role in the hall. Raises AccountNotFound."""
    if await writer.fetchrow(_SQL["lock"], account_id) is None:
        raise AccountNotFound
    account = await read_account(writer, account_id)
    if account is None or (hall is not None and hall not in account.roles):
        raise AccountNotFound
    return account


def _require_other(account: Account, authority: Authority) -> None:
    if account.id == authority.account:
        raise Forbidden


async def _note_everywhere(
    writer: Writer, account: Account, request: IdempotentRequest, kind: str, data: dict[str, str]
) -> None:
    await audit_log.record(writer, account.halls, request.now_at, request.actor, kind, data)
