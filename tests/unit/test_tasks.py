"""A coroutine that starts at once and continues in a task of its own."""

import asyncio

import pytest

from service.primitives.tasks import start_eagerly


async def test_it_has_run_to_its_first_wait_before_anything_else_can() -> None:
    gate, seen = asyncio.Event(), []

    async def work() -> str:
        seen.append("begun")
        await gate.wait()
        seen.append("went on")
        return "done"

    started = start_eagerly(work(), "work")
    assert seen == ["begun"]

    gate.set()
    assert await started == "done"
    assert seen == ["begun", "went on"]


async def test_one_that_never_waits_is_done() -> None:
    async def work() -> int:
        return 7

    started = start_eagerly(work(), "work")

    assert started.done()
    assert await started == 7


async def test_what_it_raises_before_and_after_its_first_wait_is_for_who_awaits_it() -> None:
    async def at_once() -> None:
        raise LookupError

    async def later() -> None:
        await asyncio.sleep(0)
        raise LookupError

    for work in (at_once, later):
        with pytest.raises(LookupError):
            await start_eagerly(work(), "work")


async def test_what_it_waits_for_may_fail_and_it_goes_on() -> None:
    answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def work() -> str:
        try:
            await answer
        except ConnectionError:
            await asyncio.sleep(0)
            return "again"
        return "never"

    started = start_eagerly(work(), "work")
    answer.set_exception(ConnectionError())

    assert await started == "again"


async def test_cancelled_it_is_cancelled_where_it_waits() -> None:
    cleaned = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(True)

    started = start_eagerly(work(), "work")
    started.cancel()

    with pytest.raises(asyncio.CancelledError):
        await started
    assert cleaned
