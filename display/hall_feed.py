"""The feed of one hall: fold its journal into a `Day`, and send frames to all sockets that watch the hall.

**Channels.** Each watched zone is a channel with one current frame. The frame is made and serialized once for each
change, and the same bytes go to every socket. A watched ticket is a channel as well. A new watcher gets the current
frame at once. A slow watcher keeps only the newest frame (`watchers`).

**When a board is sent.** At once when `called` changed, because people wait for their call. Otherwise at most ten times
a second: 300 tickets taken in a second would not be readable. Waits change even without an event, so a board is made
again at least every ten seconds. A ticket is sent at once when an event changed it. Its place and wait are checked in
turn, at most 100 tickets in a pass, so that a call does not wait behind them.

**Silence.** A frame states that its content is true as of its `at`. `alive` frames are sent only while PostgreSQL
answers the follower. Otherwise no frame is sent, and the screens show by themselves how old their numbers are.

**The invariant.** On one connection (day, seq) never decreases. It may decrease in a journal that was rewritten
(restored, or after a failover), so the feed then closes all its sockets, and the clients reconnect.

`send_due` is one pass: it sends what is due and returns when the next pass is due. It reads time from the given clock.
Its only I/O is through the watchers.

Source: JOURNAL 4 and 5, CONTRACT 6.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from itertools import product
from typing import TypeAlias, TypeVar

import structlog

from display.board import Alive, board_of, called_of, encode, zone_exists
from display.channels import (
    ALIVE_AFTER_S,
    BOARD_EVERY_S,
    BoardChannel,
    Channel,
    TicketChannel,
    same_board,
    same_ticket,
)
from display.close_codes import RESTART, UNKNOWN
from display.observer import Observer
from display.watchers import Watcher
from service.contract import (
    Change,
    Clock,
    Day,
    HallId,
    Loaded,
    Promises,
    Record,
    TicketCalled,
    TicketId,
    TicketRecalled,
    TicketView,
    ZoneId,
    evolve,
    stamp,
    ticket_view,
)

REFRESH_EVERY_S = 10.0
"""The greatest age of the waits on a board or ticket while no event happens."""

TICKETS_EVERY_S = 0.75
"""The time between two checks of a ticket's place and wait."""

TICKETS_AT_ONCE = 100
"""Tickets checked in one pass, about 3 ms; then the event loop runs other tasks."""

SILENT_AFTER_S = 2.5
"""If PostgreSQL has not answered for this long, the state counts as unknown. The follower queries it every second."""

UNFOLLOW_AFTER_S = 60.0
"""How long a hall without watchers is still followed, for screens that reconnect."""

FOLD_AT_ONCE = 500
"""Events folded without a pause, about 5 ms; then the event loop runs other tasks."""

CHECK_AGAIN = -1
"""A `seq` that no day has: the ticket must be checked again."""

log = structlog.get_logger(__name__)

Pack = Callable[[bytes], bytes]
"""Turns JSON into the bytes of a frame; called once for all sockets."""

PromisesOf = Callable[[HallId, date], Promises | None]
"""Returns the forecast of a hall's day, if this process has one."""


def no_promises(_hall: HallId, _on: date) -> Promises | None:
    """Return None: the `PromisesOf` of a process that reads no forecasts."""
    return None


Unwatch = Callable[[], None]
"""Ends what `watch_board` or `watch_ticket` began. A second call does nothing."""

_WatchedTicket: TypeAlias = tuple[TicketId, bool]
"""A ticket, and whether the watcher is its owner."""

_Key = TypeVar("_Key")
_ChannelType = TypeVar("_ChannelType", bound=Channel)


class HallFeed:
    """The day of one hall, and the frames made of it for all watchers in this process.

    Args:
        hall: the hall.
        clock: agrees with the database's clock.
        last_answer_s: returns when PostgreSQL last answered the follower, in monotonic seconds.
        pack: turns JSON into a frame.
        observer: records what is sent.
        promises_of: returns the stored forecast.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (the collaborators of a feed; built in one place)
        self,
        hall: HallId,
        clock: Clock,
        last_answer_s: Callable[[], float],
        pack: Pack,
        observer: Observer,
        promises_of: PromisesOf = no_promises,
    ) -> None:
        self.hall = hall
        self.day: Day | None = None
        self.unwatched_s = clock.monotonic_s()
        self._clock = clock
        self._last_answer_s = last_answer_s
        self._pack = pack
        self._observer = observer
        self._promises_of = promises_of
        self._boards: dict[ZoneId | None, BoardChannel] = {}
        self._tickets: dict[_WatchedTicket, TicketChannel] = {}  # ordered by the last check, oldest first
        self._unreported_calls: list[datetime] = []  # times of calls that are not yet sent to all sockets
        self._changed = asyncio.Event()

    @property
    def watched(self) -> bool:
        """Tell whether the hall has a watcher."""
        return bool(self._boards or self._tickets)

    async def wait_until(self, condition: Callable[[Day], bool]) -> Day:
        """Wait until the day is loaded and meets a condition; return the day."""
        while self.day is None or not condition(self.day):
            await self._changed.wait()
        return self.day

    # Watching.

    def watch_board(self, zone: ZoneId | None, watcher: Watcher) -> Unwatch:
        """Show a board at once and whenever it changes."""
        now_s, now_at, day = self._clock.monotonic_s(), self._now_at(), self._day_now()
        channel = self._boards.get(zone)
        if channel is None:
            board = board_of(day, zone, now_at)
            channel = self._boards[zone] = BoardChannel(
                zone, board, self._pack(encode(board)), now_s, self._report_calls
            )
            channel.valid_for_s = _valid_for_s(day, now_at)
        elif now_s - channel.made_s >= BOARD_EVERY_S and not self._silent(now_s):
            self._make_board(channel, now_s, now_at)
        watcher.show(channel.frame)
        channel.watchers.add(watcher)
        self._observer.sent(1)
        return partial(self._unwatch, self._boards, zone, watcher)

    def watch_ticket(self, ticket: TicketId, watcher: Watcher, token: str | None = None) -> Unwatch:
        """Show a ticket of the day at once and whenever it changes; `token` is given for the ticket's owner."""
        now_s, now_at, day = self._clock.monotonic_s(), self._now_at(), self._day_now()
        view = ticket_view(day, day.tickets[ticket], now_at, token=token)
        key = (ticket, token is not None)
        channel = self._tickets.get(key)
        if channel is None:
            channel = self._tickets[key] = TicketChannel(view, token, now_s, self._report_calls)
        watcher.show(self._pack(encode(view)))
        channel.watchers.add(watcher)
        self._observer.sent(1)
        return partial(self._unwatch, self._tickets, key, watcher)

    def _unwatch(self, channels: dict[_Key, _ChannelType], key: _Key, watcher: Watcher) -> None:
        channel = channels.get(key)
        if channel is None:
            return
        channel.watchers.remove(watcher)
        if not channel.watchers:
            del channels[key]
            self.unwatched_s = self._clock.monotonic_s()

    def close_all(self, code: int) -> None:
        """Close all sockets of the hall with a close code."""
        for channel in (*self._boards.values(), *self._tickets.values()):
            self._close(channel, code)
        self._boards.clear()
        self._tickets.clear()
        self.unwatched_s = self._clock.monotonic_s()

    def _close(self, channel: Channel, code: int) -> None:
        for watcher in channel.watchers:
            watcher.leave(code)

    # Changes of the journal.

    async def apply(self, change: Change) -> None:
        """Fold a change into the day, and send what is urgent."""
        if isinstance(change, Loaded):
            day = Day(self.hall, change.day)
            await _fold(day, change.records)
            before, self.day = self.day, day
            if before is not None and (day.on, day.seq) < (before.on, before.seq):
                log.warning("journal_rewritten", hall=self.hall, day=str(day.on))
                self.close_all(RESTART)
        else:
            assert self.day is not None, "a day is loaded before it moves"
            await _fold(self.day, change.records)
            day = self.day
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        self._send_urgent(day, change.records if not isinstance(change, Loaded) else ())

    def _send_urgent(self, day: Day, records: Sequence[Record]) -> None:
        """Send the boards whose `called` changed, and the tickets that these records changed."""
        now_s, now_at = self._clock.monotonic_s(), self._now_at()
        self._day_now()
        for channel in list(self._boards.values()):
            channel.dirty = True
            if called_of(day, channel.zone) != channel.board.called:
                self._make_board(channel, now_s, now_at)
        if self._boards:
            self._unreported_calls += [
                record.at for record in records if isinstance(record.event, TicketCalled | TicketRecalled)
            ]
            self._report_calls()
        if self._tickets:
            changed = {ticket for record in records if (ticket := getattr(record.event, "ticket", None))}
            for ticket, by_owner in product(changed, (True, False)):
                if (watched := self._tickets.get((ticket, by_owner))) is not None:
                    view = ticket_view(day, day.tickets[ticket], now_at, token=watched.token)
                    self._send_ticket(watched, view, now_s)

    def _report_calls(self) -> None:
        """Report the delay of calls to the observer, once no board is being sent any more."""
        if self._unreported_calls and not any(channel.watchers.is_sending for channel in self._boards.values()):
            calls, self._unreported_calls = self._unreported_calls, []
            shown_at = self._now_at()
            for called_at in calls:
                self._observer.call_shown(max(0.0, (shown_at - called_at).total_seconds()))

    # What is due.

    def send_due(self) -> float:
        """Send what is due; return the seconds until the next pass is due."""
        now_s = self._clock.monotonic_s()
        if self.day is None or not self.watched:
            return max(0.0, self.unwatched_s + UNFOLLOW_AFTER_S - now_s)
        if self._silent(now_s):
            return ALIVE_AFTER_S
        now_at = self._now_at()
        alive = self._pack(encode(Alive(self.day.on.isoformat(), self.day.seq, stamp(now_at))))
        self._day_now()
        for channel in list(self._boards.values()):
            if channel.make_due_s <= now_s:
                self._make_board(channel, now_s, now_at)
            self._keep_alive(channel, alive, now_s)
        tickets_due_s = self._check_tickets(self.day, alive, now_s, now_at)
        boards_due_s = min((channel.due_s for channel in self._boards.values()), default=math.inf)
        return max(0.0, min(tickets_due_s, boards_due_s) - now_s)

    def _check_tickets(self, day: Day, alive: bytes, now_s: float, now_at: datetime) -> float:
        """Check the tickets that are due, at most `TICKETS_AT_ONCE`; return when the next one is due."""
        for _ in range(min(TICKETS_AT_ONCE, len(self._tickets))):
            key, channel = next(iter(self._tickets.items()))
            if channel.checked_s + TICKETS_EVERY_S > now_s:
                break
            del self._tickets[key]
            self._tickets[key] = channel
            ticket, _ = key
            channel.checked_s = now_s
            refresh = now_s - channel.made_s >= REFRESH_EVERY_S
            if ticket in day.tickets and (refresh or channel.seq != day.seq):
                view = ticket_view(day, day.tickets[ticket], now_at, token=channel.token)
                channel.seq = day.seq
                if not same_ticket(view, channel.view, compare_seconds=refresh):
                    self._send_ticket(channel, view, now_s)
                elif refresh:
                    channel.made_s = now_s
            self._keep_alive(channel, alive, now_s)
        oldest = next(iter(self._tickets.values()), None)
        return math.inf if oldest is None else oldest.checked_s + TICKETS_EVERY_S

    def _make_board(self, channel: BoardChannel, now_s: float, now_at: datetime) -> None:
        """Make a board again, and send it if it differs. Close the channel if its zone no longer exists."""
        day = self._day_now()
        if not zone_exists(day, channel.zone):
            self._close(channel, UNKNOWN)
            self._boards.pop(channel.zone, None)
            return
        board = board_of(day, channel.zone, now_at)
        same = same_board(board, channel.board)
        channel.board = board
        channel.frame = self._pack(encode(board))
        channel.made_s = now_s
        channel.dirty = False
        channel.valid_for_s = _valid_for_s(day, now_at)
        if not same:
            self._send(channel, channel.frame, now_s)

    def _send_ticket(self, channel: TicketChannel, view: TicketView, now_s: float) -> None:
        channel.view = view
        channel.seq = view.seq
        channel.made_s = now_s
        self._send(channel, self._pack(encode(view)), now_s)

    def _send(self, channel: Channel, frame: bytes, now_s: float) -> None:
        channel.sent_s = now_s
        channel.watchers.show(frame)
        self._observer.sent(len(channel.watchers))

    def _keep_alive(self, channel: Channel, alive: bytes, now_s: float) -> None:
        if now_s - channel.sent_s >= ALIVE_AFTER_S:
            channel.sent_s = now_s
            channel.watchers.keep_alive(alive)

    # Time.

    def _silent(self, now_s: float) -> bool:
        return now_s - self._last_answer_s() > SILENT_AFTER_S

    def _now_at(self) -> datetime:
        """Return the present instant; while PostgreSQL does not answer, the time of its last answer."""
        now_s = self._clock.monotonic_s()
        silence_s = now_s - self._last_answer_s() if self._silent(now_s) else 0.0
        now_at = self._clock.now_at() - timedelta(seconds=silence_s)
        return now_at if self.day is None else max(now_at, self.day.at)

    def _day_now(self) -> Day:
        """Return the day, moved forward to the present instant and with the newest forecast."""
        assert self.day is not None, "watching begins after the day is loaded"
        self.day.advance_to(self._now_at())
        self._adopt_forecast(self.day)
        return self.day

    def _adopt_forecast(self, day: Day) -> None:
        """Take over a new forecast, and mark all boards and tickets to be checked again."""
        promises = self._promises_of(self.hall, day.on)
        if promises is day.promises:
            return
        day.promises = promises
        for board in self._boards.values():
            board.dirty = True
        for ticket in self._tickets.values():
            ticket.seq = CHECK_AGAIN


async def _fold(day: Day, records: Sequence[Record]) -> None:
    for begin in range(0, len(records), FOLD_AT_ONCE):
        if begin:
            await asyncio.sleep(0)  # lets the event loop run other tasks
        for record in records[begin : begin + FOLD_AT_ONCE]:
            evolve(day, record)


def _valid_for_s(day: Day, now_at: datetime) -> float:
    """Return how long a board stays valid without an event: waits change, and a suspension may end at its time."""
    suspension = day.suspended_at(now_at)
    if suspension is None or suspension.until_at is None:
        return REFRESH_EVERY_S
    left_s = (suspension.until_at - now_at).total_seconds()
    return min(max(left_s, BOARD_EVERY_S), REFRESH_EVERY_S)
