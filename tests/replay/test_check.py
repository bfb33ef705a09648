"""The checks: silent about a sound day, and each says the first difference that was planted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from service.domain.events import TicketTaken
from service.domain.model import TicketState
from service.replay import check, ledger
from service.replay.answers import CallSeen, CounterState, LineSeen
from service.replay.check import Happened
from service.replay.drive import Drive
from service.replay.evidence import Evidence, checks_of
from service.replay.pace import Untimed
from service.replay.told import Call
from tests.replay.days import setting_of
from tests.replay.memory import HallInMemory, evidence_of

Plant = Callable[[Evidence], Evidence]


async def sound(folder: Path) -> Evidence:
    """A day that went well: A001, A002, B001, A003 who left, B002, A004."""
    setting = setting_of(folder)
    hall = HallInMemory(setting.document)
    drive = Drive(hall, setting, Untimed(), under_way_max=1)
    await drive.run()
    return await evidence_of(hall, drive)


def differences(evidence: Evidence) -> dict[str, str]:
    """What the checks found, by their names."""
    return {one.name: one.difference for one in checks_of(evidence) if one.difference is not None}


def retold(position: int, **changes: Any) -> Plant:  # noqa: ANN401  (fields of TicketSeen)
    """Plant something else in the first answer about a ticket."""

    def plant(evidence: Evidence) -> Evidence:
        one = evidence.told[position]
        one.taken = replace(one.taken, **changes)
        return evidence

    return plant


def reread(position: int, **changes: Any) -> Plant:  # noqa: ANN401  (likewise)
    """Plant something else in what a ticket is read as."""

    def plant(evidence: Evidence) -> Evidence:
        ticket = evidence.tickets[evidence.told[position].taken.id]
        return replace(evidence, tickets={**evidence.tickets, ticket.id: replace(ticket, **changes)})

    return plant


def moved(**changes: Any) -> Plant:  # noqa: ANN401  (fields of Moment)
    """Plant something else in what is shown at the end."""
    return lambda evidence: replace(evidence, moment=replace(evidence.moment, **changes))


def called_again(evidence: Evidence) -> Evidence:
    """Plant a second call."""
    one = evidence.told[0]
    one.calls.append(Call(counter="2", seq=30, ticket=one.taken))
    return evidence


def called_although_left(evidence: Evidence) -> Evidence:
    """Plant a call of somebody who left."""
    left, other = evidence.told[3], evidence.told[4]
    left.calls = list(other.calls)
    return evidence


def two_at_once(evidence: Evidence) -> Evidence:
    """Plant that a person stayed while the next was called."""
    evidence.told[0].calls[0].over_seq = 99
    return evidence


def never_finished(evidence: Evidence) -> Evidence:
    """Plant that a person was forgotten at a counter."""
    evidence.told[0].calls[0].over_seq = None
    return evidence


def never_called(evidence: Evidence) -> Evidence:
    """Plant a finish without a call."""
    evidence.told[0].calls = []
    return evidence


def still_waiting(evidence: Evidence) -> Evidence:
    """Plant somebody who waits for ever."""
    evidence.told[0].state = TicketState.WAITING
    return evidence


def still_in_queue(evidence: Evidence) -> Evidence:
    """Plant a finished ticket in the queue."""
    queue = replace(evidence.moment.queue, waiting=[evidence.told[0].taken])
    return moved(queue=queue)(evidence)


def counter_left_open(evidence: Evidence) -> Evidence:
    """Plant a counter that nobody closed."""
    return moved(board=replace(evidence.moment.board, counters=[CounterState("1", "open")]))(evidence)


def other_history(evidence: Evidence) -> Evidence:
    """Plant a call to another counter in a history."""
    ticket = evidence.told[0].taken.id
    taken, called, *rest = evidence.histories[ticket]
    told_otherwise = [taken, Happened(called.seq, called.kind, "9"), *rest]
    return replace(evidence, histories={**evidence.histories, ticket: told_otherwise})


def shorter_history(evidence: Evidence) -> Evidence:
    """Plant a history without its end."""
    ticket = evidence.told[0].taken.id
    return replace(evidence, histories={**evidence.histories, ticket: evidence.histories[ticket][:-1]})


def other_screen(evidence: Evidence) -> Evidence:
    """Plant a number on the screens."""
    shown = msgspec.json.decode(evidence.moment.http)
    shown["called"] = [{"number": "A001"}]
    return moved(socket=msgspec.json.encode(shown))(evidence)


def number_on_board(evidence: Evidence) -> Evidence:
    """Plant a call on the board that the queue does not know."""
    return moved(board=replace(evidence.moment.board, called=[CallSeen("A001", "1")]))(evidence)


def line_on_board(evidence: Evidence) -> Evidence:
    """Plant people on the board that the queue does not know."""
    return moved(board=replace(evidence.moment.board, waiting=[LineSeen("ps", 2)]))(evidence)


def journal_with_gap(evidence: Evidence) -> Evidence:
    """Plant a missing event."""
    records = list(evidence.moment.journal or ())
    del records[4]
    return moved(journal=records)(evidence)


def journal_cut_off(evidence: Evidence) -> Evidence:
    """Plant a journal that ends early."""
    return moved(journal=list(evidence.moment.journal or ())[:-1])(evidence)


def journal_numbers_twice(evidence: Evidence) -> Evidence:
    """Plant a number that was given before."""
    records = list(evidence.moment.journal or ())
    last = max(place for place, record in enumerate(records) if isinstance(record.event, TicketTaken))
    event = records[last].event
    assert isinstance(event, TicketTaken)
    records[last] = replace(records[last], event=replace(event, number="A002"))
    return moved(journal=records)(evidence)


def journal_of_others(evidence: Evidence) -> Evidence:
    """Plant an answer that no event stands for."""
    one = evidence.told[0]
    one.taken = replace(one.taken, id="ticket-lost")
    return evidence


async def test_a_sound_day_has_no_difference(tmp_path: Path) -> None:
    evidence = await sound(tmp_path)

    assert differences(evidence) == {}
    assert len(checks_of(evidence)) == 12
    assert len(checks_of(moved(journal=None)(evidence))) == 9


@pytest.mark.parametrize(
    ("plant", "name", "difference"),
    [
        (retold(1, number="A001"), "numbers are given", "A001 was given twice: tickets ticket-1 and ticket-2"),
        (retold(1, number="A007"), "numbers are given", "A002 is missing between A001 and A003"),
        (retold(0, number="B001"), "numbers are given", "B001 is no number of ps, whose prefix is A"),
        (retold(0, number="A1"), "numbers are given", "A1 is no number of ps"),
        (retold(0, day="2026-11-22"), "numbers are given", "day changed during the replay: 2026-11-22 and 2026-11-23"),
        (retold(0, seq=9), "nobody is called twice", "A001 was called at seq"),
        (called_again, "nobody is called twice", "A001 was called to counter 1 (seq 4) and counter 2 (seq 30)"),
        (called_although_left, "nobody is called twice", "A003 left and was called to counter 1"),
        (two_at_once, "who was finished", "counter 1 had A001 until seq 99 and B001 from seq 13"),
        (never_finished, "who was finished", "A001 was called to counter 1 and never finished"),
        (never_called, "who was finished", "A001 was finished and never called"),
        (still_waiting, "everybody was served or left", "A001 is still waiting"),
        (still_in_queue, "everybody was served or left", "the queue still has A001, waiting"),
        (counter_left_open, "every counter is closed", "counter 1 is open"),
        (reread(0, state="called"), "6 tickets are", "A001.state is 'called', not 'done'"),
        (reread(3, calls=1), "6 tickets are", "A003.calls is 1, not 0"),
        (reread(2, code="OTHER"), "6 tickets are", "B001.code is 'OTHER', not 'CODE0003'"),
        (other_history, "6 histories are", "A001: ticket_called 1 was answered at seq 4, and ticket_called 9 happened"),
        (shorter_history, "6 histories are", "A001: 3 events were answered, and ticket_taken at seq 2, ticket_called"),
        (other_screen, "the screens' board", "board.called[0] is {'number': 'A001'}, not missing"),
        (moved(socket=None, screens="no screen"), "the screens' board", "no screen"),
        (number_on_board, "the board is the queue", "called.A001 is '1', not missing"),
        (line_on_board, "the board is the queue", "waiting.ps is 2, not missing"),
        (journal_with_gap, "21 events of the journal", "event 6 follows event 4"),
        (journal_numbers_twice, "22 events of the journal", "gives A002 where A004 is next"),
        (journal_of_others, "the journal has every answer", "A001 was answered and is not in the journal"),
        (journal_cut_off, "the folded journal", "the journal ends at seq 21, the queue is of seq 22"),
        (reread(0, outcome="referred"), "the folded journal", "A001.outcome is 'referred', not 'done'"),
    ],
)
async def test_a_planted_difference_is_found_and_named(
    tmp_path: Path, plant: Plant, name: str, difference: str
) -> None:
    evidence = plant(await sound(tmp_path))

    found = differences(evidence)

    assert [said for check_name, said in found.items() if check_name.startswith(name) and difference in said], found


async def test_a_recall_is_no_call_of_its_own(tmp_path: Path) -> None:
    evidence = await sound(tmp_path)
    one = evidence.told[0]
    taken, called, *rest = evidence.histories[one.taken.id]
    recalled = [taken, called, Happened(called.seq + 1, check.RECALLED), *rest]

    assert check.histories_agree([one], {one.taken.id: recalled}) is None


async def test_a_journal_that_does_not_fold_says_at_which_event(tmp_path: Path) -> None:
    records = list((await sound(tmp_path)).moment.journal or ())
    records[1] = replace(records[1], event=records[-1].event)
    records[2] = replace(records[2], event=records[3].event)

    _, difference = ledger.fold("memory", (await sound(tmp_path)).on, records)

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
    assert check.difference(expected, seen, "x") == difference
