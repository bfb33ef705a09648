"""What a simulation is told."""

from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from service.simulate.errors import SimulateError
from service.simulate.scenario import POLICIES, SCENARIOS

DAYS_MAX = 100_000
PLACES_MAX = 1000
COUNTERS_MAX = 500


class Promises(StrEnum):
    """Who says how long a wait will be: the analytic start in the command's answer, or the drawn rests of the day."""

    ANALYTIC = "analytic"
    FORECAST = "forecast"


class Way(Struct, frozen=True):
    """A way to run the hall: who is called next, and how many places a quarter of an hour has; None: by the rule."""

    policy: str
    constant: int | None

    @property
    def words(self) -> str:
        """As people type it."""
        return f"{self.policy}, places {'rule' if self.constant is None else f'constant:{self.constant}'}"


class Options(Struct, frozen=True, kw_only=True):
    """A simulation.

    `against` is another way, lived with the same people on the same days. `oracle` asks the oracle for every so manieth
    promise, 0 for none. `trace` lives days of a trace instead of a scenario, after having learned from its first
    `learn` days.
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
    learn: int | None = None


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
    learn: int | None,
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
    if learn is not None:
        _within("learn", learn, 1, DAYS_MAX)
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
        learn=learn,
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


def _among(name: str, said: str, known: list[str]) -> None:
    if said not in known:
        raise SimulateError(f"{name} is one of {', '.join(known)}, not {said!r}")


def _within(name: str, said: int, least: int, most: int) -> None:
    if not least <= said <= most:
        raise SimulateError(f"{name} is from {least} to {most}, not {said}")
