"""The waits that people are told between two forecasts.

The wait of a ticket is the one in the last forecast, as long as nothing happened to the ticket since then. Otherwise,
and when the last forecast is too old, the analytic start is used (`waits`).

Source: DESIGN 6, "Waits"; JOURNAL 5.
"""

from datetime import datetime

from service.domain.day import Day
from service.domain.model import Admission, ServiceId, Ticket, Wait

ROUNDING_S = 0.5
"""Promised waits are rounded to whole seconds."""


def is_promise_kept(day: Day, ticket: Ticket, called_at: datetime) -> bool | None:
    """Tell whether a first call comes between p10 and p90 of the wait promised with the ticket.

    None if nothing was promised, the promise no longer counts, or the hall was suspended in between.
    """
    promise = ticket.promise
    if promise is None or promise.p10_s is None or promise.p90_s is None:
        return None
    waited_s = (called_at - promise.as_of_at).total_seconds()
    if day.unsuspended_s(promise.as_of_at, called_at) < waited_s:
        return None
    return promise.p10_s - ROUNDING_S <= waited_s <= promise.p90_s + ROUNDING_S


def promised_wait(day: Day, ticket: Ticket, now_at: datetime) -> Wait | None:
    """Return the forecast wait of a waiting ticket; None if there is no forecast since its last change.

    A standby ticket has no promised wait, although the forecast includes it.
    """
    promises = day.promises
    if promises is None or ticket.seq > promises.seq or not promises.are_valid_at(now_at):
        return None
    if ticket.admission is Admission.STANDBY:
        return None
    found = promises.waits.get(ticket.id)
    return None if found is None else found.wait(promises.made_at)


def promised_wait_of_newcomer(day: Day, service: ServiceId, now_at: datetime) -> Wait | None:
    """Return the forecast wait of a walk-in of a service; None without a valid forecast of it."""
    promises = day.promises
    if promises is None or not promises.are_valid_at(now_at):
        return None
    found = promises.newcomers.get(service)
    return None if found is None else found.wait(promises.made_at)
