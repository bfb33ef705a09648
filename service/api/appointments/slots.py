"""Handler of free slots."""

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
    """Slots, in the order of day, service and start."""

    slots: list[SlotView]


SPAN_DAYS_MAX = 62
"""Most days of one request, both ends included."""

SERVICE_DAYS_MAX = 1_000
"""Most services times days of one request. Each that is not cached takes about 1 ms."""

COMPRESSED_DAYS_MIN = 7
"""An answer for more than a week is compressed for clients that accept it."""

_COUNT = re.compile(r"[0-9]{1,2}")


async def show(request: web.Request) -> web.Response:
    """List the slots of one service, or of all bookable services, including full slots. Past slots are left out.

    Slots within the minimum notice before the start are shown only to staff. A partner also sees the places reserved
    for its guests, and so does a guest who sends the code of an invitation in the header `Paihao-Invitation`.
    """
    hall_id, caller = hall_of(request), await visitor(request)
    hall = await request.app[HALLS].get(hall_id)
    first, last = _span(request, hall)
    with counting_online_referrals(request, hall_id, request.query.get("service", ""), "slots"):
        queries = _slot_queries(request, hall, caller, await _invitation_in_header(request, hall, caller))
    if len(queries) * ((last - first).days + 1) > SERVICE_DAYS_MAX:
        raise BodyInvalid(("service", "say which: of all there are too many for so many days"))
    response = answer_encoded(
        b'{"slots":[' + await request.app[AVAILABILITY].slots_json(hall, queries, first, last) + b"]}"
    )
    if (last - first).days >= COMPRESSED_DAYS_MIN:
        response.enable_compression()  # slots are similar: a month shrinks to a tenth
    return response


async def _invitation_in_header(request: web.Request, hall: Hall, caller: Caller) -> Invited | None:
    """The invitation whose code is in the header, if any. A code in the URL would be logged by proxies.

    Raises BodyInvalid, CodeNotFound, RateLimited.
    """
    code = request.headers.get(INVITATION_HEADER)
    if code is None:
        return None
    if not 1 <= len(code) <= CODE_TEXT_MAX:
        raise BodyInvalid((INVITATION_HEADER, "the code of an invitation"))
    return invitation_scope(await invitation_of(request, caller, hall.id, code))


def _slot_queries(request: web.Request, hall: Hall, caller: Caller, invited: Invited | None) -> list[SlotQuery]:
    """The queries, one per service. Raises ServiceNotFound, OnlineOnly, BodyInvalid."""
    requested, count = request.query.get("service"), _count(request)
    services = [service for service in hall.document.services if requested in {None, service.id}]
    if requested is None:
        bookable = [service for service in services if service.bookable and service.online_url is None]
        services = [service for service in bookable if count <= service.count_max]
    elif not services:
        raise ServiceNotFound
    elif (url := services[0].online_url) is not None:
        raise OnlineOnly(url)
    elif count > services[0].count_max:
        raise BodyInvalid(("count", f"from 1 to {services[0].count_max} in one booking"))
    partner = caller.credential.removeprefix("device:") if caller.role is Role.PARTNER else None
    if partner is not None:
        return [SlotQuery(ServiceId(service.id), count, partner=partner) for service in services]
    staff = caller.may(Role.STAFF)
    return [slot_question(request, ServiceId(service.id), count, staff=staff, invited=invited) for service in services]


def _count(request: web.Request) -> int:
    text = request.query.get("count", "1")
    if not _COUNT.fullmatch(text) or int(text) < 1:
        raise BodyInvalid(("count", "a number from 1 to 99"))
    return int(text)


def _span(request: web.Request, hall: Hall) -> tuple[date, date]:
    """The first and last date in the query. Raises BodyInvalid if malformed, too long or in the wrong order."""
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
