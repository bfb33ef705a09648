"""Parameters of a day learned from the hall's history: durations, walk-ins, no-shows, punctuality and leaving."""

from datetime import datetime, timedelta

from msgspec import Struct

from service.domain.model import ServiceId, StageId

HOUR_S = 3600

HOUR = timedelta(seconds=HOUR_S)


class ExpectedDuration(Struct, frozen=True):
    """Expected duration of a stage of a service for one person: means in seconds and coefficient of variation."""

    mean_s: float
    cv: float
    prechecked_mean_s: float | None = None


class LearnedArrivals(Struct, frozen=True):
    """Walk-ins expected in an hour of the day.

    `sd` is the standard deviation of the forecast `per_h`, without the random variation of arrivals themselves. If the
    hall was open only for a short part of this hour so far, `up_to_s` is the length of that part. The rate then holds
    only up to this length: people who come in the first ten minutes, or wait at the door before, are not a sixth of a
    full hour's walk-ins.
    """

    per_h: float
    sd: float = 0.0
    up_to_s: int | None = None


class Leaving(Struct, frozen=True):
    """Rates at which waiting people give up, per hour of one person's waiting.

    `left_per_h` counts people who leave the queue themselves, `no_show_per_h` people who go without notice and are
    called in vain. `no_show_s` is how many seconds a counter waits for the latter.
    """

    left_per_h: float = 0.0
    no_show_per_h: float = 0.0
    no_show_s: float = 0.0

    @property
    def left_per_s(self) -> float:
        """`left_per_h` per second."""
        return self.left_per_h / HOUR_S

    @property
    def no_show_per_s(self) -> float:
        """`no_show_per_h` per second."""
        return self.no_show_per_h / HOUR_S


class Learned(Struct, frozen=True, kw_only=True):
    """Parameters that the hall's history gives for a day.

    `durations` holds the expected duration of each service at its main stage: the stage named in `main`, which was the
    main stage when the duration was learned, or the current main stage if `main` names none. `at_stages` holds the
    durations of the service's other stages. `walk_ins` is by local hour of the day, such as `"09"`; an hour that is
    missing has no history, and a share of its staffed time is held for walk-ins. `mix` is the share of walk-ins by
    service; if it is empty, all shares are equal. `punctuality_*` describes how many seconds after the start of their
    slot people arrive, `no_show` is the share of booked people who do not come. `leaving` applies to all who wait.
    `learned_at` orders newer and older parameters.
    """

    durations: dict[ServiceId, ExpectedDuration] = {}
    main: dict[ServiceId, StageId] = {}
    at_stages: dict[ServiceId, dict[StageId, ExpectedDuration]] = {}
    no_show: float = 0.12
    punctuality_mean_s: float = -300.0
    punctuality_sd_s: float = 480.0
    walk_ins: dict[str, LearnedArrivals] = {}
    mix: dict[ServiceId, float] = {}
    leaving: Leaving = Leaving()
    learned_at: datetime | None = None


NOTHING_LEARNED = Learned()
