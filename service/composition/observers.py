"""Observers that pass events of the lanes and of the screen sockets on to other parts."""

from datetime import datetime

from service.domain.command_results import ResultPart
from service.domain.day import Day
from service.journal.commit_hints import CommitHints
from service.journal.follow import Follower
from service.journal.values import Append
from service.metrics.metrics import Metrics
from service.notify.messaging import Messages


class CommitObserver:
    """Passes commits of the lanes on to the metrics, the commit hints, this process's follower and the messages."""

    def __init__(self, metrics: Metrics, hints: CommitHints, follower: Follower) -> None:
        self._metrics = metrics
        self._hints = hints
        self._follower = follower
        self.messages: Messages | None = None

    def committed(self, day: Day, parts: list[ResultPart], append_s: float, commands: int) -> None:
        """Count the commit, and wake other processes and the messages."""
        self._hints.publish(day.hall, day.on, day.seq)
        self._metrics.committed(day, parts, append_s, commands)
        if self.messages is not None:
            self.messages.mark_changed(day.hall, day.on)

    def appended(self, written: Append, at: datetime) -> None:
        """Hand the records to the follower, so that it need not read them from the database."""
        self._follower.appended(written, at)

    def raced(self, day: Day) -> None:
        """Count an append that lost against another process."""
        self._metrics.raced(day)


class ScreenMetrics:
    """Records in the metrics what is sent to screens."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def screens(self, connected: int) -> None:
        """Set the number of open sockets."""
        self._metrics.screens.set(connected)

    def sent(self, frames: int) -> None:
        """Count boards and tickets handed to sockets."""
        self._metrics.boards.inc(frames)

    def call_shown(self, seconds: float) -> None:
        """Record the seconds from a call to its frame on all sockets."""
        self._metrics.call_to_screen_s.observe(seconds)
