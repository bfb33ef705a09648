"""What a hall has learned from its days, for who runs it."""

from aiohttp import web

from service.api.answers import HourForeseen, LastingSeen, LearnedSeen, StageLastingSeen, WeekdaySeen, answer
from service.api.keys import HALLS
from service.api.requests import hall_of
from service.domain.calendar.plan import Learned, LearnedArrivals, expected_lasting
from service.domain.calendar.times import stamp_or_none
from service.domain.hall.document import HallDocument, Service, main_stage_of, optional_stages_of
from service.domain.model import StageId
from service.runtime.halls import Hall


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
        durations=[_lasting_seen(service, hall.document, learned.every) for service in hall.document.services],
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


def _lasting_seen(service: Service, document: HallDocument, every: Learned) -> LastingSeen:
    optional = optional_stages_of(document)
    main = main_stage_of(service.stages, optional)
    now = expected_lasting(service, main, optional, every)
    several = len(service.stages) > 1
    return LastingSeen(
        service=service.id,
        mean_s=round(now.mean_s, 1),
        cv=round(now.cv, 3),
        prechecked_mean_s=_rounded(now.prechecked_mean_s),
        document_mean_s=service.duration_s.mean,
        learned=_is_learned(service, main, main, every),
        share_of_walk_ins=round(every.mix.get(service.id, 0.0), 4) if every.mix else None,
        stages=[_stage_seen(service, stage, main, document, every) for stage in service.stages] if several else [],
    )


def _stage_seen(
    service: Service, stage: StageId, main: StageId, document: HallDocument, every: Learned
) -> StageLastingSeen:
    now = expected_lasting(service, stage, optional_stages_of(document), every)
    said = service.duration_s if stage == main else service.duration_s.stages.get(stage)
    return StageLastingSeen(
        stage=stage,
        name=next(dict(one.name) for one in document.stages if one.id == stage),
        mean_s=round(now.mean_s, 1),
        cv=round(now.cv, 3),
        prechecked_mean_s=_rounded(now.prechecked_mean_s),
        document_mean_s=None if said is None else said.mean,
        learned=_is_learned(service, stage, main, every),
    )


def _is_learned(service: Service, stage: StageId, main: StageId, every: Learned) -> bool:
    learned_of_main = service.id in every.durations and stage == every.main.get(service.id, main)
    return learned_of_main or stage in every.at_stages.get(service.id, {})


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def _hour_seen(hour: str, arrivals: LearnedArrivals) -> HourForeseen:
    return HourForeseen(hour=int(hour), per_h=round(arrivals.per_h, 2), sd=round(arrivals.sd, 2))
