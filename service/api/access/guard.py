"""Identify the caller of every request, and check that the table of routes allows it.

Handlers check no roles: `guarded` wraps each handler with the roles of its route. Sessions and devices are read from
the database and cached for seconds. The admin token, the token of the ticket in the path, and requests without a
credential need no database. Where the token of a ticket or appointment gives no right, and in operations of everyone
that change something, the token must exist in the hall (`KNOWN_TOKENS`).

A browser sends the session cookie also with requests that a page of another site causes. So a request that changes
something is accepted with this cookie only from a page of this service.

Source: CONTRACT 1 (credentials, roles); Fetch Metadata (W3C), RFC 6265bis 8.8.
"""

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from aiohttp import web
from msgspec.structs import replace

from service.api.access.roles import CALLER, IMPLIES, Caller, Role
from service.api.app_keys import CLOCK, IDENTITY, KNOWN_TOKENS, SETTINGS, SIGNER
from service.api.http.client_address import Net, net_of, over_tls
from service.api.http.headers import cookie_of
from service.api.http.hosts import host_of
from service.api.http.path_parts import appointment_of, hall_of, ticket_of
from service.api.http.problems import Handler
from service.credentials.signer import TOKEN_FORM
from service.domain.refusals import AppointmentNotFound, Refusal, TicketNotFound
from service.errors import DeviceNotFound, Forbidden, StorageUnavailable, TokenInvalid, TokenMissing
from service.identity.audit_log import SERVICE_WIDE
from service.identity.devices import TOKEN_FORM as DEVICE_FORM
from service.identity.devices import Device
from service.identity.sessions import Session

SESSION_COOKIE = "paihao_session"

_SESSION: web.RequestKey[Session | None] = web.RequestKey("session", Session)

SAFE_METHODS = frozenset({"GET", "HEAD"})
"""Methods that change nothing."""

ALL_HALLS_ROLES = frozenset({Role.OPS, Role.ADMIN})
"""Roles that are valid in every hall."""

_ANONYMOUS = {net: Caller(Role.ANYONE, f"anyone/{net}", "") for net in Net}
_ADMIN = {net: Caller(Role.ADMIN, f"admin/{net}", "admin") for net in Net}
_STRENGTH = {role: strength for strength, role in enumerate((Role.OPS, *(role for role in Role if role != Role.OPS)))}
"""Strength of roles. If a session has several roles, the strongest is used. Ops, which has no hall, is the weakest."""


def guarded(  # noqa: PLR0913  (a line of the table of routes, the last two by name)
    method: str,
    roles: Iterable[Role],
    handler: Handler,
    open_by: str | None = None,
    *,
    at_optional: bool = False,
    in_any_hall: bool = False,
) -> Handler:
    """Wrap a handler so that only callers with one of `roles` pass. The caller is stored in `request[CALLER]`.

    Operations that everyone may read are not wrapped; such a handler calls `visitor` if it needs the caller.

    Args:
        method: the HTTP method.
        roles: the roles that may use the operation.
        handler: the handler.
        open_by: name of a boolean setting that opens the operation to everyone.
        at_optional: whether volunteers may act only at counters of an optional stage. Their commands are marked, and
            the day checks the counter.
        in_any_hall: whether a role in one hall is enough, for an operation without a hall. The handler calls
            `halls_allowed` for the halls that it may show.
    """
    allowed = frozenset(roles)
    if Role.ANYONE in allowed:
        return handler if method in SAFE_METHODS else _identified(handler)

    async def guard(request: web.Request) -> web.StreamResponse:
        if open_by is None or not getattr(request.app[SETTINGS], open_by):
            caller = await _authorize(request, allowed, in_any_hall=in_any_hall)
            request[CALLER] = (
                replace(caller, at_optional=True) if at_optional and caller.role is Role.VOLUNTEER else caller
            )
        return await handler(request)

    return guard


def _identified(handler: Handler) -> Handler:
    async def guard(request: web.Request) -> web.StreamResponse:
        caller = request[CALLER] = await _identify(request)
        if caller.token is not None and "hall" in request.match_info:
            await _require_known(request, caller.token)
        return await handler(request)

    return guard


async def visitor(request: web.Request) -> Caller:
    """Identify the caller of an operation that everyone may read. An invalid credential counts as none.

    Raises:
        Forbidden: as `require_own_page`, for a session whose request changes something.
    """
    try:
        return await _identify(request)
    except (TokenInvalid, StorageUnavailable):
        return _ANONYMOUS[net_of(request)]


async def halls_allowed(request: web.Request, roles: Iterable[Role]) -> frozenset[str] | None:
    """The halls in which the caller has one of these roles; `None` for all halls. Raises StorageUnavailable."""
    if request[CALLER].role in ALL_HALLS_ROLES:
        return None
    session = await session_of(request)
    assert session is not None, "only accounts have roles in single halls"
    assert session.account is not None, "an admin has the role in all halls"
    allowed = frozenset(roles)
    halls = frozenset(hall for hall, role in session.account.roles.items() if IMPLIES[Role(role)] & allowed)
    return None if SERVICE_WIDE in halls else halls


async def session_of(request: web.Request) -> Session | None:
    """The session of the request's cookie; `None` without a valid one.

    The session is read once per request, so it stays valid for the whole request. Raises StorageUnavailable.
    """
    if _SESSION not in request:
        token = cookie_of(request, SESSION_COOKIE)
        found = None
        if token is not None and TOKEN_FORM.fullmatch(token):
            found = await request.app[IDENTITY].sessions.find(token, request.app[CLOCK].now_at())
        request[_SESSION] = found
    return request[_SESSION]


async def kiosk_of(request: web.Request) -> Device:
    """The device of a guarded request.

    Raises:
        DeviceNotFound: the caller is not a device.
        StorageUnavailable: the database cannot be reached.
    """
    if not request[CALLER].credential.startswith("device:"):
        raise DeviceNotFound
    return await _device(request, _bearer(request) or "")


def require_own_page(request: web.Request) -> None:
    """Require that the request was sent by a page of this service, or directly by the user.

    Raises:
        Forbidden: a page of another site sent it, or a browser did not state its origin.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise Forbidden
    elif not _is_own_origin(request):
        raise Forbidden


def is_cross_site(request: web.Request) -> bool:
    """Tell whether the headers state that a page of another site sent the request. Only browsers send these headers."""
    if "Sec-Fetch-Site" in request.headers or "Origin" in request.headers:
        try:
            require_own_page(request)
        except Forbidden:
            return True
    return False


def _is_own_origin(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    scheme = "https" if over_tls(request) else request.scheme
    return origin in {_origin_of(request.app[SETTINGS].public_url), f"{scheme}://{host_of(request).authority}"}


@lru_cache(1)
def _origin_of(address: str) -> str:
    """The origin of a URL of this service, as browsers write it."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.lower()}"


async def _identify(request: web.Request) -> Caller:
    """Identify the caller of an operation that everyone may use.

    Raises:
        TokenInvalid: a bearer token is malformed, or no device has it. Applicants' tokens are not checked.
        Forbidden: as `require_own_page`, for a session whose request changes something.
        StorageUnavailable: the database cannot be reached.
    """
    net = net_of(request)
    token = _bearer(request)
    if token is not None:
        if request.app[SIGNER].is_admin_token(token):
            return _ADMIN[net]
        if TOKEN_FORM.fullmatch(token):
            return Caller(Role.APPLICANT, f"applicant/{net}", token, token=token)
        device = await _device(request, token)
        return _device_caller(device, net) if _belongs_here(request, device) else _ANONYMOUS[net]
    session = await session_of(request)
    if session is None:
        return _ANONYMOUS[net]
    _require_own_page_to_change(request)
    roles = _roles_here(request, session)
    return _session_caller(session, max(roles, key=_STRENGTH.__getitem__), net) if roles else _ANONYMOUS[net]


async def _authorize(request: web.Request, allowed: frozenset[Role], *, in_any_hall: bool = False) -> Caller:
    """Identify the caller of an operation for some roles.

    Raises:
        TokenMissing: no credential.
        TokenInvalid: an invalid token or an ended session.
        Forbidden: the caller has none of the roles, or a page of another site sent the request with the cookie.
        TicketNotFound, AppointmentNotFound: the token belongs to another ticket or appointment than the path.
        StorageUnavailable: the database cannot be reached.
    """
    net = net_of(request)
    token = _bearer(request)
    if token is not None:
        if request.app[SIGNER].is_admin_token(token):
            return _ADMIN[net]
        if TOKEN_FORM.fullmatch(token):
            return await _applicant(request, token, allowed, net)
        device = await _device(request, token)
        if not _belongs_here(request, device) or not IMPLIES[Role(device.role)] & allowed:
            raise Forbidden
        return _device_caller(device, net)
    session = await session_of(request)
    if session is None:
        raise TokenInvalid if SESSION_COOKIE in request.cookies else TokenMissing
    _require_own_page_to_change(request)
    roles = [role for role in _roles_here(request, session, in_any_hall=in_any_hall) if IMPLIES[role] & allowed]
    if not roles:
        raise Forbidden
    return _session_caller(session, max(roles, key=_STRENGTH.__getitem__), net)


async def _applicant(request: web.Request, token: str, allowed: frozenset[Role], net: Net) -> Caller:
    """Identify the owner of the ticket or appointment in the path by its token. Raises as `_authorize`."""
    if "hall" not in request.match_info:
        raise TokenInvalid
    hall, signer = hall_of(request), request.app[SIGNER]
    owner = False
    not_found: type[Refusal] | None = None
    if "ticket" in request.match_info:
        owner, not_found = signer.is_ticket_token(hall, ticket_of(request), token), TicketNotFound
    elif "appointment" in request.match_info:
        owner, not_found = signer.is_appointment_token(hall, appointment_of(request), token), AppointmentNotFound
    if Role.APPLICANT in allowed:
        if owner:
            return Caller(Role.APPLICANT, f"applicant/{net}", token, token=token)
        assert not_found is not None, "paths of applicants' operations name a ticket or an appointment"
        raise not_found  # do not reveal that the ticket or appointment of another person exists
    if owner:
        raise Forbidden
    await _require_known(request, token)
    raise Forbidden if not_found is None else not_found


async def _require_known(request: web.Request, token: str) -> None:
    """Require that a token belongs to a ticket or appointment of the hall in the path.

    Raises:
        TokenInvalid: it belongs to none, or to one from before yesterday.
        HallNotFound: the hall does not exist.
        StorageUnavailable: the database cannot be reached.
    """
    if not await request.app[KNOWN_TOKENS].has(hall_of(request), token):
        raise TokenInvalid


async def _device(request: web.Request, token: str) -> Device:
    """The device of a token. Raises TokenInvalid, StorageUnavailable."""
    device = None
    if DEVICE_FORM.fullmatch(token):
        device = await request.app[IDENTITY].devices.find(token, request.app[CLOCK].now_at())
    if device is None:
        raise TokenInvalid
    return device


def _belongs_here(request: web.Request, device: Device) -> bool:
    """Tell whether a device belongs to the hall of the request, or to the whole service, as monitoring does."""
    return device.hall in {SERVICE_WIDE, request.match_info.get("hall", SERVICE_WIDE)}


def _device_caller(device: Device, net: Net) -> Caller:
    return Caller(Role(device.role), f"device:{device.id}/{device.role}/{net}", f"device:{device.id}")


def _bearer(request: web.Request) -> str | None:
    """The bearer token of the request; `None` without an Authorization header. Raises TokenInvalid if malformed."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.isascii():
        raise TokenInvalid
    return token.strip()


def _roles_here(request: web.Request, session: Session, *, in_any_hall: bool = False) -> list[Role]:
    """The roles of a session in the hall of the request. None until an initial password is changed."""
    account = session.account
    if account is None:
        return [Role.ADMIN]
    if account.must_change:
        return []
    if in_any_hall:
        return [Role(role) for role in account.roles.values()]
    halls = (SERVICE_WIDE, request.match_info.get("hall", SERVICE_WIDE))
    return [Role(account.roles[hall]) for hall in halls if hall in account.roles]


def _session_caller(session: Session, role: Role, net: Net) -> Caller:
    account = session.account
    if account is None:
        return _ADMIN[net]
    return Caller(role, f"account:{account.id}/{role}/{net}", f"account:{account.id}", account=account.id)


def _require_own_page_to_change(request: web.Request) -> None:
    if request.method not in SAFE_METHODS:
        require_own_page(request)
