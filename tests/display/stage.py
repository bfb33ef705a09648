"""A hall on a stage: a pure day whose events the test passes to a feed or a server by hand."""

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


class Stage:
    """A hall, and what has not been told of it yet."""

    def __init__(self, hall: Hall | None = None) -> None:
        self.hall = hall or Hall()
        self.clock = FakeClock(self.hall.now_at)
        self.told = 0

    def loaded(self) -> Loaded:
        """The day from its beginning."""
        self.told = len(self.hall.records)
        return Loaded(self.hall.on, list(self.hall.records), self._position())

    def moved(self) -> Moved:
        """What happened since it was told last."""
        records, self.told = self.hall.records[self.told :], len(self.hall.records)
        return Moved(records, self._position())

    def after(self, seconds: float) -> None:
        """Let time pass, in the hall and for who watches."""
        self.hall.after(seconds)
        self.clock.advance(seconds)

    def _position(self) -> Position:
        return Position(self.hall.day.seq, "head", self.hall.now_at)


class Audience:
    """One who watches: remembers every frame."""

    watchers: Watchers | None = None
    ready = True

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.bytes: list[bytes] = []
        self.code: int | None = None

    def show(self, frame: bytes) -> None:
        """Look at a board or ticket."""
        self.bytes.append(frame)
        self.frames.append(msgspec.json.decode(frame))

    @property
    def raw_socket(self) -> RawSocket:
        """Itself."""
        return self

    def send(self, frame: bytes) -> int:
        """Take all of it."""
        self.show(frame)
        return len(frame)

    def send_rest(self, frame: bytes, taken: int) -> None:
        """Never come."""
        raise AssertionError(f"all {len(frame)} bytes were taken, not {taken}")

    def leave(self, code: int) -> None:
        """Go away."""
        self.code = code

    def take(self) -> list[dict[str, Any]]:
        """The frames since the last time."""
        frames, self.frames = self.frames, []
        return frames

    def boards(self) -> list[dict[str, Any]]:
        """The boards since the last time."""
        return [frame for frame in self.take() if frame["type"] == "board"]


class Counting(NoObserver):
    """An observer that remembers."""

    def __init__(self) -> None:
        self.connected = 0
        self.frames = 0
        self.calls_s: list[float] = []

    def screens(self, connected: int) -> None:
        """Remember how many."""
        self.connected = connected

    def sent(self, frames: int) -> None:
        """Count."""
        self.frames += frames

    def call_shown(self, seconds: float) -> None:
        """Remember how late."""
        self.calls_s.append(seconds)


class Feed(HallFeed):
    """A feed whose follower the test is."""

    def __init__(self, stage: Stage, observer: NoObserver | None = None) -> None:
        self.answered_s = 0.0
        super().__init__(TOWN, stage.clock, lambda: self.answered_s, bytes, observer or NoObserver())

    def heard(self, stage: Stage) -> float:
        """PostgreSQL answers now; do what is due."""
        self.answered_s = stage.clock.monotonic_s()
        return self.send_due()


class Puppet(Follower):
    """A follower that says what the test says."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.following = 0
        self.alive_at = 0.0
        self._lines: list[asyncio.Queue[Change | Exception]] = []

    async def follow(self, name: HallId) -> AsyncGenerator[Change, None]:
        """Say the day, then what the test says."""
        assert name == TOWN
        lines: asyncio.Queue[Change | Exception] = asyncio.Queue()
        self._lines.append(lines)
        self.following += 1
        try:
            yield self.stage.loaded()
            while True:
                line = await lines.get()
                if isinstance(line, Exception):
                    raise line
                yield line
        finally:
            self._lines.remove(lines)
            self.following -= 1

    def say(self, line: Change | Exception | None = None) -> None:
        """Say a change, by default what happened since the last one."""
        self.alive_at = self.stage.clock.monotonic_s()
        said = line or self.stage.moved()
        for lines in self._lines:
            lines.put_nowait(said)


def rewritten(stage: Stage, upto: int, on: date | None = None) -> Loaded:
    """The day as a journal has it that lost its end."""
    records = stage.hall.records[:upto]
    return Loaded(on or stage.hall.on, records, Position(upto, "other", stage.hall.now_at))
