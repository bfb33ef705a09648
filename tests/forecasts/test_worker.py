"""The process that makes forecasts ends with the service, also when that is killed."""

import os
import select
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import asyncio
import sys
from service.forecasts.process import Process

async def main():
    process = Process()
    await process.begin()
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
