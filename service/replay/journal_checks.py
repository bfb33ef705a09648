"""Checks of the answers and of the shown state against the journal's events."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol

from service.domain.day import Day
from service.domain.events import Record, TicketCalled, TicketFinished, TicketLeft, TicketTaken
from service.domain.evolve.evolve import evolve
from service.domain.model import HallId, Ticket, TicketState
from service.replay import checks
from service.replay.answers import BoardSeen, QueueSeen, TicketSeen
from service.replay.ticket_log import TicketLog

PRESENT = frozenset({TicketState.WAITING, TicketState.CALLED, TicketState.SERVING, TicketState.PARKED})
"""The states of tickets that the queue shows."""


class JournalReader(Protocol):
    """Reads the journal of a day; given if the database can be reached."""

    async def events(self, hall: HallId, day: date) -> list[Record]:
        """Return all events of the day so far, in order."""


def fold(hall: str, on: date, records: Sequence[Record]) -> tuple[Day, str | None]:
    """Fold a journal into a day; also return the first error in its order, events or ticket numbers, or None."""
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


def histories(records: Iterable[Record]) -> dict[str, list[checks.TicketEvent]]:
    """Return the events of each ticket."""
    found: dict[str, list[checks.TicketEvent]] = defaultdict(list)
    for record in records:
        event = record.event
        ticket = getattr(event, "ticket", None)
        if ticket is not None:
            kind = str(event.__struct_config__.tag)
            match event:
                case TicketTaken():
                    detail = event.number
                case TicketCalled():
                    detail = str(event.counter)
                case TicketFinished():
                    detail = str(event.outcome)
                case TicketLeft():
                    detail = str(event.reason)
                case _:
                    detail = ""
            found[ticket].append(checks.TicketEvent(record.seq, kind, detail))
    return dict(found)


def journal_contains_all(logs: Iterable[TicketLog], known: Mapping[str, Sequence[checks.TicketEvent]]) -> str | None:
    """Check that the journal contains each ticket and all that was answered about it."""
    logs = list(logs)
    for log in logs:
        if log.issued.id not in known:
            return f"{log.issued.number} was answered and is not in the journal"
    return checks.histories_agree(logs, known)


def day_agrees(day: Day, tickets: Mapping[str, TicketSeen], board: BoardSeen, queue: QueueSeen) -> str | None:
    """Check that the folded journal equals the day that the server shows."""
    if day.seq != queue.seq:
        return f"the journal ends at seq {day.seq}, the queue is of seq {queue.seq}"
    folded = {str(ticket.id): ticket for ticket in day.tickets.values()}
    for ticket_id, seen in tickets.items():
        if ticket_id not in folded:
            return f"{seen.number} is not in the journal"
        expected = _facts(folded[ticket_id])
        found = {name: getattr(seen, name) for name in expected}
        if (why := checks.difference(expected, found, seen.number)) is not None:
            return why
    people = {ticket.number: str(ticket.state) for ticket in day.tickets.values() if ticket.state in PRESENT}
    in_queue = {ticket.number: ticket.state for ticket in queue.tickets}
    counters = {str(counter.id): str(counter.state) for counter in day.counters.values()}
    on_board = {counter.id: counter.state for counter in board.counters}
    return checks.difference(people, in_queue, "queue") or checks.difference(counters, on_board, "counters")


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
