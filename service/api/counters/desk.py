"""Data of the hall for the counter page: names of ids, codes, counters and rules.

The hall document has these data too, but only managers may read it. This is the part that clerks need.

Source: CONTRACT 3 and 8.
"""

from aiohttp import web
from msgspec import Struct

from service.api.app_keys import HALLS, LANES
from service.api.http.json_response import answer
from service.api.http.path_parts import hall_of
from service.api.shared.paper_names import paper_name
from service.domain.decide.undo import UNDO_WITHIN_S
from service.domain.model import CounterId, ServiceId, StageId, Texts
from service.domain.view import CounterView, counter_view


class StageSeen(Struct, frozen=True):
    """A stage of services, with its name in the hall."""

    id: StageId
    name: Texts
    optional: bool


class StageWorkSeen(Struct, frozen=True, kw_only=True):
    """The expected duration of a stage of a service, in seconds for one person."""

    mean_s: float
    prechecked_mean_s: float | None


class PaperAsked(Struct, frozen=True):
    """A paper that people bring, with its name in the hall."""

    id: str
    name: Texts


class WorkSeen(Struct, frozen=True, kw_only=True):
    """A service, with its expected duration in seconds for one person.

    `mean_s` is for the main stage; `at_stages` has the other stages. `offered` is false if the service was removed from
    the hall document today while people wait for it.
    """

    id: ServiceId
    name: Texts
    papers: list[PaperAsked]
    online_url: str | None
    offered: bool
    stages: tuple[StageId, ...]
    mean_s: float
    prechecked_mean_s: float | None
    at_stages: dict[StageId, StageWorkSeen]


class ChoiceSeen(Struct, frozen=True):
    """A code that clerks choose, with its text in the hall."""

    code: str
    text: Texts


class CounterRulesSeen(Struct, frozen=True, kw_only=True):
    """The rules that the counter page needs."""

    no_show_after_s: int
    undo_within_s: int
    overtime: bool


class Desk(Struct, frozen=True, kw_only=True):
    """The data of a hall that the counter page needs."""

    stages: list[StageSeen]
    services: list[WorkSeen]
    counters: list[CounterView]
    reasons: list[ChoiceSeen]
    missing: list[ChoiceSeen]
    rules: CounterRulesSeen
    seq: int


async def show(request: web.Request) -> web.Response:
    """Show the data of the hall that the counter page needs: stages, services, counters, texts of codes, rules."""
    hall_id = hall_of(request)
    document = (await request.app[HALLS].get(hall_id)).document
    day = await request.app[LANES].day(hall_id)
    plan = day.plan

    def codes(chosen: list[str]) -> list[ChoiceSeen]:
        return [ChoiceSeen(code, dict(document.texts.get(code, {}))) for code in chosen]

    return answer(
        Desk(
            stages=[
                StageSeen(StageId(stage), name, stage in plan.optional_stages)
                for stage, name in plan.names.stages.items()
            ],
            services=[
                WorkSeen(
                    id=service.id,
                    name=service.name,
                    papers=[PaperAsked(paper, paper_name(document, service.id, paper)) for paper in service.papers],
                    online_url=service.online_url,
                    offered=service.offered,
                    stages=service.stages,
                    mean_s=service.mean_s,
                    prechecked_mean_s=service.prechecked_mean_s,
                    at_stages={
                        stage: StageWorkSeen(mean_s=work.mean_s, prechecked_mean_s=work.prechecked_mean_s)
                        for stage, work in service.at_stages.items()
                    },
                )
                for service in plan.services.values()
            ],
            counters=[counter_view(day, day.counters[CounterId(name)]) for name in plan.counters],
            reasons=codes(document.codes.reasons),
            missing=codes(document.codes.missing),
            rules=CounterRulesSeen(
                no_show_after_s=plan.rules.no_show_after_s,
                undo_within_s=UNDO_WITHIN_S,
                overtime=document.overtime,
            ),
            seq=day.seq,
        )
    )
