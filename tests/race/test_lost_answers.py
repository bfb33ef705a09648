"""Lost answers: a command is carried out once, or the client gets a true `outcome-unknown` or `storage-unavailable`."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from service.domain.refusals import Refusal
from service.errors import Fault, OutcomeUnknown, StorageUnavailable
from service.journal import faults
from service.journal.append_sender import OnSend, ignore_sending
from service.journal.append_statement import append_arguments, execute_append
from service.journal.database import unreachable
from service.journal.migrate import migrate
from service.journal.values import Append, Committed, Lost
from service.runtime.lane import Lane
from service.runtime.pending_requests import PendingRequest
from tests.postgres import PostgresServer, running
from tests.proxy import Fault as Cut
from tests.proxy import Proxy
from tests.race.process import (
    WITHIN_S,
    HookedJournal,
    Process,
    commands_in,
    leave_connections,
    new_ticket,
    number_of,
    numbers_in,
    one_story,
    process_on,
    until_blocked,
)

SOON_S = 0.05
"""The deadline of a command in tests that want no answer."""


class Pessimist(HookedJournal):
    """A journal that takes a lost connection for a failed append."""

    async def append(self, append: Append, on_send: OnSend = ignore_sending) -> Committed | Lost:
        """Send once."""
        connection = await self._database.take()
        try:
            on_send(1)
            at = await execute_append(connection, append_arguments(append))
        except Exception as error:
            if not unreachable(error):
                raise
            raise faults.StorageUnavailable from error
        finally:
            self._database.give_back(connection)
        return Lost() if at is None else Committed(at)


class Reader(Pessimist):
    """A journal that, after a lost connection, looks for its append, and takes a missing one for not written."""

    async def append(self, append: Append, on_send: OnSend = ignore_sending) -> Committed | Lost:
        """Send once, then look at the position."""
        try:
            return await super().append(append, on_send)
        except faults.StorageUnavailable:
            position = await self.position(append.hall, append.day)
            assert position is not None
            assert position.head == append.head, "it is not there"
            await self._run_hook("after the look")
            return Lost()


class Forgiving(Lane):
    """A lane that still carries out commands after it answered that nothing was done."""

    def _give_up(self, pending: PendingRequest) -> None:
        pending.settle(StorageUnavailable())


class Watched(Lane):
    """A lane whose current batch the test can read."""

    batch: list[PendingRequest]

    def _take(self) -> list[PendingRequest]:
        self.batch = super()._take()
        return self.batch


@pytest.mark.parametrize("cut", [Cut.CUT_BEFORE, Cut.CUT_AFTER])
async def test_a_command_whose_connection_is_cut_is_done_once(cut: Cut, proxy: Proxy, far: Process, dsn: str) -> None:
    await far.take()
    request = far.request(new_ticket())
    lane = await far.lane()
    proxy.arm(cut)

    answer = await lane.do(request)

    assert proxy.struck.is_set()
    assert number_of(answer) == "B002"
    assert (await commands_in(dsn)).count(request.command_id) == 1
    assert far.heard.races == 0
    await one_story([far])


async def test_a_lost_answer_taken_for_a_failure_is_told_wrong(proxy: Proxy, far_dsn: str, dsn: str) -> None:
    async with process_on(far_dsn, journal=Pessimist) as far:
        await far.take()
        request = far.request(new_ticket())
        proxy.arm(Cut.CUT_AFTER)

        with pytest.raises(Fault):  # it is carried out a second time, which a constraint rejects
            await (await far.lane()).do(request)

    assert (await commands_in(dsn)).count(request.command_id) == 1


@pytest.mark.parametrize("nth", range(4))
@pytest.mark.parametrize("cut", [Cut.CUT_BEFORE, Cut.CUT_AFTER])
async def test_a_command_after_a_lost_race_is_done_once_wherever_it_is_cut(
    cut: Cut, nth: int, proxy: Proxy, *, far: Process, other: Process, dsn: str
) -> None:
    """The statements are: begin, lock the row, append, commit."""
    await far.take()
    await other.take()
    request = far.request(new_ticket())
    lane = await far.lane()

    async def arm() -> None:
        proxy.arm(cut, after=nth)

    far.journal.first["lock_day"] = arm

    answer = await lane.do(request)

    assert proxy.struck.is_set()
    assert number_of(answer) == "B003"
    assert (await commands_in(dsn)).count(request.command_id) == 1
    await one_story([far, other])


async def test_a_statement_released_after_the_lane_decided_again_elsewhere_is_dead(
    proxy: Proxy, far: Process, other: Process, dsn: str
) -> None:
    await far.take()
    await other.lane()
    request = far.request(new_ticket())
    proxy.arm(Cut.HOLD_BEFORE)
    waiting = asyncio.create_task((await far.lane()).do(request))
    await proxy.struck.wait()

    assert await other.take() == "B002"
    leave_connections(far)
    answer = await waiting
    proxy.release()
    await proxy.arrived()

    assert number_of(answer) == "B003"
    assert await numbers_in(dsn) == ["B001", "B002", "B003"]
    assert (await commands_in(dsn)).count(request.command_id) == 1
    await one_story([far, other])


async def test_a_statement_released_after_it_was_sent_again_does_nothing(proxy: Proxy, far: Process, dsn: str) -> None:
    await far.take()
    request = far.request(new_ticket())
    proxy.arm(Cut.HOLD_BEFORE)
    waiting = asyncio.create_task((await far.lane()).do(request))
    await proxy.struck.wait()

    leave_connections(far)
    answer = await waiting
    proxy.release()
    await proxy.arrived()

    assert number_of(answer) == "B002"
    assert await numbers_in(dsn) == ["B001", "B002"]
    await one_story([far])


async def test_reading_that_nothing_is_there_proves_nothing(proxy: Proxy, far_dsn: str, dsn: str) -> None:
    async with process_on(far_dsn, journal=Reader) as far:
        await far.take()
        request = far.request(new_ticket())
        proxy.arm(Cut.HOLD_BEFORE)

        async def arrive() -> None:
            proxy.release()
            await proxy.arrived()

        far.journal.first["after the look"] = arrive
        waiting = asyncio.create_task((await far.lane()).do(request))
        await proxy.struck.wait()
        leave_connections(far)

        with pytest.raises(Fault):  # it was committed, and is carried out again, which a constraint rejects
            await waiting

    assert (await commands_in(dsn)).count(request.command_id) == 1


async def test_who_is_told_that_nothing_was_done_can_believe_it(
    proxy: Proxy, far: Process, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await far.take()
    lane = await far.lane()
    await proxy.go_away()
    monkeypatch.setattr("service.runtime.pending_requests.ANSWER_WITHIN_S", SOON_S)

    told = await asyncio.gather(*(lane.do(far.request(new_ticket())) for _ in range(3)), return_exceptions=True)
    await proxy.come_back()
    await lane.drained()

    assert [type(one) for one in told] == [StorageUnavailable] * 3
    assert await numbers_in(dsn) == ["B001"]


async def test_without_withdrawing_them_commands_are_done_that_were_told_not_to_be(
    proxy: Proxy, far_dsn: str, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.runtime.lane_registry.Lane", Forgiving)
    async with process_on(far_dsn) as far:
        await far.take()
        lane = await far.lane()
        await proxy.go_away()
        monkeypatch.setattr("service.runtime.pending_requests.ANSWER_WITHIN_S", SOON_S)

        told = await asyncio.gather(*(lane.do(far.request(new_ticket())) for _ in range(3)), return_exceptions=True)
        await proxy.come_back()
        await lane.drained()

    assert [type(one) for one in told] == [StorageUnavailable] * 3
    assert len(await numbers_in(dsn)) == 4


async def test_a_caller_who_leaves_before_it_was_sent_takes_the_command_along(
    proxy: Proxy, far: Process, dsn: str
) -> None:
    await far.take()
    lane = await far.lane()
    await proxy.go_away()
    leaving = asyncio.create_task(lane.do(far.request(new_ticket())))
    staying = asyncio.create_task(lane.do(far.request(new_ticket())))
    await asyncio.sleep(0)

    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    await proxy.come_back()

    assert number_of(await staying) == "B002"
    assert await numbers_in(dsn) == ["B001", "B002"]
    await one_story([far])


async def test_a_caller_who_leaves_after_it_was_sent_does_not_disturb_it(proxy: Proxy, far: Process, dsn: str) -> None:
    await far.take()
    lane = await far.lane()
    proxy.arm(Cut.HOLD_AFTER)
    leaving = asyncio.create_task(lane.do(far.request(new_ticket())))
    await proxy.struck.wait()

    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    proxy.release()

    assert await far.take() == "B003"
    assert await numbers_in(dsn) == ["B001", "B002", "B003"]
    await one_story([far])


@pytest.fixture
async def server() -> AsyncIterator[PostgresServer]:
    """Run a server with fsync that the test kills."""
    with running(durable=True) as server:
        yield server


async def test_a_crash_with_commands_in_flight_loses_and_doubles_nothing(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = server.dsn(await server.create_database())
    await migrate(dsn)
    monkeypatch.setattr("service.runtime.lane_registry.Lane", Watched)
    async with process_on(dsn) as one:
        answered = [await one.do(new_ticket()) for _ in range(3)]
        lane = await one.lane()
        assert isinstance(lane, Watched)
        blocker = await asyncpg.connect(dsn)
        await blocker.execute("BEGIN; SELECT FROM hall_days FOR UPDATE")
        with monkeypatch.context() as patched:
            patched.setattr("service.runtime.pending_requests.ANSWER_WITHIN_S", WITHIN_S)
            sent = one.request(new_ticket())
            in_flight = asyncio.create_task(lane.do(sent))
            await until_blocked(dsn)
            patched.setattr("service.runtime.pending_requests.ANSWER_WITHIN_S", SOON_S)
            queued = [one.request(new_ticket()) for _ in range(3)]
            waiting = [asyncio.create_task(lane.do(request)) for request in queued]
            await asyncio.sleep(0)
            await asyncio.to_thread(server.kill)

            told = await asyncio.gather(*waiting, return_exceptions=True)
            with pytest.raises(StorageUnavailable):
                await lane.fresh(now=True)
            lane._give_up(lane.batch[0])
            (unknown,) = await asyncio.gather(in_flight, return_exceptions=True)
        await asyncio.to_thread(server.start)
        await blocker.close()
        after = await one.do(new_ticket())

        written = await commands_in(dsn)
        assert [type(refusal) for refusal in told] == [StorageUnavailable] * 3
        assert isinstance(unknown, OutcomeUnknown)
        assert not {request.command_id for request in queued} & set(written)
        assert written.count(sent.command_id) == 1, "what was sent is brought to an end"
        assert [number_of(answer) for answer in [*answered, after]] == ["B001", "B002", "B003", "B005"]
        assert len(written) == len(set(written))
        await one_story([one])


async def test_all_goes_on_after_many_crashes(server: PostgresServer) -> None:
    dsn = server.dsn(await server.create_database())
    await migrate(dsn)
    async with process_on(dsn) as one, process_on(dsn) as other:
        await one.take()
        await other.take()
        done: list[str] = []
        refused: list[str] = []
        crashes = 2
        stop = False

        async def work(process: Process) -> None:
            while not stop:
                request = process.request(new_ticket())
                try:
                    await process.lanes.do((await process.lane()).hall, request)
                except StorageUnavailable:
                    refused.append(request.command_id)
                except Refusal:
                    pass
                else:
                    done.append(request.command_id)

        async def until_more() -> None:
            enough = len(done) + 20
            while len(done) < enough:  # noqa: ASYNC110  (the work goes on meanwhile)
                await asyncio.sleep(0)

        workers = [asyncio.create_task(work(process)) for process in (one, other) for _ in range(4)]
        async with asyncio.timeout(2 * WITHIN_S):
            for _ in range(crashes):
                await until_more()
                await asyncio.to_thread(server.kill)
                await asyncio.to_thread(server.start)
            await until_more()
            stop = True
            await asyncio.gather(*workers)

        written = await commands_in(dsn)
        assert len(written) == len(set(written))
        assert set(done) <= set(written)
        assert not set(refused) & set(written)
        await one_story([one, other])
