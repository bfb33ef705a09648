"""A hall in memory: `decide` and `evolve` on one day, without database or network."""

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
    """An open day, optionally with its journal and the executed commands.

    Times are milliseconds since the midnight at which the day began; earlier times are negative. `admitted_ms` is when
    a standby ticket came into the order of calls. `truth` is a second day with the same events but with the true plan,
    which the oracle uses; without a true plan it is the day itself.
    """

    def __init__(
        self, plan: Plan, opened_ms: int = 0, *, keep_journal: bool = False, truth: Plan | None = None
    ) -> None:
        self.day = Day(HALL, plan.day)
        self.truth = self.day if truth is None else Day(HALL, plan.day)
        self.records: list[Record] = []
        self.commands: list[tuple[datetime, Command]] = []
        self._keep_journal = keep_journal
        self._midnight_at = plan.starts_at
        self._commands = 0
        self.admitted_ms: dict[TicketId, int] = {}
        self._truth = truth
        self._append([DayOpened(plan=plan)], self.at(opened_ms))

    def at(self, at_ms: int) -> datetime:
        """Convert milliseconds of the day to an instant."""
        return self._midnight_at + timedelta(milliseconds=at_ms)

    def ms(self, at: datetime) -> int:
        """Convert an instant to milliseconds of the day."""
        return round((at - self._midnight_at) / timedelta(milliseconds=1))

    def do(self, command: Command, at_ms: int) -> list[Event]:
        """Execute a command: decide it and apply its events.

        Raises:
            Refusal: the rules refuse the command.
        """
        now_at = self.at(at_ms)
        decided = decide(self.day, command, now_at)
        self.truth.advance_to(now_at)  # as `decide` has done with the day
        if self._keep_journal:
            self.commands.append((now_at, command))
        self._append(decided, now_at)
        return decided

    def _append(self, decided: list[Event], now_at: datetime) -> None:
        self._commands += 1
        for part, event in enumerate(decided):
            record = Record(self.day.seq + 1, now_at, ACTOR, str(self._commands), part, None, event)
            if self._keep_journal:
                self.records.append(record)
            if isinstance(event, TicketAdmitted):
                self.admitted_ms[event.ticket] = self.ms(now_at)
            evolve(self.day, record)
            if self._truth is not None:
                opened = isinstance(event, DayOpened)
                evolve(self.truth, replace(record, event=DayOpened(plan=self._truth)) if opened else record)
