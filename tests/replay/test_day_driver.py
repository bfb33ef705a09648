"""The day driver against the real rules in memory."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from service.clock import Clock
from service.domain.model import TicketState
from service.replay.answers import CounterSeen
from service.replay.day_driver import DayDriver
from service.replay.errors import RefusedError
from service.replay.pace import AsFastAsPossible, Timed
from service.replay.server_state import checks_of
from tests.replay.days import MORNING, trace_hall_of
from tests.replay.memory import HallInMemory, check_input_of

RUSH = [
    f"1999-02-01,{9 + second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d},{service},{outcome},"
    f"{40 * (second % 7)},{(second * 37) % 400},{server}"
    for second in range(0, 10_000, 20)
    for service in ["PS" if second % 3 else "NW"]
    for outcome, server in [("left", "") if second % 5 == 0 and second % 40 == 0 else ("served", f"s{second % 70:02d}")]
]
"""500 people within three hours, a quarter of them impatient; seven servers."""


async def run_day(
    folder: Path, lines: Iterable[str] = MORNING, *, at_once: int = 1, slow: int = 0
) -> tuple[HallInMemory, DayDriver]:
    trace_hall = trace_hall_of(folder, lines)
    hall = HallInMemory(trace_hall.document, slow)
    driver = DayDriver(hall, trace_hall, AsFastAsPossible(), running_max=at_once)
    await driver.run()
    return hall, driver


async def test_one_command_after_the_other_is_the_day_of_the_trace(tmp_path: Path) -> None:
    hall, _ = await run_day(tmp_path)

    assert hall.asked == [
        "take ps",  # 09:00:00 A001
        "open 1",
        "next 1 -> A001",  # for 300 s
        "take ps",  # 09:01:00 A002
        "open 2",
        "next 2 -> A002",  # for 600 s
        "take nw",  # 09:02:00 B001
        "take ps",  # 09:03:00 A003, whose patience ends at 09:04:00
        "take nw",  # 09:04:00 B002
        "leave A003",
        "next 1 finish -> B001",  # 09:05:00, for 120 s
        "next 1 finish -> B002",  # 09:07:00, for 60 s
        "finish B002",  # 09:08:00: the shift of the first server ends
        "close 1",
        "next 2 finish -> nobody",  # 09:11:00
        "take ps",  # 09:30:00
        "next 2 -> A004",
        "next 2 finish -> nobody",
        "close 2",
    ]


async def test_each_ticket_is_known_by_its_answers(tmp_path: Path) -> None:
    _, driver = await run_day(tmp_path)

    states = [(log.issued.number, log.state, [call.counter for call in log.calls]) for log in driver.logs.values()]
    assert states == [
        ("A001", TicketState.DONE, ["1"]),
        ("A002", TicketState.DONE, ["2"]),
        ("B001", TicketState.DONE, ["1"]),
        ("A003", TicketState.LEFT, []),
        ("B002", TicketState.DONE, ["1"]),
        ("A004", TicketState.DONE, ["2"]),
    ]
    assert [log.wait_s is None for log in driver.logs.values()] == [False, False, False, True, False, False]


async def test_who_is_called_before_patience_ends_is_served_for_the_mean_of_the_service(tmp_path: Path) -> None:
    lines = [
        "1999-02-01,09:00:00,PS,served,0,100,s01",
        "1999-02-01,09:10:00,PS,left,60,0,",
        "1999-02-01,09:11:39,PS,served,1,5,s01",
        "1999-02-01,09:11:41,PS,served,0,5,s01",
    ]
    hall, driver = await run_day(tmp_path, lines)

    assert [log.service_s for log in driver.logs.values()][1] == pytest.approx(110 / 3)
    assert "leave A002" not in hall.asked


@pytest.mark.parametrize(("at_once", "slow"), [(1, 0), (8, 0), (64, 0), (8, 3), (64, 50)])
async def test_however_many_commands_are_under_way_everybody_is_served_or_leaves(
    tmp_path: Path, at_once: int, slow: int
) -> None:
    hall, driver = await run_day(tmp_path, RUSH, at_once=at_once, slow=slow)

    assert len(driver.logs) == len(RUSH)
    assert {log.state for log in driver.logs.values()} == {TicketState.DONE, TicketState.LEFT}
    assert [check.difference for check in checks_of(await check_input_of(hall, driver))] == [None] * 12


async def test_at_a_speed_the_day_is_as_sound(tmp_path: Path) -> None:
    trace_hall = trace_hall_of(tmp_path, speed=100_000)
    hall = HallInMemory(trace_hall.document)
    driver = DayDriver(hall, trace_hall, Timed(100_000, trace_hall.trace.span_s[0], Clock()), running_max=8)

    await driver.run()

    assert len(driver.logs) == len(MORNING)
    assert [check.difference for check in checks_of(await check_input_of(hall, driver))] == [None] * 12


async def test_people_of_others_are_served_too(tmp_path: Path) -> None:
    trace_hall = trace_hall_of(tmp_path)
    hall = HallInMemory(trace_hall.document)
    stranger = await hall.take("ps")
    driver = DayDriver(hall, trace_hall, AsFastAsPossible(), running_max=8)

    await driver.run()

    assert stranger.id not in driver.logs
    assert (await hall.ticket(stranger.id)).state == TicketState.DONE


async def test_a_refusal_that_nobody_expects_ends_the_replay(tmp_path: Path) -> None:
    class Locked(HallInMemory):
        async def open(self, counter: str) -> CounterSeen:
            raise RefusedError(f"opening counter {counter}", 409, "hall-suspended", "")

    trace_hall = trace_hall_of(tmp_path)
    driver = DayDriver(Locked(trace_hall.document), trace_hall, AsFastAsPossible(), running_max=8)

    with pytest.raises(RefusedError, match=r"opening counter . was refused: 409 hall-suspended"):
        await driver.run()
