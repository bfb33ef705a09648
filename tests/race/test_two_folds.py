"""Two folds: readers never see a decision that is not committed yet."""

from service.domain.day import Day
from tests.race.process import Process, new_ticket, one_story


async def test_a_read_during_an_append_does_not_see_it(one: Process) -> None:
    lane = await one.lane()
    command = new_ticket()
    seen: list[Day] = []

    async def read() -> None:
        seen.append((await one.lanes.day(lane.hall)).copy())

    one.journal.first["append"] = read

    await one.do(command)

    assert command.ticket not in seen[0].tickets
    assert seen[0].seq == 1
    assert command.ticket in (await one.lanes.day(lane.hall)).tickets


async def test_the_fold_that_runs_ahead_may_show_what_never_happens(one: Process, other: Process) -> None:
    lane = await one.lane()
    await other.lane()
    command = new_ticket()
    seen: list[str] = []

    async def read_too_early_and_lose() -> None:
        seen.append(lane._decided.tickets[command.ticket].number)
        await other.take()

    one.journal.first["append"] = read_too_early_and_lose

    assert await one.take(command) == "B002"

    assert seen == ["B001"], "a number that is somebody else's"
    await one_story([one, other])


async def test_what_was_decided_and_lost_leaves_no_trace(one: Process, other: Process) -> None:
    lane = await one.lane()
    await other.lane()
    one.journal.first["append"] = other.take
    await one.take()

    assert lane._decided.seq == lane.committed.seq
    assert lane._decided.tickets == lane.committed.tickets
    assert lane._decided is not lane.committed
