"""Time: wall clocks may jump and differ between processes; the times in a journal never go back."""

from datetime import datetime, timedelta

import pytest

from service.clock import Clock, FakeClock
from service.domain.calendar.times import LONG_AGO
from service.runtime.lane import Lane, _Decision
from service.runtime.pending_requests import PendingRequest
from tests.race.process import Process, one_story, process_on, rows_of
from tests.service import NOON_AT

LATE = timedelta(minutes=5)


class Timeless(Lane):
    """A lane that uses the time of each request unchanged."""

    def _decide_one(self, pending: PendingRequest) -> _Decision:
        self._decided.at = LONG_AGO
        return super()._decide_one(pending)


class Skewed(Clock):
    """A clock of a machine that was started earlier."""

    def monotonic_s(self) -> float:
        """Return the seconds since that start."""
        return super().monotonic_s() + 1_000_000.0


async def times_in(dsn: str) -> list[datetime]:
    return [row[0] for row in await rows_of(dsn, "SELECT at FROM events ORDER BY day, seq")]


def test_a_wall_clock_that_jumps_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    clock.follow(NOON_AT, clock.monotonic_s())
    before = clock.now_at()

    class Jumped(datetime):
        """A wall clock that is a year ahead."""

        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            """Return the wrong time."""
            assert tz is not None
            return NOON_AT + timedelta(days=365)

    monkeypatch.setattr("service.clock.datetime", Jumped)

    assert before <= clock.now_at() < before + timedelta(days=1)
    assert Clock().now_at() >= NOON_AT + timedelta(days=365), "a clock that was not told goes by the wall"


class Stopped(Clock):
    """A clock whose monotonic time the test sets."""

    running_s = 0.0

    def monotonic_s(self) -> float:
        """Return the time that the test has set."""
        return self.running_s


def test_an_answer_that_came_late_does_not_set_the_clock_back() -> None:
    clock = Stopped()
    clock.follow(NOON_AT, 0.0)
    clock.running_s = 10.0
    clock.follow(NOON_AT + timedelta(seconds=4), asked_s=3.0)  # read after 1 s, received after 7 s

    assert clock.now_at() == NOON_AT + timedelta(seconds=10)


@pytest.mark.parametrize(("database_s", "told_s"), [(60.0, 60.0), (3.0, 5.0)])
def test_a_clock_that_is_off_by_more_than_the_answer_took_is_set(database_s: float, told_s: float) -> None:
    clock = Stopped()
    clock.follow(NOON_AT, 0.0)
    clock.running_s = 10.0
    clock.follow(NOON_AT + timedelta(seconds=database_s), asked_s=8.0)

    assert clock.now_at() == NOON_AT + timedelta(seconds=told_s)


async def test_a_machine_that_slept_goes_by_the_databases_clock_before_anything_is_written(dsn: str) -> None:
    clock = Clock()
    async with process_on(dsn, clock) as one:
        hall = (await one.lane()).hall
        await one.take()
        clock._set(clock.now_at() - timedelta(hours=12))

        await one.lanes.day(hall, now=True)

        (at,) = (await rows_of(dsn, "SELECT clock_timestamp()"))[0]
        assert abs(at - clock.now_at()) < timedelta(seconds=30)


async def test_an_event_is_never_before_the_last_one_of_another_process(one: Process, dsn: str) -> None:
    async with process_on(dsn, FakeClock(NOON_AT + LATE)) as other:
        await one.take()
        await other.take()
        await one.take()

        day = await one_story([one, other])

    assert await times_in(dsn) == [NOON_AT, NOON_AT, NOON_AT + LATE, NOON_AT + LATE]
    assert day.at == NOON_AT + LATE


async def test_without_the_last_ones_time_events_go_back(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.runtime.lane_registry.Lane", Timeless)
    async with process_on(dsn) as one, process_on(dsn, FakeClock(NOON_AT + LATE)) as other:
        await one.take()
        await other.take()
        await one.take()

    assert await times_in(dsn) == [NOON_AT, NOON_AT, NOON_AT + LATE, NOON_AT]


async def test_a_clock_that_goes_back_writes_no_event_before_the_last(one: Process, dsn: str) -> None:
    assert isinstance(one.clock, FakeClock)
    await one.take()
    one.clock.put(NOON_AT - LATE)
    await one.take()

    assert await times_in(dsn) == [NOON_AT] * 3
    await one_story([one])


async def test_machines_that_disagree_write_by_the_databases_clock(dsn: str) -> None:
    before = (await rows_of(dsn, "SELECT date_trunc('milliseconds', clock_timestamp())"))[0][0]
    async with process_on(dsn, Clock()) as one, process_on(dsn, Skewed()) as other:
        for process in (one, other):
            asked_s = process.clock.monotonic_s()
            process.clock.follow(await process.database.ping(), asked_s)
        day = await one.lanes.day((await one.lane()).hall)
        for process in (one, other, one, other):
            await process.take()
        await one_story([one, other], day.on)
    after = (await rows_of(dsn, "SELECT clock_timestamp()"))[0][0]

    times = await times_in(dsn)
    assert times == sorted(times)
    assert before <= times[0]
    assert times[-1] <= after
