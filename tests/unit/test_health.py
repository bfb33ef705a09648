"""The health of a part: one log line per change."""

import asyncpg
from structlog.testing import capture_logs

from service.journal.faults import StorageUnavailable
from service.journal.health import Health


async def test_each_kind_of_failure_is_told_once_until_it_works_again() -> None:
    well = Health("appends")
    lost = StorageUnavailable("INSERT of somebody")
    lost.__cause__ = ConnectionRefusedError("somebody")

    with capture_logs() as lines:
        well.worked()
        for error in (lost, lost, asyncpg.DiskFullError("no room for somebody"), lost):
            well.failed(error)
        failed = well.fails
        well.worked()
        well.worked()
        well.failed(lost)

    assert [(line["event"], line.get("error"), line.get("sqlstate")) for line in lines] == [
        ("not_working", "ConnectionRefusedError", None),
        ("not_working", "DiskFullError", "53100"),
        ("works_again", None, None),
        ("not_working", "ConnectionRefusedError", None),
    ]
    assert failed
    assert "somebody" not in str(lines)


async def test_what_nobody_has_tried_for_long_may_work() -> None:
    well = Health("appends")
    with capture_logs():
        well.failed(OSError())

    well.failed_at_s -= 60.0

    assert not well.fails
