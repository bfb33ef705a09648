"""Channels: the watchers of one board or one ticket, and the times at which it is due again.

All times are monotonic seconds.
"""

from collections.abc import Callable

from msgspec.structs import replace

from display.board import Board
from display.watchers import Watchers
from service.contract import TicketView, ZoneId

BOARD_EVERY_S = 0.1
"""The least time between two boards of a channel, unless `called` changed."""

ALIVE_AFTER_S = 1.1
"""The longest time without a frame. The contract promises 2 s; the difference is a reserve for a busy process."""


class Channel:
    """The watchers of the same thing; `made_s` and `sent_s` are when its content was last made and last sent."""

    __slots__ = ("made_s", "sent_s", "watchers")

    def __init__(self, now_s: float, on_sent: Callable[[], None]) -> None:
        self.watchers = Watchers(on_sent)
        self.made_s = now_s
        self.sent_s = now_s


class BoardChannel(Channel):
    """The board of a zone, or of the whole hall.

    `dirty` is true when an event happened since the board was made. Without an event the board is valid for
    `valid_for_s`.
    """

    __slots__ = ("board", "dirty", "frame", "valid_for_s", "zone")

    def __init__(
        self, zone: ZoneId | None, board: Board, frame: bytes, now_s: float, on_sent: Callable[[], None]
    ) -> None:
        super().__init__(now_s, on_sent)
        self.zone = zone
        self.board = board
        self.frame = frame
        self.dirty = False
        self.valid_for_s = 0.0

    @property
    def make_due_s(self) -> float:
        """When the board must be made again."""
        return self.made_s + (BOARD_EVERY_S if self.dirty else self.valid_for_s)

    @property
    def due_s(self) -> float:
        """When this channel needs the next action: a new board or an `alive` frame."""
        return min(self.make_due_s, self.sent_s + ALIVE_AFTER_S)


class TicketChannel(Channel):
    """A ticket; `token` is set for its owner. `seq` is the day's `seq` at the last check, which was at `checked_s`."""

    __slots__ = ("checked_s", "seq", "token", "view")

    def __init__(self, view: TicketView, token: str | None, now_s: float, on_sent: Callable[[], None]) -> None:
        super().__init__(now_s, on_sent)
        self.view = view
        self.token = token
        self.seq = view.seq
        self.checked_s = now_s


def same_board(board: Board, other: Board) -> bool:
    """Tell whether two boards show the same. `seq` and `at` are ignored: they differ in every board."""
    return replace(board, seq=other.seq, at=other.at) == other


def same_ticket(view: TicketView, other: TicketView, *, compare_seconds: bool) -> bool:
    """Tell whether two views of a ticket show the same. `seq` and the time of the wait are ignored.

    The wait in seconds changes at every check. It is no news while the displayed range is the same, so it is compared
    only with `compare_seconds`.
    """
    wait = view.wait
    if not compare_seconds and wait.shown == other.wait.shown:
        wait = other.wait
    return replace(view, seq=other.seq, wait=replace(wait, as_of_at=other.wait.as_of_at)) == other
