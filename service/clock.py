"""The only module that reads the clocks of the machine.

All times of a day come from the clock of the database, so that processes on machines with different clocks write
consistent times. Answers of the database set this clock; between answers it runs with the monotonic clock. Changes of
the wall clock have no effect. If the monotonic clock stood still, as during sleep, the next answer corrects this clock.
Rules never read the time: they get `now_at`.

Source: JOURNAL 6.
"""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """The clock of the database, extrapolated by the monotonic clock. Before the first answer it is the wall clock."""

    def __init__(self) -> None:
        self._set(datetime.now(UTC))

    def now_at(self) -> datetime:
        """Return the present instant in UTC, in whole milliseconds."""
        return self._set_at + timedelta(0, 0, 0, int((self.monotonic_s() - self._set_s) * 1000))

    def monotonic_s(self) -> float:
        """Return seconds of the monotonic clock, for durations and deadlines."""
        return time.monotonic()

    def follow(self, database_at: datetime, asked_s: float) -> None:
        """Adjust to the database's clock.

        The database read its clock at some time since the question was asked. So the present instant is between
        `database_at` and `database_at` plus the duration since the question. This clock changes only if it is outside
        of that interval.

        Args:
            database_at: the time in the answer.
            asked_s: when the question was sent, by `monotonic_s`.
        """
        latest_at = database_at + timedelta(seconds=self.monotonic_s() - asked_s)
        shown_at = self._set_at + timedelta(seconds=self.monotonic_s() - self._set_s)
        if not database_at <= shown_at <= latest_at:
            self._set(database_at if shown_at < database_at else latest_at)

    def _set(self, at: datetime) -> None:
        rest_us = at.microsecond % 1000  # stored separately, so that reading the clock is one addition
        self._set_at = at - timedelta(microseconds=rest_us)
        self._set_s = self.monotonic_s() - rest_us / 1_000_000


class FakeClock(Clock):
    """A clock that moves only by `advance` and `put`: for tests and simulations."""

    def __init__(self, now_at: datetime) -> None:
        self._now_at = now_at
        self._monotonic_s = 0.0
        super().__init__()

    def now_at(self) -> datetime:
        """Return the instant that was set."""
        return self._now_at

    def monotonic_s(self) -> float:
        """Return the seconds that the clock was advanced in all."""
        return self._monotonic_s

    def follow(self, database_at: datetime, asked_s: float) -> None:
        """Do nothing: the database does not change this clock."""

    def advance(self, seconds: float) -> datetime:
        """Move the clock forward and return the new instant."""
        self._now_at += timedelta(seconds=seconds)
        self._monotonic_s += max(0.0, seconds)
        return self._now_at

    def put(self, now_at: datetime) -> None:
        """Set the clock to an instant, which may be earlier."""
        self._now_at = now_at
