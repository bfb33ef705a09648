"""Calls about alarms: a silent call for help to all staff, which no screen shows."""

from aiohttp import web

from service.api.access.guard import kiosk_of
from service.api.access.roles import Role, caller
from service.api.counters.answers import AlarmSeen
from service.api.http.body import read_body
from service.api.http.json_response import answer
from service.api.http.path_parts import hall_of
from service.api.shared.execution import execute
from service.api.shared.form_fields import Form, Nothing
from service.domain import commands
from service.domain.calendar.times import stamp
from service.domain.events import AlarmRaised
from service.domain.hall.document import CounterCode
from service.primitives.ids import new_id


class AlarmForm(Form, frozen=True, kw_only=True):
    """A call for help, from a counter or from anywhere."""

    counter: CounterCode | None = None


class AlarmMade(AlarmSeen, frozen=True, kw_only=True):
    """A call for help that was just made; `seq` is the day's."""

    seq: int


async def raise_(request: web.Request) -> web.Response:
    """Call all staff for help, silently; from a kiosk they hear which."""
    hall, who, form = hall_of(request), caller(request), await read_body(request, AlarmForm)
    kiosk = (await kiosk_of(request)).name if who.role is Role.KIOSK else None
    given = await execute(request, who, hall, commands.RaiseAlarm(new_id(), form.counter, kiosk))
    assert given.done is not None, "an alarm is an event"
    part = given.done.parts[0]
    assert isinstance(part.event, AlarmRaised), "and nothing else"
    seen = AlarmMade(
        id=part.event.alarm,
        counter=part.event.counter,
        kiosk=part.event.kiosk,
        at=stamp(part.at),
        seq=part.seq,
    )
    return answer(seen, 201, Location=f"/v1/halls/{hall}/alarm/{seen.id}")


async def clear(request: web.Request) -> web.Response:
    """Say that help came."""
    await read_body(request, Nothing)
    await execute(request, caller(request), hall_of(request), commands.ClearAlarm(request.match_info["alarm"].lower()))
    return web.Response(status=204)
