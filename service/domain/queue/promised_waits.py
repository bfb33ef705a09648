"""What people who wait are told between two forecasts.

A forecast is not an event: nothing is decided by it, and a day folded anew has none. It hangs beside the fold, so that
HTTP, sockets and boards say the same. A ticket that something happened to since then is told the analytic start, as in
the answer to what happened; so is everybody when no forecast came for long.

Source: DESIGN 6, "Waits"; JOURNAL 5.
"""

from datetime import datetime

from service.domain.day import Day
from service.domain.model import Admission, ServiceId, Ticket, Wait

ROUNDING_S = 0.5
"""Whole seconds are promised."""


def is_promise_kept(day: Day, ticket: Ticket, called_at: datetime) -> bool | None:
    """Tell whether a first call comes between p10 and p90 of what was told with the ticket.

    None when nothing was promised, the promise does not count any more, or the hall was suspended in between.
    """
    promise = ticket.promise
    if promise is None or promise.p10_s is None or promise.p90_s is None:
        return None
    waited_s = (called_at - promise.as_of_at).total_seconds()
    if day.unsuspended_s(promise.as_of_at, called_at) < waited_s:
        return None
    return promise.p10_s - ROUNDING_S <= waited_s <= promise.p90_s + ROUNDING_S


def promised_wait(day: Day, ticket: Ticket, now_at: datetime) -> Wait | None:
    """The wait that was forecast for a waiting ticket; None when nothing was since something happened to it.

    To who is on standby nothing is promised, though a forecast has to reckon with them.
    """
    promises = day.promises
    if promises is None or ticket.seq > promises.seq or not promises.holds(now_at):
        return None
    if ticket.admission is Admission.STANDBY:
        return None
    found = promises.waits.get(ticket.id)
    return None if found is None else found.wait(promises.made_at)


def promised_wait_of_newcomer(day: Day, service: ServiceId, now_at: datetime) -> Wait | None:
    """The wait that was forecast for a walk-in of a service; None when nothing was, or it is over."""
    promises = day.promises
    if promises is None or not promises.holds(now_at):
        return None
    found = promises.newcomers.get(service)
    return None if found is None else found.wait(promises.made_at)
