"""How the seconds of a trace pass: N times as fast as ours, or as fast as the server answers."""

from typing import Protocol

from service.clock import Clock
from service.replay.agenda import Agenda, Due


class Pace(Protocol):
    """Says what may begin now, and when in the trace something was."""

    def pick(self, agenda: Agenda) -> Due | None:
        """The entry to begin now; None when there is none yet."""

    def pause_s(self, agenda: Agenda) -> float | None:
        """Our seconds until the next entry is due; None when only an answer can make one ready."""

    def moment_s(self, reckoned_s: float) -> float:
        """The second of the trace at which something is that was just answered.

        Args:
            reckoned_s: when it would be if answers took no time.
        """


class Timed:
    """The wall clock, `speed` times as fast, beginning at `begins_s` of the trace when it is first asked."""

    def __init__(self, speed: float, begins_s: float, clock: Clock) -> None:
        self._speed = speed
        self._begins_s = begins_s
        self._clock = clock
        self._began_s: float | None = None

    def pick(self, agenda: Agenda) -> Due | None:
        """The first entry, when its time has come."""
        due = agenda.first()
        return due if due is not None and due.at_s <= self._now_s() else None

    def pause_s(self, agenda: Agenda) -> float | None:
        """Until the first entry."""
        due = agenda.first()
        return None if due is None else max(0.0, (due.at_s - self._now_s()) / self._speed)

    def moment_s(self, reckoned_s: float) -> float:
        """Now, and not before it could be."""
        return max(reckoned_s, self._now_s())

    def _now_s(self) -> float:
        now_s = self._clock.monotonic_s()
        if self._began_s is None:
            self._began_s = now_s
        return self._begins_s + (now_s - self._began_s) * self._speed


class Untimed:
    """No clock but the order of the day: what `Agenda.ready` says may begin, begins."""

    def pick(self, agenda: Agenda) -> Due | None:
        """What is ready."""
        return agenda.ready()

    def pause_s(self, agenda: Agenda) -> float | None:  # noqa: ARG002  (the shape of a pace)
        """Only an answer makes more ready."""
        return None

    def moment_s(self, reckoned_s: float) -> float:
        """As reckoned: answers take no time."""
        return reckoned_s
