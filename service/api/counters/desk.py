"""What the page of a counter has to know of its hall: the words for its ids, its codes, its counters, its rules.

The hall document says all this, and much that is only the manager's. This is the part that a clerk works with.

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
    """A step of services, in the hall's words."""

    id: StageId
    name: Texts
    optional: bool


class StageWorkSeen(Struct, frozen=True, kw_only=True):
    """What a stage of a service asks of a counter; seconds are for one person."""

    mean_s: float
    prechecked_mean_s: float | None


class PaperAsked(Struct, frozen=True):
    """A paper that people bring, in the hall's words."""

    id: str
    name: Texts


class WorkSeen(Struct, frozen=True, kw_only=True):
    """What a service asks of a counter, at its main stage and `at_stages` besides; seconds are for one person.

    Not `offered` is one that left the hall document today while people wait for it.
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
    """A code that clerks choose, in the hall's words."""

    code: str
    text: Texts


class CounterRulesSeen(Struct, frozen=True, kw_only=True):
    """The rules that a counter's page shows by."""

    no_show_after_s: int
    undo_within_s: int
    overtime: bool


class Desk(Struct, frozen=True, kw_only=True):
    """A hall as its counters see it."""

    stages: list[StageSeen]
    services: list[WorkSeen]
    counters: list[CounterView]
    reasons: list[ChoiceSeen]
    missing: list[ChoiceSeen]
    rules: CounterRulesSeen
    seq: int


async def show(request: web.Request) -> web.Response:
    """What a counter's page has to know of the hall: stages, services, counters, codes in words, rules."""
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
                        stage: StageWorkSeen(mean_s=one.mean_s, prechecked_mean_s=one.prechecked_mean_s)
                        for stage, one in service.at_stages.items()
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
