"""Handler of the forecast of the rest of the day: queue lengths, waits, and the chance to serve all.

Source: DESIGN 6, "Waits"; ALGORITHMS 5.3.
"""

from aiohttp import web
from msgspec import Struct

from service.api.app_keys import FORECASTER, LANES
from service.api.http.json_response import answer
from service.api.http.path_parts import hall_of
from service.domain.calendar.times import stamp, stamp_or_none
from service.domain.forecast.day_outlook import DayAhead, Quarter
from service.domain.view import OnDate, Stamp


class QuarterSeen(Struct, frozen=True, kw_only=True):
    """A quarter of an hour: people waiting, a walk-in's p90 wait in seconds, the chance of a call before closing."""

    at: Stamp
    waiting_p10: int
    waiting_p50: int
    waiting_p90: int
    wait_p90_s: int | None
    fits: float | None


class ForecastSeen(Struct, frozen=True, kw_only=True):
    """The rest of a day, as of `made_at`; without quarters when the hall does not open again, or nobody can tell.

    `served` is the probability that all who come before closing are called before the planned staff stops; from
    `intake_closes_at` on a walk-in is called before closing with less than 0.8; `overtime_s` is counter time expected
    after closing.
    """

    day: OnDate
    made_at: Stamp | None
    closing_at: Stamp | None
    served: float | None
    intake_closes_at: Stamp | None
    overtime_s: int | None
    overtime_p90_s: int | None
    quarters: list[QuarterSeen]
    seq: int


async def show(request: web.Request) -> web.Response:
    """Show the forecast of the rest of the day, up to a minute old."""
    day = await request.app[LANES].day(hall_of(request))
    ahead = await request.app[FORECASTER].outlook_of(day)
    if ahead is None:
        return answer(
            ForecastSeen(
                day=day.on.isoformat(),
                made_at=None,
                closing_at=None,
                served=None,
                intake_closes_at=None,
                overtime_s=None,
                overtime_p90_s=None,
                quarters=[],
                seq=day.seq,
            )
        )
    return answer(_seen(ahead))


def _seen(ahead: DayAhead) -> ForecastSeen:
    return ForecastSeen(
        day=ahead.day.isoformat(),
        made_at=stamp(ahead.made_at),
        closing_at=stamp_or_none(ahead.closing_at),
        served=ahead.served,
        intake_closes_at=stamp_or_none(ahead.intake_closes_at),
        overtime_s=ahead.overtime_s,
        overtime_p90_s=ahead.overtime_p90_s,
        quarters=[_quarter(one) for one in ahead.quarters],
        seq=ahead.seq,
    )


def _quarter(one: Quarter) -> QuarterSeen:
    return QuarterSeen(
        at=stamp(one.at),
        waiting_p10=one.waiting_p10,
        waiting_p50=one.waiting_p50,
        waiting_p90=one.waiting_p90,
        wait_p90_s=one.wait_p90_s,
        fits=one.fits,
    )
