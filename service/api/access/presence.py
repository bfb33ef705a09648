"""The door: its code, and what a take or a check-in has to show before it is decided.

A take says by which channel it comes; whether that is so is looked at here, for the rules of the hall cannot know. With
`entrance` in the hall's document, who takes a number or checks in with a phone shows the code that the screen at the
door has this minute, which nobody knows who is not there.
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
"""The channels a role may take tickets by; the first is its own, where none is said."""

ON_SITE_ROLES = frozenset({Role.KIOSK, Role.VOLUNTEER, Role.STAFF, Role.MANAGER, Role.ADMIN})
"""Who is at the hall anyway."""


class Presence(Struct, frozen=True):
    """By which channel, and a hash of which browser, a ticket is taken."""

    channel: Channel
    browser: str | None


async def check_presence(  # noqa: PLR0913  (the last three by name)
    request: web.Request,
    who: Caller,
    hall: HallId,
    *,
    channel: Channel | None = None,
    entrance_code: str | None = None,
    applicant: Applicant | None = None,
) -> Presence:
    """Check the channel and the entrance code of a request to take a ticket or to check in.

    Args:
        request: the request.
        who: the caller.
        hall: the hall.
        channel: the channel that the request names; `None` for the default of the caller's role.
        entrance_code: the code from the door screen.
        applicant: the person that the request names; each contact is rate limited.

    Raises:
        Forbidden: the caller's role may not use this channel.
        EntranceRequired: the hall requires an entrance code, and it is missing or wrong.
        RateLimited: too many requests by this browser, contact, code or address.
    """
    used = channel_of(who, channel)
    if who.role in ON_SITE_ROLES:
        return Presence(used, None)
    cookie = await browser_cookie(request)
    code = None
    if (await request.app[HALLS].get(hall)).document.entrance:
        code = await _require_entrance(request, who, hall, entrance_code)
    if LIMITS in request.app:
        await count_take(request, applicant)
        if code is not None:
            await request.app[LIMITS].spend(TICKETS_PER_ENTRANCE_CODE, f"{hall}|{code}")
    return Presence(used, browser_hash(request.app[SIGNER], hall, cookie) if cookie else None)


def channel_of(who: Caller, said: Channel | None) -> Channel:
    """The channel of a take. Raises Forbidden for one that is not the caller's."""
    channels = CHANNELS[who.role]
    if said is None:
        return channels[0]
    if said not in channels:
        raise Forbidden
    return said


async def _require_entrance(request: web.Request, who: Caller, hall: HallId, said: str | None) -> str:
    """Let pass who shows the door's code, and return it.

    The right one is looked at first: whoever guesses behind an address shuts nobody out there.
    """
    code = None if said is None else request.app[ENTRANCE].accept(hall, said, request.app[CLOCK].now_at())
    if code is not None:
        return code
    if said is not None:
        await count_wrong_code(request, who)
    raise EntranceRequired


async def count_wrong_code(request: web.Request, who: Caller) -> None:
    """Count a code that is none, of the door or of anything else. Raises RateLimited after too many.

    Who is at the hall anyway types for others, and is not counted.
    """
    if who.role not in ON_SITE_ROLES:
        await count_by_browser(request, WRONG_CODES_PER_BROWSER, WRONG_CODES_PER_ADDRESS)
