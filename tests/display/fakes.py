"""Fakes for the display's tests: a hall in memory whose events the test passes to a feed or a server."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import date
from typing import Any

import msgspec

from display.hall_feed import HallFeed
from display.observer import NoObserver
from display.send_worker import RawSocket
from display.watchers import Watchers
from service.clock import FakeClock
from service.domain.model import HallId
from service.journal.follow import Change, Follower, Loaded, Moved
from service.journal.values import Position
from tests.domain.halls import Hall

TOWN = HallId("town")


class FakeHall:
    """A hall in memory; `told` is the number of its records that the feed has got."""

    def __init__(self, hall: Hall | None = None) -> None:
        self.hall = hall or Hall()
        self.clock = FakeClock(self.hall.now_at)
        self.told = 0

    def loaded(self) -> Loaded:
        """Return the whole day."""
        self.told = len(self.hall.records)
        return Loaded(self.hall.on, list(self.hall.records), self._position())

    def moved(self) -> Moved:
        """Return the records since the last change."""
        records, self.told = self.hall.records[self.told :], len(self.hall.records)
        return Moved(records, self._position())

    def after(self, seconds: float) -> None:
        """Advance the hall's clock and the display's clock."""
        self.hall.after(seconds)
        self.clock.advance(seconds)

    def _position(self) -> Position:
        return Position(self.hall.day.seq, "head", self.hall.now_at)


class FakeWatcher:
    """A watcher that remembers every frame."""

    watchers: Watchers | None = None
    ready = True

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.bytes: list[bytes] = []
        self.code: int | None = None

    def show(self, frame: bytes) -> None:
        """Remember a board or ticket."""
        self.bytes.append(frame)
        self.frames.append(msgspec.json.decode(frame))

    @property
    def raw_socket(self) -> RawSocket:
        """The watcher itself."""
        return self

    def send(self, frame: bytes) -> int:
        """Accept the whole frame."""
        self.show(frame)
        return len(frame)

    def send_rest(self, frame: bytes, taken: int) -> None:
        """Fail: `send` accepts whole frames."""
        raise AssertionError(f"all {len(frame)} bytes were taken, not {taken}")

    def leave(self, code: int) -> None:
        """Remember the close code."""
        self.code = code

    def take(self) -> list[dict[str, Any]]:
        """Return the frames since the last call."""
        frames, self.frames = self.frames, []
        return frames

    def boards(self) -> list[dict[str, Any]]:
        """Return the boards since the last call."""
        return [frame for frame in self.take() if frame["type"] == "board"]


class CountingObserver(NoObserver):
    """An observer that remembers what it is called with."""

    def __init__(self) -> None:
        self.connected = 0
        self.frames = 0
        self.calls_s: list[float] = []

    def screens(self, connected: int) -> None:
        """Remember the number of sockets."""
        self.connected = connected

    def sent(self, frames: int) -> None:
        """Count the frames."""
        self.frames += frames

    def call_shown(self, seconds: float) -> None:
        """Remember the delay."""
        self.calls_s.append(seconds)


class Feed(HallFeed):
    """A feed to which the test passes the changes."""

    def __init__(self, fake_hall: FakeHall, observer: NoObserver | None = None) -> None:
        self.answered_s = 0.0
        super().__init__(TOWN, fake_hall.clock, lambda: self.answered_s, bytes, observer or NoObserver())

    def heard(self, fake_hall: FakeHall) -> float:
        """Let PostgreSQL have answered now; send what is due."""
        self.answered_s = fake_hall.clock.monotonic_s()
        return self.send_due()


class FakeFollower(Follower):
    """A follower that yields the changes the test passes to `say`."""

    def __init__(self, fake_hall: FakeHall) -> None:
        self.fake_hall = fake_hall
        self.following = 0
        self.alive_at = 0.0
        self._lines: list[asyncio.Queue[Change | Exception]] = []

    async def follow(self, name: HallId) -> AsyncGenerator[Change, None]:
        """Yield the day, then the changes of `say`."""
        assert name == TOWN
        lines: asyncio.Queue[Change | Exception] = asyncio.Queue()
        self._lines.append(lines)
        self.following += 1
        try:
            yield self.fake_hall.loaded()
            while True:
                line = await lines.get()
                if isinstance(line, Exception):
                    raise line
                yield line
        finally:
            self._lines.remove(lines)
            self.following -= 1

    def say(self, line: Change | Exception | None = None) -> None:
        """Pass a change, by default the records since the last one."""
        self.alive_at = self.fake_hall.clock.monotonic_s()
        said = line or self.fake_hall.moved()
        for lines in self._lines:
            lines.put_nowait(said)


def rewritten(fake_hall: FakeHall, upto: int, on: date | None = None) -> Loaded:
    """Return the day of a journal that has lost its end."""
    records = fake_hall.hall.records[:upto]
    return Loaded(on or fake_hall.hall.on, records, Position(upto, "other", fake_hall.hall.now_at))
