"""The interface through which the display reports what it sends. The service's metrics implement it."""

from typing import Protocol


class Observer(Protocol):
    """Receives the numbers of sockets and frames."""

    def screens(self, connected: int) -> None:
        """Record the number of open sockets."""

    def sent(self, frames: int) -> None:
        """Record that a board or ticket was sent to this many sockets."""

    def call_shown(self, seconds: float) -> None:
        """Record that a call was sent to all sockets of its hall, so many seconds after the call.

        The call's time is from the database's clock.
        """


class NoObserver:
    """An observer that does nothing."""

    def screens(self, connected: int) -> None:
        """Do nothing."""

    def sent(self, frames: int) -> None:
        """Do nothing."""

    def call_shown(self, seconds: float) -> None:
        """Do nothing."""
