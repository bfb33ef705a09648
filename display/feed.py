"""Feeds: one fold per hall, one frame per board, however many screens show it.

**The mechanism.** A feed follows the journal of a hall and folds it into a `Day`. Each zone that somebody watches is a
channel with one current frame; it is made and serialized once per change, and the same bytes go to every screen. A
ticket somebody watches is a channel as well. Whoever comes is shown the current frame at once; whoever is slow keeps
only the newest (`watchers`).

**When a board goes out.** At once when `called` changed: people are waiting for exactly that. Otherwise at most ten
times a second, for three hundred tickets taken in a second are no news to read. Waits drift while nothing happens, so a
board is looked at again every ten seconds. A ticket goes out at once when it changed itself; its place and wait are
looked at in turn, a hundred tickets at a time, so that no call waits behind them.

**Silence.** A frame says that what is shown is true as of its `at`. Frames without news are sent while PostgreSQL
answers the follower, and no longer: then screens hear nothing and say by themselves how old their numbers are.

**The invariant.** On one connection (day, seq) never goes back. A journal that was rewritten (restored, failed over)
may go back, so its watchers are sent away, and come back to a new connection.

`look` is one pass: it sends what is due and says when the next thing is. It reads time from the clock it was given and
does no I/O but through its watchers.

Source: JOURNAL 4 and 5, CONTRACT 6.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from contextlib import aclosing
from datetime import date, datetime, timedelta
from functools import partial
from itertools import product
from typing import Protocol, TypeAlias, TypeVar

import structlog
from msgspec.structs import replace

from display.board import Alive, Board, board_of, called_of, encode, zone_known
from display.watchers import Watcher, Watchers
from service.contract import (
    Change,
    Clock,
    Day,
    Follower,
    HallId,
    Loaded,
    Promises,
    Record,
    TicketCalled,
    TicketId,
    TicketRecalled,
    TicketView,
    UnknownKind,
    ZoneId,
    evolve,
    stamp,
    ticket_view,
)

BOARD_EVERY_S = 0.1
"""A board goes out at most this often, unless `called` changed."""

REFRESH_EVERY_S = 10.0
"""How old the waits of a board or ticket get while nothing happens."""

TICKETS_EVERY_S = 0.75
"""How often the place and wait of a ticket are looked at while things happen."""

TICKETS_AT_ONCE = 100
"""Tickets looked at in one pass, about 3 ms; then others have their turn."""

ALIVE_AFTER_S = 1.1
"""A frame goes out at least this often: the contract promises 2 s, the rest is for a busy moment."""

SILENT_AFTER_S = 2.5
"""PostgreSQL has not answered for so long: nothing is known to be true any more. The follower asks each second."""

UNFOLLOW_AFTER_S = 60.0
"""A hall nobody watches is followed on so long, for screens that come back."""

FOLD_AT_ONCE = 500
"""Events folded in one go, about 5 ms; then others have their turn."""

FAULT = 1011
RESTART = 1012
TRY_LATER = 1013
UNKNOWN = 4404
"""Close codes: of RFC 6455's registry, and the contract's for what does not exist."""

log = structlog.get_logger(__name__)


LOOK_AGAIN = -1
"""A seq that no day has: what was told of a ticket is to be looked at again."""


class Observer(Protocol):
    """Who counts what screens get; `metrics` does."""

    def screens(self, connected: int) -> None:
        """So many sockets are open now."""

    def sent(self, frames: int) -> None:
        """A board or ticket was handed to so many sockets."""

    def call_shown(self, seconds: float) -> None:
        """A call was handed to all sockets of its hall, so long after its instant by the database's clock."""


class NoObserver:
    """Counts nothing."""

    def screens(self, connected: int) -> None:
        """Nothing."""

    def sent(self, frames: int) -> None:
        """Nothing."""

    def call_shown(self, seconds: float) -> None:
        """Nothing."""


Pack = Callable[[bytes], bytes]
"""Makes JSON into what goes over the wire: once for all who get it."""

PromisesOf = Callable[[HallId, date], Promises | None]
"""What is forecast for a hall's day, as far as this process knows."""


def nothing_promised(_hall: HallId, _on: date) -> Promises | None:
    """Where no forecasts are read."""
    return None


Unwatch = Callable[[], None]
"""Ends what `watch_board` or `watch_ticket` began."""


class _Channel:
    """Who watches the same thing; times are monotonic."""

    __slots__ = ("made_s", "sent_s", "watchers")

    def __init__(self, now_s: float, shown: Callable[[], None]) -> None:
        self.watchers = Watchers(shown)
        self.made_s = now_s
        self.sent_s = now_s


class _BoardChannel(_Channel):
    """A board; `dirty` when something happened since it was made, which else is good for `good_for_s`."""

    __slots__ = ("board", "dirty", "frame", "good_for_s", "zone")

    def __init__(
        self, zone: ZoneId | None, board: Board, frame: bytes, now_s: float, shown: Callable[[], None]
    ) -> None:
        super().__init__(now_s, shown)
        self.zone = zone
        self.board = board
        self.frame = frame
        self.dirty = False
        self.good_for_s = 0.0

    @property
    def make_due_s(self) -> float:
        """When it is to be made again."""
        return self.made_s + (BOARD_EVERY_S if self.dirty else self.good_for_s)

    @property
    def due_s(self) -> float:
        """When something is to be done about it."""
        return min(self.make_due_s, self.sent_s + ALIVE_AFTER_S)


class _TicketChannel(_Channel):
    """A ticket, with its token for its owner; `seq` is the day's when it was looked at last."""

    __slots__ = ("looked_s", "seq", "token", "view")

    def __init__(self, view: TicketView, token: str | None, now_s: float, shown: Callable[[], None]) -> None:
        super().__init__(now_s, shown)
        self.view = view
        self.token = token
        self.seq = view.seq
        self.looked_s = now_s


_Watched: TypeAlias = tuple[TicketId, bool]
"""A ticket, and whether it is its owner who watches."""

_Key = TypeVar("_Key")
_Kind = TypeVar("_Kind", bound=_Channel)


class HallFeed:
    """One hall, for all who watch it in this process: a fold, and the frames made of it."""

    def __init__(  # noqa: PLR0913, PLR0917  (what a feed is made of)
        self,
        hall: HallId,
        clock: Clock,
        answered_s: Callable[[], float],
        pack: Pack,
        observer: Observer,
        promises_of: PromisesOf = nothing_promised,
    ) -> None:
        self.hall = hall
        self.day: Day | None = None
        self.unwatched_s = clock.monotonic_s()
        self._clock = clock
        self._answered_s = answered_s
        self._pack = pack
        self._observer = observer
        self._promises_of = promises_of
        self._boards: dict[ZoneId | None, _BoardChannel] = {}
        self._tickets: dict[_Watched, _TicketChannel] = {}  # who was looked at longest ago comes first
        self._calls: list[datetime] = []  # not in all sockets yet
        self._news = asyncio.Event()

    @property
    def watched(self) -> bool:
        """Tell whether anybody watches."""
        return bool(self._boards or self._tickets)

    async def when(self, known: Callable[[Day], bool]) -> Day:
        """Wait until the day is there and knows something."""
        while self.day is None or not known(self.day):
            await self._news.wait()
        return self.day

    # Watching.

    def watch_board(self, zone: ZoneId | None, watcher: Watcher) -> Unwatch:
        """Show a board at once and whenever it changes."""
        now_s, now_at, day = self._clock.monotonic_s(), self._now_at(), self._awake()
        channel = self._boards.get(zone)
        if channel is None:
            board = board_of(day, zone, now_at)
            channel = self._boards[zone] = _BoardChannel(
                zone, board, self._pack(encode(board)), now_s, self._tell_calls
            )
            channel.good_for_s = _good_for_s(day, now_at)
        elif now_s - channel.made_s >= BOARD_EVERY_S and not self._silent(now_s):
            self._make_board(channel, now_s, now_at)
        watcher.show(channel.frame)
        channel.watchers.add(watcher)
        self._observer.sent(1)
        return partial(self._unwatch, self._boards, zone, watcher)

    def watch_ticket(self, ticket: TicketId, watcher: Watcher, token: str | None = None) -> Unwatch:
        """Show a ticket of the day at once and whenever it changes; with its `token` to its owner."""
        now_s, now_at, day = self._clock.monotonic_s(), self._now_at(), self._awake()
        view = ticket_view(day, day.tickets[ticket], now_at, token=token)
        watched = (ticket, token is not None)
        channel = self._tickets.get(watched)
        if channel is None:
            channel = self._tickets[watched] = _TicketChannel(view, token, now_s, self._tell_calls)
        watcher.show(self._pack(encode(view)))
        channel.watchers.add(watcher)
        self._observer.sent(1)
        return partial(self._unwatch, self._tickets, watched, watcher)

    def _unwatch(self, channels: dict[_Key, _Kind], key: _Key, watcher: Watcher) -> None:
        channel = channels.get(key)
        if channel is None:
            return
        channel.watchers.remove(watcher)
        if not channel.watchers:
            del channels[key]
            self.unwatched_s = self._clock.monotonic_s()

    def send_away(self, code: int) -> None:
        """Close all who watch."""
        for channel in (*self._boards.values(), *self._tickets.values()):
            self._close(channel, code)
        self._boards.clear()
        self._tickets.clear()
        self.unwatched_s = self._clock.monotonic_s()

    def _close(self, channel: _Channel, code: int) -> None:
        for watcher in channel.watchers:
            watcher.leave(code)

    # What happens.

    async def take(self, change: Change) -> None:
        """Fold a change, and send what cannot wait."""
        if isinstance(change, Loaded):
            day = Day(self.hall, change.day)
            await _fold(day, change.records)
            before, self.day = self.day, day
            if before is not None and (day.on, day.seq) < (before.on, before.seq):
                log.warning("journal_rewritten", hall=self.hall, day=str(day.on))
                self.send_away(RESTART)
        else:
            assert self.day is not None, "a day is loaded before it moves"
            await _fold(self.day, change.records)
            day = self.day
        news, self._news = self._news, asyncio.Event()
        news.set()
        self._send_urgent(day, change.records if not isinstance(change, Loaded) else ())

    def _send_urgent(self, day: Day, records: Sequence[Record]) -> None:
        """Send the boards whose calls changed and the tickets that changed themselves."""
        now_s, now_at = self._clock.monotonic_s(), self._now_at()
        self._awake()
        for channel in list(self._boards.values()):
            channel.dirty = True
            if called_of(day, channel.zone) != channel.board.called:
                self._make_board(channel, now_s, now_at)
        if self._boards:
            self._calls += [one.at for one in records if isinstance(one.event, TicketCalled | TicketRecalled)]
            self._tell_calls()
        if self._tickets:
            changed = {ticket for record in records if (ticket := getattr(record.event, "ticket", None))}
            for ticket, by_owner in product(changed, (True, False)):
                if (watched := self._tickets.get((ticket, by_owner))) is not None:
                    view = ticket_view(day, day.tickets[ticket], now_at, token=watched.token)
                    self._send_ticket(watched, view, now_s)

    def _tell_calls(self) -> None:
        """Tell how late calls were, once no board is going round any more."""
        if self._calls and not any(channel.watchers.under_way for channel in self._boards.values()):
            calls, self._calls = self._calls, []
            shown_at = self._now_at()
            for called_at in calls:
                self._observer.call_shown(max(0.0, (shown_at - called_at).total_seconds()))

    # What is due.

    def look(self) -> float:
        """Send what is due, and say in how many seconds the next thing is."""
        now_s = self._clock.monotonic_s()
        if self.day is None or not self.watched:
            return max(0.0, self.unwatched_s + UNFOLLOW_AFTER_S - now_s)
        if self._silent(now_s):
            return ALIVE_AFTER_S
        now_at = self._now_at()
        alive = self._pack(encode(Alive(self.day.on.isoformat(), self.day.seq, stamp(now_at))))
        self._awake()
        for channel in list(self._boards.values()):
            if channel.make_due_s <= now_s:
                self._make_board(channel, now_s, now_at)
            self._keep_alive(channel, alive, now_s)
        tickets_due_s = self._look_at_tickets(self.day, alive, now_s, now_at)
        boards_due_s = min((channel.due_s for channel in self._boards.values()), default=math.inf)
        return max(0.0, min(tickets_due_s, boards_due_s) - now_s)

    def _look_at_tickets(self, day: Day, alive: bytes, now_s: float, now_at: datetime) -> float:
        """Look at the tickets whose turn it is, not too many, and say when the next one's is."""
        for _ in range(min(TICKETS_AT_ONCE, len(self._tickets))):
            watched, channel = next(iter(self._tickets.items()))
            if channel.looked_s + TICKETS_EVERY_S > now_s:
                break
            del self._tickets[watched]
            self._tickets[watched] = channel
            ticket, _ = watched
            channel.looked_s = now_s
            exactly = now_s - channel.made_s >= REFRESH_EVERY_S
            if ticket in day.tickets and (exactly or channel.seq != day.seq):
                view = ticket_view(day, day.tickets[ticket], now_at, token=channel.token)
                channel.seq = day.seq
                if not _same_ticket(view, channel.view, exactly=exactly):
                    self._send_ticket(channel, view, now_s)
                elif exactly:
                    channel.made_s = now_s
            self._keep_alive(channel, alive, now_s)
        longest_ago = next(iter(self._tickets.values()), None)
        return math.inf if longest_ago is None else longest_ago.looked_s + TICKETS_EVERY_S

    def _make_board(self, channel: _BoardChannel, now_s: float, now_at: datetime) -> None:
        """Make a board anew, and send it if it is another."""
        day = self._awake()
        if not zone_known(day, channel.zone):
            self._close(channel, UNKNOWN)
            self._boards.pop(channel.zone, None)
            return
        board = board_of(day, channel.zone, now_at)
        same = _same_board(board, channel.board)
        channel.board = board
        channel.frame = self._pack(encode(board))
        channel.made_s = now_s
        channel.dirty = False
        channel.good_for_s = _good_for_s(day, now_at)
        if not same:
            self._send(channel, channel.frame, now_s)

    def _send_ticket(self, channel: _TicketChannel, view: TicketView, now_s: float) -> None:
        channel.view = view
        channel.seq = view.seq
        channel.made_s = now_s
        self._send(channel, self._pack(encode(view)), now_s)

    def _send(self, channel: _Channel, frame: bytes, now_s: float) -> None:
        channel.sent_s = now_s
        channel.watchers.show(frame)
        self._observer.sent(len(channel.watchers))

    def _keep_alive(self, channel: _Channel, alive: bytes, now_s: float) -> None:
        if now_s - channel.sent_s >= ALIVE_AFTER_S:
            channel.sent_s = now_s
            channel.watchers.beat(alive)

    # Time.

    def _silent(self, now_s: float) -> bool:
        return now_s - self._answered_s() > SILENT_AFTER_S

    def _now_at(self) -> datetime:
        """The present instant; while PostgreSQL is silent, the last one at which anything was known."""
        now_s = self._clock.monotonic_s()
        silence_s = now_s - self._answered_s() if self._silent(now_s) else 0.0
        now_at = self._clock.now_at() - timedelta(seconds=silence_s)
        return now_at if self.day is None else max(now_at, self.day.at)

    def _awake(self) -> Day:
        assert self.day is not None, "nothing is watched before the day is there"
        self.day.advance_to(self._now_at())
        self._hear_forecast(self.day)
        return self.day

    def _hear_forecast(self, day: Day) -> None:
        """Take over what was forecast since: boards and tickets are looked at again, each in its turn."""
        promises = self._promises_of(self.hall, day.on)
        if promises is day.promises:
            return
        day.promises = promises
        for board in self._boards.values():
            board.dirty = True
        for ticket in self._tickets.values():
            ticket.seq = LOOK_AGAIN


async def _fold(day: Day, records: Sequence[Record]) -> None:
    for begin in range(0, len(records), FOLD_AT_ONCE):
        if begin:
            await asyncio.sleep(0)  # others have their turn
        for record in records[begin : begin + FOLD_AT_ONCE]:
            evolve(day, record)


def _good_for_s(day: Day, now_at: datetime) -> float:
    """How long a board is good while nothing happens: waits drift, and a suspension may end by itself."""
    suspension = day.suspended_at(now_at)
    if suspension is None or suspension.until_at is None:
        return REFRESH_EVERY_S
    left_s = (suspension.until_at - now_at).total_seconds()
    return min(max(left_s, BOARD_EVERY_S), REFRESH_EVERY_S)


def _same_board(board: Board, other: Board) -> bool:
    """Tell whether two boards show the same; every board is of another instant."""
    return replace(board, seq=other.seq, at=other.at) == other


def _same_ticket(view: TicketView, other: TicketView, *, exactly: bool) -> bool:
    """Tell whether two views of a ticket say the same.

    A wait in seconds is another at each look, and says nothing new while the range shown stays; `exactly` compares the
    seconds too.
    """
    wait = view.wait
    if not exactly and wait.shown == other.wait.shown:
        wait = other.wait
    return replace(view, seq=other.seq, wait=replace(wait, as_of_at=other.wait.as_of_at)) == other


class Feeds:
    """The halls that are watched."""

    def __init__(
        self,
        follower: Follower,
        clock: Clock,
        pack: Pack,
        observer: Observer,
        promises_of: PromisesOf = nothing_promised,
    ) -> None:
        self._follower = follower
        self._clock = clock
        self._pack = pack
        self._observer = observer
        self._promises_of = promises_of
        self._feeds: dict[HallId, HallFeed] = {}
        self._tasks: dict[HallId, asyncio.Task[None]] = {}
        self._timers: dict[HallId, asyncio.TimerHandle] = {}

    def of(self, hall: HallId) -> HallFeed:
        """The feed of a hall, followed from now on."""
        feed = self._feeds.get(hall)
        if feed is None:
            feed = self._feeds[hall] = HallFeed(
                hall,
                self._clock,
                lambda: self._follower.alive_at,
                self._pack,
                self._observer,
                self._promises_of,
            )
            self._tasks[hall] = asyncio.create_task(self._follow(feed), name=f"feed {hall}")
            self.look(hall)
        return feed

    def look(self, hall: HallId) -> None:
        """Do what is due for a hall, now and whenever something is: whoever began to watch it calls this once."""
        timer = self._timers.pop(hall, None)
        if timer is not None:
            timer.cancel()
        feed = self._feeds.get(hall)
        if feed is None:
            return
        try:
            delay_s = feed.look()
        except Exception:
            log.exception("feed_fault", hall=hall)
            feed.send_away(FAULT)
            self._drop(feed)
            return
        unwatched_s = self._clock.monotonic_s() - feed.unwatched_s
        if not feed.watched and unwatched_s >= UNFOLLOW_AFTER_S:
            self._drop(feed)
            return
        self._timers[hall] = asyncio.get_running_loop().call_later(delay_s, self.look, hall)

    async def _follow(self, feed: HallFeed) -> None:
        try:
            async with aclosing(self._follower.follow(feed.hall)) as changes:
                async for change in changes:
                    await feed.take(change)
                    self.look(feed.hall)
        except UnknownKind:
            log.exception("hall_needs_a_newer_release", hall=feed.hall)
            feed.send_away(TRY_LATER)
        except Exception:
            log.exception("feed_fault", hall=feed.hall)
            feed.send_away(FAULT)
        self._drop(feed)

    def _drop(self, feed: HallFeed) -> None:
        if self._feeds.get(feed.hall) is not feed:
            return
        del self._feeds[feed.hall]
        timer = self._timers.pop(feed.hall, None)
        if timer is not None:
            timer.cancel()
        task = self._tasks.pop(feed.hall)
        if task is not asyncio.current_task():
            task.cancel()

    async def stop(self) -> None:
        """Follow nothing any more."""
        tasks = list(self._tasks.values())
        for feed in list(self._feeds.values()):
            self._drop(feed)
        await asyncio.gather(*tasks, return_exceptions=True)
