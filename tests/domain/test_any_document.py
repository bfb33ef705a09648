"""Any valid hall document gives a day that runs, and whose waits, slots and forecasts can be computed at any time.

Halls that are being set up have odd documents: stages without a counter, services without a counter, no hours, no
staff, fixed places at night. The rules and invariants of `AnyDay` are tested with such documents, which change during
the day.
"""

# ruff: noqa: D102  (the name of a rule says what it does)

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from display.board import board_of
from service.domain import commands
from service.domain.admission.walk_in_requests import next_request
from service.domain.admission.walk_ins import admission_of
from service.domain.booking.slots import over_capacity, places_of_day, slots_of
from service.domain.forecast.day_outlook import day_ahead
from service.domain.forecast.wait_quantiles import forecast
from service.domain.hall.document import HallDocument, check, main_stage_of
from service.domain.model import CounterId, ServiceId, StageId, ZoneId
from service.domain.queue.plan_change_effect import wait_profile
from service.domain.queue.promised_waits import promised_wait_of_newcomer
from service.domain.queue.waits import wait_of_newcomer
from service.domain.stats import facts_observer, figures_observer, learning
from service.domain.view import appointment_view, counter_view, ticket_view
from tests.domain.halls import TOWN, Hall, refold, town
from tests.domain.test_properties import COUNTERS, SERVICES, AnyDay, maybe

PATHS = 32
"""Paths of a forecast: enough to reach each branch."""

STAGES = [StageId(stage["id"]) for stage in TOWN["stages"]]
WEEK = [1, 2, 3, 4, 5]
SPANS = st.sampled_from([("09:00", "17:00"), ("09:30", "12:00"), ("00:00", "24:00"), ("12:30", "23:59")])
MEANS = st.sampled_from([0.001, 60.0, 300.0, 28_800.0])
CVS = st.sampled_from([0.0, 0.6, 5.0])


def few(of: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Lists of at most two values."""
    return st.lists(of, max_size=2)


def some_of(values: Sequence[Any], least: int = 0) -> st.SearchStrategy[list[Any]]:
    """Lists of some of the values, in any order."""
    places = st.lists(st.sampled_from(range(len(values))), min_size=least, unique=True)
    return places.map(lambda chosen: [values[place] for place in chosen])


@st.composite
def durations(draw: st.DrawFn, stages: list[StageId], optional: set[StageId]) -> dict[str, Any]:
    """Durations of a service and of its stages, except the main stage, whose duration is `mean`."""
    others = [stage for stage in stages if stage != main_stage_of(stages, optional)]
    at_stages = {stage: {"mean": draw(MEANS), "cv": draw(maybe(CVS))} for stage in others if draw(st.booleans())}
    return {"mean": draw(MEANS), "cv": draw(CVS), "prechecked_mean": draw(maybe(MEANS)), "stages": at_stages}


@st.composite
def banded(draw: st.DrawFn, /, **parts: st.SearchStrategy[Any]) -> dict[str, Any]:
    """A part of the document for a span on all weekdays."""
    begins, ends = draw(SPANS)
    return {"weekdays": WEEK, "from": begins, "to": ends, **{name: draw(part) for name, part in parts.items()}}


@st.composite
def documents(draw: st.DrawFn) -> HallDocument:
    """Any valid document with the town hall's stages, services and counters, each of which may be missing."""
    optional = set(draw(some_of(STAGES)))
    services = []
    for service in draw(some_of(TOWN["services"], least=1)):
        stages = draw(some_of(STAGES, least=1))
        services.append(
            {
                **service,
                "stages": stages,
                "duration_s": draw(durations(stages, optional)),
                "online_url": draw(st.sampled_from([None, None, None, "https://example.org"])),
                "bookable": draw(st.sampled_from([True, True, True, False])),
            }
        )
    names = [service["id"] for service in services]
    counters = [
        {
            **counter,
            "stage": draw(st.sampled_from(STAGES)),
            "services": draw(some_of(names, least=1)),
        }
        for counter in draw(some_of(TOWN["counters"]))
    ]
    places = banded(every_min=st.sampled_from([5, 7, 480]), places=st.sampled_from([0, 1, 1000]))
    document = town(
        stages=[{"id": stage, "optional": stage in optional} for stage in STAGES],
        services=services,
        counters=counters,
        hours=draw(few(banded())),
        staffing=draw(few(banded(counters=st.sampled_from([0, 1, 9])))),
        rules=draw(
            st.fixed_dictionaries(
                {"early_s": st.sampled_from([0, 300, 86_400]), "doors_before_s": st.sampled_from([0, 1800])},
                optional={
                    "max_walk_in_wait_s": st.sampled_from([60, 86_400]),
                    "promise": st.sampled_from([{"step_min": 1}, {"step_min": 30}]),
                },
            )
        ),
        booking={
            "notice_s": 0,
            "z": draw(st.sampled_from([0, 0.5, 5])),
            "held_share_of_walk_ins": draw(st.sampled_from([0, 0.4, 1])),
            "late_share": draw(st.sampled_from([0, 0.5, 1])),
            "places": draw(few(places)),
            "reserved": draw(few(banded(partner=st.just("school-1"), share=st.sampled_from([0.01, 0.5, 1])))),
        },
        admission=draw(st.sampled_from(["fit", "all"])),
    )
    assume(not check(document))
    return document


class AnyHall(AnyDay):
    """Runs any commands on any hall, and computes all its outputs."""

    @initialize(
        document=documents(), minutes=st.sampled_from([0, 20, 60, 200, 500]), counters=st.lists(COUNTERS, unique=True)
    )
    def begin(self, document: HallDocument, minutes: int, counters: list[CounterId]) -> None:
        self.hall = Hall(document, at="08:20")
        super().begin(minutes, counters)

    @rule(document=documents())
    def another_document(self, document: HallDocument) -> None:
        self.revision += 1
        self.ask(commands.ChangePlan(self.hall.plan(document, self.revision)))

    @rule(service=SERVICES, partner=maybe(st.just("school-1")), prechecked=st.booleans(), staff=st.booleans())
    def somebody_looks_for_a_start(
        self,
        service: ServiceId,
        partner: str | None,
        prechecked: bool,  # noqa: FBT001
        staff: bool,  # noqa: FBT001
    ) -> None:
        hall, plan = self.hall, self.hall.day.regular_plan
        asked: dict[str, Any] = {"partner": partner, "prechecked": prechecked, "staff": staff}
        slots = slots_of(plan, hall.day.booking_totals, service, 1, hall.now_at, **asked)
        found = slots.all()
        assert all(slot.free >= 0 for slot in found)
        assert [slot for slot in found if slot.free][:3] == slots.first_free(3)
        assert places_of_day(plan, service) >= 0
        over_capacity(plan, hall.day.appointments.values())
        if slots.first_free(1):
            booking = hall.booking(service, staff=staff)
            self.ask(msgspec.structs.replace(booking, starts_at=slots.first_free(1)[0].starts_at))

    @rule()
    def everything_is_told(self) -> None:
        hall, day, now_at = self.hall, self.hall.day, self.hall.now_at
        day.advance_to(now_at)
        for name, service in day.plan.services.items():
            assert promised_wait_of_newcomer(day, name, now_at) is None, "nothing was forecast"
            assert_in_order(wait_of_newcomer(day, name, now_at))
            for count in (1, service.count_max):
                admission_of(day, next_request(day, service, count, prechecked=False), now_at)
        for ticket in day.tickets.values():
            assert_in_order(ticket_view(day, ticket, now_at, staff=True).wait)
        for appointment in day.appointments.values():
            assert appointment_view(appointment, now_at, day.seq, day=day).id == appointment.id
        for counter in day.counters.values():
            assert counter_view(day, counter).id == counter.id
        for zone in (None, ZoneId("upstairs")):
            assert board_of(day, zone, now_at).seq == day.seq
        changes = wait_profile(day, refold(hall), now_at)
        assert all(change.before_p90_s == change.after_p90_s for change in changes), "the plan is the same"

    def teardown(self) -> None:
        """At the end, compute the figures of the day as at night, and a forecast."""
        super().teardown()
        self.everything_is_told()
        hall, day = self.hall, self.hall.day
        forecast(day, hall.now_at, PATHS)
        day_ahead(day, hall.now_at, PATHS)
        told, facts = figures_observer.FiguresObserver(day.hall, day.on), facts_observer.FactsObserver(day.hall, day.on)
        told.replay(hall.records)
        facts.replay(hall.records)
        assert told.figures(hall.now_at).on == day.on
        learned = learning.learn([facts.facts()], hall.document, day.on + timedelta(days=1))
        assert learned.on(day.on + timedelta(days=7)) is not None


def assert_in_order(wait: Any) -> None:  # noqa: ANN401  (a wait, or what is told of it)
    """Assert that the quantiles of a wait are in order, if they are known."""
    if wait is not None and wait.p50_s is not None:
        assert 0 <= wait.p10_s <= wait.p50_s <= wait.p90_s


TestAnyHall = AnyHall.TestCase
TestAnyHall.settings = settings(max_examples=settings().max_examples // 3)
