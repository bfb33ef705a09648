"""Asking the process that makes forecasts: one question at a time, and another process when one is lost."""

import asyncio
import os
import sys
from typing import Protocol

import msgspec

from service.forecasts.worker import LENGTH_BYTES, ForecastRequest, ForecastResult

ANSWER_TIMEOUT_S = 30.0
"""A process that takes longer for one question is lost: a day takes a tenth of a second, and all others wait for it."""

_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONSAFEPATH", "LD_LIBRARY_PATH", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""What the program may know of ours: it needs no secret."""


class ForecasterLost(Exception):  # noqa: N818  (it names what happened)
    """The process ended before it had answered, or does not answer."""


class Forecaster(Protocol):
    """Makes forecasts."""

    async def make(self, wanted: ForecastRequest) -> ForecastResult:
        """Draw the rests of a day. Raises ForecasterLost."""

    async def close(self) -> None:
        """Draw no more."""


class WorkerProcess:
    """The process, begun when it is needed or before, and ended with us however we end."""

    def __init__(self) -> None:
        self.child: asyncio.subprocess.Process | None = None
        self._asking = asyncio.Lock()
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(ForecastResult).decode

    async def begin(self) -> None:
        """Have it there before the first question."""
        async with self._asking:
            await self._alive()

    async def make(self, wanted: ForecastRequest) -> ForecastResult:
        """Draw the rests of a day. Raises ForecasterLost."""
        question = self._encode(wanted)
        async with self._asking:
            try:
                child = await self._alive()
                assert child.stdin is not None, "it was begun with pipes"
                assert child.stdout is not None, "likewise"
                async with asyncio.timeout(ANSWER_TIMEOUT_S):
                    child.stdin.write(len(question).to_bytes(LENGTH_BYTES) + question)
                    await child.stdin.drain()
                    length = int.from_bytes(await child.stdout.readexactly(LENGTH_BYTES))
                    return self._decode(await child.stdout.readexactly(length))
            except (OSError, asyncio.IncompleteReadError) as error:  # a TimeoutError is an OSError
                await self._end()
                raise ForecasterLost from error
            except BaseException:  # its answer would be taken for the next question's
                await self._end()
                raise

    async def close(self) -> None:
        """End it."""
        await self._end()

    async def _alive(self) -> asyncio.subprocess.Process:
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

    async def _end(self) -> None:
        child, self.child = self.child, None
        if child is not None and child.returncode is None:
            child.kill()
            await child.wait()
