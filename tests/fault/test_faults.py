"""Whatever strikes, what was answered happened once, and everybody is told one story.

Each run has two processes on one hall unless it says otherwise. A seed chooses what clients do, which process is
struck, and the order of faults; it is in the test's name, and in what a failure says.
"""

from pathlib import Path

import pytest

from tests.fault import nemesis
from tests.fault.checker import violations
from tests.fault.nemesis import Fault
from tests.fault.scenario import run
from tests.postgres import PostgresServer

SEEDS = (1, 2, 3, 4, 5, 6, 7, 8)
"""The first is always run, all of them with `--long`."""

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
"""How many processes, and what strikes them."""

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
    """Choose how many seeds are run."""
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
