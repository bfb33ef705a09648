"""Preview of admission: what a walk-in would get by taking a number now, for each service. It changes nothing.

The preview applies the same rules as `walk_ins` to one person without invitation. A group or an invited person may get
another answer. Standby tickets that fit by now count as admitted, as they do when a ticket is taken.

Source: CONTRACT 5, `admission`; DESIGN 6, "Admission of a walk-in".
"""

from collections.abc import Hashable, Mapping
from datetime import datetime
from types import MappingProxyType

from service.domain.admission.walk_in_requests import next_request
from service.domain.admission.walk_ins import admission_key, admission_of, admitted_from_standby
from service.domain.day import Day
from service.domain.model import AtDoor, ServiceId

NO_ADMISSION: Mapping[ServiceId, AtDoor] = MappingProxyType({})
"""No service gives out numbers."""


def admission_preview(day: Day, now_at: datetime) -> Mapping[ServiceId, AtDoor]:
    """Return what a walk-in of each service gets now; services that give out no numbers are left out.

    While the day does not change, the answer is computed at most once a second, because many phones ask all the time.

    Args:
        day: the day, advanced to `now_at`.
        now_at: the present instant.
    """
    return day.at_door(now_at, lambda: _preview(day, now_at))


def _preview(day: Day, now_at: datetime) -> Mapping[ServiceId, AtDoor]:
    if day.closed or day.suspended_at(now_at) is not None or not day.plan.doors_open_at(now_at):
        return NO_ADMISSION
    _, after = admitted_from_standby(day, now_at)
    decisions: dict[Hashable, AtDoor] = {}
    found: dict[ServiceId, AtDoor] = {}
    for service in day.plan.services.values():
        if service.offered and service.online_url is None:
            request = next_request(after, service, 1, prechecked=False)
            kind = admission_key(after, request)
            if kind not in decisions:
                decision = admission_of(after, request, now_at)
                decisions[kind] = AtDoor.FULL if decision is None else AtDoor(decision.admission)
            found[service.id] = decisions[kind]
    return found
