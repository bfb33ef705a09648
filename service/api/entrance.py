"""The door: its code, and what a take or a check-in has to show before it is decided.

A take says by which channel it comes; whether that is so is looked at here, for the rules of the hall cannot know. With
`entrance` in the hall's document, who takes a number or checks in with a phone shows the code that the screen at the
door has this minute, which nobody knows who is not there.
"""

from functools import lru_cache

from aiohttp import web
from msgspec import Struct

from service.api.answers import answer
from service.api.auth import Caller, Role
from service.api.browsers import hashed, known_browser
from service.api.forms import CheckInForm, TakeTicketForm
from service.api.keys import CLOCK, ENTRANCE, HALLS, LIMITS, SETTINGS, SIGNER
from service.api.requests import hall_of
from service.api.spending import count_take, spend_by_browser
from service.domain.calendar.times import stamp
from service.domain.model import Channel, HallId
from service.errors import EntranceRequired, Forbidden
from service.journal.values import Applicant
from service.limits.rules import TAKES_OF_ENTRANCE, WRONG_CODES, WRONG_CODES_OF_BROWSER

_ANY = (Channel.WEB, Channel.QR)
_AT_HALL = (Channel.STAFF, Channel.KIOSK, Channel.HOTLINE, *_ANY)

CHANNELS: dict[Role, tuple[Channel, ...]] = {
    **dict.fromkeys(Role, _ANY),
    Role.KIOSK: (Channel.KIOSK, *_ANY),
    Role.VOLUNTEER: (Channel.STAFF, *_ANY),
    **dict.fromkeys((Role.STAFF, Role.MANAGER, Role.ADMIN), _AT_HALL),
}
"""The channels a role may take tickets by; the first is its own, where none is said."""

OF_THE_HALL = frozenset({Role.KIOSK, Role.VOLUNTEER, Role.STAFF, Role.MANAGER, Role.ADMIN})
"""Who is at the hall anyway."""


class EntranceSeen(Struct, frozen=True):
    """The code of the door: `modules` are the rows of its QR code, 1 is dark; let in for a minute longer than shown."""

    code: str
    url: str
    modules: list[str]
    valid_until_at: str


class Admitted(Struct, frozen=True):
    """By which channel, and a hash of which browser, a ticket is taken."""

    channel: Channel
    browser: str | None


async def show(request: web.Request) -> web.Response:
    """The code that lets people at the door take a number, for the screen there; another one each minute."""
    hall = hall_of(request)
    await request.app[HALLS].get(hall)
    entrance, now_at = request.app[ENTRANCE], request.app[CLOCK].now_at()
    code = entrance.code(hall, now_at)
    url = f"{request.app[SETTINGS].public_url}/halls/{hall}?entrance={code}"
    return answer(EntranceSeen(code, url, list(modules_of(url)), stamp(entrance.shown_until(now_at))))


@lru_cache(64)
def modules_of(url: str) -> tuple[str, ...]:
    """The rows of a QR code, without its border: large modules, for it is scanned from across the room."""
    import segno  # noqa: PLC0415  (for halls alone that have such a screen)

    code = segno.make_qr(url, error="m")
    return tuple("".join(map(str, row)) for row in code.matrix)


async def admitted(
    request: web.Request,
    who: Caller,
    hall: HallId,
    form: TakeTicketForm | CheckInForm,
    applicant: Applicant | None = None,
) -> Admitted:
    """Look at what a take or a check-in shows, before it is decided; `applicant` is whom a take names, as it is kept.

    Raises:
        Forbidden: its channel is not the caller's.
        EntranceRequired: the hall wants the door's code, and this is none.
        RateLimited: too many by this browser, contact, code or address.
    """
    channel = channel_of(who, form.channel if isinstance(form, TakeTicketForm) else None)
    if who.role in OF_THE_HALL:
        return Admitted(channel, None)
    cookie = await known_browser(request)
    code = None
    if (await request.app[HALLS].get(hall)).document.entrance:
        code = await _require_entrance(request, who, hall, form.entrance)
    if LIMITS in request.app:
        await count_take(request, applicant)
        if code is not None:
            await request.app[LIMITS].spend(TAKES_OF_ENTRANCE, f"{hall}|{code}")
    return Admitted(channel, hashed(request.app[SIGNER], hall, cookie) if cookie else None)


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
    code = None if said is None else request.app[ENTRANCE].let_in(hall, said, request.app[CLOCK].now_at())
    if code is not None:
        return code
    if said is not None:
        await count_wrong_code(request, who)
    raise EntranceRequired


async def count_wrong_code(request: web.Request, who: Caller) -> None:
    """Count a code that is none, of the door or of anything else. Raises RateLimited after too many.

    Who is at the hall anyway types for others, and is not counted.
    """
    if who.role not in OF_THE_HALL:
        await spend_by_browser(request, WRONG_CODES_OF_BROWSER, WRONG_CODES)
