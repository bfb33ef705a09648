"""What a hall has learned from its days, for who runs it."""

from aiohttp import web

from service.domain.model import ServiceId
from service.domain.plan import Lasting, Learned, LearnedArrivals
from service.domain.times import stamp_or_none
from service.halls import Hall
from service.web.answers import HourForeseen, LastingSeen, LearnedSeen, WeekdaySeen, answer
from service.web.keys import HALLS
from service.web.requests import hall_of


async def show(request: web.Request) -> web.Response:
    """What plans go by: how long services last, who comes and how punctually, who gives up, and walk-ins by the hour.

    `days` is from how many days it was learned; before the first night it says what a new hall believes.
    """
    return answer(_seen(await request.app[HALLS].get(hall_of(request))))


def _seen(hall: Hall) -> LearnedSeen:
    learned = hall.learned
    return LearnedSeen(
        days=learned.days,
        learned_at=stamp_or_none(max(learned.learned_at.values(), default=None)),
        durations=[
            _lasting_seen(
                service.id,
                Lasting(service.duration_s.mean, service.duration_s.cv, service.duration_s.prechecked_mean),
                learned.every,
            )
            for service in hall.document.services
        ],
        show_rate=round(1 - learned.every.no_show, 4),
        punctuality_mean_s=round(learned.every.punctuality_mean_s, 1),
        punctuality_sd_s=round(learned.every.punctuality_sd_s, 1),
        left_per_h=round(learned.every.leaving.left_per_h, 4),
        no_show_per_h=round(learned.every.leaving.no_show_per_h, 4),
        no_show_s=round(learned.every.leaving.no_show_s, 1),
        walk_ins=[
            WeekdaySeen(weekday=weekday, hours=[_hour_seen(hour, one) for hour, one in hours.items()])
            for weekday, hours in sorted(learned.walk_ins.items())
        ],
    )


def _lasting_seen(service: ServiceId, written: Lasting, every: Learned) -> LastingSeen:
    learned = every.durations.get(service)
    now = learned or written
    return LastingSeen(
        service=service,
        mean_s=round(now.mean_s, 1),
        cv=round(now.cv, 3),
        prechecked_mean_s=None if now.prechecked_mean_s is None else round(now.prechecked_mean_s, 1),
        document_mean_s=written.mean_s,
        learned=learned is not None,
        share_of_walk_ins=round(every.mix.get(service, 0.0), 4) if every.mix else None,
    )


def _hour_seen(hour: str, arrivals: LearnedArrivals) -> HourForeseen:
    return HourForeseen(hour=int(hour), per_h=round(arrivals.per_h, 2), sd=round(arrivals.sd, 2))
