"""The only module that reads the machine's clocks.

All times of a day come from one clock, the database's, so that processes on machines that disagree still write one
story: its answers set this clock, and between them the monotonic clock carries it on. A wall clock that is set, or
jumps, changes nothing; where the monotonic one stood still, as on a machine that slept, an answer a second later puts
it right. Rules never ask for the time: they get `now_at`.

Source: JOURNAL 6.
"""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """The database's clock, carried on by the monotonic one; the wall clock until the database was heard."""

    def __init__(self) -> None:
        self._set(datetime.now(UTC))

    def now_at(self) -> datetime:
        """The present instant, in whole milliseconds of UTC."""
        return self._set_at + timedelta(0, 0, 0, int((self.monotonic_s() - self._set_s) * 1000))

    def monotonic_s(self) -> float:
        """Seconds that only grow, for durations and deadlines."""
        return time.monotonic()

    def follow(self, database_at: datetime, asked_s: float) -> None:
        """Go by the database's clock, which was read since `asked_s` (as `monotonic_s`): an answer may have come late.

        What is told now lies between the instant that it read and as much later as the answer took; this clock moves
        only where it does not.
        """
        latest_at = database_at + timedelta(seconds=self.monotonic_s() - asked_s)
        told_at = self._set_at + timedelta(seconds=self.monotonic_s() - self._set_s)
        if not database_at <= told_at <= latest_at:
            self._set(database_at if told_at < database_at else latest_at)

    def _set(self, at: datetime) -> None:
        rest_us = at.microsecond % 1000  # kept apart, so that reading the clock is one addition
        self._set_at = at - timedelta(microseconds=rest_us)
        self._set_s = self.monotonic_s() - rest_us / 1_000_000


class FakeClock(Clock):
    """A clock that stands where it is put: for tests and for days lived again."""

    def __init__(self, now_at: datetime) -> None:
        self._now_at = now_at
        self._monotonic_s = 0.0
        super().__init__()

    def now_at(self) -> datetime:
        """The instant it was put to."""
        return self._now_at

    def monotonic_s(self) -> float:
        """Seconds it was moved on."""
        return self._monotonic_s

    def follow(self, database_at: datetime, asked_s: float) -> None:
        """Stand still: the database does not move this clock."""

    def advance(self, seconds: float) -> datetime:
        """Move on, and return the new instant."""
        self._now_at += timedelta(seconds=seconds)
        self._monotonic_s += max(0.0, seconds)
        return self._now_at

    def put(self, now_at: datetime) -> None:
        """Jump to an instant, also backwards."""
        self._now_at = now_at
