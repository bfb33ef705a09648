"""With any fault, each answered command happened once, and all clients see the same state.

Each run has two processes on one hall unless stated otherwise. A seed determines what clients do, which process a fault
applies to, and the order of faults. It is in the name of the test and in the message of a failure.
"""

from pathlib import Path

import pytest

from tests.fault import nemesis
from tests.fault.checker import violations
from tests.fault.nemesis import Fault
from tests.fault.scenario import run
from tests.postgres import PostgresServer

SEEDS = (1, 2, 3, 4, 5, 6, 7, 8)
"""Only the first is used without `--long`."""

SCENARIOS: dict[str, tuple[int, tuple[type[Fault], ...]]] = {
    "serve-is-killed": (2, (nemesis.ServiceKilled, nemesis.AllKilled)),
    "the-only-serve-is-killed": (1, (nemesis.ServiceKilled, nemesis.AppendOfTheDead)),
    "postgres-is-killed": (2, (nemesis.PostmasterKilled, nemesis.BackendKilledAtCommit)),
    "a-backend-is-ended-at-its-commit": (1, (nemesis.BackendEndedAtCommit, nemesis.BackendKilledAtCommit)),
    "connections-are-cut": (2, (nemesis.CutBefore, nemesis.CutDuring, nemesis.CutAfter) * 2),
    "appends-are-held": (2, (nemesis.AppendHeld, nemesis.AnswerHeld, nemesis.AppendOfTheDead)),
    "a-process-stands-still": (2, (nemesis.Stopped,)),
    "clocks-jump": (2, (nemesis.ClockJumps,)),
    "midnight-comes": (2, (nemesis.Midnight, nemesis.CutDuring)),
    "the-database-is-put-back": (2, (nemesis.DatabasePutBack,)),
}
"""Per case: the number of processes, and the faults."""

EVERYTHING = (
    nemesis.ServiceKilled,
    nemesis.PostmasterKilled,
    nemesis.BackendKilledAtCommit,
    nemesis.BackendEndedAtCommit,
    nemesis.CutBefore,
    nemesis.CutDuring,
    nemesis.CutAfter,
    nemesis.AppendHeld,
    nemesis.AnswerHeld,
    nemesis.AppendOfTheDead,
    nemesis.Stopped,
    nemesis.ClockJumps,
    nemesis.Midnight,
    nemesis.DatabasePutBack,
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the number of seeds."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", SEEDS if metafunc.config.getoption("--long") else SEEDS[:1])


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_what_was_answered_holds_when(scenario: str, seed: int, durable: PostgresServer, tmp_path: Path) -> None:
    processes, faults = SCENARIOS[scenario]

    evidence = await run(durable, tmp_path, faults, seed, processes=processes)

    assert violations(evidence) == {}, f"{scenario}, seed {seed}"


async def test_what_was_answered_holds_when_everything_strikes(
    seed: int, durable: PostgresServer, tmp_path: Path, *, long: bool
) -> None:
    faults = EVERYTHING if long else (nemesis.PostmasterKilled, nemesis.CutAfter, nemesis.Midnight)

    evidence = await run(durable, tmp_path, faults, seed)

    assert violations(evidence) == {}, f"seed {seed}"
