"""A clock that begins where the test says and then runs, as pages show times that move."""

from datetime import datetime, timedelta

from service.clock import Clock


class RunningClock(Clock):
    """The machine's pace from an instant of the test's choice."""

    def __init__(self, begins_at: datetime) -> None:
        super().__init__()
        self._set_at = begins_at

    def follow(self, database_at: datetime, asked_s: float) -> None:
        """Keep to the instant chosen: the database does not move this clock."""

    def advance(self, seconds: float) -> None:
        """Let time pass that nobody waits for."""
        self._set_at += timedelta(seconds=seconds)
