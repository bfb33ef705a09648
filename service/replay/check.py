"""The checks at the end of a replay: what was answered against everything else the server shows.

All are pure: they get what was told and what was read, and say the first difference they find, or nothing. The same
words serve the checks over HTTP (tickets, histories, queue, board) and over the journal (`ledger`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, zip_longest

import msgspec
from msgspec import Struct

from service.domain.model import CounterState, TicketState
from service.replay.answers import BoardSeen, HappeningSeen, QueueSeen, TicketSeen
from service.replay.told import Told

CALLS_ON_BOARD_MAX = 12
"""A board shows the newest calls only."""

RECALLED = "ticket_recalled"
"""The kind of event that is no call of its own."""


class Check(Struct, frozen=True):
    """A check and the first difference it found; None when all is well."""

    name: str
    difference: str | None

    @property
    def ok(self) -> bool:
        """Tell whether all is well."""
        return self.difference is None


class Happened(Struct, frozen=True):
    """An event of a ticket, from wherever it was read."""

    seq: int
    kind: str
    said: str = ""


# What was told, by itself.


def numbers(told: Iterable[Told], prefixes: Mapping[str, str]) -> str | None:
    """Numbers are given once, without gaps, under the prefix of their service, on one day."""
    days = sorted({one.taken.day for one in told})
    if len(days) > 1:
        return f"the hall's day changed during the replay: {days[0]} and {days[-1]}"
    given: dict[str, dict[int, TicketSeen]] = defaultdict(dict)
    for one in told:
        ticket = one.taken
        prefix = prefixes[ticket.service]
        digits = ticket.number.removeprefix(prefix)
        if not (ticket.number.startswith(prefix) and digits.isdigit() and len(digits) >= 3):
            return f"{ticket.number} is no number of {ticket.service}, whose prefix is {prefix}"
        other = given[prefix].setdefault(int(digits), ticket)
        if other is not ticket:
            return f"{ticket.number} was given twice: tickets {other.id} and {ticket.id}"
    return next((gap for prefix, found in sorted(given.items()) if (gap := _gap(prefix, sorted(found)))), None)


def _gap(prefix: str, found: Sequence[int]) -> str | None:
    for one, following in pairwise(found):
        if following != one + 1:
            return f"{prefix}{one + 1:03d} is missing between {prefix}{one:03d} and {prefix}{following:03d}"
    return None


def called_once(told: Iterable[Told]) -> str | None:
    """No ticket was called twice, or called after it left."""
    for one in told:
        if len(one.calls) > 1:
            counters = " and ".join(f"counter {call.counter} (seq {call.seq})" for call in one.calls)
            return f"{one.taken.number} was called to {counters}"
        if one.calls and one.state is TicketState.LEFT:
            return f"{one.taken.number} left and was called to counter {one.calls[0].counter}"
        if one.calls and one.calls[0].seq <= one.taken.seq:
            return f"{one.taken.number} was called at seq {one.calls[0].seq}, before it was taken at {one.taken.seq}"
    return None


def one_at_a_time(told: Iterable[Told]) -> str | None:
    """Who was finished had been called, and a counter has one person at a time."""
    at_counter: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for one in told:
        if one.state is TicketState.DONE and not one.calls:
            return f"{one.taken.number} was finished and never called"
        for call in one.calls:
            if call.ticket.counter != call.counter:
                return f"{one.taken.number} was called to {call.counter}, and its ticket says {call.ticket.counter}"
            if call.over_seq is None:
                return f"{one.taken.number} was called to counter {call.counter} and never finished"
            at_counter[call.counter].append((call.seq, call.over_seq, one.taken.number))
    for counter, spans in sorted(at_counter.items()):
        for (_, over_seq, number), (seq, _, following) in pairwise(sorted(spans)):
            if seq < over_seq:
                return f"counter {counter} had {number} until seq {over_seq} and {following} from seq {seq}"
    return None


def everybody_went(told: Iterable[Told], queue: QueueSeen) -> str | None:
    """Everybody was served or left, and the queue shows none of them."""
    ours = set()
    for one in told:
        if one.state not in {TicketState.DONE, TicketState.LEFT}:
            return f"{one.taken.number} is still {one.state}"
        ours.add(one.taken.id)
    for ticket in queue.everybody:
        if ticket.id in ours:
            return f"the queue still has {ticket.number}, {ticket.state}"
    return None


# What was told, against what can be read.


def tickets_agree(told: Iterable[Told], tickets: Mapping[str, TicketSeen]) -> str | None:
    """Each ticket is what its holder and the counters were told."""
    for one in told:
        now = tickets.get(one.taken.id)
        if now is None:
            return f"{one.taken.number} cannot be read"
        expected = _facts(one.taken) | {
            "state": str(one.state),
            "outcome": "done" if one.state is TicketState.DONE else None,
            "calls": len(one.calls),
            "called_at": one.calls[-1].ticket.called_at if one.calls else None,
        }
        seen = _facts(now) | {
            "state": now.state,
            "outcome": now.outcome,
            "calls": now.calls,
            "called_at": now.called_at,
        }
        if (why := difference(expected, seen, one.taken.number)) is not None:
            return why
    return None


def _facts(ticket: TicketSeen) -> dict[str, object]:
    """What never changes about a ticket."""
    return {
        "id": ticket.id,
        "number": ticket.number,
        "code": ticket.code,
        "day": ticket.day,
        "service": ticket.service,
        "issued_at": ticket.issued_at,
    }


def histories_agree(told: Iterable[Told], histories: Mapping[str, Sequence[Happened]]) -> str | None:
    """What happened to each ticket is what was answered, event by event; recalls apart."""
    for one in told:
        history = histories.get(one.taken.id)
        if history is None:
            continue
        happened = [event for event in history if event.kind != RECALLED]
        expected = list(_expected(one))
        for event, (from_seq, to_seq, kind, said) in zip(happened, expected, strict=False):
            if (event.kind, event.said) != (kind, said) or not from_seq <= event.seq <= to_seq:
                return (
                    f"{one.taken.number}: {kind} {said} was answered at seq {to_seq}, "
                    f"and {event.kind} {event.said} happened at seq {event.seq}"
                )
        if len(happened) != len(expected):
            return (
                f"{one.taken.number}: {len(expected)} events were answered, "
                f"and {', '.join(f'{event.kind} at seq {event.seq}' for event in happened) or 'nothing'} happened"
            )
    return None


def _expected(one: Told) -> Iterator[tuple[int, int, str, str]]:
    """The events a ticket must have: the seqs between which each lies, its kind, its number or counter."""
    yield one.taken.seq, one.taken.seq, "ticket_taken", one.taken.number
    for call in one.calls:
        yield call.seq, call.seq, "ticket_called", call.counter
        if call.over_seq is not None:
            yield call.seq + 1, call.over_seq, "ticket_finished", "done"
    if one.left_seq is not None:
        yield one.left_seq, one.left_seq, "ticket_left", "self"


def happened_of(items: Iterable[HappeningSeen]) -> list[Happened]:
    """A history, in the words of the checks."""
    return [
        Happened(item.seq, item.kind, str(next((item.data[name] for name in _SAID if name in item.data), "")))
        for item in items
    ]


_SAID = ("number", "counter", "outcome", "reason")
"""What an event of a ticket says most of all, in the order of preference; `reason` of a call is not text."""


def boards_agree(socket: bytes, http: bytes) -> str | None:
    """The board that screens got is the board that is read."""
    shown, read = msgspec.json.decode(socket), msgspec.json.decode(http)
    for board in (shown, read):
        board.pop("at", None)
    return difference(read, shown, "board")


def board_and_queue_agree(board: BoardSeen, queue: QueueSeen) -> str | None:
    """The board and the queue tell of the same people."""
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
    """Every counter went home."""
    for counter in board.counters:
        if counter.state != CounterState.CLOSED:
            return f"counter {counter.id} is {counter.state}"
    return None


def difference(expected: object, seen: object, where: str) -> str | None:
    """Say where two values of JSON first differ."""
    if isinstance(expected, dict) and isinstance(seen, dict):
        for key in [*expected, *(key for key in seen if key not in expected)]:
            why = difference(expected.get(key, MISSING), seen.get(key, MISSING), f"{where}.{key}")
            if why is not None:
                return why
        return None
    if isinstance(expected, list) and isinstance(seen, list):
        for place, (one, other) in enumerate(zip_longest(expected, seen, fillvalue=MISSING)):
            if (why := difference(one, other, f"{where}[{place}]")) is not None:
                return why
        return None
    return None if expected == seen else f"{where} is {seen!r}, not {expected!r}"


class _Missing:
    def __repr__(self) -> str:
        return "missing"


MISSING = _Missing()
"""What stands where the other side has a value."""
