"""What a simulation is told."""

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
    """Who says how long a wait will be: the analytic start in the command's answer, or the drawn rests of the day."""

    ANALYTIC = "analytic"
    FORECAST = "forecast"


class Way(Struct, frozen=True):
    """A way to run the hall: who is called next, and how many places a quarter of an hour has; None: by the rule.

    `learned` is how many days the hall had to learn from; None: it knows what is true, or what a trace has taught.
    """

    policy: str
    constant: int | None
    learned: int | None = None

    @property
    def words(self) -> str:
        """As people type it."""
        words = f"{self.policy}, places {'rule' if self.constant is None else f'constant:{self.constant}'}"
        return words if self.learned is None else f"{words}, {self.lesson}"

    @property
    def lesson(self) -> str:
        """What the hall goes by."""
        if self.learned is None:
            return "knows what is true"
        return f"learned from {self.learned} day{'s' if self.learned != 1 else ''}"


class Options(Struct, frozen=True, kw_only=True):
    """A simulation.

    `against` is another way, lived with the same people on the same days. `oracle` asks the oracle for every so manieth
    promise, 0 for none. `trace` lives days of a trace instead of a scenario, after having learned from its first
    `learn` days; without one, halls that had so many days of the scenario to learn from are measured beside one that
    knows.
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


def options_of(  # noqa: PLR0913  (what people may say)
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
    """Read options as people type them. Raises SimulateError for what cannot be."""
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
        raise SimulateError("a trace is learned from once: learn is one number")
    if trace is None and lessons and against:
        raise SimulateError("a hall that learns is measured beside one that knows: say learn, or against")
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
    """Read places: `rule`, or `constant:9`. Raises SimulateError."""
    if text == "rule":
        return None
    kind, _, number = text.partition(":")
    if kind != "constant" or not number.isdecimal() or not 1 <= int(number) <= PLACES_MAX:
        raise SimulateError(f"places are rule, or constant:N with N from 1 to {PLACES_MAX}, not {text!r}")
    return int(number)


def against_of(text: str, way: Way) -> Way:
    """Read what to compare with: other places, or another policy. Raises SimulateError."""
    return Way(text, way.constant) if text in POLICIES else Way(way.policy, places_of(text))


def _number(name: str, said: str) -> int:
    if not said.strip().isdecimal():
        raise SimulateError(f"{name} is a number of days, or several after commas, not {said!r}")
    return int(said)


def _among(name: str, said: str, known: list[str]) -> None:
    if said not in known:
        raise SimulateError(f"{name} is one of {', '.join(known)}, not {said!r}")


def _within(name: str, said: int, least: int, most: int) -> None:
    if not least <= said <= most:
        raise SimulateError(f"{name} is from {least} to {most}, not {said}")
