"""The options of a simulation."""

from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from service.simulate.errors import SimulateError
from service.simulate.learning_halls import LEARN_DAYS_MAX
from service.simulate.scenario import POLICIES, SCENARIOS

DAYS_MAX = 100_000
PLACES_MAX = 1000
COUNTERS_MAX = 500


class Promises(StrEnum):
    """How waits are predicted: analytically with the command's answer, or by the forecast."""

    ANALYTIC = "analytic"
    FORECAST = "forecast"


class Way(Struct, frozen=True):
    """A way to run the hall: the order of calls, and the places in a quarter of an hour (None: computed by the rule).

    `learned` is the number of days the hall learned from. None means that it knows the true parameters, or those that a
    trace gives.
    """

    policy: str
    constant: int | None
    learned: int | None = None

    @property
    def words(self) -> str:
        """The way as it is written in the options."""
        words = f"{self.policy}, places {'rule' if self.constant is None else f'constant:{self.constant}'}"
        return words if self.learned is None else f"{words}, {self.lesson}"

    @property
    def lesson(self) -> str:
        """What the hall knows about its people."""
        if self.learned is None:
            return "knows what is true"
        return f"learned from {self.learned} day{'s' if self.learned != 1 else ''}"


class Options(Struct, frozen=True, kw_only=True):
    """What to simulate.

    `against` is another way, run with the same people on the same days. `oracle` is the distance between two promises
    that are compared with the oracle; 0 for none. `trace` runs days of a trace instead of a scenario, after learning
    from its first `learn` days. Without a trace, halls that learned from `learn` days are compared with a hall that
    knows the true parameters.
    """

    scenario: str = "peak"
    way: Way = Way("credit", None)
    against: Way | None = None
    days: int = 100
    seed: int = 1
    jobs: int = 1
    promises: Promises = Promises.ANALYTIC
    oracle: int = 0
    admission: str = "fit"
    counters: int | None = None
    trace: Path | None = None
    learn: tuple[int, ...] = ()


def options_of(  # noqa: PLR0913  (the options of the command line)
    *,
    scenario: str,
    policy: str,
    places: str,
    against: str,
    days: int,
    seed: int,
    jobs: int,
    promises: str,
    oracle: int,
    admission: str,
    counters: int | None,
    trace: Path | None,
    learn: str,
) -> Options:
    """Parse options as they are typed.

    Raises:
        SimulateError: a value, or a combination, is invalid.
    """
    _among("scenario", scenario, list(SCENARIOS))
    _among("policy", policy, list(POLICIES))
    _among("promises", promises, list(Promises))
    _among("admission", admission, ["fit", "all"])
    _within("days", days, 1, DAYS_MAX)
    _within("seed", seed, 0, 2**63 - 1)
    _within("jobs", jobs, 1, 64)
    _within("oracle", oracle, 0, DAYS_MAX)
    if counters is not None:
        _within("counters", counters, 1, COUNTERS_MAX)
    lessons = tuple(_number("learn", part) for part in learn.split(",")) if learn else ()
    if trace is not None and len(lessons) > 1:
        raise SimulateError("with a trace, learn must be a single number")
    if trace is None and lessons and against:
        raise SimulateError(
            "learn compares with a hall that knows the true parameters: give learn or against, not both"
        )
    for lesson in lessons:
        _within("learn", lesson, 0 if trace is None else 1, LEARN_DAYS_MAX if trace is None else DAYS_MAX)
    way = Way(policy, places_of(places))
    return Options(
        scenario=scenario,
        way=way,
        against=against_of(against, way) if against else None,
        days=days,
        seed=seed,
        jobs=jobs,
        promises=Promises(promises),
        oracle=oracle,
        admission=admission,
        counters=counters,
        trace=trace,
        learn=lessons,
    )


def places_of(text: str) -> int | None:
    """Parse the places: `rule`, or `constant:9`. Raises SimulateError."""
    if text == "rule":
        return None
    kind, _, number = text.partition(":")
    if kind != "constant" or not number.isdecimal() or not 1 <= int(number) <= PLACES_MAX:
        raise SimulateError(f"places are rule, or constant:N with N from 1 to {PLACES_MAX}, not {text!r}")
    return int(number)


def against_of(text: str, way: Way) -> Way:
    """Read what to compare with: other places, or another policy. Raises SimulateError."""
    return Way(text, way.constant) if text in POLICIES else Way(way.policy, places_of(text))


def _number(name: str, value: str) -> int:
    if not value.strip().isdecimal():
        raise SimulateError(f"{name} is a number of days, or several after commas, not {value!r}")
    return int(value)


def _among(name: str, value: str, known: list[str]) -> None:
    if value not in known:
        raise SimulateError(f"{name} is one of {', '.join(known)}, not {value!r}")


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise SimulateError(f"{name} is from {least} to {most}, not {value}")
