"""Handlers of sessions: show, sign in, sign out, change the password."""

from contextlib import suppress

from aiohttp import web

from service.api.access.guard import SESSION_COOKIE, is_cross_site, require_own_page, session_of, visitor
from service.api.access.roles import Caller, Role
from service.api.app_keys import CLOCK, IDENTITY, SETTINGS, SIGNER
from service.api.http.body import read_body
from service.api.http.client_address import address_of, net_of, over_tls
from service.api.http.headers import cookie_of
from service.api.http.hosts import host_of
from service.api.http.json_response import answer
from service.api.http.query import flag_of
from service.api.shared.form_fields import Nothing
from service.api.shared.idempotency_keys import idempotency_key_of
from service.api.staff.answers import AccountSeen, RoleSeen, SessionSeen
from service.api.staff.forms import PasswordForm, SignInForm
from service.domain.calendar.times import stamp
from service.domain.refusals import Busy
from service.errors import Forbidden, OutcomeUnknown, SignInRefused, StorageUnavailable, TokenMissing
from service.identity import passwords
from service.identity.accounts import ADMIN_NAME, Account, normalized_name
from service.identity.audit_log import SERVICE_WIDE
from service.identity.idempotency import IdempotentRequest
from service.identity.sessions import Session

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Local host names. Browsers trust them without TLS, so cookies there need no `Secure`."""

KNOWN_COOKIE = "paihao_known"
"""Cookie that proves earlier sign-ins of a browser as some names."""

KNOWN_FOR_S = 400 * 86400
"""The longest time for which browsers keep a cookie."""

_ADMIN = AccountSeen(id=ADMIN_NAME, name=ADMIN_NAME, display_name=ADMIN_NAME)


async def show(request: web.Request) -> web.Response:
    """Show the signed-in account and its roles; all null without one. `hall` is null for a role in all halls."""
    session = await session_of(request)
    if session is not None:
        return answer(_view_of(request, session))
    caller = await visitor(request)
    roles = [RoleSeen(hall=None, role=Role.ADMIN)] if caller.role is Role.ADMIN else []
    return answer(_session_view(request, _ADMIN if roles else None, roles))


async def sign_in(request: web.Request) -> web.Response:
    """Sign in with a name and a password, and get the cookie of a session.

    An unknown name, a wrong password and a disabled account are refused alike, and take the same time. The name `admin`
    goes with the admin token. Who fails often waits longer and longer; not a browser that has signed in as this name.
    """
    form = await read_body(request, SignInForm)
    if is_cross_site(request):
        raise Forbidden
    identity, now_at = request.app[IDENTITY], request.app[CLOCK].now_at()
    name = normalized_name(form.name)
    account, sound = await _authenticated(request, name, form.password)
    if not sound:
        await identity.audit.record(
            account.halls if account else [],
            now_at,
            account_actor(request, account),
            "sign_in_refused",
            **audit_data(account),
        )
        raise SignInRefused
    token, session = await begin_session(request, account)
    response = answer(_view_of(request, session))
    set_cookie(request, response, SESSION_COOKIE, token)
    known = cookie_of(request, KNOWN_COOKIE)
    set_cookie(request, response, KNOWN_COOKIE, identity.lockout.remember_browser(name, known), KNOWN_FOR_S)
    return response


async def _authenticated(request: web.Request, name: str, password: str) -> tuple[Account | None, bool]:
    """The account of a name, and whether the password is right, counting what fails.

    What could not be looked at is no failure: a page that asks again while the service is busy does not use up its
    owner's attempts. Raises RateLimited, Busy, StorageUnavailable, OutcomeUnknown.
    """
    identity, now_at = request.app[IDENTITY], request.app[CLOCK].now_at()
    known = cookie_of(request, KNOWN_COOKIE)
    counted = await identity.lockout.attempt(name, address_of(request), known, now_at)
    try:
        account, sound = await identity.accounts.authenticate(name, password, now_at, known=counted.known)
    except (Busy, StorageUnavailable, OutcomeUnknown):
        with suppress(StorageUnavailable, OutcomeUnknown):
            await identity.lockout.cancel(counted)
        raise
    if name == ADMIN_NAME:
        sound = request.app[SIGNER].is_admin_token(password.strip())
    if sound:
        await identity.lockout.record_success(counted)
    return account, sound


async def begin_session(request: web.Request, account: Account | None) -> tuple[str, Session]:
    """Begin a session of an account, or of the admin, in place of the one this browser has; with its token."""
    identity, now_at = request.app[IDENTITY], request.app[CLOCK].now_at()
    actor = account_actor(request, account) if account is not None else f"admin/{net_of(request)}"
    before = await session_of(request)
    if before is not None:
        await identity.sessions.end(before, now_at, session_actor(request, before))
    return await identity.sessions.begin(account, now_at, actor)


async def sign_out(request: web.Request) -> web.Response:
    """Sign out. With `everywhere=1`, end all sessions of the account."""
    await read_body(request, Nothing)
    everywhere = flag_of(request, "everywhere")
    session = await session_of(request)
    if session is not None:
        require_own_page(request)
        now_at = request.app[CLOCK].now_at()
        await request.app[IDENTITY].sessions.end(
            session, now_at, session_actor(request, session), everywhere=everywhere
        )
    response = web.Response(status=204)
    response.del_cookie(SESSION_COOKIE, path="/")
    return response


async def change_password(request: web.Request) -> web.Response:
    """Change the password. All other sessions of the account end."""
    form = await read_body(request, PasswordForm)
    session = await session_of(request)
    if session is None:
        raise TokenMissing
    require_own_page(request)
    account = session.account
    if account is None or account.sso:  # their passwords are not kept here
        raise Forbidden
    identity, now_at = request.app[IDENTITY], request.app[CLOCK].now_at()
    actor = account_actor(request, account)
    key = await idempotency_key_of(request, Caller(Role.ANYONE, actor, f"account:{account.id}"))
    idempotent = IdempotentRequest(key.command_id, key.fingerprint, now_at, actor, key.fingerprints_before)
    if await identity.accounts.has_changed_password(idempotent):
        return web.Response(status=204)
    owned, sound = await _authenticated(request, account.name, form.current)
    if owned is None or not sound:
        if await identity.accounts.has_changed_password(
            idempotent
        ):  # the same request, sent at the same time, was first
            return web.Response(status=204)
        await identity.audit.record(account.halls, now_at, actor, "password_change_refused", **audit_data(account))
        raise SignInRefused
    passwords.require_acceptable("new", form.new, account.name, form.current)
    await identity.accounts.choose_password(owned, form.new, idempotent, session.hash)
    identity.sessions.invalidate(account.id)
    return web.Response(status=204)


def set_cookie(
    request: web.Request, response: web.Response, name: str, value: str, max_age_s: int | None = None
) -> None:
    """Set a cookie that scripts cannot read. Without a maximum age, it lasts until the browser closes."""
    secure = over_tls(request) or host_of(request).name not in LOCAL_HOSTS
    response.set_cookie(name, value, max_age=max_age_s, path="/", httponly=True, samesite="Lax", secure=secure)


def _view_of(request: web.Request, session: Session) -> SessionSeen:
    account = session.account
    if account is None:
        roles = [RoleSeen(hall=None, role=Role.ADMIN)]
        return _session_view(request, _ADMIN, roles, session)
    roles = [
        RoleSeen(hall=None if hall == SERVICE_WIDE else hall, role=Role(role))
        for hall, role in sorted(account.roles.items())
    ]
    seen = AccountSeen(id=account.id, name=account.name, display_name=account.display_name)
    return _session_view(request, seen, roles, session)


def _session_view(
    request: web.Request, account: AccountSeen | None, roles: list[RoleSeen], session: Session | None = None
) -> SessionSeen:
    return SessionSeen(
        account=account,
        roles=roles,
        must_change=session is not None and session.account is not None and session.account.must_change,
        sso=request.app[SETTINGS].oidc_issuer is not None,
        expires_at=None if session is None else stamp(session.expires_at),
    )


def account_actor(request: web.Request, account: Account | None) -> str:
    """Who is at the door: an account without a role of it yet, or anybody."""
    return f"anyone/{net_of(request)}" if account is None else f"account:{account.id}/anyone/{net_of(request)}"


def session_actor(request: web.Request, session: Session) -> str:
    """The actor that the audit log records for a session."""
    return f"admin/{net_of(request)}" if session.account is None else account_actor(request, session.account)


def audit_data(account: Account | None) -> dict[str, str]:
    """The data of an audit entry about an account; empty without an account."""
    return {} if account is None else {"account": account.id}
