"""Faults, each with a `do` and an `undo`, and a nemesis that applies them in an order determined by a seed.

When `do` returns, the fault has happened; no fault depends on luck. Clients continue between `do` and `undo`, as far as
the fault allows, and afterwards.
"""

import asyncio
import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from random import Random

import asyncpg

from service.domain.calendar.local_times import day_of
from tests.fault.driver import Driver
from tests.fault.stage import Stage
from tests.proxy import Fault as Network
from tests.serve.program import until

PEACE = 40
"""Answers between two faults."""

STOPPED_S = 3.0

LOST_MIN = 15
"""A copy is restored after at least this number of further events."""

HOUR_S = 3600.0


class Fault(ABC):
    """A fault that happens and is undone."""

    def __init__(self, stage: Stage, driver: Driver, rng: Random) -> None:
        self.stage = stage
        self.driver = driver
        self.rng = rng
        self.victim = rng.randrange(len(stage.processes))

    @abstractmethod
    async def do(self) -> None:
        """Make the fault happen."""

    async def undo(self) -> None:  # noqa: B027  (some faults need no undo)
        """Undo the fault."""

    @property
    def alone(self) -> bool:
        """Tell whether no other process runs."""
        return len(self.stage.processes) == 1

    async def struck(self) -> None:
        """Wait until the fault was applied to an append of the victim."""
        network = self.stage.networks[self.victim]

        async def met() -> bool:
            return network.struck.is_set()

        await until(met, f"an append that meets {type(self).__name__}")


class ServiceKilled(Fault):
    """SIGKILL of one `serve`; the others go on."""

    async def do(self) -> None:
        """Kill one."""
        await self.stage.kill(self.victim)

    async def undo(self) -> None:
        """Start it again."""
        if not self.alone:
            await self.driver.answered(PEACE)
        await self.stage.begin(self.victim)


class AllKilled(Fault):
    """SIGKILL of all `serve` at the same time."""

    async def do(self) -> None:
        """Kill them."""
        await asyncio.gather(*(self.stage.kill(number) for number in range(len(self.stage.processes))))

    async def undo(self) -> None:
        """Start them again at the same time."""
        await asyncio.gather(*(self.stage.begin(number) for number in range(len(self.stage.processes))))


class PostmasterKilled(Fault):
    """SIGKILL of PostgreSQL's postmaster: nothing is flushed, and the next start recovers."""

    async def do(self) -> None:
        """Kill it."""
        await self.stage.kill_postmaster()

    async def undo(self) -> None:
        """Start it again."""
        await asyncio.to_thread(self.stage.server.start)


class _AtCommit(Fault):
    """An append whose commit is on disk and waits for a missing standby loses its backend."""

    async def do(self) -> None:
        """Make commits wait for a standby; when one waits, end its backend, and stop that."""
        await self.stage.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()")
        waiting = (
            "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'paihao append'"
            " AND datname = current_database()"
        )

        async def committed() -> list[int]:
            return [row["pid"] for row in await self.stage.fetch(waiting)]

        try:
            await self.strike(self.rng.choice(await until(committed, "an append at its commit")))
        finally:
            await until(self._released, "PostgreSQL to take connections again")

    async def strike(self, backend: int) -> None:
        """End one backend."""
        raise NotImplementedError

    async def _released(self) -> bool:
        try:
            await self.stage.execute("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True


class BackendKilledAtCommit(_AtCommit):
    """SIGKILL of a backend during its commit: PostgreSQL restarts all others and recovers; the commit is valid."""

    async def strike(self, backend: int) -> None:
        """Kill it."""
        os.kill(backend, signal.SIGKILL)


class BackendEndedAtCommit(_AtCommit):
    """An administrator ends a backend during its commit: the client gets 57P01, and the commit is valid."""

    async def strike(self, backend: int) -> None:
        """End it."""
        await self.stage.execute(f"SELECT pg_terminate_backend({backend})")


class CutBefore(Fault):
    """The connection is lost before PostgreSQL gets an append."""

    async def do(self) -> None:
        """Cut."""
        self.stage.networks[self.victim].arm(Network.CUT_BEFORE)
        await self.struck()


class CutDuring(Fault):
    """All connections of a process are lost during an append."""

    async def do(self) -> None:
        """Cut."""
        self.stage.networks[self.victim].arm_during()
        await self.struck()


class CutAfter(Fault):
    """The connection is lost after PostgreSQL has executed an append, before its answer arrives."""

    async def do(self) -> None:
        """Cut."""
        self.stage.networks[self.victim].arm(Network.CUT_AFTER)
        await self.struck()


class AppendHeld(Fault):
    """An append is delayed in the network while others go on."""

    async def do(self) -> None:
        """Hold."""
        self.stage.networks[self.victim].arm(Network.HOLD_BEFORE)
        await self.struck()

    async def undo(self) -> None:
        """Deliver it."""
        if not self.alone:
            await self.driver.answered(PEACE // 4)
        self.stage.networks[self.victim].release()


class AnswerHeld(AppendHeld):
    """PostgreSQL's answer to an append is delayed in the network."""

    async def do(self) -> None:
        """Hold."""
        self.stage.networks[self.victim].arm(Network.HOLD_AFTER)
        await self.struck()


class AppendOfTheDead(Fault):
    """An append is delayed, its process is killed, and it arrives after clients have repeated requests."""

    async def do(self) -> None:
        """Hold, and kill."""
        self.stage.networks[self.victim].arm(Network.HOLD_BEFORE)
        await self.struck()
        await self.stage.kill(self.victim)

    async def undo(self) -> None:
        """Start the process again, let clients repeat requests, and deliver the append of the killed process."""
        await self.stage.begin(self.victim)
        await self.driver.answered(PEACE)
        network = self.stage.networks[self.victim]
        network.release()
        await network.arrived()


class Stopped(Fault):
    """SIGSTOP for three seconds: as on a paused machine, the process does not notice that time has passed."""

    async def do(self) -> None:
        """Stop it for this time."""
        process = self.stage.at(self.victim)
        process.signal(signal.SIGSTOP)
        await asyncio.sleep(STOPPED_S)
        process.signal(signal.SIGCONT)


class ClockJumps(Fault):
    """The clock of one process is wrong by up to an hour, in either direction."""

    async def do(self) -> None:
        """Change the clock several times, and let clients go on each time."""
        for _ in range(4):
            self.stage.shift(self.victim, self.rng.uniform(-HOUR_S, HOUR_S))
            await self.driver.answered(PEACE)

    async def undo(self) -> None:
        """Correct the clock."""
        self.stage.shift(self.victim, 0.0)


class Midnight(Fault):
    """The day ends while tickets wait; the clock of one process reaches midnight first."""

    async def do(self) -> None:
        """Set one clock to a second after midnight, the others to a second before, and later also after it."""
        rows = await self.stage.fetch("SELECT clock_timestamp() AS at")
        now_at = rows[0]["at"]
        low_s, high_s = 0.0, 25 * HOUR_S
        today = day_of(self.stage.document, now_at)
        while high_s - low_s > 1.0:
            middle_s = (low_s + high_s) / 2
            later = day_of(self.stage.document, now_at + timedelta(seconds=middle_s)) == today
            low_s, high_s = (middle_s, high_s) if later else (low_s, middle_s)
        others = [number for number in range(len(self.stage.processes)) if number != self.victim]
        for number in others:
            self.stage.shift(number, high_s - 600.0)
        await self.driver.answered(PEACE)
        self.stage.shift(self.victim, high_s)
        await self.driver.answered(PEACE)
        for number in others:
            self.stage.shift(number, high_s)
        await self.driver.answered(PEACE)


class DatabasePutBack(Fault):
    """The database is restored to an earlier copy while clients go on."""

    async def do(self) -> None:
        """Copy the database, wait for further events, and restore the copy."""
        await self.stage.copy()
        copied = await self.stage.events()

        async def moved_on() -> bool:
            return await self.stage.events() >= copied + LOST_MIN

        await until(moved_on, "events after the copy")
        await self.stage.restore()


async def strike(stage: Stage, driver: Driver, faults: Sequence[type[Fault]], seed: int) -> None:
    """Apply all faults, in an order and to processes determined by the seed, with pauses between them."""
    rng = Random(f"{seed} nemesis")  # noqa: S311  (a reproducible schedule)
    await driver.answered(2 * PEACE)
    for kind in rng.sample(faults, len(faults)):
        fault = kind(stage, driver, rng)
        await fault.do()
        await fault.undo()
        await driver.answered(PEACE)
