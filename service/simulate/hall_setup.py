"""The hall of a simulated day, ready to be lived in."""

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


class Setting(Struct, frozen=True, kw_only=True):
    """A hall's plan, and which counters really come to work when.

    `alternates` lets the simulator's own dispatcher call instead of the hall's rule. `truth` is the plan of who knows
    what is true of the people, where the hall does not.
    """

    plan: Plan
    shifts: dict[CounterId, tuple[Shift, ...]]
    alternates: bool = False
    truth: Plan | None = None

    def ms(self, at: datetime) -> int:
        """The millisecond of the day of an instant."""
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
        """From when on people are let in."""
        return self.opens_ms - self.plan.rules.doors_before_s * 1000

    @property
    def staffed_ms(self) -> int:
        """Time at all counters within opening."""
        return sum(
            min(self.closes_ms, shift.closes_ms or self.closes_ms) - max(self.opens_ms, shift.opens_ms)
            for shifts in self.shifts.values()
            for shift in shifts
        )


def setting_of(scenario: Scenario, policy: Policy, constant: int | None, admission: str) -> Setting:
    """The hall of a scenario; arguments as of `document_of`. It has learned what is true of the scenario."""
    document = document_of(scenario, policy, constant, admission)
    return setting_by(scenario, policy, plan_of(document, 1, ON, learned=true_of(scenario)))


def setting_by(scenario: Scenario, policy: Policy, plan: Plan, truth: Plan | None = None) -> Setting:
    """The hall of a scenario that goes by some plan."""
    return Setting(
        plan=plan,
        shifts={
            counter: _shifts(scenario, number) if number < scenario.at_work else ()
            for number, counter in enumerate(plan.counters)
        },
        alternates=policy.alternates,
        truth=truth,
    )


def true_of(scenario: Scenario) -> Learned:
    """What a hall that has seen many such days knows, and how sure it is of walk-ins that it has seen eight days of."""
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
    """The shifts of the n-th counter: it is at work while more than n are."""
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
