"""Build the view of a hall for visitors."""

from datetime import datetime

from aiohttp import web

from service.api.app_keys import CLOCK, FORECASTER
from service.api.halls.answers import ExpectedSeen, HallSeen, OvertimeSeen, ServiceKept, ServiceSeen, Zoned
from service.api.http.hosts import display_url
from service.api.shared.paper_names import paper_name
from service.domain.admission.preview import admission_preview
from service.domain.admission.walk_ins import FITS_MIN
from service.domain.calendar.plan import Plan
from service.domain.calendar.times import stamp, stamp_or_none
from service.domain.day import Day
from service.domain.forecast.day_outlook import DayAhead, Quarter
from service.domain.hall.document import HallDocument
from service.domain.model import CounterState
from service.domain.queue.promised_waits import promised_wait_of_newcomer
from service.domain.queue.waits import wait_of_newcomer
from service.domain.view import NO_WAIT, wait_view
from service.runtime.hall import Hall


def hall_view(request: web.Request, hall: Hall, day: Day) -> HallSeen:
    """The view of a hall for visitors, on its present day."""
    now_at = request.app[CLOCK].now_at()
    plan = day.plan
    document = hall.document
    would_get = admission_preview(day, now_at)
    return HallSeen(
        id=hall.id,
        name=dict(document.name),
        time_zone=document.time_zone,
        languages=list(document.languages),
        services=[
            ServiceSeen(
                id=service.id,
                name=dict(service.name),
                prefix=service.prefix,
                papers=[{"id": paper.id, "name": dict(paper.name)} for paper in service.papers],
                online_url=service.online_url,
                bookable=service.bookable and service.online_url is None,
                count_max=service.count_max,
                duration_s=service.duration_s.mean,
                wait=NO_WAIT
                if service.online_url is not None or service.id not in plan.services
                else wait_view(
                    promised_wait_of_newcomer(day, service.id, now_at) or wait_of_newcomer(day, service.id, now_at)
                ),
                admission=would_get.get(service.id),
            )
            for service in document.services
        ],
        no_longer_offered=_services_kept(plan, document),
        zones=[Zoned(zone.id, dict(zone.name)) for zone in document.zones],
        open=plan.open_at(now_at) and not day.closed,
        opens_at=stamp_or_none(plan.reopens_at if day.closed else plan.opens_at(now_at)),
        doors_open=plan.doors_open_at(now_at) and not day.closed,
        staffed=any(counter.state is not CounterState.CLOSED for counter in day.counters.values()),
        day_ends_at=stamp(plan.ends_at),
        entrance=document.entrance,
        as_of_at=stamp(now_at),
        expected=expected_walk_ins(plan, now_at, request.app[FORECASTER].stored_outlook_of(day)),
        suspended=day.suspended_at(now_at) is not None,
        overtime=None
        if day.overtime is None or day.closed
        else OvertimeSeen(stamp(day.overtime.until_at), day.overtime.counters),
        display_url=display_url(request),
        seq=day.seq,
    )


def _services_kept(plan: Plan, document: HallDocument) -> list[ServiceKept]:
    """Services that were removed from the document today while people wait or have booked for them."""
    return [
        ServiceKept(
            id=service.id,
            name=dict(service.name),
            prefix=service.prefix,
            papers=[{"id": paper, "name": paper_name(document, service.id, paper)} for paper in service.papers],
        )
        for service in plan.services.values()
        if not service.offered
    ]


def expected_walk_ins(plan: Plan, now_at: datetime, ahead: DayAhead | None) -> list[ExpectedSeen]:
    """Expected arrivals and waits for the rest of the day; empty if unknown."""
    quarters = [] if ahead is None else [one for one in ahead.quarters if one.at >= now_at]
    return [
        ExpectedSeen(
            stamp(span.from_at),
            stamp(span.to_at),
            round(span.number, 1),
            _longest_wait_s([one for one in quarters if span.from_at <= one.at < span.to_at]),
        )
        for span in plan.walk_ins
        if span.to_at > now_at
    ]


def _longest_wait_s(quarters: list[Quarter]) -> int | None:
    """The longest p90 wait of some quarters of an hour; `None` if a call is uncertain in one of them."""
    waits = [one.wait_p90_s for one in quarters if one.fits is not None and one.fits >= FITS_MIN]
    known = [wait_s for wait_s in waits if wait_s is not None]
    return max(known) if known and len(known) == len(quarters) else None
