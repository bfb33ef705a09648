"""A hall and its document; the plan of a date."""

from datetime import date, datetime, timedelta

from msgspec import Struct

from service.domain.calendar.day_plan import REOPENS_WITHIN_DAYS, plan_of
from service.domain.calendar.local_times import day_of, span_of
from service.domain.calendar.plan import Plan, version_of
from service.domain.hall.document import HallDocument
from service.domain.model import HallId
from service.domain.stats.learned_week import NOTHING_LEARNED, LearnedWeek
from service.runtime.hall_calendar import known_calendar


class Hall(Struct, eq=False):
    """A hall with one revision of its document. Another revision is another `Hall`.

    `written_at` is when the document was stored, by the database's clock. It is `None` if this process stored the
    document and has not read it again.
    """

    id: HallId
    revision: int
    document: HallDocument
    learned: LearnedWeek = NOTHING_LEARNED
    written_at: datetime | None = None

    _today: tuple[datetime, datetime, date] | None = None
    """Beginning, end and date of the day that `day_at` returned last."""

    def day_at(self, now_at: datetime) -> date:
        """Return the hall's date at an instant; cached for the day, because every command calls this."""
        if self._today is None or not self._today[0] <= now_at < self._today[1]:
            on = day_of(self.document, now_at)
            self._today = (*span_of(self.document, on), on)
        return self._today[2]

    def plan(self, on: date) -> Plan:
        """Return the plan of a date, by the document and the learned values that are known now."""
        return plan_from(self.document, self.revision, on, self.learned)

    def is_newer(self, plan: Plan) -> bool:
        """Tell whether the plan of a day is outdated: by a newer document, newer learned values, or an older release.

        A plan that this process has just made is not outdated, even if a process of the previous release exists.
        """
        learned = self.learned.on(plan.day, known_calendar(self.document, plan.day, plan.day).worked)
        return version_of(self.revision, learned) > plan.version


def plan_from(document: HallDocument, revision: int, on: date, learned: LearnedWeek = NOTHING_LEARNED) -> Plan:
    """Return the plan of a date, with public holidays and with the learned values of such dates."""
    calendar = known_calendar(document, on, on + timedelta(days=REOPENS_WITHIN_DAYS))
    return plan_of(document, revision, on, calendar.off, learned.on(on, calendar.worked), calendar.worked)
