"""Calls about signing in: the session of this browser, its beginning and end, another password."""

import re
from contextlib import suppress

import structlog
from aiohttp import web

from service.api.address import address_of, net_of, over_tls
from service.api.answers import AccountSeen, RoleSeen, SessionSeen, answer
from service.api.auth import Caller, Role
from service.api.forms import Nothing, PasswordForm, SignInForm
from service.api.guard import SESSION_COOKIE, is_foreign, require_own_page, session_of, visitor
from service.api.hosts import host_of
from service.api.keys import CLOCK, IDENTITY, SETTINGS, SIGNER
from service.api.readable import cookie_of
from service.api.requests import flag_of, key_of, read
from service.domain.calendar.times import stamp
from service.domain.refusals import BodyInvalid, Busy
from service.errors import Forbidden, OutcomeUnknown, RouteNotFound, SignInRefused, StorageUnavailable, TokenMissing
from service.identity import passwords
from service.identity.accounts import ADMIN_NAME, Account, name_of
from service.identity.audit_log import EVERY_HALL
from service.identity.idempotency import Act
from service.identity.oidc import FLOW_LASTS, Person, SignOnFailed
from service.identity.sessions import Session

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Hosts of this machine: browsers trust them without TLS, so a cookie may go there in the clear."""

KNOWN_COOKIE = "paihao_known"
"""By which a browser shows that it has signed in as some names."""

FLOW_COOKIE = "paihao_sign_on"
"""What a browser has to bring back from the provider of single sign-on."""

CALLBACK = "/v1/session/oidc/callback"
"""Where the provider of single sign-on sends browsers back to."""

FAILED = "/sign-on/failed"
NOBODY = "/sign-on/no-role"
"""Pages that say why somebody was not signed on."""

_PATH = re.compile(
    r"/(?![/\\])[!-\[\]-~]*"
)  # on this host: no second slash, and no backslash that browsers take for one

log = structlog.get_logger(__name__)

KNOWN_FOR_S = 400 * 86400
"""As long as browsers keep a cookie at most."""

_ADMIN = AccountSeen(id=ADMIN_NAME, name=ADMIN_NAME, display_name=ADMIN_NAME)


async def show(request: web.Request) -> web.Response:
    """Who is signed in here, with which roles; all null when nobody is. `hall` is null for a role in every hall."""
    session = await session_of(request)
    if session is not None:
        return answer(_seen(request, session))
    who = await visitor(request)
    roles = [RoleSeen(hall=None, role=Role.ADMIN)] if who.role is Role.ADMIN else []
    return answer(_signed_in(request, _ADMIN if roles else None, roles))


async def sign_in(request: web.Request) -> web.Response:
    """Sign in with a name and a password, and get the cookie of a session.

    An unknown name, a wrong password and a disabled account are refused alike, and take the same time. The name `admin`
    goes with the admin token. Who fails often waits longer and longer; not a browser that has signed in as this name.
    """
    form = await read(request, SignInForm)
    if is_foreign(request):
        raise Forbidden
    identity, now_at = request.app[IDENTITY], request.app[CLOCK].now_at()
    name = name_of(form.name)
    account, sound = await _authenticated(request, name, form.password)
    if not sound:
        await identity.audit.note(
            account.halls if account else [], now_at, _actor(request, account), "sign_in_refused", **_about(account)
        )
        raise SignInRefused
    token, session = await _begin(request, account)
    response = answer(_seen(request, session))
    _keep(request, response, SESSION_COOKIE, token)
    known = cookie_of(request, KNOWN_COOKIE)
    _keep(request, response, KNOWN_COOKIE, identity.lockout.remember(name, known), KNOWN_FOR_S)
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
            await identity.lockout.take_back(counted)
        raise
    if name == ADMIN_NAME:
        sound = request.app[SIGNER].is_admin_token(password.strip())
    if sound:
        await identity.lockout.succeeded(counted)
    return account, sound


async def sign_on(request: web.Request) -> web.Response:
    """Go to the provider of single sign-on, and come back to the page `to`, a path of ours."""
    identity, now_at = request.app[IDENTITY], request.app[CLOCK].now_at()
    if identity.provider is None:
        raise RouteNotFound
    to = request.query.get("to", "/")
    if not _PATH.fullmatch(to):
        raise BodyInvalid(("to", "a path of ours"))
    flow = identity.flows.begin(to, now_at)
    try:
        response = _redirect(await identity.provider.address(flow))
    except SignOnFailed as failed:
        log.warning("sign_on_failed", why=str(failed))
        return _redirect(FAILED)
    _keep(request, response, FLOW_COOKIE, identity.flows.pack(flow), int(FLOW_LASTS.total_seconds()))
    return response


async def signed_on(request: web.Request) -> web.Response:
    """Come back from the provider of single sign-on, to the page that was asked for, or to one that says why not."""
    identity, now_at = request.app[IDENTITY], request.app[CLOCK].now_at()
    if identity.provider is None:
        raise RouteNotFound
    try:
        flow = identity.flows.unpack(cookie_of(request, FLOW_COOKIE) or "", request.query.get("state", ""), now_at)
        if "code" not in request.query:
            raise SignOnFailed("the provider refused")  # noqa: TRY301  (one end for all that goes wrong)
        person = await identity.provider.person(request.query["code"], flow, now_at)
    except SignOnFailed as failed:
        log.warning("sign_on_failed", why=str(failed))
        return _redirect(FAILED)
    account = await _account_of(request, person)
    if account is None or not account.roles or account.disabled:
        halls = [] if account is None else account.halls
        await identity.audit.note(halls, now_at, _actor(request, account), "sign_in_refused", **_about(account))
        response = _redirect(NOBODY)
    else:
        token, _ = await _begin(request, account)
        response = _redirect(flow.to)
        _keep(request, response, SESSION_COOKIE, token)
    response.del_cookie(FLOW_COOKIE, path="/")
    return response


async def _account_of(request: web.Request, person: Person) -> Account | None:
    """The account of a person; one whose name is their verified address becomes theirs."""
    identity = request.app[IDENTITY]
    account = await identity.accounts.of_person(person.issuer, person.subject)
    if account is not None or person.name is None:
        return account
    account = await identity.accounts.named(person.name)
    if account is None or account.sso:
        return None
    now_at = request.app[CLOCK].now_at()
    linked = await identity.accounts.link(account, person.issuer, person.subject, now_at, _actor(request, account))
    identity.sessions.forget(account.id)
    return linked


async def _begin(request: web.Request, account: Account | None) -> tuple[str, Session]:
    """Begin a session of an account, or of the admin, in place of the one this browser has; with its token."""
    identity, now_at = request.app[IDENTITY], request.app[CLOCK].now_at()
    actor = _actor(request, account) if account is not None else f"admin/{net_of(request)}"
    before = await session_of(request)
    if before is not None:
        await identity.sessions.end(before, now_at, _actor_of(request, before))
    return await identity.sessions.begin(account, now_at, actor)


async def sign_out(request: web.Request) -> web.Response:
    """Sign out; with `everywhere=1` end all sessions of the same account."""
    await read(request, Nothing)
    everywhere = flag_of(request, "everywhere")
    session = await session_of(request)
    if session is not None:
        require_own_page(request)
        now_at = request.app[CLOCK].now_at()
        await request.app[IDENTITY].sessions.end(session, now_at, _actor_of(request, session), everywhere=everywhere)
    response = web.Response(status=204)
    response.del_cookie(SESSION_COOKIE, path="/")
    return response


async def change_password(request: web.Request) -> web.Response:
    """Choose another password; all other sessions of the account end."""
    form = await read(request, PasswordForm)
    session = await session_of(request)
    if session is None:
        raise TokenMissing
    require_own_page(request)
    account = session.account
    if account is None or account.sso:  # their passwords are not kept here
        raise Forbidden
    identity, now_at = request.app[IDENTITY], request.app[CLOCK].now_at()
    actor = _actor(request, account)
    key = await key_of(request, Caller(Role.ANYONE, actor, f"account:{account.id}"))
    act = Act(key.command_id, key.fingerprint, now_at, actor, key.fingerprints_before)
    if await identity.accounts.has_chosen(act):
        return web.Response(status=204)
    owned, sound = await _authenticated(request, account.name, form.current)
    if owned is None or not sound:
        if await identity.accounts.has_chosen(act):  # the same request, sent at the same time, was first
            return web.Response(status=204)
        await identity.audit.note(account.halls, now_at, actor, "password_change_refused", **_about(account))
        raise SignInRefused
    passwords.require_good("new", form.new, account.name, form.current)
    await identity.accounts.choose_password(owned, form.new, act, session.hash)
    identity.sessions.forget(account.id)
    return web.Response(status=204)


def _redirect(to: str) -> web.Response:
    return web.Response(status=302, headers={"Location": to})


def _keep(request: web.Request, response: web.Response, name: str, value: str, max_age_s: int | None = None) -> None:
    """Have the browser keep a cookie that no script reads; without an age as long as it is open."""
    secure = over_tls(request) or host_of(request).name not in LOCAL_HOSTS
    response.set_cookie(name, value, max_age=max_age_s, path="/", httponly=True, samesite="Lax", secure=secure)


def _seen(request: web.Request, session: Session) -> SessionSeen:
    account = session.account
    if account is None:
        roles = [RoleSeen(hall=None, role=Role.ADMIN)]
        return _signed_in(request, _ADMIN, roles, session)
    roles = [
        RoleSeen(hall=None if hall == EVERY_HALL else hall, role=Role(role))
        for hall, role in sorted(account.roles.items())
    ]
    seen = AccountSeen(id=account.id, name=account.name, display_name=account.display_name)
    return _signed_in(request, seen, roles, session)


def _signed_in(
    request: web.Request, account: AccountSeen | None, roles: list[RoleSeen], session: Session | None = None
) -> SessionSeen:
    return SessionSeen(
        account=account,
        roles=roles,
        must_change=session is not None and session.account is not None and session.account.must_change,
        sso=request.app[SETTINGS].oidc_issuer is not None,
        expires_at=None if session is None else stamp(session.expires_at),
    )


def _actor(request: web.Request, account: Account | None) -> str:
    """Who is at the door: an account without a role of it yet, or anybody."""
    return f"anyone/{net_of(request)}" if account is None else f"account:{account.id}/anyone/{net_of(request)}"


def _actor_of(request: web.Request, session: Session) -> str:
    return f"admin/{net_of(request)}" if session.account is None else _actor(request, session.account)


def _about(account: Account | None) -> dict[str, str]:
    return {} if account is None else {"account": account.id}
