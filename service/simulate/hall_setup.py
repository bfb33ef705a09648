"""The setup of a simulated hall: its plan and the shifts of its counters."""

from datetime import datetime, timedelta

from msgspec import Struct

from service.domain.calendar.day_plan import plan_of
from service.domain.calendar.learned import Learned, LearnedArrivals
from service.domain.calendar.plan import Plan
from service.domain.model import CounterId, ServiceId
from service.domain.stats.walk_in_learning import forecast_sd
from service.simulate.people import MINUTE_MS
from service.simulate.scenario import CLOSES_MIN, ON, OPENS_MIN, Policy, Scenario, document_of


class Shift(Struct, frozen=True):
    """When a counter is at work, in milliseconds of the day; without an end it stays until nobody waits."""

    opens_ms: int
    closes_ms: int | None = None


class HallSetup(Struct, frozen=True, kw_only=True):
    """A hall's plan, and the real shifts of its counters.

    `alternates` uses the alternating dispatcher instead of the hall's rule. `truth` is the plan with the true
    parameters, if the hall does not know them.
    """

    plan: Plan
    shifts: dict[CounterId, tuple[Shift, ...]]
    alternates: bool = False
    truth: Plan | None = None

    def ms(self, at: datetime) -> int:
        """Convert an instant to milliseconds of the day."""
        return round((at - self.plan.starts_at) / timedelta(milliseconds=1))

    @property
    def opens_ms(self) -> int:
        """The first opening."""
        return self.ms(self.plan.windows[0].opens_at)

    @property
    def closes_ms(self) -> int:
        """The last closing."""
        return self.ms(self.plan.windows[-1].closes_at)

    @property
    def doors_ms(self) -> int:
        """When the doors open: people can take tickets from then on."""
        return self.opens_ms - self.plan.rules.doors_before_s * 1000

    @property
    def staffed_ms(self) -> int:
        """The total time of all counters within the opening hours."""
        return sum(
            min(self.closes_ms, shift.closes_ms or self.closes_ms) - max(self.opens_ms, shift.opens_ms)
            for shifts in self.shifts.values()
            for shift in shifts
        )


def setup_of_scenario(scenario: Scenario, policy: Policy, constant: int | None, admission: str) -> HallSetup:
    """Set up the hall of a scenario that knows the true parameters; arguments as of `document_of`."""
    document = document_of(scenario, policy, constant, admission)
    return setup_with_plan(scenario, policy, plan_of(document, 1, ON, learned=true_parameters(scenario)))


def setup_with_plan(scenario: Scenario, policy: Policy, plan: Plan, truth: Plan | None = None) -> HallSetup:
    """Set up the hall of a scenario with a given plan."""
    return HallSetup(
        plan=plan,
        shifts={
            counter: _shifts(scenario, number) if number < scenario.at_work else ()
            for number, counter in enumerate(plan.counters)
        },
        alternates=policy.alternates,
        truth=truth,
    )


def true_parameters(scenario: Scenario) -> Learned:
    """Return the true parameters as a hall learns them; the uncertainty of walk-ins is that after eight days."""
    first_hour = OPENS_MIN // 60
    everybody = scenario.unscheduled_by_hour()
    return Learned(
        no_show=scenario.no_show,
        punctuality_mean_s=scenario.punctual_mean_s,
        punctuality_sd_s=scenario.punctual_sd_s,
        walk_ins={
            f"{first_hour + hour:02d}": LearnedArrivals(number, forecast_sd(number, scenario.volume_sd * number))
            for hour, number in enumerate(everybody)
        },
        mix={ServiceId(kind.id): kind.share for kind in scenario.kinds},
    )


def _shifts(scenario: Scenario, number: int) -> tuple[Shift, ...]:
    """Return the shifts of the n-th counter: it is at work while more than n counters are."""
    edges = [OPENS_MIN, *(from_min for from_min, _ in scenario.bands)]
    found: list[Shift] = []
    opened: int | None = None
    for minute in edges:
        here = number < scenario.staffed(minute, scenario.at_work)
        if here and opened is None:
            opened = minute
        elif not here and opened is not None:
            found.append(Shift(opened * MINUTE_MS, minute * MINUTE_MS))
            opened = None
    if opened is not None:
        found.append(Shift(opened * MINUTE_MS))
    assert all(edge < CLOSES_MIN for edge in edges), "bands begin within opening"
    return tuple(found)
