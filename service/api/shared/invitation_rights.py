"""What an invitation entitles its guest to."""

from aiohttp import web

from service.api.access.presence import count_wrong_code
from service.api.access.roles import Caller
from service.api.app_keys import CLOCK, FINDER
from service.booking.availability import SlotQuery
from service.domain.commands import Invited
from service.domain.model import HallId, ServiceId
from service.domain.refusals import CodeNotFound
from service.errors import StorageUnavailable
from service.journal import faults
from service.journal.search import CodeKind, FoundInvitation
from service.primitives.ids import normalized_code


async def invitation_of(request: web.Request, who: Caller, hall: HallId, code: str) -> FoundInvitation:
    """The invitation of a code. Raises CodeNotFound, also for one that was revoked; RateLimited after too many."""
    finder = request.app[FINDER]
    try:
        given = await finder.find_code(hall, normalized_code(code))
        found = None
        if given is not None and given.kind is CodeKind.INVITATION:
            found = await finder.invitation(hall, given.id)
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error
    if found is None or found.revoked_at is not None:
        await count_wrong_code(request, who)
        raise CodeNotFound
    return found


def invitation_scope(found: FoundInvitation) -> Invited:
    """What of an invitation concerns a day."""
    return Invited(
        id=found.id,
        partner=found.partner,
        service=None if found.service is None else ServiceId(found.service),
        prechecked=found.prechecked,
        releases_at=found.releases_at,
    )


def slot_question(
    request: web.Request, service: ServiceId, count: int, *, staff: bool, invited: Invited | None
) -> SlotQuery:
    """What can be booked, and by whom: an invitation to another service gives no right to this one."""
    if invited is None or invited.service not in {None, service}:
        return SlotQuery(service, count, staff)
    return SlotQuery(service, count, staff, invited.partner_at(request.app[CLOCK].now_at()), invited.prechecked)
