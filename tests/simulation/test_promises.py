"""Promises are compared with what happened, with position times average, and with the oracle."""

from msgspec.structs import replace

from service.domain.forecast.start_state import StartState
from service.domain.forecast.start_state_builder import start_state_of
from service.domain.model import CounterId, Ticket, TicketClass
from service.simulate.day_record import PromisedWait
from service.simulate.day_run import DayRun
from service.simulate.estimate import Estimate, estimate
from service.simulate.hall_setup import setup_of_scenario
from service.simulate.options import Options, Promises, Way
from service.simulate.people import People, Person, draw_people
from service.simulate.promises import answered_wait, forecast_wait, position_s, true_start_state, with_oracle
from service.simulate.run import run_day
from service.simulate.scenario import POLICIES, SCENARIOS
from service.simulate.simulated_hall import SimulatedHall

PEAK = SCENARIOS["peak"]
HOUR_MS = 3_600_000


def some_people(*arrives_ms: int) -> People:
    """Return walk-ins who take eight minutes each."""
    people = (
        Person(n=n, class_=TicketClass.WALK_IN, service=PEAK.kinds[0].id, service_ms=480_000, arrives_ms=at)
        for n, at in enumerate(arrives_ms)
    )
    return People((), tuple(people), (1.0,) * PEAK.counters)


def test_position_times_average_counts_the_open_counters_and_oneself() -> None:
    setup = setup_of_scenario(PEAK, POLICIES["credit"], 9, "all")
    promised_s: list[float] = []

    def noting(hall: SimulatedHall, ticket: Ticket) -> PromisedWait | None:
        promised_s.append(position_s(hall.day, ticket))
        return None

    DayRun(setup, some_people(*(10 * HOUR_MS + n * 1000 for n in range(8))), noting).run()

    assert promised_s[:5] == [0.0] * 5
    assert promised_s[5:] == [96.0, 192.0, 288.0]


def test_what_is_scored_is_what_the_ticket_was_told() -> None:
    setup = setup_of_scenario(PEAK, POLICIES["credit"], 9, "all")

    day_run = DayRun(setup, draw_people(PEAK, 1, 0), answered_wait)
    record = day_run.run()

    for visit in record.visits:
        assert visit.promise is not None
        assert visit.promise.wait.as_of_at == setup.plan.starts_at + (
            visit.came_ms * (setup.plan.ends_at - setup.plan.starts_at) / (24 * HOUR_MS)
        )


def test_the_oracle_knows_the_speed_of_the_day_and_of_each_clerk_and_who_wants_to_come() -> None:
    scenario = SCENARIOS["lunch"]
    setup = setup_of_scenario(scenario, POLICIES["credit"], 9, "all")
    people = replace(draw_people(scenario, 1, 0), pace=(2.0, 1.0, 1.0, 0.5, 0.5), volume=1.5, green=0.25)
    seen: list[tuple[StartState, StartState]] = []

    def looking(hall: SimulatedHall, ticket: Ticket) -> PromisedWait | None:
        start = start_state_of(hall.day, hall.day.at)
        assert start is not None, ticket
        seen.append((start, true_start_state(start, setup, people)))
        return None

    DayRun(setup, people, looking).run()

    start, known = next(pair for pair in seen if len(pair[0].present) == 5)
    assert [(part.speed, part.speed_sd) for part in known.parts] == [(1.0, 0.0)]
    first = start.parts[0].counters.index(CounterId("1"))
    means_s = {one.counter: one.now.mean_s for one in known.present}
    assert means_s[first] == 2 * next(one.now.mean_s for one in start.present if one.counter == first)
    expected, wanted = (sum(span.number for stream in one.streams for span in stream.spans) for one in (start, known))
    assert abs(wanted / expected - 1.5) < 1e-9
    green = sum(span.number for stream in known.streams if stream.credit_s for span in stream.spans)
    assert abs(green / wanted - 0.25) < 1e-9
    assert all(span.sd == 0 for stream in known.streams for span in stream.spans)


def test_the_oracle_is_asked_for_every_so_manieth_promise() -> None:
    setup = setup_of_scenario(PEAK, POLICIES["credit"], 9, "all")
    people = some_people(*(10 * HOUR_MS + n * 1000 for n in range(12)))

    record = DayRun(setup, people, with_oracle(answered_wait, setup, people, 3)).run()

    commands = [visit.promise is not None and visit.promise.oracle_s is not None for visit in record.visits]
    assert commands == [n % 3 == 0 for n in range(12)]


def test_a_forecast_promises_better_than_the_analytic_start_and_that_better_than_position() -> None:
    def found(promises: Promises) -> tuple[Estimate, Estimate]:
        options = Options(scenario="sick", way=Way("credit", 9), promises=promises, admission="all")
        days = [run_day(options, day).ways[0].portions for day in range(4)]
        of = [estimate(day[name] for day in days) for name in ("promise_error_min", "promise_times_position")]
        assert of[0] is not None
        assert of[1] is not None
        return of[0], of[1]

    (analytic_min, analytic), (forecast_min, forecast) = found(Promises.ANALYTIC), found(Promises.FORECAST)

    assert forecast_min.mean < analytic_min.mean
    assert forecast.mean < analytic.mean < 1


def test_the_forecast_of_somebody_who_is_called_at_once_is_now() -> None:
    setup = setup_of_scenario(PEAK, POLICIES["credit"], 9, "all")

    record = DayRun(setup, some_people(10 * HOUR_MS), forecast_wait).run()

    promised_s = record.visits[0].promise
    assert promised_s is not None
    assert (promised_s.wait.p10_s, promised_s.wait.p90_s) == (0, 0)
