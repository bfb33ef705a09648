"""Stop: open requests are answered, screens are told to reconnect, and no process is left."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from service.composition.background import background_task
from service.runtime.startup_checks import TaskFailed
from tests.serve.program import Programs, alive, postmaster_of, until

RESTART = 1012

COMMAND = """
import asyncio, os, signal
from service.cli import process

async def work(settings):
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()
    finally:
        print("left in good order")

process.run(work)
"""


@pytest.fixture
def _at_a_terminal() -> Iterator[None]:
    """Restore the default of SIGHUP, as at a terminal; under `nohup` it would be ignored."""
    ours = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, ours)


@pytest.mark.usefixtures("_at_a_terminal")
async def test_a_stop_tells_the_screens_ends_postgresql_and_the_next_start_goes_on(
    programs: Programs, data_dir: Path
) -> None:
    for number, how in enumerate((signal.SIGHUP, signal.SIGINT), 1):
        served = await programs.serve()
        postmaster = postmaster_of(data_dir)
        assert postmaster is not None
        async with served.client() as client, served.board() as screen:
            ticket = await client.take()
            assert ticket["number"] == f"A{number:03}"
            async with served.ticket(ticket) as phone:
                code, *closes = await asyncio.gather(served.program.asked(how), screen.closed(), phone.closed())

                assert code == 0, served.program.said
                assert closes == [RESTART, RESTART]
        assert not alive(postmaster)
        assert not (data_dir / "postgres" / "postmaster.pid").exists()


async def test_a_stop_waits_for_the_answer_under_way_and_takes_no_more(programs: Programs, noon: str) -> None:
    served = await programs.serve(database_url=noon)
    connection = await asyncpg.connect(noon)
    async with served.client() as client, served.client() as other:
        await client.take()
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("SELECT seq FROM hall_days FOR UPDATE")
        under_way = asyncio.create_task(client.call("POST", "tickets", {"service": "loan-first"}))

        async def held() -> bool:
            waiting = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return bool(await connection.fetchval(waiting))

        async def refused() -> bool:
            try:
                await other.call("GET", "/healthz")
            except aiohttp.ClientError:
                return True
            return False

        await until(held, "an append that waits")
        stopping = asyncio.create_task(served.program.asked(signal.SIGTERM))
        await until(refused, "no more requests")
        await transaction.rollback()
        answered = await under_way

        assert (answered.status, answered.body["number"]) == (201, "A002")
        assert await stopping == 0, served.program.said
    await connection.close()


async def test_a_stop_before_it_is_ready_leaves_nothing_behind(programs: Programs, data_dir: Path) -> None:
    program = programs.begin("serve")

    async def started() -> int | None:
        return postmaster_of(data_dir)

    postmaster = await until(started, "a postmaster")
    code = await program.asked(signal.SIGTERM)

    assert code == 0, program.said
    assert not alive(postmaster)
    assert not (data_dir / "postgres" / "postmaster.pid").exists()


async def test_a_process_whose_task_fails_ends_by_itself_and_tells_whoever_started_it(
    programs: Programs, dsn: str
) -> None:
    programs.faults_expected = True
    await programs.run("user", "add", "zhou", "--role", "ops", database_url=dsn)
    connection = await asyncpg.connect(dsn)
    await connection.execute("ALTER TABLE hall_days RENAME COLUMN seq TO number")
    await connection.close()

    why = await programs.refused("display", database_url=dsn)

    assert why == "the task follower failed; the log says why"


async def test_a_command_that_is_asked_to_stop_leaves_in_good_order() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", COMMAND, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()

    assert out == b"left in good order\n"


async def test_a_task_that_fails_in_mid_stop_does_not_cut_the_stop_short(monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[int] = []
    monkeypatch.setattr(signal, "raise_signal", raised.append)
    ours = signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the default action, which a second signal meets after `stop`

    async def fail() -> None:
        raise LookupError

    try:
        with pytest.raises(TaskFailed):
            async with background_task(fail(), "failing"):
                await asyncio.sleep(0)
    finally:
        signal.signal(signal.SIGTERM, ours)

    assert raised == []
