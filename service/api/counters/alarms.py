"""Alarms: silent calls for help to all staff. Lobby screens do not show them."""

from aiohttp import web

from service.api.access.guard import kiosk_of
from service.api.access.roles import Role, caller_of
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
    """A call for help. `counter` is optional."""

    counter: CounterCode | None = None


class AlarmMade(AlarmSeen, frozen=True, kw_only=True):
    """A new call for help. `seq` is the day's."""

    seq: int


async def raise_(request: web.Request) -> web.Response:
    """Call all staff for help, silently. If a kiosk calls, the alarm has the kiosk's name."""
    hall, caller, form = hall_of(request), caller_of(request), await read_body(request, AlarmForm)
    kiosk = (await kiosk_of(request)).name if caller.role is Role.KIOSK else None
    result = await execute(request, caller, hall, commands.RaiseAlarm(new_id(), form.counter, kiosk))
    assert result.done is not None, "the command has an event"
    part = result.done.parts[0]
    assert isinstance(part.event, AlarmRaised), "the command has no other event"
    alarm = AlarmMade(
        id=part.event.alarm,
        counter=part.event.counter,
        kiosk=part.event.kiosk,
        at=stamp(part.at),
        seq=part.seq,
    )
    return answer(alarm, 201, Location=f"/v1/halls/{hall}/alarm/{alarm.id}")


async def clear(request: web.Request) -> web.Response:
    """Clear an alarm after help has come."""
    await read_body(request, Nothing)
    await execute(
        request, caller_of(request), hall_of(request), commands.ClearAlarm(request.match_info["alarm"].lower())
    )
    return web.Response(status=204)
