"""Watchers: all who watch the same thing, and how a frame gets to each of them.

**The mechanism.** Showing a call to two thousand screens is two thousand system calls, and should be nothing else. So
those who are ready are kept as their sockets alone: the loop touches nothing else of a screen, for what lies about in
memory costs as much as the code that asks for it. What the kernel does not take at once is the transport's to send; it
makes the screen hold back, and a screen that holds back is out of the loop until all is taken. It keeps the newest
frame and nothing before it.

**The invariant.** Who is in `_ready` has nothing in its transport's buffer: a frame sent past the transport can neither
overtake what waits there nor get into the middle of it. Hence whoever holds back, closes or is gone says so before
anything else can be sent.
"""

from collections.abc import Iterator
from typing import Protocol


class Wire(Protocol):
    """A socket that never waits."""

    def send(self, frame: bytes, /) -> int:
        """Hand bytes to the kernel and say how many it took; raises OSError when it takes none, now or ever."""


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
    """Those who watch the same thing."""

    __slots__ = ("_holding", "_ready")

    def __init__(self) -> None:
        self._ready: dict[Wire, Watcher] = {}  # in the order they came, as they lie in memory
        self._holding: dict[Watcher, None] = {}

    def __len__(self) -> int:
        return len(self._ready) + len(self._holding)

    def __iter__(self) -> Iterator[Watcher]:
        """All, as they are now: they may go meanwhile."""
        return iter([*self._ready.values(), *self._holding])

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

    def remove(self, watcher: Watcher) -> None:
        """Let one go."""
        watcher.watchers = None
        self._ready.pop(watcher.wire, None)
        self._holding.pop(watcher, None)

    def show(self, frame: bytes) -> None:
        """Show a whole board or ticket."""
        for watcher in self._holding:
            watcher.show(frame)
        self.beat(frame)

    def beat(self, frame: bytes) -> None:
        """Say that what was shown is still true; left out where something is not taken yet."""
        size = len(frame)
        short: list[tuple[Wire, int]] = []
        for wire in self._ready:
            try:
                taken = wire.send(frame)
            except OSError:  # it takes nothing, or is gone: the transport will see which
                taken = 0
            if taken != size:
                short.append((wire, taken))
        for wire, taken in short:
            self._ready[wire].rest(frame, taken)
