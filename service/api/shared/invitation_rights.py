"""Look up an invitation by its code, and the rights that it gives to its guest."""

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


async def invitation_of(request: web.Request, caller: Caller, hall: HallId, code: str) -> FoundInvitation:
    """The invitation of a code.

    Raises:
        CodeNotFound: no invitation has this code, or it was revoked.
        RateLimited: the caller tried too many wrong codes.
        StorageUnavailable: the database cannot be reached.
    """
    finder = request.app[FINDER]
    try:
        code_found = await finder.find_code(hall, normalized_code(code))
        invitation = None
        if code_found is not None and code_found.kind is CodeKind.INVITATION:
            invitation = await finder.invitation(hall, code_found.id)
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error
    if invitation is None or invitation.revoked_at is not None:
        await count_wrong_code(request, caller)
        raise CodeNotFound
    return invitation


def invitation_scope(invitation: FoundInvitation) -> Invited:
    """The part of an invitation that booking commands need."""
    return Invited(
        id=invitation.id,
        partner=invitation.partner,
        service=None if invitation.service is None else ServiceId(invitation.service),
        prechecked=invitation.prechecked,
        releases_at=invitation.releases_at,
    )


def slot_question(
    request: web.Request, service: ServiceId, count: int, *, staff: bool, invited: Invited | None
) -> SlotQuery:
    """Build the question for free slots of a service. An invitation to another service gives no rights to this one."""
    if invited is None or invited.service not in {None, service}:
        return SlotQuery(service, count, staff)
    return SlotQuery(service, count, staff, invited.partner_at(request.app[CLOCK].now_at()), invited.prechecked)
