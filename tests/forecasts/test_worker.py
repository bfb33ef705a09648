"""Tests of the worker process: it ends when the service is killed, and is replaced when it does not answer."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from service.domain.forecast.start_state_builder import start_state_of
from service.forecasts import worker_process as process_module
from service.forecasts.worker import ForecastRequest
from service.forecasts.worker_process import WorkerLost, WorkerProcess
from tests.domain.halls import Hall

PROGRAM = """
import asyncio
import sys
from service.forecasts.worker_process import WorkerProcess

async def main():
    process = WorkerProcess()
    await process.start()
    print(process.child.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""

ENDS_WITHIN_MS = 20_000


def test_it_ends_when_the_service_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, "utf-8")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env) as parent:
        assert parent.stdout is not None
        worker = os.pidfd_open(int(parent.stdout.readline()))

        parent.kill()

        ended = select.poll()
        ended.register(worker, select.POLLIN)
        assert ended.poll(ENDS_WITHIN_MS), "it goes on without the service"
        os.close(worker)


async def test_a_hanging_worker_is_lost_and_the_next_request_starts_another(monkeypatch: pytest.MonkeyPatch) -> None:
    hall = Hall()
    hall.open("1")
    hall.take("enquiry")
    scene = start_state_of(hall.day, hall.now_at)
    assert scene is not None
    wanted = ForecastRequest(scene, waits=True, ahead=False)
    process = WorkerProcess()
    await process.start()
    assert process.child is not None
    hanging = process.child
    os.kill(hanging.pid, signal.SIGSTOP)

    with monkeypatch.context() as impatient:
        impatient.setattr(process_module, "ANSWER_TIMEOUT_S", 0.01)
        with pytest.raises(WorkerLost):
            await process.compute(wanted)

    assert hanging.returncode == -signal.SIGKILL
    assert (await process.compute(wanted)).asked is not None
    await process.close()
