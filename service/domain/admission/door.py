"""The door: checks whether the hall gives out numbers now, and makes the event of a new ticket.

All tickets are made here: for walk-ins, appointments, invitations and returning people.

Source: CONTRACT 5, `closing`; DESIGN 6, "The door".
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from service.domain.calendar.plan import PlannedService
from service.domain.calendar.times import stamp_or_none
from service.domain.commands import Invited
from service.domain.day import Day
from service.domain.events import TicketTaken
from service.domain.model import LIVE, Admission, Appointment, Channel, Fit, ServiceId, TicketClass, TicketId, late_from
from service.domain.queue import dispatch
from service.domain.queue.waiting_lines import Place
from service.domain.queue.waits import outlook_at, outlook_on_standby
from service.domain.refusals import BodyInvalid, CodeUsed, HallClosed, HallSuspended, OnlineOnly


def refuse_if_suspended(day: Day, now_at: datetime) -> None:
    """Raise HallSuspended if the hall is suspended at `now_at`."""
    suspension = day.suspended_at(now_at)
    if suspension is not None:
        raise HallSuspended(suspension.text)


def calls_begin_at(day: Day) -> datetime | None:
    """Return when calls begin: at the first opening, without end. None if the day is closed or has no hours."""
    windows = day.plan.windows
    return None if day.closed or not windows else windows[0].opens_at


def refuse_if_closed(day: Day, now_at: datetime) -> None:
    """Raise HallSuspended or HallClosed if the hall gives out no numbers now."""
    refuse_if_suspended(day, now_at)
    if day.closed or not day.plan.doors_open_at(now_at):
        raise hall_closed(day, now_at)


def hall_closed(day: Day, now_at: datetime) -> HallClosed:
    """Make the refusal with the next opening. A closed day does not open again, so then it is a later day's."""
    return HallClosed(stamp_or_none(day.plan.reopens_at if day.closed else day.plan.opens_at(now_at)))


def in_person_service(day: Day, *services: ServiceId) -> PlannedService:
    """Return the first of the services; all must be served in the hall. Raises ServiceNotFound, OnlineOnly."""
    found = [day.service(name) for name in services]
    for service in found:
        if service.online_url is not None:
            raise OnlineOnly(service.online_url)
    return found[0]


def check_count(service: PlannedService, count: int) -> None:
    """Raise BodyInvalid unless `count` is between 1 and the service's maximum of people on one ticket."""
    if not 1 <= count <= service.count_max:
        raise BodyInvalid(("count", f"from 1 to {service.count_max} on one ticket"))


def check_invitation(day: Day, invited: Invited | None, service: ServiceId, now_at: datetime) -> None:
    """Raise CodeUsed if the invitation was used on this day, BodyInvalid if it is for another service."""
    if invited is None:
        return
    if invited.service not in {None, service}:
        raise BodyInvalid(("invitation", f"is for {invited.service}"))
    booked = [day.appointments[appointment] for appointment in day.appointment_index.of_invitation.get(invited.id, ())]
    if invited.id in day.invitations or any(day.state_of(appointment, now_at) in LIVE for appointment in booked):
        raise CodeUsed


class Reported(NamedTuple):
    """A number that a kiosk gave out offline, and when."""

    device: str
    number: str
    at: datetime


def issue(  # noqa: PLR0913  (all values of a ticket)
    day: Day,
    now_at: datetime,
    *,
    ticket: TicketId,
    code: str,
    service: PlannedService,
    class_: TicketClass,
    channel: Channel,
    count: int,
    admission: Admission,
    then: tuple[ServiceId, ...] = (),
    prechecked: bool = False,
    missing: tuple[str, ...] = (),
    applicant: str | None = None,
    browser: str | None = None,
    appointment: Appointment | None = None,
    returns_of: TicketId | None = None,
    invitation: str | None = None,
    reported: Reported | None = None,
    fit: Fit | None = None,
) -> TicketTaken:
    """Make the event of a new ticket: the next number of the service's prefix, the tickets ahead and the wait.

    `reported` is a number that a kiosk gave out offline; its place in the queue follows from the time it was taken.
    """
    taken_at = now_at if reported is None else reported.at
    number = f"{service.prefix}{day.numbers.get(service.prefix, 0) + 1:03d}" if reported is None else reported.number
    n = day.issued + 1
    stage = service.first_stage(prechecked=prechecked)
    slot_at = None if appointment is None else appointment.starts_at
    due_at = None if slot_at is None else slot_at - timedelta(seconds=day.plan.rules.early_s)
    reference_at = dispatch.reference_time(class_, taken_at, slot_at)
    excused_s = 0 if slot_at is None else round(day.suspended_s(slot_at, taken_at))
    queue_at = dispatch.queue_time(day.plan, class_, reference_at, None, late_from(slot_at, excused_s))
    place = Place(queue_at, taken_at, n, ticket)
    pool = day.pools.pool_of(service.id, stage)
    if admission is Admission.STANDBY:
        ahead, wait = outlook_on_standby(day, pool, n, now_at)
    else:
        ahead, wait = outlook_at(day, pool, place, now_at, due_at=due_at, arrived=appointment)
    return TicketTaken(
        ticket=ticket,
        n=n,
        code=code,
        number=number,
        service=service.id,
        stage=stage,
        class_=class_,
        channel=channel,
        admission=admission,
        count=count,
        then=then,
        prechecked=prechecked,
        missing=missing,
        applicant=applicant,
        browser=browser,
        appointment=None if appointment is None else appointment.id,
        slot_at=slot_at,
        excused_s=excused_s,
        returns_of=returns_of,
        invitation=invitation,
        device=None if reported is None else reported.device,
        issued_at=None if reported is None else reported.at,
        fit=fit,
        ahead=ahead,
        wait=wait,
    )
