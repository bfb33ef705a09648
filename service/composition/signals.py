"""Running a service until the process is asked to stop."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

import structlog

T = TypeVar("T")

log = structlog.get_logger(__name__)


async def run_until_signal(service: AbstractAsyncContextManager[T], on_ready: Callable[[T], None]) -> None:
    """Enter `service`, call `on_ready`, and leave it on SIGINT, SIGTERM or SIGHUP.

    A signal during the start cancels the start. A second signal has its default effect and ends the process at once.
    SIGHUP is sent, sometimes twice, when a terminal closes; it is ignored if it was ignored at the start (nohup).
    """
    loop = asyncio.get_running_loop()
    main_task = asyncio.current_task()
    stop_requested = asyncio.Event()
    entered = False
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)

    def request_stop() -> None:
        stop_requested.set()
        for number in numbers:
            loop.remove_signal_handler(number)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        if not entered and main_task is not None:
            main_task.cancel()

    for number in numbers:
        loop.add_signal_handler(number, request_stop)
    try:
        async with service as running:
            entered = True
            on_ready(running)
            await stop_requested.wait()
            log.info("stopping")
    except asyncio.CancelledError:
        if entered or not stop_requested.is_set():
            raise
        log.info("stopped before it was ready")
