"""The checks find nothing on a correct day, and the first difference that a test plants."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from service.domain.events import TicketTaken
from service.domain.model import TicketState
from service.replay import checks, journal_checks
from service.replay.answers import CallSeen, CounterState, QueueLengthSeen
from service.replay.checks import TicketEvent
from service.replay.day_driver import DayDriver
from service.replay.pace import AsFastAsPossible
from service.replay.server_state import CheckInput, checks_of
from service.replay.ticket_log import Call
from tests.replay.days import trace_hall_of
from tests.replay.memory import HallInMemory, check_input_of

Plant = Callable[[CheckInput], CheckInput]


async def sound(folder: Path) -> CheckInput:
    """Return the input of a correct day: A001, A002, B001, A003 who left, B002, A004."""
    trace_hall = trace_hall_of(folder)
    hall = HallInMemory(trace_hall.document)
    driver = DayDriver(hall, trace_hall, AsFastAsPossible(), running_max=1)
    await driver.run()
    return await check_input_of(hall, driver)


def differences(check_input: CheckInput) -> dict[str, str]:
    """Return the differences by the name of the check."""
    return {one.name: one.difference for one in checks_of(check_input) if one.difference is not None}


def retold(position: int, **changes: Any) -> Plant:  # noqa: ANN401  (fields of TicketSeen)
    """Change the first answer about a ticket."""

    def plant(check_input: CheckInput) -> CheckInput:
        one = check_input.logs[position]
        one.issued = replace(one.issued, **changes)
        return check_input

    return plant


def reread(position: int, **changes: Any) -> Plant:  # noqa: ANN401  (likewise)
    """Change what is read of a ticket at the end."""

    def plant(check_input: CheckInput) -> CheckInput:
        ticket = check_input.tickets[check_input.logs[position].issued.id]
        return replace(check_input, tickets={**check_input.tickets, ticket.id: replace(ticket, **changes)})

    return plant


def moved(**changes: Any) -> Plant:  # noqa: ANN401  (fields of Moment)
    """Change the state that is read at the end."""
    return lambda check_input: replace(check_input, snapshot=replace(check_input.snapshot, **changes))


def called_again(check_input: CheckInput) -> CheckInput:
    """Add a second call."""
    one = check_input.logs[0]
    one.calls.append(Call(counter="2", seq=30, ticket=one.issued))
    return check_input


def called_although_left(check_input: CheckInput) -> CheckInput:
    """Add a call of a person who left."""
    left, other = check_input.logs[3], check_input.logs[4]
    left.calls = list(other.calls)
    return check_input


def two_at_once(check_input: CheckInput) -> CheckInput:
    """Let a visit overlap with the next one at its counter."""
    check_input.logs[0].calls[0].end_seq = 99
    return check_input


def never_finished(check_input: CheckInput) -> CheckInput:
    """Let a visit never end."""
    check_input.logs[0].calls[0].end_seq = None
    return check_input


def never_called(check_input: CheckInput) -> CheckInput:
    """Remove the call of a finished ticket."""
    check_input.logs[0].calls = []
    return check_input


def still_waiting(check_input: CheckInput) -> CheckInput:
    """Let a ticket wait for ever."""
    check_input.logs[0].state = TicketState.WAITING
    return check_input


def still_in_queue(check_input: CheckInput) -> CheckInput:
    """Put a finished ticket into the queue."""
    queue = replace(check_input.snapshot.queue, waiting=[check_input.logs[0].issued])
    return moved(queue=queue)(check_input)


def counter_left_open(check_input: CheckInput) -> CheckInput:
    """Leave a counter open."""
    return moved(board=replace(check_input.snapshot.board, counters=[CounterState("1", "open")]))(check_input)


def other_history(check_input: CheckInput) -> CheckInput:
    """Put a call to another counter into a history."""
    ticket = check_input.logs[0].issued.id
    issued, called, *rest = check_input.histories[ticket]
    told_otherwise = [issued, TicketEvent(called.seq, called.kind, "9"), *rest]
    return replace(check_input, histories={**check_input.histories, ticket: told_otherwise})


def shorter_history(check_input: CheckInput) -> CheckInput:
    """Remove the end of a history."""
    ticket = check_input.logs[0].issued.id
    return replace(check_input, histories={**check_input.histories, ticket: check_input.histories[ticket][:-1]})


def other_screen(check_input: CheckInput) -> CheckInput:
    """Put a number on the screens' board."""
    shown = msgspec.json.decode(check_input.snapshot.http)
    shown["called"] = [{"number": "A001"}]
    return moved(socket=msgspec.json.encode(shown))(check_input)


def number_on_board(check_input: CheckInput) -> CheckInput:
    """Put a call on the board that is not in the queue."""
    return moved(board=replace(check_input.snapshot.board, called=[CallSeen("A001", "1")]))(check_input)


def line_on_board(check_input: CheckInput) -> CheckInput:
    """Put waiting people on the board that are not in the queue."""
    return moved(board=replace(check_input.snapshot.board, waiting=[QueueLengthSeen("ps", 2)]))(check_input)


def journal_with_gap(check_input: CheckInput) -> CheckInput:
    """Remove an event."""
    records = list(check_input.snapshot.journal or ())
    del records[4]
    return moved(journal=records)(check_input)


def journal_cut_off(check_input: CheckInput) -> CheckInput:
    """Remove the end of the journal."""
    return moved(journal=list(check_input.snapshot.journal or ())[:-1])(check_input)


def journal_numbers_twice(check_input: CheckInput) -> CheckInput:
    """Use a number twice in the journal."""
    records = list(check_input.snapshot.journal or ())
    last = max(place for place, record in enumerate(records) if isinstance(record.event, TicketTaken))
    event = records[last].event
    assert isinstance(event, TicketTaken)
    records[last] = replace(records[last], event=replace(event, number="A002"))
    return moved(journal=records)(check_input)


def journal_of_others(check_input: CheckInput) -> CheckInput:
    """Change an answer so that no event belongs to it."""
    one = check_input.logs[0]
    one.issued = replace(one.issued, id="ticket-lost")
    return check_input


async def test_a_sound_day_has_no_difference(tmp_path: Path) -> None:
    check_input = await sound(tmp_path)

    assert differences(check_input) == {}
    assert len(checks_of(check_input)) == 12
    assert len(checks_of(moved(journal=None)(check_input))) == 9


@pytest.mark.parametrize(
    ("plant", "name", "difference"),
    [
        (retold(1, number="A001"), "numbers are unique", "A001 was issued twice: tickets ticket-1 and ticket-2"),
        (retold(1, number="A007"), "numbers are unique", "A002 is missing between A001 and A003"),
        (retold(0, number="B001"), "numbers are unique", "B001 is not a number of ps, whose prefix is A"),
        (retold(0, number="A1"), "numbers are unique", "A1 is not a number of ps"),
        (retold(0, day="2026-11-22"), "numbers are unique", "day changed during the replay: 2026-11-22 and 2026-11-23"),
        (retold(0, seq=9), "no ticket is called twice", "A001 was called at seq"),
        (called_again, "no ticket is called twice", "A001 was called to counter 1 (seq 4) and counter 2 (seq 30)"),
        (called_although_left, "no ticket is called twice", "A003 left and was called to counter 1"),
        (two_at_once, "each finished ticket", "counter 1 had A001 until seq 99 and B001 from seq 13"),
        (never_finished, "each finished ticket", "A001 was called to counter 1 and never finished"),
        (never_called, "each finished ticket", "A001 was finished and never called"),
        (still_waiting, "all tickets ended", "A001 is still waiting"),
        (still_in_queue, "all tickets ended", "the queue still has A001, waiting"),
        (counter_left_open, "every counter is closed", "counter 1 is open"),
        (reread(0, state="called"), "6 tickets agree", "A001.state is 'called', not 'done'"),
        (reread(3, calls=1), "6 tickets agree", "A003.calls is 1, not 0"),
        (reread(2, code="OTHER"), "6 tickets agree", "B001.code is 'OTHER', not 'CODE0003'"),
        (
            other_history,
            "6 histories agree",
            "A001: ticket_called 1 was answered at seq 4, and ticket_called 9 happened",
        ),
        (
            shorter_history,
            "6 histories agree",
            "A001: 3 events were answered, and ticket_taken at seq 2, ticket_called",
        ),
        (other_screen, "the screens' board", "board.called[0] is {'number': 'A001'}, not missing"),
        (moved(socket=None, socket_error="no screen"), "the screens' board", "no screen"),
        (number_on_board, "the board agrees", "called.A001 is '1', not missing"),
        (line_on_board, "the board agrees", "waiting.ps is 2, not missing"),
        (journal_with_gap, "21 events of the journal", "event 6 follows event 4"),
        (journal_numbers_twice, "22 events of the journal", "gives A002 where A004 is next"),
        (journal_of_others, "the journal contains", "A001 was answered and is not in the journal"),
        (journal_cut_off, "the folded journal", "the journal ends at seq 21, the queue is of seq 22"),
        (reread(0, outcome="referred"), "the folded journal", "A001.outcome is 'referred', not 'done'"),
    ],
)
async def test_a_planted_difference_is_found_and_named(
    tmp_path: Path, plant: Plant, name: str, difference: str
) -> None:
    check_input = plant(await sound(tmp_path))

    found = differences(check_input)

    assert [said for check_name, said in found.items() if check_name.startswith(name) and difference in said], found


async def test_a_recall_is_no_call_of_its_own(tmp_path: Path) -> None:
    check_input = await sound(tmp_path)
    one = check_input.logs[0]
    issued, called, *rest = check_input.histories[one.issued.id]
    recalled = [issued, called, TicketEvent(called.seq + 1, checks.RECALLED), *rest]

    assert checks.histories_agree([one], {one.issued.id: recalled}) is None


async def test_a_journal_that_does_not_fold_says_at_which_event(tmp_path: Path) -> None:
    records = list((await sound(tmp_path)).snapshot.journal or ())
    records[1] = replace(records[1], event=records[-1].event)
    records[2] = replace(records[2], event=records[3].event)

    _, difference = journal_checks.fold("memory", (await sound(tmp_path)).on, records)

    assert difference is not None
    assert "does not fold" in difference


@pytest.mark.parametrize(
    ("expected", "seen", "difference"),
    [
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}, None),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "x.a[1].b is 3, not 2"),
        ({"a": 1}, {}, "x.a is missing, not 1"),
        ({}, {"a": 1}, "x.a is 1, not missing"),
        ([1], [1, 2], "x[1] is 2, not missing"),
        ([1, 2], [1], "x[1] is missing, not 2"),
        ("a", None, "x is None, not 'a'"),
    ],
)
def test_the_first_difference_is_said_with_its_path(expected: object, seen: object, difference: str | None) -> None:
    assert checks.difference(expected, seen, "x") == difference
