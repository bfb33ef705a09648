"""Who came lately: people are expected to go on coming as they did, where no history says who comes.

Source: DESIGN 6, "Waits".
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from service.domain.day import Day
from service.domain.model import Ticket

ARRIVALS_PERIOD_S = 3600
"""People are expected to come as in this time before."""

ARRIVALS_PERIOD_MIN_S = 900
"""Shortly after the doors opened: the first minutes alone would say too much."""


class RecentArrivals(NamedTuple):
    """Who came in the last hour the doors were open, in no order, and the seconds over which to reckon them."""

    tickets: list[Ticket]
    over_s: float


def recent_arrivals(day: Day, now_at: datetime) -> RecentArrivals:
    """Look back from an instant."""
    doors_at = [window.opens_at - timedelta(seconds=day.plan.rules.doors_before_s) for window in day.plan.windows]
    since_at = max([now_at - timedelta(seconds=ARRIVALS_PERIOD_S), *(at for at in doors_at[:1] if at <= now_at)])
    over_s = max(ARRIVALS_PERIOD_MIN_S, (now_at - since_at).total_seconds())
    return RecentArrivals(list(_issued_since(day, since_at)), over_s)


def _issued_since(day: Day, since_at: datetime) -> Iterator[Ticket]:
    """Walk back over the tickets; of those before `since_at` only what kiosks reported since is looked at.

    Tickets stand in the order in which the day heard of them, and none is issued after that. A number that a kiosk gave
    out while it was cut off is older than where it stands, and says nothing of those before it; any other was issued
    when it was heard of, so that all before it are older still.
    """
    reported = {slip.ticket for lease in day.leases.values() for slip in lease.slips.values()}
    for ticket in reversed(day.tickets.values()):
        if ticket.issued_at >= since_at:
            yield ticket
        elif ticket.id not in reported:
            return
