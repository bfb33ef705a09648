"""Journals of former releases, and of the next one, fold to the same state as they did then (JOURNAL 7)."""

import json
import os
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from service.domain.day import Day
from service.domain.evolve.evolve import evolve
from service.domain.model import HallId
from service.journal.records import _KINDS, record_of
from tests.golden.write import told_of, told_of_appointment

FOLDER = Path(__file__).parent
RELEASES = sorted(path.stem for path in FOLDER.glob("*.json"))


def journal(release: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{release}.json").read_text("utf-8"))
    return found


def folded(rows: list[dict[str, Any]], on: str) -> Day:
    """Decode rows of the database and fold them."""
    day = Day(HallId("town"), date.fromisoformat(on))
    for row in rows:
        fingerprint = None if row["fingerprint"] is None else bytes.fromhex(row["fingerprint"])
        columns: Any = (
            row["seq"],
            datetime.fromisoformat(row["at"]),
            row["actor"],
            row["command_id"],
            row["part"],
            fingerprint,
            row["kind"],
            json.dumps(row["body"]),
        )
        evolve(day, record_of(columns))
    return day


@pytest.mark.parametrize("release", RELEASES)
def test_the_journal_of_a_release_folds_to_the_day_it_told_of(release: str) -> None:
    written = journal(release)

    day = folded(written["rows"], written["fold"]["day"])

    told = written["fold"]
    assert day.ended is told["ended"]
    assert day.numbers == told["numbers"]
    assert day.plan.revision == told["revision"]
    assert sorted(day.results) == told["done"]
    assert day.tickets.keys() == {row["body"]["ticket"] for row in written["rows"] if row["kind"] == "ticket_taken"}
    for ticket in day.tickets.values():
        expected = told["tickets"][ticket.number]
        assert {name: value for name, value in told_of(ticket).items() if name in expected} == expected
    appointments = {one.code: told_of_appointment(one) for one in day.appointments.values()}
    assert appointments == told.get("appointments", {})
    assert list(day.alarms) == told.get("alarms", [])
    assert day.plan.windows[-1].closes_at.isoformat() == told.get(
        "closing_at", day.regular_plan.windows[-1].closes_at.isoformat()
    )


def test_the_newest_journal_has_every_kind_of_event() -> None:
    assert {row["kind"] for row in journal(RELEASES[-1])["rows"]} == set(_KINDS)


def test_a_journal_is_written_the_same_way_in_every_process() -> None:
    written = [
        subprocess.run(
            [sys.executable, "-m", "tests.golden.write"],
            check=True,
            capture_output=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]

    assert written[0] == written[1]
