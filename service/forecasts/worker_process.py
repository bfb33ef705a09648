"""Start and call the worker process: one request at a time, and a new process if the worker is lost."""

import asyncio
import os
import sys
from typing import Protocol

import msgspec

from service.forecasts.worker import LENGTH_BYTES, ForecastRequest, ForecastResult

ANSWER_TIMEOUT_S = 30.0
"""Time limit of one request, which delays all others; after it the worker counts as lost. A day takes about 0.1 s."""

_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONSAFEPATH", "LD_LIBRARY_PATH", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""Environment variables that the worker gets; it needs no secret."""


class WorkerLost(Exception):  # noqa: N818  (a state that the caller handles)
    """The worker ended before it had answered, or did not answer in time."""


class ForecastWorker(Protocol):
    """Computes forecasts."""

    async def compute(self, request: ForecastRequest) -> ForecastResult:
        """Simulate the rest of a day. Raises WorkerLost."""

    async def close(self) -> None:
        """Release all resources."""


class WorkerProcess:
    """The worker process. It is started by `start` or by the first request, and ends when the service ends."""

    def __init__(self) -> None:
        self.child: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(ForecastResult).decode

    async def start(self) -> None:
        """Start the worker before the first request."""
        async with self._lock:
            await self._running_child()

    async def compute(self, request: ForecastRequest) -> ForecastResult:
        """Simulate the rest of a day. Raises WorkerLost."""
        message = self._encode(request)
        async with self._lock:
            try:
                child = await self._running_child()
                assert child.stdin is not None, "the worker is started with pipes"
                assert child.stdout is not None, "likewise"
                async with asyncio.timeout(ANSWER_TIMEOUT_S):
                    child.stdin.write(len(message).to_bytes(LENGTH_BYTES) + message)
                    await child.stdin.drain()
                    length = int.from_bytes(await child.stdout.readexactly(LENGTH_BYTES))
                    return self._decode(await child.stdout.readexactly(length))
            except (OSError, asyncio.IncompleteReadError) as error:  # a TimeoutError is an OSError
                await self._kill()
                raise WorkerLost from error
            except BaseException:  # cancelled: the pending answer would be read as that of the next request
                await self._kill()
                raise

    async def close(self) -> None:
        """Kill the worker."""
        await self._kill()

    async def _running_child(self) -> asyncio.subprocess.Process:
        if self.child is None or self.child.returncode is not None:
            self.child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "service.forecasts.worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            )
        return self.child

    async def _kill(self) -> None:
        child, self.child = self.child, None
        if child is not None and child.returncode is None:
            child.kill()
            await child.wait()
