"""What a hall has learned."""

from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from service.domain.calendar.day_plan import NO_WORKED_WEEKENDS, weekday_of
from service.domain.calendar.learned import Learned, LearnedArrivals

USUAL = Learned()


class LearnedWeek(Struct, frozen=True, kw_only=True):
    """What a hall has learned: of all days, and the walk-ins of each weekday, Monday 1 to Sunday 7.

    `learned_at` says when each changed last, 0 for all days; `days` is how many days it was learned from.
    """

    every: Learned = USUAL
    walk_ins: dict[int, dict[str, LearnedArrivals]] = {}
    learned_at: dict[int, datetime] = {}
    days: int = 0

    def on(self, day: date, worked: Mapping[date, int] = NO_WORKED_WEEKENDS) -> Learned:
        """What counts for a date; `worked` has the weekend days that are worked, and the ISO weekday they are like.

        It is no older than what was learned of the weekday that the date is: a plan by that, as the release before made
        it of a worked weekend day, is then older than one by this, for both releases.
        """
        weekday = weekday_of(day, worked)
        known = [self.learned_at[one] for one in (0, weekday, day.isoweekday()) if one in self.learned_at]
        return replace(self.every, walk_ins=self.walk_ins.get(weekday, {}), learned_at=max(known, default=None))

    def having(self, weekday: int, part: Learned, days: int, learned_at: datetime) -> "LearnedWeek":
        """The same with a part in the place of what was known of a weekday, 0 for all days, learned from `days`."""
        known_at = self.learned_at | {weekday: learned_at}
        if weekday == 0:
            return replace(self, every=part, learned_at=known_at, days=days)
        return replace(self, walk_ins=self.walk_ins | {weekday: part.walk_ins}, learned_at=known_at)


NOTHING_LEARNED = LearnedWeek()
