"""The journal as the last word: what was answered and shown, against the events themselves."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol

from service.domain.day import Day
from service.domain.events import Record, TicketCalled, TicketFinished, TicketLeft, TicketTaken
from service.domain.evolve.evolve import evolve
from service.domain.model import HallId, Ticket, TicketState
from service.replay import check
from service.replay.answers import BoardSeen, QueueSeen, TicketSeen
from service.replay.told import Told

PRESENT = frozenset({TicketState.WAITING, TicketState.CALLED, TicketState.SERVING, TicketState.PARKED})
"""States of tickets that the queue shows."""


class JournalReader(Protocol):
    """Reads a day's journal; whoever starts a replay beside the database has one."""

    async def events(self, hall: HallId, day: date) -> list[Record]:
        """All events of the day so far, in order."""


def fold(hall: str, on: date, records: Sequence[Record]) -> tuple[Day, str | None]:
    """Fold a journal, and say what is wrong with its order or its numbers."""
    day = Day(HallId(hall), on)
    numbers_given: dict[str, int] = defaultdict(int)
    for record in records:
        if record.seq != day.seq + 1:
            return day, f"event {record.seq} follows event {day.seq}"
        try:
            evolve(day, record)
        except (AssertionError, LookupError, ValueError) as error:
            return day, f"event {record.seq} does not fold: {type(error).__name__} {error}"
        if isinstance(record.event, TicketTaken):
            prefix = day.plan.services[record.event.service].prefix
            numbers_given[prefix] += 1
            if record.event.number != f"{prefix}{numbers_given[prefix]:03d}":
                expected = f"{prefix}{numbers_given[prefix]:03d}"
                return day, f"event {record.seq} gives {record.event.number} where {expected} is next"
    return day, None


def histories(records: Iterable[Record]) -> dict[str, list[check.Happened]]:
    """What the journal tells of each ticket."""
    found: dict[str, list[check.Happened]] = defaultdict(list)
    for record in records:
        event = record.event
        ticket = getattr(event, "ticket", None)
        if ticket is not None:
            kind = str(event.__struct_config__.tag)
            match event:
                case TicketTaken():
                    said = event.number
                case TicketCalled():
                    said = str(event.counter)
                case TicketFinished():
                    said = str(event.outcome)
                case TicketLeft():
                    said = str(event.reason)
                case _:
                    said = ""
            found[ticket].append(check.Happened(record.seq, kind, said))
    return dict(found)


def all_in_journal(told: Iterable[Told], known: Mapping[str, Sequence[check.Happened]]) -> str | None:
    """The journal knows each ticket, and of each what was answered."""
    told = list(told)
    for one in told:
        if one.taken.id not in known:
            return f"{one.taken.number} was answered and is not in the journal"
    return check.histories_agree(told, known)


def day_agrees(day: Day, tickets: Mapping[str, TicketSeen], board: BoardSeen, queue: QueueSeen) -> str | None:
    """The folded journal is the day that the server shows."""
    if day.seq != queue.seq:
        return f"the journal ends at seq {day.seq}, the queue is of seq {queue.seq}"
    folded = {str(ticket.id): ticket for ticket in day.tickets.values()}
    for ticket_id, seen in tickets.items():
        if ticket_id not in folded:
            return f"{seen.number} is not in the journal"
        expected = _facts(folded[ticket_id])
        found = {name: getattr(seen, name) for name in expected}
        if (why := check.difference(expected, found, seen.number)) is not None:
            return why
    people = {ticket.number: str(ticket.state) for ticket in day.tickets.values() if ticket.state in PRESENT}
    in_queue = {ticket.number: ticket.state for ticket in queue.everybody}
    counters = {str(counter.id): str(counter.state) for counter in day.counters.values()}
    on_board = {counter.id: counter.state for counter in board.counters}
    return check.difference(people, in_queue, "queue") or check.difference(counters, on_board, "counters")


def _facts(ticket: Ticket) -> dict[str, object]:
    return {
        "number": ticket.number,
        "code": ticket.code,
        "service": ticket.service,
        "state": str(ticket.state),
        "counter": ticket.counter,
        "calls": ticket.calls,
        "outcome": None if ticket.outcome is None else str(ticket.outcome),
    }
