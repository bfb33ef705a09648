"""The checks at the end of a replay: the answers against everything else that the server shows.

All checks are pure. Each returns the first difference as text, or None. The same functions serve the checks over HTTP
(tickets, histories, queue, board) and those of the journal (`journal_checks`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, zip_longest

import msgspec
from msgspec import Struct

from service.domain.model import CounterState, TicketState
from service.replay.answers import BoardSeen, EventSeen, QueueSeen, TicketSeen
from service.replay.ticket_log import TicketLog

CALLS_ON_BOARD_MAX = 12
"""A board shows only the newest calls."""

RECALLED = "ticket_recalled"
"""An event that repeats a call; it is not counted as a call."""


class Check(Struct, frozen=True):
    """A check and the first difference it found; None if there is none."""

    name: str
    difference: str | None

    @property
    def ok(self) -> bool:
        """Tell whether there is no difference."""
        return self.difference is None


class TicketEvent(Struct, frozen=True):
    """An event of a ticket, read over HTTP or from the journal; `detail` is its number, counter, outcome or reason."""

    seq: int
    kind: str
    detail: str = ""


# Checks of the answers alone.


def numbers_are_consecutive(logs: Iterable[TicketLog], prefixes: Mapping[str, str]) -> str | None:
    """Check that numbers are unique and without gaps, have their service's prefix, and are of one day."""
    days = sorted({log.issued.day for log in logs})
    if len(days) > 1:
        return f"the hall's day changed during the replay: {days[0]} and {days[-1]}"
    issued: dict[str, dict[int, TicketSeen]] = defaultdict(dict)
    for log in logs:
        ticket = log.issued
        prefix = prefixes[ticket.service]
        digits = ticket.number.removeprefix(prefix)
        if not (ticket.number.startswith(prefix) and digits.isdigit() and len(digits) >= 3):
            return f"{ticket.number} is not a number of {ticket.service}, whose prefix is {prefix}"
        other = issued[prefix].setdefault(int(digits), ticket)
        if other is not ticket:
            return f"{ticket.number} was issued twice: tickets {other.id} and {ticket.id}"
    return next((gap for prefix, found in sorted(issued.items()) if (gap := _gap(prefix, sorted(found)))), None)


def _gap(prefix: str, found: Sequence[int]) -> str | None:
    for log, following in pairwise(found):
        if following != log + 1:
            return f"{prefix}{log + 1:03d} is missing between {prefix}{log:03d} and {prefix}{following:03d}"
    return None


def called_at_most_once(logs: Iterable[TicketLog]) -> str | None:
    """Check that no ticket was called twice, or called although it left, or called before it was issued."""
    for log in logs:
        if len(log.calls) > 1:
            counters = " and ".join(f"counter {call.counter} (seq {call.seq})" for call in log.calls)
            return f"{log.issued.number} was called to {counters}"
        if log.calls and log.state is TicketState.LEFT:
            return f"{log.issued.number} left and was called to counter {log.calls[0].counter}"
        if log.calls and log.calls[0].seq <= log.issued.seq:
            return f"{log.issued.number} was called at seq {log.calls[0].seq}, before it was taken at {log.issued.seq}"
    return None


def one_ticket_at_a_time(logs: Iterable[TicketLog]) -> str | None:
    """Check that each finished ticket had been called, and that a counter served one ticket at a time."""
    at_counter: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for log in logs:
        if log.state is TicketState.DONE and not log.calls:
            return f"{log.issued.number} was finished and never called"
        for call in log.calls:
            if call.ticket.counter != call.counter:
                return f"{log.issued.number} was called to {call.counter}, and its ticket says {call.ticket.counter}"
            if call.end_seq is None:
                return f"{log.issued.number} was called to counter {call.counter} and never finished"
            at_counter[call.counter].append((call.seq, call.end_seq, log.issued.number))
    for counter, spans in sorted(at_counter.items()):
        for (_, end_seq, number), (seq, _, following) in pairwise(sorted(spans)):
            if seq < end_seq:
                return f"counter {counter} had {number} until seq {end_seq} and {following} from seq {seq}"
    return None


def all_ended(logs: Iterable[TicketLog], queue: QueueSeen) -> str | None:
    """Check that each ticket was served or left, and that the queue contains none of them."""
    ours = set()
    for log in logs:
        if log.state not in {TicketState.DONE, TicketState.LEFT}:
            return f"{log.issued.number} is still {log.state}"
        ours.add(log.issued.id)
    for ticket in queue.tickets:
        if ticket.id in ours:
            return f"the queue still has {ticket.number}, {ticket.state}"
    return None


# Checks of the answers against what the server shows.


def tickets_agree(logs: Iterable[TicketLog], tickets: Mapping[str, TicketSeen]) -> str | None:
    """Check that each ticket, read now, is what the answers said."""
    for log in logs:
        now = tickets.get(log.issued.id)
        if now is None:
            return f"{log.issued.number} cannot be read"
        expected = _facts(log.issued) | {
            "state": str(log.state),
            "outcome": "done" if log.state is TicketState.DONE else None,
            "calls": len(log.calls),
            "called_at": log.calls[-1].ticket.called_at if log.calls else None,
        }
        seen = _facts(now) | {
            "state": now.state,
            "outcome": now.outcome,
            "calls": now.calls,
            "called_at": now.called_at,
        }
        if (why := difference(expected, seen, log.issued.number)) is not None:
            return why
    return None


def _facts(ticket: TicketSeen) -> dict[str, object]:
    """Return the fields of a ticket that never change."""
    return {
        "id": ticket.id,
        "number": ticket.number,
        "code": ticket.code,
        "day": ticket.day,
        "service": ticket.service,
        "issued_at": ticket.issued_at,
    }


def histories_agree(logs: Iterable[TicketLog], histories: Mapping[str, Sequence[TicketEvent]]) -> str | None:
    """Check that the events of each ticket are those that were answered, in order. Recalls are ignored."""
    for log in logs:
        history = histories.get(log.issued.id)
        if history is None:
            continue
        happened = [event for event in history if event.kind != RECALLED]
        expected = list(_expected(log))
        for event, (from_seq, to_seq, kind, detail) in zip(happened, expected, strict=False):
            if (event.kind, event.detail) != (kind, detail) or not from_seq <= event.seq <= to_seq:
                return (
                    f"{log.issued.number}: {kind} {detail} was answered at seq {to_seq}, "
                    f"and {event.kind} {event.detail} happened at seq {event.seq}"
                )
        if len(happened) != len(expected):
            return (
                f"{log.issued.number}: {len(expected)} events were answered, "
                f"and {', '.join(f'{event.kind} at seq {event.seq}' for event in happened) or 'nothing'} happened"
            )
    return None


def _expected(log: TicketLog) -> Iterator[tuple[int, int, str, str]]:
    """Yield the expected events of a ticket: the range of seqs in which it lies, its kind and its detail."""
    yield log.issued.seq, log.issued.seq, "ticket_taken", log.issued.number
    for call in log.calls:
        yield call.seq, call.seq, "ticket_called", call.counter
        if call.end_seq is not None:
            yield call.seq + 1, call.end_seq, "ticket_finished", "done"
    if log.left_seq is not None:
        yield log.left_seq, log.left_seq, "ticket_left", "self"


def ticket_events(items: Iterable[EventSeen]) -> list[TicketEvent]:
    """Convert a history to the events that the checks compare."""
    return [
        TicketEvent(item.seq, item.kind, str(next((item.data[name] for name in _SAID if name in item.data), "")))
        for item in items
    ]


_SAID = ("number", "counter", "outcome", "reason")
"""The field of an event that becomes its `detail`, in order of preference. The `reason` of a call is not text."""


def boards_agree(socket: bytes, http: bytes) -> str | None:
    """Check that the board sent over the socket equals the board over HTTP, apart from its time."""
    shown, read = msgspec.json.decode(socket), msgspec.json.decode(http)
    for board in (shown, read):
        board.pop("at", None)
    return difference(read, shown, "board")


def board_and_queue_agree(board: BoardSeen, queue: QueueSeen) -> str | None:
    """Check that board and queue show the same calls and the same number of waiting people."""
    if board.seq != queue.seq:
        return f"the board is of seq {board.seq}, the queue of seq {queue.seq}"
    called = {call.number: call.counter for call in board.called}
    at_counters = {ticket.number: ticket.counter or "" for ticket in queue.called}
    if len(at_counters) <= CALLS_ON_BOARD_MAX and called != at_counters:
        return difference(at_counters, called, "called")
    waiting = {line.service: line.count for line in board.waiting if line.count}
    in_queue: dict[str, int] = defaultdict(int)
    for ticket in queue.waiting:
        in_queue[ticket.service] += 1
    return difference(dict(in_queue), waiting, "waiting")


def counters_closed(board: BoardSeen) -> str | None:
    """Check that all counters are closed."""
    for counter in board.counters:
        if counter.state != CounterState.CLOSED:
            return f"counter {counter.id} is {counter.state}"
    return None


def difference(expected: object, seen: object, where: str) -> str | None:
    """Return the first difference of two JSON values with its path, or None."""
    if isinstance(expected, dict) and isinstance(seen, dict):
        for key in [*expected, *(key for key in seen if key not in expected)]:
            why = difference(expected.get(key, MISSING), seen.get(key, MISSING), f"{where}.{key}")
            if why is not None:
                return why
        return None
    if isinstance(expected, list) and isinstance(seen, list):
        for place, (log, other) in enumerate(zip_longest(expected, seen, fillvalue=MISSING)):
            if (why := difference(log, other, f"{where}[{place}]")) is not None:
                return why
        return None
    return None if expected == seen else f"{where} is {seen!r}, not {expected!r}"


class _Missing:
    def __repr__(self) -> str:
        return "missing"


MISSING = _Missing()
"""Stands for a value that the other side does not have."""
