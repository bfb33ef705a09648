"""Recent arrivals: the estimate of future arrivals where there is no history.

People are expected to come as they did in the last hour that the doors were open.

Source: DESIGN 6, "Waits".
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from service.domain.day import Day
from service.domain.model import Ticket

ARRIVALS_PERIOD_S = 3600
"""The length of time before now whose arrivals are counted."""

ARRIVALS_PERIOD_MIN_S = 900
"""The shortest time to divide by, soon after the doors opened; a few minutes alone say too little."""


class RecentArrivals(NamedTuple):
    """The tickets issued in the last hour that the doors were open, unordered, and the seconds to divide by."""

    tickets: list[Ticket]
    over_s: float


def recent_arrivals(day: Day, now_at: datetime) -> RecentArrivals:
    """Return the recent arrivals as of an instant."""
    doors_at = [window.opens_at - timedelta(seconds=day.plan.rules.doors_before_s) for window in day.plan.windows]
    since_at = max([now_at - timedelta(seconds=ARRIVALS_PERIOD_S), *(at for at in doors_at[:1] if at <= now_at)])
    over_s = max(ARRIVALS_PERIOD_MIN_S, (now_at - since_at).total_seconds())
    return RecentArrivals(list(_issued_since(day, since_at)), over_s)


def _issued_since(day: Day, since_at: datetime) -> Iterator[Ticket]:
    """Yield the tickets issued since `since_at`, walking back from the newest.

    Tickets are stored in the order in which the day received them, and none was issued after the day received it. A
    ticket that an offline kiosk reported later is older than its position, so it says nothing about the tickets before
    it. Any other ticket was issued when it was received, so all tickets before it are older, and the walk can stop.
    """
    reported = {slip.ticket for lease in day.leases.values() for slip in lease.slips.values()}
    for ticket in reversed(day.tickets.values()):
        if ticket.issued_at >= since_at:
            yield ticket
        elif ticket.id not in reported:
            return
