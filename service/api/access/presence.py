"""Check the channel and the entrance code of requests to take a ticket or to check in.

The rules of the hall rely on the channel that a request names, but only the API knows which channels the caller may
use. If the hall document has `entrance`, visitors must send the code that the screen at the door displays. It changes
every minute, so it proves that the visitor is at the hall.
"""

from aiohttp import web
from msgspec import Struct

from service.api.access.browsers import browser_cookie, browser_hash
from service.api.access.rate_costs import count_by_browser, count_take
from service.api.access.roles import Caller, Role
from service.api.app_keys import CLOCK, ENTRANCE, HALLS, LIMITS, SIGNER
from service.domain.model import Channel, HallId
from service.errors import EntranceRequired, Forbidden
from service.journal.values import Applicant
from service.limits.rules import TICKETS_PER_ENTRANCE_CODE, WRONG_CODES_PER_ADDRESS, WRONG_CODES_PER_BROWSER

_SELF_SERVICE = (Channel.WEB, Channel.QR)
_AT_HALL = (Channel.STAFF, Channel.KIOSK, Channel.HOTLINE, *_SELF_SERVICE)

CHANNELS: dict[Role, tuple[Channel, ...]] = {
    **dict.fromkeys(Role, _SELF_SERVICE),
    Role.KIOSK: (Channel.KIOSK, *_SELF_SERVICE),
    Role.VOLUNTEER: (Channel.STAFF, *_SELF_SERVICE),
    **dict.fromkeys((Role.STAFF, Role.MANAGER, Role.ADMIN), _AT_HALL),
}
"""The channels that a role may use. The first is the default."""

ON_SITE_ROLES = frozenset({Role.KIOSK, Role.VOLUNTEER, Role.STAFF, Role.MANAGER, Role.ADMIN})
"""Roles that work at the hall. They need no entrance code and no limits."""


class Presence(Struct, frozen=True):
    """The channel of a request, and a hash of the visitor's browser. `None` if not a browser, or for on-site roles."""

    channel: Channel
    browser: str | None


async def check_presence(  # noqa: PLR0913  (the last three by name)
    request: web.Request,
    caller: Caller,
    hall: HallId,
    *,
    channel: Channel | None = None,
    entrance_code: str | None = None,
    applicant: Applicant | None = None,
) -> Presence:
    """Check the channel and the entrance code of a request to take a ticket or to check in.

    Args:
        request: the request.
        caller: the caller.
        hall: the hall.
        channel: the channel that the request names; `None` for the default of the caller's role.
        entrance_code: the code from the door screen.
        applicant: the person that the request names; each contact is rate limited.

    Raises:
        Forbidden: the caller's role may not use this channel.
        EntranceRequired: the hall requires an entrance code, and it is missing or wrong.
        RateLimited: too many requests by this browser, contact, code or address.
    """
    checked_channel = channel_of(caller, channel)
    if caller.role in ON_SITE_ROLES:
        return Presence(checked_channel, None)
    cookie = await browser_cookie(request)
    code = None
    if (await request.app[HALLS].get(hall)).document.entrance:
        code = await _require_entrance(request, caller, hall, entrance_code)
    if LIMITS in request.app:
        await count_take(request, applicant)
        if code is not None:
            await request.app[LIMITS].spend(TICKETS_PER_ENTRANCE_CODE, f"{hall}|{code}")
    return Presence(checked_channel, browser_hash(request.app[SIGNER], hall, cookie) if cookie else None)


def channel_of(caller: Caller, channel: Channel | None) -> Channel:
    """The channel that the request names, or the default of the caller's role.

    Raises:
        Forbidden: the caller's role may not use the channel.
    """
    channels = CHANNELS[caller.role]
    if channel is None:
        return channels[0]
    if channel not in channels:
        raise Forbidden
    return channel


async def _require_entrance(request: web.Request, caller: Caller, hall: HallId, typed: str | None) -> str:
    """Return the entrance code if `typed` is valid.

    A valid code is accepted before wrong codes are counted, so that a person who guesses does not lock out others
    behind the same address.

    Raises:
        EntranceRequired: the code is missing or wrong.
        RateLimited: too many wrong codes.
    """
    code = None if typed is None else request.app[ENTRANCE].accept(hall, typed, request.app[CLOCK].now_at())
    if code is not None:
        return code
    if typed is not None:
        await count_wrong_code(request, caller)
    raise EntranceRequired


async def count_wrong_code(request: web.Request, caller: Caller) -> None:
    """Count a wrong code of any kind: entrance, invitation, ticket. Raises RateLimited after too many.

    On-site roles are not counted, because they type the codes of many people.
    """
    if caller.role not in ON_SITE_ROLES:
        await count_by_browser(request, WRONG_CODES_PER_BROWSER, WRONG_CODES_PER_ADDRESS)
