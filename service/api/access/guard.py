"""The guard before every call: who asks, and whether the table of routes lets them.

Handlers check no rights: `guarded` wraps each of them with the roles of its line in the table. What costs a read of the
database (a session, a device) is asked last and remembered for seconds; no credential, the admin token and the token of
the ticket that the path names cost none. Where a ticket's or an appointment's token gives no right, or anyone may
change something, it has to be one that the hall knows (`known_tokens`).

A session's cookie is sent by the browser whichever page made it ask, so a request that changes something counts only
when it came from a page of ours.

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
"""Who has their role in every hall."""

_ANONYMOUS = {net: Caller(Role.ANYONE, f"anyone/{net}", "") for net in Net}
_ADMIN = {net: Caller(Role.ADMIN, f"admin/{net}", "admin") for net in Net}
_STRENGTH = {role: strength for strength, role in enumerate((Role.OPS, *(role for role in Role if role != Role.OPS)))}
"""Which of its roles a caller is said to have: the strongest, and one of the hall before one of none."""


def guarded(  # noqa: PLR0913  (a line of the table of routes, the last two by name)
    method: str,
    roles: Iterable[Role],
    handler: Handler,
    open_by: str | None = None,
    *,
    at_optional: bool = False,
    in_any_hall: bool = False,
) -> Handler:
    """Put the guard before a handler: it lets callers of `roles` pass, and says who they are in `request[CALLER]`.

    What anyone may read is not asked about: such a handler asks `visitor` when it wants to know. A setting named
    `open_by` opens the call to anyone. With `at_optional` the call is for volunteers at counters of an optional stage
    only: what they ask goes to the day marked so, which knows who is where. With `in_any_hall` a role in one hall is
    enough for a call that names none, which asks `halls_seen` of which halls it may speak.
    """
    allowed = frozenset(roles)
    if Role.ANYONE in allowed:
        return handler if method in SAFE_METHODS else _identified(handler)

    async def guard(request: web.Request) -> web.StreamResponse:
        if open_by is None or not getattr(request.app[SETTINGS], open_by):
            who = await _authorize(request, allowed, in_any_hall=in_any_hall)
            request[CALLER] = replace(who, at_optional=True) if at_optional and who.role is Role.VOLUNTEER else who
        return await handler(request)

    return guard


def _identified(handler: Handler) -> Handler:
    async def guard(request: web.Request) -> web.StreamResponse:
        who = request[CALLER] = await _identify(request)
        if who.token is not None and "hall" in request.match_info:
            await _require_known(request, who.token)
        return await handler(request)

    return guard


async def visitor(request: web.Request) -> Caller:
    """Who reads what anyone may read; a credential that is not known makes nobody worse off. Raises nothing."""
    try:
        return await _identify(request)
    except (TokenInvalid, StorageUnavailable):
        return _ANONYMOUS[net_of(request)]


async def halls_allowed(request: web.Request, roles: Iterable[Role]) -> frozenset[str] | None:
    """The halls in which a guarded call's caller has one of these roles; None for all. Raises StorageUnavailable."""
    if request[CALLER].role in ALL_HALLS_ROLES:
        return None
    session = await session_of(request)
    assert session is not None, "only accounts have roles in some halls"
    assert session.account is not None, "an admin has theirs in all"
    allowed = frozenset(roles)
    halls = frozenset(hall for hall, role in session.account.roles.items() if IMPLIES[Role(role)] & allowed)
    return None if SERVICE_WIDE in halls else halls


async def session_of(request: web.Request) -> Session | None:
    """The session of a request's cookie, if it has one that had not ended at the first look; the request goes by that.

    Raises StorageUnavailable.
    """
    if _SESSION not in request:
        token = cookie_of(request, SESSION_COOKIE)
        found = None
        if token is not None and TOKEN_FORM.fullmatch(token):
            found = await request.app[IDENTITY].sessions.find(token, request.app[CLOCK].now_at())
        request[_SESSION] = found
    return request[_SESSION]


async def kiosk_of(request: web.Request) -> Device:
    """The device that asks, which the guard has let pass. Raises DeviceNotFound for who is none, StorageUnavailable."""
    if not request[CALLER].credential.startswith("device:"):
        raise DeviceNotFound
    return await _device(request, _bearer(request) or "")


def require_own_page(request: web.Request) -> None:
    """Let pass what a page of ours asked for, or no page at all. Raises Forbidden."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise Forbidden
    elif not _is_own_origin(request):
        raise Forbidden


def is_cross_site(request: web.Request) -> bool:
    """Tell whether a browser says that a request came from another site's page; other programs say nothing."""
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
    """The origin of an address of ours, as browsers write it."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.lower()}"


async def _identify(request: web.Request) -> Caller:
    """Who asks for what anyone may do. Raises TokenInvalid, Forbidden, StorageUnavailable."""
    net = net_of(request)
    token = _bearer(request)
    if token is not None:
        if request.app[SIGNER].is_admin_token(token):
            return _ADMIN[net]
        if TOKEN_FORM.fullmatch(token):
            return Caller(Role.APPLICANT, f"applicant/{net}", token, token=token)
        device = await _device(request, token)
        return _caller_of_device(device, net) if _belongs_here(request, device) else _ANONYMOUS[net]
    session = await session_of(request)
    if session is None:
        return _ANONYMOUS[net]
    _require_own_page_to_change(request)
    held = _roles_here(request, session)
    return _caller_of(session, max(held, key=_STRENGTH.__getitem__), net) if held else _ANONYMOUS[net]


async def _authorize(request: web.Request, allowed: frozenset[Role], *, in_any_hall: bool = False) -> Caller:
    """Who asks, if one of the roles allows it.

    Raises:
        TokenMissing: no credential.
        TokenInvalid: one that nobody has.
        Forbidden: one that does not have the right, or a cookie that another site's page made the browser send.
        TicketNotFound, AppointmentNotFound: the token of one, and the path names another.
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
        return _caller_of_device(device, net)
    session = await session_of(request)
    if session is None:
        raise TokenInvalid if SESSION_COOKIE in request.cookies else TokenMissing
    _require_own_page_to_change(request)
    held = [role for role in _roles_here(request, session, in_any_hall=in_any_hall) if IMPLIES[role] & allowed]
    if not held:
        raise Forbidden
    return _caller_of(session, max(held, key=_STRENGTH.__getitem__), net)


async def _applicant(request: web.Request, token: str, allowed: frozenset[Role], net: Net) -> Caller:
    """The owner of the ticket or appointment that the path names, or why not; see `_allowed`."""
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
        assert not_found is not None, "what is an applicant's is named in the path"
        raise not_found  # somebody else's is answered as one that does not exist
    if owner:
        raise Forbidden
    await _require_known(request, token)
    raise Forbidden if not_found is None else not_found


async def _require_known(request: web.Request, token: str) -> None:
    """Let pass the token of a ticket or appointment of the hall that the path names.

    Raises:
        TokenInvalid: it is nobody's there, or of a day before yesterday.
        HallNotFound: there is no such hall.
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
    """Tell whether a device is of the hall that the request is about, or of none, as what watches the service."""
    return device.hall in {SERVICE_WIDE, request.match_info.get("hall", SERVICE_WIDE)}


def _caller_of_device(device: Device, net: Net) -> Caller:
    return Caller(Role(device.role), f"device:{device.id}/{device.role}/{net}", f"device:{device.id}")


def _bearer(request: web.Request) -> str | None:
    """The token of the Authorization header; None where there is no such header. Raises TokenInvalid."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.isascii():
        raise TokenInvalid
    return token.strip()


def _roles_here(request: web.Request, session: Session, *, in_any_hall: bool = False) -> list[Role]:
    """The roles that a session has where the request is about; none before a given password was changed."""
    account = session.account
    if account is None:
        return [Role.ADMIN]
    if account.must_change:
        return []
    if in_any_hall:
        return [Role(role) for role in account.roles.values()]
    halls = (SERVICE_WIDE, request.match_info.get("hall", SERVICE_WIDE))
    return [Role(account.roles[hall]) for hall in halls if hall in account.roles]


def _caller_of(session: Session, role: Role, net: Net) -> Caller:
    account = session.account
    if account is None:
        return _ADMIN[net]
    return Caller(role, f"account:{account.id}/{role}/{net}", f"account:{account.id}", account=account.id)


def _require_own_page_to_change(request: web.Request) -> None:
    if request.method not in SAFE_METHODS:
        require_own_page(request)
