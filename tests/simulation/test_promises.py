"""Promises are scored fairly: against what happened, a rule of thumb, and one who knows everything but the draws."""

from msgspec.structs import replace

from service.domain.forecast.start_state import StartState
from service.domain.forecast.start_state_builder import start_state_of
from service.domain.model import CounterId, Ticket, TicketClass
from service.simulate.day_record import Told
from service.simulate.day_run import Life
from service.simulate.estimate import Estimate, estimate
from service.simulate.hall_setup import setting_of
from service.simulate.options import Options, Promises, Way
from service.simulate.people import People, Person, draw
from service.simulate.promises import as_answered, as_forecast, position_s, true_scene, with_oracle
from service.simulate.run import live_day
from service.simulate.scenario import POLICIES, SCENARIOS
from service.simulate.simulated_hall import SimulatedHall

PEAK = SCENARIOS["peak"]
HOUR_MS = 3_600_000


def some_people(*comes_ms: int) -> People:
    """Walk-ins who take eight minutes each."""
    people = (
        Person(n=n, class_=TicketClass.WALK_IN, service=PEAK.kinds[0].id, service_ms=480_000, comes_ms=at)
        for n, at in enumerate(comes_ms)
    )
    return People((), tuple(people), (1.0,) * PEAK.counters)


def test_position_times_average_counts_the_open_counters_and_oneself() -> None:
    setting = setting_of(PEAK, POLICIES["credit"], 9, "all")
    told: list[float] = []

    def noting(hall: SimulatedHall, ticket: Ticket) -> Told | None:
        told.append(position_s(hall.day, ticket))
        return None

    Life(setting, some_people(*(10 * HOUR_MS + n * 1000 for n in range(8))), noting).run()

    assert told[:5] == [0.0] * 5
    assert told[5:] == [96.0, 192.0, 288.0]


def test_what_is_scored_is_what_the_ticket_was_told() -> None:
    setting = setting_of(PEAK, POLICIES["credit"], 9, "all")

    life = Life(setting, draw(PEAK, 1, 0), as_answered)
    lived = life.run()

    for visit in lived.visits:
        assert visit.told is not None
        assert visit.told.wait.as_of_at == setting.plan.starts_at + (
            visit.came_ms * (setting.plan.ends_at - setting.plan.starts_at) / (24 * HOUR_MS)
        )


def test_the_oracle_knows_the_speed_of_the_day_and_of_each_clerk_and_who_wants_to_come() -> None:
    scenario = SCENARIOS["lunch"]
    setting = setting_of(scenario, POLICIES["credit"], 9, "all")
    people = replace(draw(scenario, 1, 0), pace=(2.0, 1.0, 1.0, 0.5, 0.5), volume=1.5, green=0.25)
    seen: list[tuple[StartState, StartState]] = []

    def looking(hall: SimulatedHall, ticket: Ticket) -> Told | None:
        scene = start_state_of(hall.day, hall.day.at)
        assert scene is not None, ticket
        seen.append((scene, true_scene(scene, setting, people)))
        return None

    Life(setting, people, looking).run()

    scene, known = next(pair for pair in seen if len(pair[0].present) == 5)
    assert [(part.speed, part.speed_sd) for part in known.parts] == [(1.0, 0.0)]
    first = scene.parts[0].counters.index(CounterId("1"))
    means_s = {one.counter: one.now.mean_s for one in known.present}
    assert means_s[first] == 2 * next(one.now.mean_s for one in scene.present if one.counter == first)
    expected, wanted = (sum(span.number for stream in one.streams for span in stream.spans) for one in (scene, known))
    assert abs(wanted / expected - 1.5) < 1e-9
    green = sum(span.number for stream in known.streams if stream.credit_s for span in stream.spans)
    assert abs(green / wanted - 0.25) < 1e-9
    assert all(span.sd == 0 for stream in known.streams for span in stream.spans)


def test_the_oracle_is_asked_for_every_so_manieth_promise() -> None:
    setting = setting_of(PEAK, POLICIES["credit"], 9, "all")
    people = some_people(*(10 * HOUR_MS + n * 1000 for n in range(12)))

    lived = Life(setting, people, with_oracle(as_answered, setting, people, 3)).run()

    asked = [visit.told is not None and visit.told.oracle_s is not None for visit in lived.visits]
    assert asked == [n % 3 == 0 for n in range(12)]


def test_a_forecast_promises_better_than_the_analytic_start_and_that_better_than_position() -> None:
    def found(promises: Promises) -> tuple[Estimate, Estimate]:
        options = Options(scenario="sick", way=Way("credit", 9), promises=promises, admission="all")
        days = [live_day(options, day).ways[0].portions for day in range(4)]
        of = [estimate(day[name] for day in days) for name in ("promise_error_min", "promise_times_position")]
        assert of[0] is not None
        assert of[1] is not None
        return of[0], of[1]

    (analytic_min, analytic), (forecast_min, forecast) = found(Promises.ANALYTIC), found(Promises.FORECAST)

    assert forecast_min.mean < analytic_min.mean
    assert forecast.mean < analytic.mean < 1


def test_the_forecast_of_somebody_who_is_called_at_once_is_now() -> None:
    setting = setting_of(PEAK, POLICIES["credit"], 9, "all")

    lived = Life(setting, some_people(10 * HOUR_MS), as_forecast).run()

    told = lived.visits[0].told
    assert told is not None
    assert (told.wait.p10_s, told.wait.p90_s) == (0, 0)
