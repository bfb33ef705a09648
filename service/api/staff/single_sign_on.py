"""Single sign-on: redirect to the provider and back."""

import re

import structlog
from aiohttp import web

from service.api.access.guard import SESSION_COOKIE
from service.api.app_keys import CLOCK, IDENTITY
from service.api.http.headers import cookie_of
from service.api.staff.sessions import account_actor, audit_data, begin_session, set_cookie
from service.domain.refusals import BodyInvalid
from service.errors import RouteNotFound
from service.identity.accounts import Account
from service.identity.oidc import FLOW_LIFETIME, Person, SignOnFailed

FLOW_COOKIE = "paihao_sign_on"
"""Cookie that the browser must send back after signing in at the provider."""

CALLBACK = "/v1/session/oidc/callback"
"""Path to which the provider redirects browsers."""

FAILED_PAGE = "/sign-on/failed"
NO_ROLE_PAGE = "/sign-on/no-role"
"""Pages that explain why signing in failed."""

_LOCAL_PATH = re.compile(
    r"/(?![/\\])[!-\[\]-~]*"
)  # on this host: no second slash, and no backslash that browsers take for one

log = structlog.get_logger(__name__)


async def begin_sign_on(request: web.Request) -> web.Response:
    """Redirect to the single sign-on provider. After signing in, the browser returns to the page `to`."""
    identity, now_at = request.app[IDENTITY], request.app[CLOCK].now_at()
    if identity.provider is None:
        raise RouteNotFound
    to = request.query.get("to", "/")
    if not _LOCAL_PATH.fullmatch(to):
        raise BodyInvalid(("to", "a path of ours"))
    flow = identity.flows.begin(to, now_at)
    try:
        response = _redirect(await identity.provider.address(flow))
    except SignOnFailed as failed:
        log.warning("sign_on_failed", why=str(failed))
        return _redirect(FAILED_PAGE)
    set_cookie(request, response, FLOW_COOKIE, identity.flows.pack(flow), int(FLOW_LIFETIME.total_seconds()))
    return response


async def finish_sign_on(request: web.Request) -> web.Response:
    """Complete single sign-on, and redirect to the requested page or to an error page."""
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
        return _redirect(FAILED_PAGE)
    account = await _account_of_person(request, person)
    if account is None or not account.roles or account.disabled:
        halls = [] if account is None else account.halls
        await identity.audit.record(
            halls, now_at, account_actor(request, account), "sign_in_refused", **audit_data(account)
        )
        response = _redirect(NO_ROLE_PAGE)
    else:
        token, _ = await begin_session(request, account)
        response = _redirect(flow.to)
        set_cookie(request, response, SESSION_COOKIE, token)
    response.del_cookie(FLOW_COOKIE, path="/")
    return response


async def _account_of_person(request: web.Request, person: Person) -> Account | None:
    """The account of a person; one whose name is their verified address becomes theirs."""
    identity = request.app[IDENTITY]
    account = await identity.accounts.by_sso_person(person.issuer, person.subject)
    if account is not None or person.name is None:
        return account
    account = await identity.accounts.by_name(person.name)
    if account is None or account.sso:
        return None
    now_at = request.app[CLOCK].now_at()
    linked = await identity.accounts.link_sso_person(
        account, person.issuer, person.subject, now_at, account_actor(request, account)
    )
    identity.sessions.invalidate(account.id)
    return linked


def _redirect(to: str) -> web.Response:
    return web.Response(status=302, headers={"Location": to})
