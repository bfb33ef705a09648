"""Watchers: all who watch the same thing, and how a frame gets to each of them.

**The mechanism.** Showing a call to two thousand screens is two thousand system calls, and should be nothing else. So
those who are ready are kept as their sockets alone: the loop touches nothing else of a screen, for what lies about in
memory costs as much as the code that asks for it. What the kernel does not take at once is the transport's to send; it
makes the screen hold back, and a screen that holds back is out of the loop until all is taken. It keeps the newest
frame and nothing before it.

**Rounds.** Ten thousand system calls are 50 ms in which no command would be decided and no answer sent. So a frame goes
round a part at a time, and between two parts others have their turn. A newer frame takes the place of one that is still
going round, beginning with those who have not had that one: however quickly frames follow, everybody gets some.

**The invariant.** Who is in `_ready` has nothing in its transport's buffer: a frame sent past the transport can neither
overtake what waits there nor get into the middle of it. Hence whoever holds back, closes or is gone says so before
anything else can be sent.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Protocol

from display.send_worker import PROCESSORS, Wire, hand

AT_ONCE = 1000 if PROCESSORS > 1 else 500
"""Screens sent to in one go, about 5 ms with two hands or one; then others have their turn."""


class Watcher(Protocol):
    """Who is shown frames: a socket. Nothing here waits."""

    watchers: "Watchers | None"
    """Among whom it is: they are told when `ready` changes, and when it is no more."""

    @property
    def ready(self) -> bool:
        """Whether all that was shown before has been taken."""

    @property
    def wire(self) -> Wire:
        """What it is sent frames by while it is ready; the same for its whole life."""

    def rest(self, frame: bytes, taken: int) -> None:
        """See to the rest of a frame of which `wire` took only so much."""

    def show(self, frame: bytes) -> None:
        """Show a board or ticket: now, or once what was shown before is taken; it replaces one that waits for that."""

    def leave(self, code: int) -> None:
        """Close with a code."""


class Watchers:
    """Those who watch the same thing; `shown` is told when all who are ready have a frame."""

    __slots__ = ("_at", "_due", "_frame", "_holding", "_is_kept", "_ready", "_round", "_shown")

    def __init__(self, shown: Callable[[], None]) -> None:
        self._ready: dict[Wire, Watcher] = {}  # in the order they came, as they lie in memory
        self._holding: dict[Watcher, None] = {}
        self._shown = shown
        self._round: list[Wire] = []
        self._at = 0  # who comes before has had it
        self._due = False  # whether the next part is
        self._frame = b""
        self._is_kept = False

    def __len__(self) -> int:
        return len(self._ready) + len(self._holding)

    def __iter__(self) -> Iterator[Watcher]:
        """All, as they are now: they may go meanwhile."""
        return iter([*self._ready.values(), *self._holding])

    @property
    def under_way(self) -> bool:
        """Tell whether a frame is going round."""
        return self._at < len(self._round)

    def add(self, watcher: Watcher) -> None:
        """Take one in, who has been shown what there is."""
        watcher.watchers = self
        self.turn(watcher)

    def turn(self, watcher: Watcher) -> None:
        """Note that one is ready, or holds back from now on."""
        if watcher.ready:
            self._holding.pop(watcher, None)
            self._ready[watcher.wire] = watcher
        else:
            self._ready.pop(watcher.wire, None)
            self._holding[watcher] = None
            if self._left_out(watcher) and self._is_kept:
                watcher.show(self._frame)

    def remove(self, watcher: Watcher) -> None:
        """Let one go."""
        watcher.watchers = None
        self._ready.pop(watcher.wire, None)
        self._holding.pop(watcher, None)
        self._left_out(watcher)

    def show(self, frame: bytes) -> None:
        """Show a whole board or ticket."""
        for watcher in self._holding:
            watcher.show(frame)
        self._go_round(frame, is_kept=True)

    def beat(self, frame: bytes) -> None:
        """Say that what was shown is still true; left out where something is not taken yet, or is just being shown."""
        if not self.under_way:
            self._go_round(frame, is_kept=False)

    def _go_round(self, frame: bytes, *, is_kept: bool) -> None:
        behind = self._round[self._at :]
        self._round = list(dict.fromkeys((*behind, *self._ready)) if behind else self._ready)
        self._at = 0
        self._frame = frame
        self._is_kept = is_kept
        if not self._due:
            self._go_on()

    def _go_on(self) -> None:
        """Send to the next ones."""
        self._due = False
        some = self._round[self._at : self._at + AT_ONCE]
        self._at += len(some)
        if self.under_way:  # said first: a fault costs this part, and not the round
            self._due = True
            asyncio.get_running_loop().call_soon(self._go_on)
        self._send(some, self._frame)
        if not self.under_way:
            self._round = []
            self._at = 0
            self._shown()

    def _send(self, wires: list[Wire], frame: bytes) -> None:
        for wire, taken in hand(wires, frame):
            self._ready[wire].rest(frame, taken)

    def _left_out(self, watcher: Watcher) -> bool:
        """Take one out of the round; tell whether it was still to come."""
        try:
            place = self._round.index(watcher.wire, self._at)
        except ValueError:
            return False
        del self._round[place]
        return True
