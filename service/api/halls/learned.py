"""Handler of the parameters that a hall has learned from its past days."""

from aiohttp import web
from msgspec import Struct

from service.api.app_keys import HALLS
from service.api.http.json_response import answer
from service.api.http.path_parts import hall_of
from service.domain.calendar.day_plan import expected_duration
from service.domain.calendar.learned import Learned, LearnedArrivals
from service.domain.calendar.times import stamp_or_none
from service.domain.hall.document import HallDocument, Service, main_stage_of, optional_stages_of
from service.domain.model import StageId, Texts
from service.domain.view import Stamp
from service.runtime.hall import Hall


class StageLastingSeen(Struct, frozen=True, kw_only=True):
    """The expected duration of a stage for one person. Values that are unknown are null."""

    stage: str
    name: Texts
    mean_s: float
    cv: float
    prechecked_mean_s: float | None
    document_mean_s: float | None
    learned: bool


class LastingSeen(Struct, frozen=True, kw_only=True):
    """How long a service lasts for one person, as learned, or as the document says while nothing was seen.

    That is its main stage, the last that is not optional; `stages` has all of a service that has several.
    `share_of_walk_ins` is the part of those who just come that comes for it, null before any did.
    """

    service: str
    mean_s: float
    cv: float
    prechecked_mean_s: float | None
    document_mean_s: float
    learned: bool
    share_of_walk_ins: float | None
    stages: list[StageLastingSeen]


class HourForeseen(Struct, frozen=True, kw_only=True):
    """Expected walk-ins per open hour. `sd` is the uncertainty of the forecast, without random variation."""

    hour: int
    per_h: float
    sd: float


class WeekdaySeen(Struct, frozen=True, kw_only=True):
    """The hours of a weekday, Monday 1 to Sunday 7."""

    weekday: int
    hours: list[HourForeseen]


class LearnedSeen(Struct, frozen=True, kw_only=True):
    """What plans go by; `punctuality_*` is how long after the start people with an appointment come.

    In an hour of one person's waiting so many say that they leave, and so many are called in vain later, for whom a
    counter then waits `no_show_s`.
    """

    days: int
    learned_at: Stamp | None
    durations: list[LastingSeen]
    show_rate: float
    punctuality_mean_s: float
    punctuality_sd_s: float
    left_per_h: float
    no_show_per_h: float
    no_show_s: float
    walk_ins: list[WeekdaySeen]


async def show(request: web.Request) -> web.Response:
    """Show the learned parameters: durations, no-shows, punctuality, people who leave, and walk-ins by hour.

    `days` is from how many days it was learned; before the first night it says what a new hall believes.
    """
    return answer(_seen(await request.app[HALLS].get(hall_of(request))))


def _seen(hall: Hall) -> LearnedSeen:
    learned = hall.learned
    return LearnedSeen(
        days=learned.days,
        learned_at=stamp_or_none(max(learned.learned_at.values(), default=None)),
        durations=[_service_duration(service, hall.document, learned.every) for service in hall.document.services],
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


def _service_duration(service: Service, document: HallDocument, every: Learned) -> LastingSeen:
    optional = optional_stages_of(document)
    main = main_stage_of(service.stages, optional)
    now = expected_duration(service, main, optional, every)
    several = len(service.stages) > 1
    return LastingSeen(
        service=service.id,
        mean_s=round(now.mean_s, 1),
        cv=round(now.cv, 3),
        prechecked_mean_s=_rounded(now.prechecked_mean_s),
        document_mean_s=service.duration_s.mean,
        learned=_is_learned(service, main, main, every),
        share_of_walk_ins=round(every.mix.get(service.id, 0.0), 4) if every.mix else None,
        stages=[_stage_duration(service, stage, main, document, every) for stage in service.stages] if several else [],
    )


def _stage_duration(
    service: Service, stage: StageId, main: StageId, document: HallDocument, every: Learned
) -> StageLastingSeen:
    now = expected_duration(service, stage, optional_stages_of(document), every)
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
