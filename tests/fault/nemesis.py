"""What strikes: faults, each with a `do` and an `undo`, and a nemesis that lets them come in the order a seed says.

A fault has happened when `do` returns: none of them waits for luck. Between `do` and `undo` the clients go on, as far
as the fault lets them; after it, too.
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
"""A copy is put back when at least so many events came after it."""

HOUR_S = 3600.0


class Fault(ABC):
    """Something that goes wrong and is put right."""

    def __init__(self, stage: Stage, driver: Driver, rng: Random) -> None:
        self.stage = stage
        self.driver = driver
        self.rng = rng
        self.victim = rng.randrange(len(stage.processes))

    @abstractmethod
    async def do(self) -> None:
        """Let it happen."""

    async def undo(self) -> None:  # noqa: B027  (some are over when they have happened)
        """Put it right."""

    @property
    def alone(self) -> bool:
        """Tell whether nobody else serves."""
        return len(self.stage.processes) == 1

    async def struck(self) -> None:
        """Wait until the network has met an append of the victim."""
        network = self.stage.networks[self.victim]

        async def met() -> bool:
            return network.struck.is_set()

        await until(met, f"an append that meets {type(self).__name__}")


class ServiceKilled(Fault):
    """kill -9 of `serve`; the others go on."""

    async def do(self) -> None:
        """Kill one."""
        await self.stage.kill(self.victim)

    async def undo(self) -> None:
        """Start it again."""
        if not self.alone:
            await self.driver.answered(PEACE)
        await self.stage.begin(self.victim)


class AllKilled(Fault):
    """kill -9 of every `serve` at once."""

    async def do(self) -> None:
        """Kill them."""
        await asyncio.gather(*(self.stage.kill(number) for number in range(len(self.stage.processes))))

    async def undo(self) -> None:
        """Start them again, both at once."""
        await asyncio.gather(*(self.stage.begin(number) for number in range(len(self.stage.processes))))


class PostmasterKilled(Fault):
    """kill -9 of PostgreSQL's postmaster: nothing is flushed, the next start recovers."""

    async def do(self) -> None:
        """Kill it."""
        await self.stage.kill_postmaster()

    async def undo(self) -> None:
        """Start it again."""
        await asyncio.to_thread(self.stage.server.start)


class _AtCommit(Fault):
    """An append whose commit is on disk and waits for a standby that never comes, and then loses its backend."""

    async def do(self) -> None:
        """Hold every commit; when one waits, strike its backend, and hold no more."""
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
        """Strike one backend."""
        raise NotImplementedError

    async def _released(self) -> bool:
        try:
            await self.stage.execute("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True


class BackendKilledAtCommit(_AtCommit):
    """kill -9 of a backend at its commit: PostgreSQL restarts all others and recovers; the commit stands."""

    async def strike(self, backend: int) -> None:
        """Kill it."""
        os.kill(backend, signal.SIGKILL)


class BackendEndedAtCommit(_AtCommit):
    """An administrator ends a backend at its commit: the client is told 57P01, and the commit stands."""

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
    """All connections of a process are lost while an append is under way."""

    async def do(self) -> None:
        """Cut."""
        self.stage.networks[self.victim].arm_during()
        await self.struck()


class CutAfter(Fault):
    """The connection is lost after PostgreSQL has carried an append out, before it could say so."""

    async def do(self) -> None:
        """Cut."""
        self.stage.networks[self.victim].arm(Network.CUT_AFTER)
        await self.struck()


class AppendHeld(Fault):
    """An append stays in the network while others go on, and arrives late."""

    async def do(self) -> None:
        """Hold."""
        self.stage.networks[self.victim].arm(Network.HOLD_BEFORE)
        await self.struck()

    async def undo(self) -> None:
        """Let it arrive."""
        if not self.alone:
            await self.driver.answered(PEACE // 4)
        self.stage.networks[self.victim].release()


class AnswerHeld(AppendHeld):
    """PostgreSQL's answer to an append stays in the network, and arrives late."""

    async def do(self) -> None:
        """Hold."""
        self.stage.networks[self.victim].arm(Network.HOLD_AFTER)
        await self.struck()


class AppendOfTheDead(Fault):
    """An append stays in the network, its process is killed, and it arrives when clients have asked again."""

    async def do(self) -> None:
        """Hold, and kill."""
        self.stage.networks[self.victim].arm(Network.HOLD_BEFORE)
        await self.struck()
        await self.stage.kill(self.victim)

    async def undo(self) -> None:
        """Start the process again, let clients ask it again, and let the append of the dead one arrive."""
        await self.stage.begin(self.victim)
        await self.driver.answered(PEACE)
        network = self.stage.networks[self.victim]
        network.release()
        await network.arrived()


class Stopped(Fault):
    """SIGSTOP for three seconds: as a paused machine is, it does not know that time has passed."""

    async def do(self) -> None:
        """Stop it, for so long."""
        process = self.stage.at(self.victim)
        process.signal(signal.SIGSTOP)
        await asyncio.sleep(STOPPED_S)
        process.signal(signal.SIGCONT)


class ClockJumps(Fault):
    """The clock of a process is off by up to an hour, forward or back, while the other's is right."""

    async def do(self) -> None:
        """Jump, and serve with it, several times."""
        for _ in range(4):
            self.stage.shift(self.victim, self.rng.uniform(-HOUR_S, HOUR_S))
            await self.driver.answered(PEACE)

    async def undo(self) -> None:
        """Jump back."""
        self.stage.shift(self.victim, 0.0)


class Midnight(Fault):
    """The day ends while people queue; one process has midnight before the others."""

    async def do(self) -> None:
        """Let it be a second after midnight for one, a second before for the others, and then for them too."""
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
    """The database is put back to an earlier copy of itself, while clients go on."""

    async def do(self) -> None:
        """Copy it, let it move on, and put it back."""
        await self.stage.copy()
        copied = await self.stage.events()

        async def moved_on() -> bool:
            return await self.stage.events() >= copied + LOST_MIN

        await until(moved_on, "events after the copy")
        await self.stage.restore()


async def strike(stage: Stage, driver: Driver, faults: Sequence[type[Fault]], seed: int) -> None:
    """Let all faults come, in the order and with the victims that the seed says, with peace between them."""
    rng = Random(f"{seed} nemesis")  # noqa: S311  (a schedule that can be had again)
    await driver.answered(2 * PEACE)
    for kind in rng.sample(faults, len(faults)):
        fault = kind(stage, driver, rng)
        await fault.do()
        await fault.undo()
        await driver.answered(PEACE)
