"""The postmaster process: its pid file, its state, and how it is stopped.

**A postmaster without an owner.** When the owner is killed with SIGKILL, its postmaster goes on. The next start does
not use it, because it is not a child process and may have older settings. The start stops it by a fast shutdown (about
0.1 s) and starts its own.

**Is the pid still that postmaster?** A postmaster works in its data directory, so `/proc/PID/cwd` must be that folder.
A process that got the same pid later is never signalled; only the pid file is removed. PostgreSQL itself checks, by
shared memory, that the children of the dead postmaster have ended.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

FAST_STOP_WAIT_S = 30
"""Time limit of a fast shutdown (SIGINT). Then follows an immediate one (SIGQUIT), after which a start recovers."""

QUIT_WAIT_S = 10
"""Time limit of an immediate shutdown. Then follows SIGKILL."""

KILL_WAIT_S = 5
"""Time limit after SIGKILL. Then the postmaster is given up, with a warning."""

LOOK_EVERY_S = 0.005
"""Pause between looks at `postmaster.pid` and `/proc`; there is no notification for them."""

LOG_TAIL_BYTES = 8192
"""How much of the end of the log is searched for the reason of a failure."""

log = structlog.get_logger()


def pid_file(folder: Path) -> list[str]:
    """Read the lines of `postmaster.pid`: pid, data directory, start, port, socket, address, shared memory, status."""
    try:
        return (folder / "postmaster.pid").read_text(errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return []


def is_ready(folder: Path, pid: int) -> bool:
    """Tell whether this postmaster accepts connections; it writes that into the last line of its pid file."""
    lines = pid_file(folder)
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def is_postmaster(pid: int, folder: Path) -> bool:
    """Tell whether this process is a PostgreSQL that works in this folder."""
    process = Path("/proc") / str(pid)
    try:
        return (process / "comm").read_text() == "postgres\n" and (process / "cwd").samefile(folder)
    except OSError:
        return False  # it has ended, or belongs to another user


def _process_exists(pid: int) -> bool:
    return Path("/proc", str(pid)).exists()


def _remove_pid_file(folder: Path) -> None:
    (folder / "postmaster.pid").unlink(missing_ok=True)


def failure_reason(log_path: Path) -> str:
    """Return the last error line of the server's log, or else its last line."""
    with log_path.open("rb") as file:
        file.seek(max(0, log_path.stat().st_size - LOG_TAIL_BYTES))
        lines = file.read().decode(errors="replace").strip().splitlines()
    errors = [line for line in lines if any(word in line for word in ("FATAL:", "PANIC:", "error:"))]
    return (errors or lines or ["the log is empty"])[-1]


async def stop_leftover(folder: Path) -> None:
    """Stop the postmaster that a killed owner left behind, or remove a pid file that names no postmaster of ours.

    The pid file is removed if another process has its pid. It is also removed if it has no pid, as after a power
    failure: PostgreSQL would not start with such a file. PostgreSQL itself handles a pid that no process has.
    """
    if not (folder / "postmaster.pid").exists():
        return
    pid_text = next(iter(pid_file(folder)), "")
    if not pid_text.isdecimal():
        log.warning("removing a postmaster.pid without a pid")
        _remove_pid_file(folder)
        return
    pid = int(pid_text)
    if is_postmaster(pid, folder):
        log.warning("stopping the postgres of a killed paihao", pid=pid)
        await shut_down(lambda number: os.kill(pid, number), lambda: _ended(pid, folder))
    elif _process_exists(pid):
        log.warning("removing a postmaster.pid whose pid belongs to another process", pid=pid)
        _remove_pid_file(folder)


async def _ended(pid: int, folder: Path) -> None:
    """Wait until a postmaster that is not a child process has ended."""
    while is_postmaster(pid, folder):  # noqa: ASYNC110  (only a child can be waited for)
        await asyncio.sleep(LOOK_EVERY_S)


async def shut_down(send_signal: Callable[[int], None], ended: Callable[[], Awaitable[object]]) -> None:
    """Stop a postmaster by SIGINT, then SIGQUIT, then SIGKILL, each with a time limit.

    Args:
        send_signal: sends a signal to it; raises ProcessLookupError when it has ended.
        ended: waits until it has ended.
    """
    for number, wait_s in (
        (signal.SIGINT, FAST_STOP_WAIT_S),
        (signal.SIGQUIT, QUIT_WAIT_S),
        (signal.SIGKILL, KILL_WAIT_S),
    ):
        try:
            send_signal(number)
        except ProcessLookupError:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await ended()
            return
        log.warning("postgres did not stop in time", signal=number.name, waited_s=wait_s)
