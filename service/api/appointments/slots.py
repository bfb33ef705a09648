"""The call that says what can be booked."""

import re
from datetime import date, timedelta

from aiohttp import web
from msgspec import Struct

from service.api.access.guard import visitor
from service.api.access.roles import Caller, Role
from service.api.app_keys import AVAILABILITY, CLOCK, HALLS
from service.api.http.headers import INVITATION_HEADER
from service.api.http.json_response import answer_encoded
from service.api.http.path_parts import hall_of
from service.api.http.query import date_of, require_span
from service.api.shared.form_fields import CODE_TEXT_MAX
from service.api.shared.invitation_rights import invitation_of, invitation_scope, slot_question
from service.api.shared.online_services import counting_online_referrals
from service.booking.availability import SlotQuery
from service.domain.commands import Invited
from service.domain.model import ServiceId
from service.domain.refusals import BodyInvalid, OnlineOnly, ServiceNotFound
from service.domain.view import SlotView
from service.runtime.hall import Hall


class SlotList(Struct, frozen=True):
    """Starts that can be booked, by day and service, in order."""

    slots: list[SlotView]


SPAN_DAYS_MAX = 62
"""Days of one question, both ends included."""

SERVICE_DAYS_MAX = 1_000
"""Services times days of one question, of which the first asked costs a millisecond each."""

DAYS_PACKED = 7
"""An answer for more days than a week is sent compressed to who can read it."""

_COUNT = re.compile(r"[0-9]{1,2}")


async def show(request: web.Request) -> web.Response:
    """The starts that can be booked, by day, full ones as well; those that are past or too near are left out.

    Without `service`, of every service that can be booked. To staff the notice does not apply; a partner sees what is
    kept for its guests, and so does a guest who sends the code of an invitation: in a header, for an address is logged.
    """
    hall_id, caller = hall_of(request), await visitor(request)
    hall = await request.app[HALLS].get(hall_id)
    first, last = _span(request, hall)
    with counting_online_referrals(request, hall_id, request.query.get("service", ""), "slots"):
        asked = _asked(request, hall, caller, await _invited(request, hall, caller))
    if len(asked) * ((last - first).days + 1) > SERVICE_DAYS_MAX:
        raise BodyInvalid(("service", "say which: of all there are too many for so many days"))
    response = answer_encoded(
        b'{"slots":[' + await request.app[AVAILABILITY].slots_json(hall, asked, first, last) + b"]}"
    )
    if (last - first).days >= DAYS_PACKED:
        response.enable_compression()  # starts differ little: a month comes to a slow phone in a tenth of the bytes
    return response


async def _invited(request: web.Request, hall: Hall, caller: Caller) -> Invited | None:
    """What an invitation gives a right to, if one is shown. Raises BodyInvalid, CodeNotFound."""
    code = request.headers.get(INVITATION_HEADER)
    if code is None:
        return None
    if not 1 <= len(code) <= CODE_TEXT_MAX:
        raise BodyInvalid((INVITATION_HEADER, "the code of an invitation"))
    return invitation_scope(await invitation_of(request, caller, hall.id, code))


def _asked(request: web.Request, hall: Hall, caller: Caller, invited: Invited | None) -> list[SlotQuery]:
    """The questions. Raises ServiceNotFound, OnlineOnly, BodyInvalid."""
    said, count = request.query.get("service"), _count(request)
    services = [one for one in hall.document.services if said in {None, one.id}]
    if said is None:
        services = [one for one in services if one.bookable and one.online_url is None and count <= one.count_max]
    elif not services:
        raise ServiceNotFound
    elif (url := services[0].online_url) is not None:
        raise OnlineOnly(url)
    elif count > services[0].count_max:
        raise BodyInvalid(("count", f"from 1 to {services[0].count_max} in one booking"))
    partner = caller.credential.removeprefix("device:") if caller.role is Role.PARTNER else None
    if partner is not None:
        return [SlotQuery(ServiceId(one.id), count, partner=partner) for one in services]
    staff = caller.may(Role.STAFF)
    return [slot_question(request, ServiceId(one.id), count, staff=staff, invited=invited) for one in services]


def _count(request: web.Request) -> int:
    said = request.query.get("count", "1")
    if not _COUNT.fullmatch(said) or int(said) < 1:
        raise BodyInvalid(("count", "a number from 1 to 99"))
    return int(said)


def _span(request: web.Request, hall: Hall) -> tuple[date, date]:
    """The dates asked for. Raises BodyInvalid for what is none, more than `SPAN_DAYS_MAX`, or the wrong way round."""
    today = hall.day_at(request.app[CLOCK].now_at())
    first = date_of(request, "from") or today
    last = date_of(request, "to")
    if last is None:
        last = max(first, today + timedelta(days=hall.document.booking.horizon_days))
        return first, min(last, _after(first, SPAN_DAYS_MAX - 1))
    require_span(first, last, SPAN_DAYS_MAX)
    return first, last


def _after(on: date, days: int) -> date:
    return on + timedelta(days=days) if date.max - on >= timedelta(days=days) else date.max
