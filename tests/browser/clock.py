"""A clock that starts at a given instant and then runs, for pages that show running times."""

from datetime import datetime, timedelta

from service.clock import Clock


class RunningClock(Clock):
    """A clock that starts at a given instant and runs at the speed of the machine's clock."""

    def __init__(self, begins_at: datetime) -> None:
        super().__init__()
        self._set_at = begins_at

    def follow(self, database_at: datetime, asked_s: float) -> None:
        """Do nothing: the database does not set this clock."""

    def advance(self, seconds: float) -> None:
        """Advance the clock without waiting."""
        self._set_at += timedelta(seconds=seconds)
