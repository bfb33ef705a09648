"""Manage the staff of a hall: accounts and their roles.

A role belongs to a hall; the managers of the hall give and remove it. The properties of the person (display name,
disabled, password) may be changed only by a manager of every hall in which the account has a role. Nobody can change or
remove their own role or disable their own account, so that a mistake does not lock a hall's manager out.

The password of an account gives all its roles. A manager therefore cannot add an account that has a role in a hall they
do not manage. Otherwise a person could reserve a name in one hall and later get the rights of another hall, and a clerk
could be taken out of the control of their own manager. A manager of all the halls concerned, or the admin, can add such
an account. An account without any role is reassigned when it is added: it gets a new password and its sessions end.
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
    """The acting account (None: the admin or a program) and the halls that it manages (None: all)."""

    account: str | None = None
    halls: frozenset[str] | None = None

    def covers(self, account: Account) -> bool:
        """Tell whether it manages every hall in which an account has a role."""
        return self.halls is None or set(account.roles) <= self.halls


class StaffChange(Personal, frozen=True):
    """The properties to change; UNSET leaves a property as it is."""

    role: str | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class AddResult(Struct, frozen=True):
    """The added member, and whether a one-time password was set."""

    member: Member
    new: bool


class _Reset(Struct, frozen=True):
    account: str


class _Changed(Exception):  # noqa: N818  (not an error: the request is repeated)
    """The account has changed since it was read."""


class Staff:
    """Adds, changes and removes staff. Methods raise StorageUnavailable, OutcomeUnknown and KeyReused."""

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

    async def add(  # noqa: PLR0913, PLR0917  (the account, the hall, the request and its actor)
        self, hall: str, name: str, display_name: str, role: str, request: IdempotentRequest, authority: Authority
    ) -> tuple[Member, str | None]:
        """Give a person a role in a hall; create an account if none has this name.

        A new account, or one without any role, gets a one-time password.

        Args:
            hall: the hall, or `*` for a role in the whole service.
            name: the sign-in name, normalized.
            display_name: the display name of a new or reassigned account.
            role: the role; it replaces an existing role in this hall.
            request: the request.
            authority: the acting account.

        Returns:
            The member, and the one-time password if one was set.

        Raises:
            Forbidden: it is the caller's own account, or one with a role in a hall that the caller does not manage.
        """
        done = await idempotency.stored_answer_and_secret(self._database, request, AddResult)
        if done is not None:
            before, nth = done
            return before.member, self._one_time(before.member.id, request, nth) if before.new else None
        known = await self._accounts.by_name(name)
        account_id = known.id if known is not None else new_id()
        password = self._one_time(account_id, request)
        new = known is None or _is_reassigned(known)
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
                    _require_same(account, reassigned=new)
                    if new:
                        account = await _reassign(writer, account, display_name, hashed, until_at)
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
        """Change an account's role in a hall, its display name, and whether it may sign in.

        Raises:
            AccountNotFound: the account has no role in the hall.
            Forbidden: it is the caller's own role, or the display name or sign-in of an account with a role in a hall
                that the caller does not manage.
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
        """Remove an account's role in a hall; do nothing if it has none.

        Raises:
            Forbidden: it is the caller's own account.
        """

        async def remove_role(writer: Writer) -> None:
            account = await read_account(writer, account_id)
            if account is None or hall not in account.roles:
                return
            _require_other(account, authority)
            await writer.execute(_SQL["remove_role"], hall, account_id)
            await audit_log.record(
                writer, [hall], request.now_at, request.actor, "staff_removed", {"account": account_id}
            )

        await idempotency.do_once(self._database, request, remove_role)
        self._sessions.invalidate(account_id)

    async def sign_out(self, hall: str, account_id: str, request: IdempotentRequest) -> None:
        """End all sessions of an account if it has a role in the hall; otherwise do nothing."""

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
        """Set a one-time password, return it, and end the sessions of the account.

        Args:
            hall: the hall in which the account must have a role; None: any or none.
            account_id: the account.
            request: the request.
            authority: the acting account.

        Raises:
            AccountNotFound: there is no such account, or it has no role in the hall.
            Forbidden: it is the caller's own account, whose change needs the present password, or the account has a
                role in a hall that the caller does not manage.
            WrongState: the account uses single sign-on and has no password.
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
                    _SQL["set_one_time_password"], account_id, hashed, request.now_at + ONE_TIME_PASSWORD_LIFETIME
                )
                await writer.execute(_SESSIONS["end_of_account"], account_id, None)
                await _note_everywhere(writer, account, request, "password_reset", {"account": account_id})
        except AlreadyDone:
            return await self.reset(hall, account_id, request, authority)
        self._sessions.invalidate(account_id)
        return password

    async def _changed(  # noqa: PLR0913, PLR0917  (those of its caller, and the transaction)
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
        """Derive the one-time password with the nth secret: a repeated request gets the same one."""
        return passwords.one_time_password(self._hashes_of(f"one time|{account}|{request.command_id}".encode())[nth])


async def _make(writer: Writer, *fields: object) -> None:
    """Create an account. Raises AlreadyDone if another request has just created one with this name."""
    if await writer.fetchrow(_SQL["create"], *fields) is None:
        raise AlreadyDone


def _is_reassigned(account: Account) -> bool:
    """Tell whether adding the account gives it to a new owner: it has no role and no single sign-on identity."""
    return not account.roles and not account.sso


async def _reassign(writer: Writer, account: Account, display_name: str, *password: object) -> Account:
    reassigned = replace(account, display_name=display_name, disabled=False, must_change=True)
    await writer.execute(_SQL["change"], reassigned.id, reassigned.display_name, reassigned.disabled)
    await writer.execute(_SQL["set_one_time_password"], reassigned.id, *password)
    await writer.execute(_SESSIONS["end_of_account"], reassigned.id, None)
    return reassigned


def _require_same(account: Account, *, reassigned: bool) -> None:
    if _is_reassigned(account) is not reassigned:
        raise _Changed


async def _locked(writer: Writer, account_id: str) -> Account:
    await writer.fetchrow(_SQL["lock"], account_id)
    account = await read_account(writer, account_id)
    assert account is not None, "accounts are never deleted"
    return account


async def _member(writer: Writer, hall: str | None, account_id: str) -> Account:
    """Read and lock an account that has a role in the hall (None: in any or none). Raises AccountNotFound."""
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
