"""The pace of a replay: a multiple of real time, or as fast as the server answers."""

from typing import Protocol

from service.clock import Clock
from service.replay.schedule import Entry, Schedule


class Pace(Protocol):
    """Decides which entry begins now, and when in the trace something happened."""

    def pick(self, schedule: Schedule) -> Entry | None:
        """Return the entry to begin now; None if there is none yet."""

    def pause_s(self, schedule: Schedule) -> float | None:
        """Return the real seconds until the next entry is due; None if only an answer can make one ready."""

    def actual_s(self, expected_s: float) -> float:
        """Return the second of the trace at which something happened that was answered just now.

        Args:
            expected_s: when it would have happened if answers took no time.
        """


class Timed:
    """Real time, `speed` times as fast. It starts at `begins_s` of the trace with the first call."""

    def __init__(self, speed: float, begins_s: float, clock: Clock) -> None:
        self._speed = speed
        self._begins_s = begins_s
        self._clock = clock
        self._began_s: float | None = None

    def pick(self, schedule: Schedule) -> Entry | None:
        """Return the first entry if its time has come."""
        entry = schedule.first()
        return entry if entry is not None and entry.at_s <= self._now_s() else None

    def pause_s(self, schedule: Schedule) -> float | None:
        """Return the real seconds until the first entry."""
        entry = schedule.first()
        return None if entry is None else max(0.0, (entry.at_s - self._now_s()) / self._speed)

    def actual_s(self, expected_s: float) -> float:
        """Return the present second, or the expected one if that is later."""
        return max(expected_s, self._now_s())

    def _now_s(self) -> float:
        now_s = self._clock.monotonic_s()
        if self._began_s is None:
            self._began_s = now_s
        return self._begins_s + (now_s - self._began_s) * self._speed


class AsFastAsPossible:
    """No clock: an entry begins as soon as `Schedule.first_ready` allows it."""

    def pick(self, schedule: Schedule) -> Entry | None:
        """Return the first entry that is ready."""
        return schedule.first_ready()

    def pause_s(self, schedule: Schedule) -> float | None:  # noqa: ARG002  (the shape of a pace)
        """Return None: only an answer makes more entries ready."""
        return None

    def actual_s(self, expected_s: float) -> float:
        """Return the expected second: answers take no time."""
        return expected_s
