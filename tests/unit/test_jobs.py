"""The scheduler of jobs: a job runs when it is due, even if the wall clock changes."""

import asyncio
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self
from unittest.mock import Mock

import pytest
from apscheduler.schedulers import base

from service.runtime.jobs import Jobs


class Wall(datetime):
    """A wall clock that the test sets."""

    leapt = timedelta(0)

    @classmethod
    def now(cls, tz: tzinfo | None = UTC) -> Self:
        """Return the time that was set."""
        return super().now(tz) + cls.leapt


@pytest.mark.parametrize("leap", [timedelta(hours=-1), timedelta(days=20_000)], ids=["back", "from 1970"])
async def test_a_pass_comes_when_it_is_due_though_the_wall_clock_was_set(
    leap: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "datetime", Wall)
    came = asyncio.Event()

    async def look() -> None:
        came.set()

    scheduler = Jobs(Mock(), Mock(), Mock()).schedule(("look", look, 60))
    for job in scheduler.get_jobs():
        if job.id != "look":
            job.remove()
    scheduler.start()
    monkeypatch.setattr(Wall, "leapt", leap)

    scheduler.wakeup()  # as the timer of the scheduler does

    async with asyncio.timeout(10):
        await came.wait()
    scheduler.shutdown(wait=False)
