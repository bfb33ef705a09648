"""Add free slots of the following days to the refusal `hall-full`.

The domain offers free slots of the present day only, because a day has no data of other days.
"""

from collections.abc import Awaitable

from aiohttp import web
from msgspec import to_builtins

from service.api.app_keys import AVAILABILITY, CLOCK, HALLS, METRICS
from service.api.shared.invitation_rights import slot_question
from service.domain.admission.walk_ins import SLOTS_OFFERED
from service.domain.commands import Command, TakeTicket
from service.domain.model import HallId
from service.domain.refusals import HallFull
from service.runtime.requests import Answer


async def offer_other_times(
    request: web.Request, hall_id: HallId, command: Command, execution: Awaitable[Answer]
) -> Answer:
    """Await the execution of a command. If it raises HallFull, add the next free slots of the following days."""
    try:
        return await execution
    except HallFull as full:
        assert isinstance(command, TakeTicket), "only a walk-in is refused with HallFull"
        request.app[METRICS].hall_full(hall_id)
        slots = full.fields["slots"]
        if len(slots) >= SLOTS_OFFERED:
            raise
        hall = await request.app[HALLS].get(hall_id)
        today = hall.day_at(request.app[CLOCK].now_at())
        asked = slot_question(request, command.service, command.count, staff=False, invited=command.invitation)
        more = await request.app[AVAILABILITY].nearest_free(hall, asked, today)
        found = [*slots, *map(to_builtins, more)]
        raise HallFull(found[:SLOTS_OFFERED], full.fields["overtime"]) from full
