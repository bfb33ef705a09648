"""`serve` for fault tests: its clock can be shifted from outside, and it can have a deliberate bug.

    python -m tests.fault.served CLOCK [BUG]

CLOCK is a file with one float: the offset of this process's clock in seconds. The service gets the clock as an argument
and has no code for this.
"""

import asyncio
import mmap
import struct
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from msgspec.structs import replace

import service.app
import service.cli.main
from service.clock import Clock
from service.domain.command_results import CommandResult
from service.domain.day import Day
from service.journal.append import Appender
from service.journal.append_sender import OnSend, ignore_sending
from service.journal.append_statement import execute_append
from service.journal.values import Append, Committed, Lost
from service.primitives.ids import new_code, new_id
from service.runtime.lane import Lane

OFFSET = struct.Struct("d")


class ShiftedClock(Clock):
    """A clock with an offset from a file, which takes effect at once."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._offset = mmap.mmap(file.fileno(), OFFSET.size, access=mmap.ACCESS_READ)
        super().__init__()

    def now_at(self) -> datetime:
        """Return the shifted instant."""
        (offset_s,) = OFFSET.unpack(self._offset[: OFFSET.size])
        return super().now_at() + timedelta(seconds=offset_s)


def refusals_unchecked() -> None:
    """Answer refusals from memory, without comparing the position with the journal."""

    async def never(_lane: Lane) -> bool:
        return False

    _replace(Lane, "_behind", never)


def lost_means_not_done() -> None:
    """Treat a lost connection as a statement that was not carried out, and try again with new ids."""

    async def hasty(
        self: Appender, _written: Append, arguments: tuple[object, ...], on_send: OnSend, attempt: int = 1
    ) -> Committed | Lost:
        if attempt > 1:
            return Lost()
        on_send(1)
        connection = await self._database.take()
        try:
            at = await execute_append(connection, arguments)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()
            return Lost()
        finally:
            self._database.give_back(connection)
        return Lost() if at is None else Committed(at)

    _replace(Appender, "until_definite", hasty)
    decide_one = Lane._decide_one
    decided: dict[int, Any] = {}

    def with_new_ids(self: Lane, pending: Any) -> Any:  # noqa: ANN401  (a private type of the lane)
        if id(pending) in decided:  # a single process never loses a race, so the connection was lost
            command = pending.request.command
            if hasattr(command, "code"):
                command = replace(command, ticket=new_id(), code=new_code())
            pending.request = replace(pending.request, command_id=new_id(), command=command)
        decided[id(pending)] = pending
        return decide_one(self, pending)

    _replace(Lane, "_decide_one", with_new_ids)


def memory_kept() -> None:
    """After a restore continue with the day in memory, instead of folding it again."""

    async def glue(self: Lane) -> None:
        position = await self._journal.position(self.hall, self.on)
        assert position is not None
        self.committed.seq = position.seq
        self._head = position.head
        self._forget_decided()

    _replace(Lane, "_reload", glue)


def keys_forgotten() -> None:
    """Carry out a repeated command again."""

    def unknown(_day: Day, _command_id: str) -> CommandResult | None:
        return None

    _replace(Day, "find_result", unknown)


def answers_early() -> None:
    """Answer before the append is committed."""
    careful = Appender.append

    async def early(self: Appender, written: Append, on_send: OnSend = ignore_sending) -> Committed | Lost:
        task = asyncio.ensure_future(careful(self, written, on_send))
        self._database.track(task)
        return Committed(written.records[-1].at)

    _replace(Appender, "append", early)


BUGS: dict[str, Callable[[], None]] = {
    bug.__name__: bug for bug in (answers_early, keys_forgotten, lost_means_not_done, memory_kept, refusals_unchecked)
}
"""Deliberate bugs: each removes one guard."""


def _replace(owner: object, name: str, by: object) -> None:
    assert hasattr(owner, name), f"{owner} has no {name} any more: the bug has to follow the service"
    setattr(owner, name, by)


def main(clock: str, *bugs: str) -> None:
    """Run `serve` with this clock and these bugs."""
    _replace(service.app, "Clock", partial(ShiftedClock, Path(clock)))
    for bug in bugs:
        BUGS[bug]()
    sys.argv[1:] = ["serve"]
    service.cli.main.main()


if __name__ == "__main__":
    main(*sys.argv[1:])
