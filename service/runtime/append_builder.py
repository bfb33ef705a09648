"""Build an append from decided events: the events, the last states of what they touch, and the booking totals."""

import msgspec

from service.domain.day import Day
from service.domain.events import DayClosed, DayEnded, PlanChanged, Record
from service.domain.evolve import appointments
from service.domain.model import AppointmentId
from service.journal.values import Append, Applicant
from service.primitives.ids import new_id

TOTALS_REWRITTEN_BY = frozenset({PlanChanged, DayClosed, DayEnded})
"""Events after which the booking totals of the day are written in full."""


def build_append(  # noqa: PLR0913, PLR0917  (an append)
    day: Day, seq: int, head: str, records: list[Record], applicants: list[Applicant], before: Day | None = None
) -> Append:
    """Build the append that stores events.

    Args:
        day: the day after the events.
        seq: the number of the last event before them.
        head: the id of the append before this one.
        records: the events.
        applicants: new applicants.
        before: the day before the events. With it only the change of the booking totals is written, otherwise the
            totals in full.
    """
    tickets = {ticket for record in records if (ticket := getattr(record.event, "ticket", None)) is not None}
    kinds = {type(record.event) for record in records}
    touched: set[AppointmentId] = set()
    if not kinds.isdisjoint(appointments.EVOLVERS):
        touched = {one for record in records if (one := getattr(record.event, "appointment", None)) is not None}
    booked = sum_change = None
    if not kinds.isdisjoint(TOTALS_REWRITTEN_BY) or (touched and before is None):
        booked = msgspec.json.encode(day.booking_totals)
    elif touched and before is not None:
        sum_change = _totals_change(before, day, touched)
    return Append(
        hall=day.hall,
        day=day.on,
        seq=seq,
        head=head,
        append_id=new_id(),
        records=records,
        tickets=[day.tickets[ticket] for ticket in tickets],
        appointments=[day.appointments[one] for one in touched if one in day.appointments],  # others moved away
        applicants=applicants,
        revision=day.regular_plan.revision if PlanChanged in kinds else None,
        booked=booked,
        sum_change=sum_change,
    )


def _totals_change(before: Day, after: Day, touched: set[AppointmentId]) -> bytes | None:
    """Return the change of the booking totals by some appointments as JSON; None without a change."""
    values = [one for day in (before, after) for each in touched if (one := day.appointments.get(each)) is not None]
    change = after.booking_totals.changes_since(before.booking_totals, after.regular_plan, values)
    return None if change is None else msgspec.json.encode(change)
