"""The waits promised to the people who wait, as made by the last forecast.

A forecast is not an event: no decision depends on it, and a day built from its journal has none. The promises are kept
beside the day, so that HTTP, sockets and boards give the same waits.

Source: DESIGN 6, "Waits"; JOURNAL 5.
"""

from datetime import date, datetime, timedelta

from msgspec import Struct

from service.domain.model import ServiceId, Shown, TicketId, Wait

PROMISES_VALID_S = 120.0
"""A forecast older than this is not used. While people wait, a new one is made at least every half minute."""


class Promise(Struct, frozen=True, gc=False, array_like=True):
    """Seconds until the call, and the range shown.

    A person who comes back by p5 misses the call once in twenty times.
    """

    p5_s: int | None
    p10_s: int | None
    p50_s: int | None
    p90_s: int | None
    shown: Shown | None

    def wait(self, made_at: datetime) -> Wait:
        """Return the promise as a wait, as of the instant when it was made."""
        return Wait(self.p10_s, self.p50_s, self.p90_s, made_at, self.shown)


class Promises(Struct, frozen=True, kw_only=True):
    """The waits of one forecast, made at `made_at` from the day after event `seq`.

    `waits` holds the waiting tickets, `newcomers` a walk-in of each service.
    """

    day: date
    seq: int
    made_at: datetime
    waits: dict[TicketId, Promise]
    newcomers: dict[ServiceId, Promise]

    def are_valid_at(self, now_at: datetime) -> bool:
        """Tell whether the forecast is still valid at `now_at`."""
        return now_at - self.made_at <= timedelta(seconds=PROMISES_VALID_S)
