"""What a walk-in would get who took a number now, by service; nothing is decided by it, and nobody is let in.

It is the answer of the very rules that decide, `admission`, to one person of each service: people are told before they
ask what they would be told when they do. Where people stand by, it is reckoned as of those who fit by now, as `take`
does. It holds for who comes alone and was not invited; others may fit where these do not.

Source: CONTRACT 5, `admission`; DESIGN 6, "Admission of a walk-in".
"""

from collections.abc import Hashable, Mapping
from datetime import datetime
from types import MappingProxyType

from service.domain.admission.walk_ins import admitted_from_standby, next_visitor, verdict_key, verdict_on
from service.domain.day import Day
from service.domain.model import AtDoor, ServiceId

NOBODY: Mapping[ServiceId, AtDoor] = MappingProxyType({})
"""No number of any service is given out."""


def admission_preview(day: Day, now_at: datetime) -> Mapping[ServiceId, AtDoor]:
    """What a walk-in of each service gets now; nothing is said of one for which no number is given out.

    Reckoned once in each second in which nothing happens to the day, however many ask: phones do so all the time.

    Args:
        day: awake at `now_at`.
        now_at: the present instant.
    """
    return day.at_door(now_at, lambda: _reckon(day, now_at))


def _reckon(day: Day, now_at: datetime) -> Mapping[ServiceId, AtDoor]:
    if day.closed or day.suspended_at(now_at) is not None or not day.plan.doors_open_at(now_at):
        return NOBODY
    _, after = admitted_from_standby(day, now_at)
    verdicts: dict[Hashable, AtDoor] = {}
    found: dict[ServiceId, AtDoor] = {}
    for service in day.plan.services.values():
        if service.offered and service.online_url is None:
            who = next_visitor(after, service, 1, prechecked=False)
            kind = verdict_key(after, who)
            if kind not in verdicts:
                verdict = verdict_on(after, who, now_at)
                verdicts[kind] = AtDoor.FULL if verdict is None else AtDoor(verdict.admission)
            found[service.id] = verdicts[kind]
    return found
