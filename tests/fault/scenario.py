"""A run of clients and faults; it returns the evidence."""

from collections.abc import Sequence
from pathlib import Path

from tests.fault.driver import Driver
from tests.fault.history import Evidence
from tests.fault.nemesis import Fault, strike
from tests.fault.stage import staged
from tests.postgres import PostgresServer


async def run(
    server: PostgresServer,
    folder: Path,
    faults: Sequence[type[Fault]],
    seed: int,
    *,
    processes: int = 2,
    bugs: tuple[str, ...] = (),
) -> Evidence:
    """Run clients and faults; then repeat some commands, read the final state, and return the evidence."""
    async with staged(server, folder, processes, bugs) as stage:
        driver = Driver(stage, seed)
        try:
            driver.begin()
            await strike(stage, driver, faults, seed)
            await driver.stop()
            await driver.repeat()
            silent = await driver.look_last()
        finally:
            await driver.end()
        return Evidence(
            history=driver.history,
            journal=await stage.journal(),
            put_back=stage.put_back,
            differences=await stage.differences(),
            faults=stage.faults,
            silent=silent,
        )
