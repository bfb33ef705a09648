"""Watchers: all sockets that watch the same thing, and how a frame is sent to each of them.

**Direct sends.** Showing a call on 2,000 screens takes 2,000 system calls, and should cost little more. So the raw
sockets of the ready watchers are kept in one dict, and the loop touches no other object of a watcher: cache misses
would cost as much as the code. If the kernel does not accept a whole frame, the transport sends the rest, and the
watcher is not ready until the transport's buffer is empty. A watcher that is not ready keeps only the newest frame.

**Rounds.** 10,000 system calls take 50 ms, and meanwhile the process would decide no command and send no answer. So a
frame is sent in batches, and the event loop runs other tasks between two batches. A newer frame replaces a frame that
is still being sent, and goes first to the watchers that did not get the older one. So every watcher gets some frames,
even if frames follow each other faster than a round takes.

**The invariant.** The transport of a watcher in `_ready` has an empty buffer. Hence a frame sent directly can neither
overtake buffered bytes nor be mixed with them. A watcher must therefore report at once when it becomes not ready,
closes or is disconnected.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Protocol

from display.send_worker import PROCESSORS, RawSocket, send_all

AT_ONCE = 1000 if PROCESSORS > 1 else 500
"""Watchers sent to in one batch, about 5 ms with two threads or with one; then the event loop runs other tasks."""


class Watcher(Protocol):
    """A socket that frames are sent to. No method waits."""

    watchers: "Watchers | None"
    """The group it belongs to. It calls `update` of the group when `ready` changes, and `remove` when it closes."""

    @property
    def ready(self) -> bool:
        """Whether everything sent before was accepted by the kernel."""

    @property
    def raw_socket(self) -> RawSocket:
        """Where frames are sent while it is ready; the same object during the whole connection."""

    def send_rest(self, frame: bytes, taken: int) -> None:
        """Send the rest of a frame of which the raw socket accepted `taken` bytes."""

    def show(self, frame: bytes) -> None:
        """Send a board or ticket now, or as soon as the watcher is ready; a newer frame replaces one that waits."""

    def leave(self, code: int) -> None:
        """Close the connection with a close code."""


class Watchers:
    """All watchers of the same thing. `on_sent` is called when all ready watchers have got a frame."""

    __slots__ = ("_at", "_frame", "_is_kept", "_not_ready", "_on_sent", "_ready", "_round", "_scheduled")

    def __init__(self, on_sent: Callable[[], None]) -> None:
        self._ready: dict[RawSocket, Watcher] = {}  # in the order of connection, which is their order in memory
        self._not_ready: dict[Watcher, None] = {}
        self._on_sent = on_sent
        self._round: list[RawSocket] = []
        self._at = 0  # index of the first socket in `_round` that has not got the frame
        self._scheduled = False  # whether the event loop will send the next batch
        self._frame = b""
        self._is_kept = False

    def __len__(self) -> int:
        return len(self._ready) + len(self._not_ready)

    def __iter__(self) -> Iterator[Watcher]:
        """Iterate over a copy: watchers may be removed meanwhile."""
        return iter([*self._ready.values(), *self._not_ready])

    @property
    def is_sending(self) -> bool:
        """Tell whether a frame is still being sent."""
        return self._at < len(self._round)

    def add(self, watcher: Watcher) -> None:
        """Add a watcher that has already been shown the current frame."""
        watcher.watchers = self
        self.update(watcher)

    def update(self, watcher: Watcher) -> None:
        """Note that `ready` of a watcher has changed."""
        if watcher.ready:
            self._not_ready.pop(watcher, None)
            self._ready[watcher.raw_socket] = watcher
        else:
            self._ready.pop(watcher.raw_socket, None)
            self._not_ready[watcher] = None
            if self._drop_from_round(watcher) and self._is_kept:
                watcher.show(self._frame)

    def remove(self, watcher: Watcher) -> None:
        """Remove a watcher."""
        watcher.watchers = None
        self._ready.pop(watcher.raw_socket, None)
        self._not_ready.pop(watcher, None)
        self._drop_from_round(watcher)

    def show(self, frame: bytes) -> None:
        """Send a board or ticket to all watchers."""
        for watcher in self._not_ready:
            watcher.show(frame)
        self._start_round(frame, is_kept=True)

    def keep_alive(self, frame: bytes) -> None:
        """Send a frame that says nothing changed, to ready watchers only; skip it while another frame is being sent."""
        if not self.is_sending:
            self._start_round(frame, is_kept=False)

    def _start_round(self, frame: bytes, *, is_kept: bool) -> None:
        behind = self._round[self._at :]
        self._round = list(dict.fromkeys((*behind, *self._ready)) if behind else self._ready)
        self._at = 0
        self._frame = frame
        self._is_kept = is_kept
        if not self._scheduled:
            self._send_batch()

    def _send_batch(self) -> None:
        self._scheduled = False
        batch = self._round[self._at : self._at + AT_ONCE]
        self._at += len(batch)
        if self.is_sending:  # scheduled before the send: an error then costs this batch, and not the whole round
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._send_batch)
        for raw_socket, taken in send_all(batch, self._frame):
            self._ready[raw_socket].send_rest(self._frame, taken)
        if not self.is_sending:
            self._round = []
            self._at = 0
            self._on_sent()

    def _drop_from_round(self, watcher: Watcher) -> bool:
        """Remove a watcher from the round; tell whether it had not got the frame yet."""
        try:
            place = self._round.index(watcher.raw_socket, self._at)
        except ValueError:
            return False
        del self._round[place]
        return True
