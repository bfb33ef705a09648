"""Tasks that run as long as the process."""

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog

from service.runtime.startup_checks import TaskFailed

log = structlog.get_logger(__name__)


@asynccontextmanager
async def background_task(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    """Run a named task as long as the context lasts.

    If the task fails, the process stops as on SIGTERM, and the context raises, so that the exit code shows the failure.

    Raises:
        TaskFailed: the task ended with an exception; it was logged.
    """
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_stop_on_failure)
    try:
        yield
    finally:
        task.cancel()
        result = (await asyncio.gather(task, return_exceptions=True))[0]
        if isinstance(result, Exception):  # raised even over another error, which is a consequence of this one
            raise TaskFailed(f"the task {name} failed; the log says why")


def _stop_on_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("task_failed", task=task.get_name(), exc_info=error)
        if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:  # the default handler would kill a stopping process
            signal.raise_signal(signal.SIGTERM)
