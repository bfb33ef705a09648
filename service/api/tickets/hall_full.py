"""A full hall: who does not fit any more is told when they can come instead, today or on the days after it.

A day knows only itself, so the free starts of other days are added here.
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
    request: web.Request, hall_id: HallId, command: Command, given: Awaitable[Answer]
) -> Answer:
    """What is given; where the hall is full, the refusal has the next free starts of the following days as well."""
    try:
        return await given
    except HallFull as full:
        assert isinstance(command, TakeTicket), "only a walk-in finds the hall full"
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
