"""The waits promised to the people who wait, as made by the last forecast.

A forecast is not an event: no decision depends on it, and a day built from its journal has none. The promises are kept
beside the day, so that HTTP, sockets and boards give the same waits.

Source: DESIGN 6, "Waits"; JOURNAL 5.
"""

from datetime import date, datetime, timedelta

from msgspec import Struct

from service.domain.model import ServiceId, Shown, TicketId, Wait

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
