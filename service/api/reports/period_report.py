"""Handler of the report of a hall: figures of up to two months, per day and in total."""

from datetime import date

from aiohttp import web
from msgspec import Struct, structs

from service.api.app_keys import CLOCK, HALLS, REPORTS
from service.api.http.json_response import answer
from service.api.http.path_parts import hall_of
from service.api.http.query import date_of, require_span
from service.domain.refusals import BodyInvalid
from service.domain.stats.report import Period, period_of
from service.domain.view import OnDate
from service.reports.day_reports import SPAN_DAYS_MAX, sum_by_service
from service.runtime.hall import Hall


class DayReport(Period, frozen=True, kw_only=True):
    """The figures of a day that has begun. `seq` is the day's."""

    day: OnDate
    seq: int


class Report(Struct, frozen=True, kw_only=True):
    """Figures of the begun days of a period, per day and in total, without personal data."""

    hall: str
    from_on: OnDate
    to_on: OnDate
    items: list[DayReport]
    total: Period


async def show(request: web.Request) -> web.Response:
    """Report a hall's days: visits, waits, durations, appointments, counters, exceptions, promises, hours."""
    hall = await request.app[HALLS].get(hall_of(request))
    first, last = _span(request, hall)
    reports = request.app[REPORTS]
    days = await reports.of(hall, first, last)
    sent = await reports.sent_online(hall.id, first, last)
    return answer(
        Report(
            hall=hall.id,
            from_on=first.isoformat(),
            to_on=last.isoformat(),
            items=[
                DayReport(
                    **structs.asdict(period_of([day.figures], sent.get(day.figures.on, {}))),
                    day=day.figures.on.isoformat(),
                    seq=day.seq,
                )
                for day in days
            ],
            total=period_of([day.figures for day in days], sum_by_service(sent.values())),
        )
    )


def _span(request: web.Request, hall: Hall) -> tuple[date, date]:
    """The first and last date in the query. Raises BodyInvalid if malformed, too long or in the wrong order."""
    today = hall.day_at(request.app[CLOCK].now_at())
    day, first, last = date_of(request, "day"), date_of(request, "from"), date_of(request, "to")
    if day is not None:
        if first is not None or last is not None:
            raise BodyInvalid(("day", "is said without `from` and `to`"))
        return day, day
    last = last or (today if first is None or first <= today else first)
    first = first or last
    require_span(first, last, SPAN_DAYS_MAX)
    return first, last
