"""What a hall has learned: one part for all days, and the walk-ins of each weekday."""

from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from service.domain.calendar.day_plan import NO_WORKED_WEEKENDS, weekday_of
from service.domain.calendar.learned import Learned, LearnedArrivals

USUAL = Learned()


class LearnedWeek(Struct, frozen=True, kw_only=True):
    """What a hall has learned.

    `every` counts for all days, `walk_ins` for each ISO weekday (Monday is 1). `learned_at` says when each part last
    changed, with key 0 for all days. `days` is the number of days that it was learned from.
    """

    every: Learned = USUAL
    walk_ins: dict[int, dict[str, LearnedArrivals]] = {}
    learned_at: dict[int, datetime] = {}
    days: int = 0

    def on(self, day: date, worked: Mapping[date, int] = NO_WORKED_WEEKENDS) -> Learned:
        """Return what counts for a date.

        `worked` has the weekend days that are worked in return for a free weekday, and the ISO weekday that each is
        like. The result is no older than what was learned of the ISO weekday of the date itself: an earlier release
        planned a worked weekend day by that weekday, and both releases must see that such a plan is older.
        """
        weekday = weekday_of(day, worked)
        times = [self.learned_at[part] for part in (0, weekday, day.isoweekday()) if part in self.learned_at]
        return replace(self.every, walk_ins=self.walk_ins.get(weekday, {}), learned_at=max(times, default=None))

    def with_part(self, weekday: int, part: Learned, days: int, learned_at: datetime) -> "LearnedWeek":
        """Return this week with one part replaced: that of a weekday, or 0 for all days.

        `days` is stored only with the part for all days.
        """
        known_at = self.learned_at | {weekday: learned_at}
        if weekday == 0:
            return replace(self, every=part, learned_at=known_at, days=days)
        return replace(self, walk_ins=self.walk_ins | {weekday: part.walk_ins}, learned_at=known_at)


NOTHING_LEARNED = LearnedWeek()
