"""A hall in memory: the service's own `decide` and `evolve` on a day, and nothing else."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from service.domain.calendar.plan import Plan
from service.domain.commands import Command
from service.domain.day import Day
from service.domain.decide.decide import decide
from service.domain.events import DayOpened, Event, Record, TicketAdmitted
from service.domain.evolve.evolve import evolve
from service.domain.model import HallId, TicketId

HALL = HallId("simulated")
ACTOR = "simulation"


class SimulatedHall:
    """A day that was opened, and its journal, with what was asked and done, where that is kept.

    Times are milliseconds from the midnight that began the day; before it they are negative. `admitted_ms` says when
    tickets came from standby into the order of calls. `truth` is the day as one sees it who goes by a truer plan: the
    same events under that plan, and the day itself where there is none.
    """

    def __init__(self, plan: Plan, opened_ms: int = 0, *, keeps: bool = False, truth: Plan | None = None) -> None:
        self.day = Day(HALL, plan.day)
        self.truth = self.day if truth is None else Day(HALL, plan.day)
        self.records: list[Record] = []
        self.asked: list[tuple[datetime, Command]] = []
        self._keeps = keeps
        self._midnight_at = plan.starts_at
        self._commands = 0
        self.admitted_ms: dict[TicketId, int] = {}
        self._truth = truth
        self._append([DayOpened(plan=plan)], self.at(opened_ms))

    def at(self, at_ms: int) -> datetime:
        """The instant of a millisecond of the day."""
        return self._midnight_at + timedelta(milliseconds=at_ms)

    def ms(self, at: datetime) -> int:
        """The millisecond of the day of an instant."""
        return round((at - self._midnight_at) / timedelta(milliseconds=1))

    def do(self, command: Command, at_ms: int) -> list[Event]:
        """Decide a command, and fold what comes of it. Raises Refusal."""
        now_at = self.at(at_ms)
        decided = decide(self.day, command, now_at)
        self.truth.advance_to(now_at)  # as `decide` has done with the day
        if self._keeps:
            self.asked.append((now_at, command))
        self._append(decided, now_at)
        return decided

    def _append(self, decided: list[Event], now_at: datetime) -> None:
        self._commands += 1
        for part, event in enumerate(decided):
            record = Record(self.day.seq + 1, now_at, ACTOR, str(self._commands), part, None, event)
            if self._keeps:
                self.records.append(record)
            if isinstance(event, TicketAdmitted):
                self.admitted_ms[event.ticket] = self.ms(now_at)
            evolve(self.day, record)
            if self._truth is not None:
                opened = isinstance(event, DayOpened)
                evolve(self.truth, replace(record, event=DayOpened(plan=self._truth)) if opened else record)
