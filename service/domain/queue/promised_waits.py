"""What people who wait are told between two forecasts.

A forecast is not an event: nothing is decided by it, and a day folded anew has none. It hangs beside the fold, so that
HTTP, sockets and boards say the same. A ticket that something happened to since then is told the analytic start, as in
the answer to what happened; so is everybody when no forecast came for long.

Source: DESIGN 6, "Waits"; JOURNAL 5.
"""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from service.domain.model import Admission, ServiceId, Shown, Ticket, TicketId, Wait

if TYPE_CHECKING:
    from service.domain.day import Day

PROMISES_VALID_S = 120.0
"""A forecast older than this is told to nobody: it is made anew at least every half minute while people wait."""


class Promise(Struct, frozen=True, gc=False, array_like=True):
    """Seconds until the call, and the range shown; who comes back by p5 misses it once in twenty times."""

    p5_s: int | None
    p10_s: int | None
    p50_s: int | None
    p90_s: int | None
    shown: Shown | None

    def wait(self, made_at: datetime) -> Wait:
        """The same as a wait as of an instant."""
        return Wait(self.p10_s, self.p50_s, self.p90_s, made_at, self.shown)


class Promises(Struct, frozen=True, kw_only=True):
    """What is told as of `made_at`, from the day after event `seq`: who waits, and a walk-in of each service."""

    day: date
    seq: int
    made_at: datetime
    waits: dict[TicketId, Promise]
    newcomers: dict[ServiceId, Promise]

    def holds(self, now_at: datetime) -> bool:
        """Tell whether it is still told at `now_at`."""
        return now_at - self.made_at <= timedelta(seconds=PROMISES_VALID_S)


ROUNDING_S = 0.5
"""Whole seconds are promised."""


def is_promise_kept(day: "Day", ticket: Ticket, called_at: datetime) -> bool | None:
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


def promised_wait(day: "Day", ticket: Ticket, now_at: datetime) -> Wait | None:
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


def promised_wait_of_newcomer(day: "Day", service: ServiceId, now_at: datetime) -> Wait | None:
    """The wait that was forecast for a walk-in of a service; None when nothing was, or it is over."""
    promises = day.promises
    if promises is None or not promises.holds(now_at):
        return None
    found = promises.newcomers.get(service)
    return None if found is None else found.wait(promises.made_at)
