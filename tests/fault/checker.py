"""Compare what clients were told with the journal. Each function checks one guarantee and yields its violations.

The checker is pure: it takes a history and a journal and yields sentences. The journal is folded once per event. A
statement about a moment (a refusal, a board) must be true at some moment at which it can have been made. If the
database was restored to an earlier copy, there are two journals. A statement from before the restore may be true of
either, a later statement only of the last one.

Ticket states are checked by a separate table of transitions in this module, not by the rules of the service.
"""

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any

from service.domain.command_results import ResultPart
from service.domain.day import Day
from service.domain.events import DayEnded, DayOpened, Record, TicketTaken
from service.domain.evolve.evolve import advance
from service.domain.model import Counter, CounterId, CounterState, HallId, TicketId
from service.domain.queue import dispatch
from service.runtime.journaled_day import FRESH_FOR_S
from tests.fault.history import UNANSWERED, UNKNOWN, Asked, Evidence, Frame, Journal, Json, Try

SYSTEM = "system"

FROM: dict[str, frozenset[str]] = {
    "leave": frozenset({"waiting", "parked"}),
    "recall": frozenset({"called"}),
    "start": frozenset({"called"}),
    "finish": frozenset({"called", "serving"}),
    "no-show": frozenset({"called"}),
    "park": frozenset({"waiting", "called", "serving"}),
    "resume": frozenset({"parked"}),
    "transfer": frozenset({"called", "serving"}),
    "undo": frozenset(),
    "open": frozenset({"closed", "paused"}),
    "pause": frozenset({"open"}),
    "close": frozenset({"open", "paused"}),
}
"""States in which a command is never `wrong-state`. `undo`, and `resume` of a no-show, also depend on the time."""

MOVES: dict[str, tuple[frozenset[str], str]] = {
    "ticket_taken": (frozenset({"none"}), "waiting"),
    "ticket_called": (frozenset({"waiting"}), "called"),
    "ticket_recalled": (frozenset({"called"}), "called"),
    "ticket_started": (frozenset({"called"}), "serving"),
    "ticket_finished": (frozenset({"called", "serving"}), "done"),
    "ticket_advanced": (frozenset({"called", "serving"}), "waiting"),
    "ticket_released": (frozenset({"called", "serving"}), "waiting"),
    "ticket_no_show": (frozenset({"called"}), "no_show"),
    "ticket_parked": (frozenset({"waiting", "called", "serving"}), "parked"),
    "ticket_resumed": (frozenset({"parked", "no_show"}), "waiting"),
    "ticket_left": (frozenset({"waiting", "parked"}), "left"),
}
"""The states before and after each event of a ticket. `ticket_undone` reverts the last event."""

AT_A_COUNTER = frozenset({"called", "serving"})

KINDS: dict[str, frozenset[str]] = {
    "take": frozenset({"ticket_taken"}),
    "leave": frozenset({"ticket_left"}),
    "recall": frozenset({"ticket_recalled"}),
    "start": frozenset({"ticket_started"}),
    "finish": frozenset({"ticket_finished", "ticket_advanced"}),
    "no-show": frozenset({"ticket_no_show"}),
    "park": frozenset({"ticket_parked"}),
    "resume": frozenset({"ticket_resumed"}),
    "transfer": frozenset({"ticket_released"}),
    "undo": frozenset({"ticket_undone"}),
    "open": frozenset({"counter_opened"}),
    "pause": frozenset({"counter_paused"}),
    "close": frozenset({"counter_closed"}),
    "next": frozenset({"ticket_called", "ticket_finished", "ticket_advanced"}),
    "notice": frozenset({"notice_posted"}),
    "unnotice": frozenset({"notice_removed"}),
    "suspend": frozenset({"suspension_began"}),
    "lift": frozenset({"suspension_ended", "nothing_changed"}),
}
"""The last event of each command."""

TICKET_FIELDS = ("id", "number", "code", "service", "stage", "class", "state", "counter", "calls", "count")

PROBLEMS = frozenset(
    {
        "wrong-state",
        "counter-busy",
        "counter-closed",
        "hall-suspended",
        "ticket-not-found",
        "notice-not-found",
        "storage-unavailable",
        "busy",
        UNKNOWN,
    }
)
"""Problem codes that these clients may get, with any fault."""

GONE = frozenset({"ticket-not-found", "notice-not-found"})


class Moments:
    """A journal and the state after each of its events. Moment 0 is before the first event."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.parts: list[ResultPart] = []
        self.broken: str | None = None
        self._boards: dict[tuple[str, int], Json] = {}
        self._at: dict[tuple[str, int], int] = {}
        self.of_command: defaultdict[str, list[int]] = defaultdict(list)
        for index, (on, record) in enumerate(journal):
            self._at[on.isoformat(), record.seq] = index
            self.of_command[record.command_id].append(index)
        for index, (day, _, part) in enumerate(self._walk()):
            assert part is not None, "an event has a part"
            self.parts.append(part)
            self._boards[day.on.isoformat(), day.seq] = shown(day)
            assert index == len(self.parts) - 1, "one part an event"

    def walk(self) -> Iterator[tuple[int, Day, dict[str, str]]]:
        """Yield each moment from 1 on: the day at that moment, and the last states of all tickets of all days."""
        for index, (day, states, _) in enumerate(self._walk()):
            yield index + 1, day, states

    def _walk(self) -> Iterator[tuple[Day, dict[str, str], ResultPart]]:
        states: dict[str, str] = {}
        day: Day | None = None
        for on, record in self.journal:
            if day is None or day.on != on:
                day = Day(HallId("hall"), on)
            try:
                part = advance(day, record)
            except (AssertionError, LookupError, ValueError) as error:
                self.broken = f"event {record.seq} of {on} cannot follow: {error!r}"
                return
            if part.ticket is not None:
                states[part.ticket.id] = str(part.ticket.state)
            yield day, states, part

    def board(self, day: str, seq: int) -> Json | None:
        """Return the board of a day after its event `seq`."""
        return self._boards.get((day, seq))

    def index(self, day: str, seq: int) -> int | None:
        """Return the moment of an event."""
        return self._at.get((day, seq))

    @property
    def last(self) -> tuple[str, int]:
        """Return the day and seq of the last event."""
        on, record = self.journal[-1]
        return on.isoformat(), record.seq

    def found(self, asked: Asked, one: Try) -> int | None:
        """Return the last event of the command that an answer reports as done; `None` if the journal lacks it."""
        if (command_id := asked.command_id) is not None:
            mine = self.of_command.get(command_id, [])
        elif one.body is None:
            mine = []
        else:
            mine = list(self._by_answer(one.body))
        for index in mine[-1:]:
            if index < len(self.parts) and self._says(asked, one, index):
                return index
        return None

    def _by_answer(self, body: Any) -> Iterator[int]:  # noqa: ANN401  (any JSON)
        ticket = body.get("ticket") if isinstance(body.get("ticket"), dict) else body
        index = self.index(str(ticket.get("day")), int(body["seq"]))
        if index is not None and self.journal[index][1].fingerprint is None:
            yield index

    def _says(self, asked: Asked, one: Try, index: int) -> bool:  # noqa: PLR0911  (one line a kind)
        """Tell whether an answer agrees with the state after an event."""
        part = self.parts[index]
        if kind_of(part) not in KINDS[asked.what]:
            return False
        if asked.what == "unnotice":
            return True
        body: Json = one.body or {}
        if body.get("seq") != part.seq:  # a 204 has no body
            return False
        match asked.what:
            case "notice" | "suspend" | "lift":
                return True
            case "open" | "pause" | "close":
                counter = part.counter
                return counter is not None and (body["id"], body["state"]) == (counter.id, counter.state)
            case "next":
                called = kind_of(part) == "ticket_called"
                return called == (body["ticket"] is not None) and (not called or _same_ticket(body["ticket"], part))
            case _:
                return _same_ticket(body, part)


def _same_ticket(told: Json, part: ResultPart) -> bool:
    ticket = part.ticket
    if ticket is None:
        return False
    known = {name: getattr(ticket, "class_" if name == "class" else name) for name in TICKET_FIELDS}
    return {name: told[name] for name in TICKET_FIELDS} == known


def kind_of(part: ResultPart) -> str:
    """Return the kind of an event."""
    return str(part.event.__struct_config__.tag)


def shown(day: Day) -> Json:
    """Return the parts of a day's state that are the same in all answers."""
    at_counters = [(day.tickets[one.ticket], one.id) for one in day.counters.values() if one.ticket is not None]
    waiting = Tally(str(ticket.service) for ticket in day.tickets.values() if ticket.state == "waiting")
    return {
        "called": sorted((ticket.number, str(counter), ticket.calls - 1) for ticket, counter in at_counters),
        "at_counters": sorted(ticket.number for ticket, _ in at_counters),
        "counters": {str(counter.id): str(counter.state) for counter in day.counters.values()},
        "waiting": dict(waiting),
        "waiting_numbers": sorted(ticket.number for ticket in day.tickets.values() if ticket.state == "waiting"),
        "parked": sorted(ticket.number for ticket in day.tickets.values() if ticket.state == "parked"),
        "notices": sorted(day.notices),
        "suspended": day.suspension is not None,
    }


def _board_wrong(board: Json, true: Json) -> str | None:
    told = {
        "called": sorted((one["number"], one["counter"], one["again"]) for one in board["called"]),
        "counters": {one["id"]: one["state"] for one in board["counters"]},
        "waiting": {one["service"]: one["count"] for one in board["waiting"] if one["count"]},
        "notices": sorted(one["id"] for one in board["notices"]),
        "suspended": board["suspended"] is not None,
    }
    return _difference(told, true)


def _queue_wrong(queue: Json, true: Json) -> str | None:
    told = {
        "at_counters": sorted(one["number"] for one in queue["called"]),
        "waiting_numbers": sorted(one["number"] for one in queue["waiting"]),
        "parked": sorted(one["number"] for one in queue["parked"]),
    }
    return _difference(told, true)


def _difference(told: Json, true: Json) -> str | None:
    for name, value in told.items():
        if value != true[name]:
            return f"{name} {value}, not {true[name]}"
    return None


class Case:
    """The evidence with its folded journals: the last one first, then the one before the restore."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.history = evidence.history
        self.now = Moments(evidence.journal)
        self.before = None if evidence.put_back is None else Moments(evidence.put_back.journal)

    def journals(self, began_s: float) -> list[Moments]:
        """Return the journals of which a request at a given time may be true."""
        put_back = self.evidence.put_back
        if self.before is None or put_back is None or began_s > put_back.ended_s:
            return [self.now]
        return [self.now, self.before]

    def journals_of_read(self, began_s: float) -> list[Moments]:
        """Return the journals of which a read at a given time may be true. A read may be a little old."""
        return self.journals(began_s - FRESH_FOR_S)

    @cached_property
    def done(self) -> list[tuple[Asked, Try, list[tuple[Moments, int]]]]:
        """Yield the answers that report success, with their event in each journal. An empty `next` is left out."""
        found = []
        for asked in self.history.asked:
            for one in asked.tries:
                if one.done and not self.empty(asked, one):
                    where = [
                        (m, index) for m in self.journals(one.began_s) if (index := m.found(asked, one)) is not None
                    ]
                    found.append((asked, one, where))
        return found

    def empty(self, asked: Asked, one: Try) -> bool:
        """Tell whether an answer says that no ticket waits."""
        if asked.what == "lift" and one.done:
            return all(m.found(asked, one) is None for m in self.journals(one.began_s))
        if asked.what != "next" or not one.done or (one.body is not None and one.body["ticket"] is not None):
            return False
        return all(m.found(asked, one) is None for m in self.journals(one.began_s))


Rule = Callable[[Case], Iterable[str]]


def journal_whole(case: Case) -> Iterator[str]:
    """Events are numbered without gaps, times never go back, and a day begins after the one before ended."""
    for journal in (case.now, case.before):
        if journal is None:
            continue
        if journal.broken is not None:
            yield journal.broken
        before: tuple[date, Record] | None = None
        for on, record in journal.journal:
            if before is None or before[0] != on:
                if record.seq != 1 or not isinstance(record.event, DayOpened):
                    yield f"{on} does not begin with its opening"
                if before is not None and not isinstance(before[1].event, DayEnded):
                    yield f"{on} began before {before[0]} had ended"
            elif record.seq != before[1].seq + 1:
                yield f"event {record.seq} of {on} follows event {before[1].seq}"
            elif record.at < before[1].at:
                yield f"event {record.seq} of {on} is earlier than the one before it"
            before = on, record


def answered_is_done(case: Case) -> Iterator[str]:
    """A successful command is in the journal as it was answered; only a restore may lose it."""
    for asked, one, where in case.done:
        if not where:
            yield f"{asked} was answered {one.status} by process {one.process}: {_brief(one.body)}, not in the journal"


def done_once(case: Case) -> Iterator[str]:
    """A command is carried out once per key: its events are consecutive, and each occurs once."""
    for journal in (case.now, case.before):
        if journal is None:
            continue
        for command_id, indices in journal.of_command.items():
            parts = [journal.journal[index][1].part for index in indices]
            if parts != list(range(len(parts))) or indices[-1] - indices[0] != len(indices) - 1:
                yield f"command {command_id[:12]} has the parts {parts} at events {indices}"


def nothing_unasked(case: Case) -> Iterator[str]:
    """The journal has no command that no client sent, and no command without a key twice."""
    keyed = {asked.command_id for asked in case.history.asked if asked.key is not None}
    possible = Tally(
        kind
        for asked in case.history.asked
        if asked.key is None and not asked.tries[-1].nothing_done
        for kind in KINDS[asked.what]
    )
    for journal in (case.now, case.before):
        if journal is None:
            continue
        last = [journal.journal[indices[-1]][1] for indices in journal.of_command.values()]
        ours = [record for record in last if record.actor != SYSTEM]
        for record in ours:
            if record.fingerprint is not None and record.command_id not in keyed:
                yield f"event {record.seq}, {record.event!r:.80}, was never asked for"
        happened = Tally(str(record.event.__struct_config__.tag) for record in ours if record.fingerprint is None)
        for kind, count in happened.items():
            if count > possible[kind]:
                yield f"{count} times {kind} without a key, asked for at most {possible[kind]} times"


def not_done_when_told_so(case: Case) -> Iterator[str]:
    """A command whose tries were all answered with "nothing was done" is not in the journal."""
    for asked in case.history.asked:
        if asked.key is None or not all(one.nothing_done for one in asked.tries):
            continue
        if any(asked.command_id in m.of_command for m in (case.now, case.before) if m is not None):
            yield f"{asked} was told {[one.code for one in asked.tries]}, and it was done"


def same_key_same_answer(case: Case) -> Iterator[str]:
    """A repeated key gets the same answer from every process."""
    answers: defaultdict[int, list[tuple[Asked, Try, Moments]]] = defaultdict(list)
    for asked, one, where in case.done:
        if asked.key is not None and where:
            answers[id(asked)].append((asked, one, where[0][0]))
    for given in answers.values():
        for (asked, one, journal), (_, other, others) in pairwise(given):
            if journal is others and (one.status, one.body) != (other.status, other.body):
                yield f"{asked} was answered {_brief(one.body)}, and then {_brief(other.body)}"


def numbers_once(case: Case) -> Iterator[str]:
    """A number is issued once per day, and the numbers of a prefix have no gaps."""
    for journal in (case.now, case.before):
        if journal is None:
            continue
        given: defaultdict[tuple[date, str], list[int]] = defaultdict(list)
        for on, record in journal.journal:
            if isinstance(record.event, TicketTaken):
                number = record.event.number
                prefix = number.rstrip("0123456789")
                given[on, prefix].append(int(number[len(prefix) :]))
        for (on, prefix), numbers in given.items():
            if numbers != list(range(1, len(numbers) + 1)):
                wrong = next(n for n, wanted in zip(numbers, range(1, len(numbers) + 1), strict=True) if n != wanted)
                yield f"{on}: {prefix}{wrong:03} was given out of turn or twice"


def numbers_answered_once(case: Case) -> Iterator[str]:
    """No two clients got the same number of a day, except for tickets lost by a restore."""
    holders: defaultdict[tuple[str, str, int], set[str]] = defaultdict(set)
    for asked, one, where in case.done:
        if asked.what == "take":
            era = id(where[0][0]) if where else id(case.now)
            holders[one.body["day"], one.body["number"], era].add(one.body["id"])
    for (day, number, _), tickets in holders.items():
        if len(tickets) > 1:
            yield f"{day}: {number} was answered to {len(tickets)} people"


def called_once(case: Case) -> Iterator[str]:
    """No ticket is called twice or to two counters, and no counter has two tickets, by this module's transitions."""
    for journal in (case.now, case.before):
        if journal is None:
            continue
        states: dict[str, str] = {}
        at: dict[str, str] = {}
        last_at: dict[str, str] = {}
        for on, record in journal.journal:
            event = record.event
            kind = str(event.__struct_config__.tag)
            ticket = str(getattr(event, "ticket", ""))
            state = states.get(ticket, "none")
            if kind == "ticket_undone":
                sources, target = frozenset({"done", "no_show"}), "serving" if state == "done" else "called"
            elif kind in MOVES:
                sources, target = MOVES[kind]
            else:
                continue
            if state not in sources:
                yield f"event {record.seq} of {on}: {kind} of {ticket[-6:]}, which is {state}"
            counter = str(getattr(event, "counter", "")) if kind == "ticket_called" else last_at.get(ticket, "")
            if target in AT_A_COUNTER:
                if at.setdefault(counter, ticket) != ticket:
                    yield f"event {record.seq} of {on}: {ticket[-6:]} comes to counter {counter}, where somebody is"
                last_at[ticket] = counter
            elif at.get(counter) == ticket:
                del at[counter]
            states[ticket] = target


def calls_answered_once(case: Case) -> Iterator[str]:
    """No two commands got the same call as answer."""
    calls: dict[tuple[str, int, int], int] = {}
    for asked, one, where in case.done:
        if asked.what == "next" and one.body["ticket"] is not None:
            era = id(where[0][0]) if where else id(case.now)
            key = (one.body["ticket"]["day"], one.body["seq"], era)
            if calls.setdefault(key, id(asked)) != id(asked):
                yield f"{one.body['ticket']['number']} was answered to two commands, {asked} is the second"


def order_kept(case: Case) -> Iterator[str]:
    """A command that was sent after the answer to another one is later in the journal."""
    for journal in (case.now, case.before):
        if journal is None:
            continue
        here = [(asked, one, index) for asked, one, where in case.done for m, index in where if m is journal]
        answered = sorted((one.ended_s, index) for _, one, index in here)
        reached, position = -1, 0
        for asked, _, index in sorted(here, key=lambda item: item[0].began_s):
            while position < len(answered) and answered[position][0] < asked.began_s:
                reached = max(reached, answered[position][1])
                position += 1
            if index < reached:
                yield f"{asked} is event {index}, asked when event {reached} had been answered"


@dataclass
class _Claim:
    """A statement about a moment, and the range of moments at which it can have been made."""

    asked: Asked
    one: Try
    first: int
    last: int
    true: bool = field(default=False)


def refusals_true(case: Case) -> Iterator[str]:
    """No refusal, and no answer "no ticket waits", contradicts answers that were given before it was requested."""
    told = [
        (asked, one) for asked in case.history.asked for one in asked.tries if one.refused or case.empty(asked, one)
    ]
    true: set[int] = set()
    for journal in (case.now, case.before):
        if journal is None:
            continue
        claims = _claims(case, journal, told)
        claims.sort(key=lambda claim: claim.first)
        active: list[_Claim] = []
        position = 0
        for moment, day, states in journal.walk():
            while position < len(claims) and claims[position].first <= moment:
                active.append(claims[position])
                position += 1
            for claim in active:
                claim.true = claim.true or _true_of(claim, day, states)
            true.update(id(claim.one) for claim in active if claim.true)
            active = [claim for claim in active if not claim.true and claim.last > moment]
    for asked, one in told:
        if id(one) not in true:
            told_so = f"{one.status} {_brief(one.body)} by process {one.process}"
            yield f"{asked} was told {told_so}, which was never true then"


def _claims(case: Case, journal: Moments, told: list[tuple[Asked, Try]]) -> list[_Claim]:
    """Limit the moments of each statement by the answers before its request and the requests after its answer."""
    here = [(asked, one, index) for asked, one, where in case.done for m, index in where if m is journal]
    answered = sorted((one.ended_s, index) for _, one, index in here)
    begun = sorted(((asked.began_s, index) for asked, _, index in here), reverse=True)
    after: dict[int, int] = {}
    low, position = 1, 0
    for _, one in sorted(told, key=lambda item: item[1].began_s):
        while position < len(answered) and answered[position][0] < one.began_s:
            low = max(low, answered[position][1] + 1)
            position += 1
        after[id(one)] = low
    until: dict[int, int] = {}
    high, position = len(journal.parts), 0
    for _, one in sorted(told, key=lambda item: item[1].ended_s, reverse=True):
        while position < len(begun) and begun[position][0] > one.ended_s:
            high = min(high, begun[position][1])
            position += 1
        until[id(one)] = high
    return [
        _Claim(asked, one, after[id(one)], max(until[id(one)], after[id(one)]))
        for asked, one in told
        if journal in case.journals(one.began_s)
    ]


def _true_of(claim: _Claim, day: Day, states: dict[str, str]) -> bool:  # noqa: C901, PLR0911  (one line a refusal)
    asked, one = claim.asked, claim.one
    counter = day.counters.get(CounterId(asked.names.get("counter", "")))
    match one.code:
        case None if asked.what == "lift":
            return day.suspension is None
        case None:
            return counter is not None and counter.ticket is None and dispatch.choose_next(copy(day), counter) is None
        case "wrong-state":
            said: str = one.body["state"]
            if said in FROM[asked.what]:
                return False
            if counter is not None:
                return said == str(counter.state)
            return said == states.get(asked.names["ticket"])
        case "counter-busy":
            at = counter or _last_counter(day, asked)
            return at is not None and str(at.ticket) == one.body["ticket"]
        case "counter-closed":
            at = counter or _last_counter(day, asked)
            return at is not None and at.state is not CounterState.OPEN
        case "hall-suspended":
            return day.suspension is not None
        case "ticket-not-found":
            return asked.names["ticket"] not in states
        case "notice-not-found":
            return asked.names["notice"] not in day.notices
        case _:
            return True  # not an allowed problem at all; `only_known_problems` reports it


def _last_counter(day: Day, asked: Asked) -> Counter | None:
    """Return the counter to which an undo returns the ticket."""
    ticket = day.tickets.get(TicketId(asked.names["ticket"]))
    return None if ticket is None or ticket.last_counter is None else day.counters[ticket.last_counter]


def only_known_problems(case: Case) -> Iterator[str]:
    """With any fault, clients get only problems that they can handle."""
    for asked in case.history.asked:
        for one in asked.tries:
            if one.status not in {UNANSWERED, 200, 201, 204} and one.code not in PROBLEMS:
                yield f"{asked} was told {one.status} {_brief(one.body)}"


def definite_in_the_end(case: Case) -> Iterator[str]:
    """A command with a key gets a definite answer after repeated requests."""
    for asked in case.history.asked:
        if asked.key is not None and not any(one.done or one.refused for one in asked.tries):
            yield f"{asked} has none after {len(asked.tries)} tries: {asked.tries[-1].code}"


def reads_agree(case: Case) -> Iterator[str]:
    """At one seq all processes return the same state of a hall, and it agrees with the journal."""
    for read in case.history.reads:
        wrong = "is of no moment of the journal"
        for journal in case.journals_of_read(read.began_s):
            days = [read.body["day"]] if "day" in read.body else sorted({on.isoformat() for on, _ in journal.journal})
            for day in days:
                true = journal.board(day, read.body["seq"])
                if true is None:
                    continue
                why = None
                if read.what != "ticket":
                    why = (_board_wrong if read.what == "board" else _queue_wrong)(read.body, true)
                wrong = "" if why is None else f"says {why}"
                if not wrong:
                    break
            if not wrong:
                break
        if wrong:
            yield f"the {read.what} of process {read.process} at seq {read.body['seq']} {wrong}"


def screens_go_forward(case: Case) -> Iterator[str]:
    """The boards of one connection never go back in time."""
    last: dict[tuple[str, int], Frame] = {}
    for frame in case.history.frames:
        before = last.get((frame.screen, frame.connection))
        if before is not None and _moment(frame) < _moment(before):
            yield f"{frame.screen} went back from {_moment(before)} to {_moment(frame)}"
        last[frame.screen, frame.connection] = frame


def screens_true(case: Case) -> Iterator[str]:
    """A board agrees with the journal at the seq that it contains."""
    for frame in case.history.frames:
        wrong: str | None = "which no journal has"
        for journal in (case.now, case.before):
            true = None if journal is None else journal.board(*_moment(frame))
            if true is not None:
                wrong = _board_wrong(frame.board, true)
                if wrong is None:
                    break
        if wrong is not None:
            yield f"{frame.screen} at {_moment(frame)}: {wrong}"


def screens_end_on_the_journal(case: Case) -> Iterator[str]:
    """The last board of every screen is the last board of the journal."""
    last = {frame.screen: frame for frame in case.history.frames}
    for name, frame in last.items():
        if _moment(frame) != case.now.last:
            yield f"{name} ends at {_moment(frame)}, the journal at {case.now.last}"
        elif (true := case.now.board(*case.now.last)) is not None and (wrong := _board_wrong(frame.board, true)):
            yield f"{name} ends with {wrong}"


def _moment(frame: Frame) -> tuple[str, int]:
    return frame.board["day"], frame.board["seq"]


def database_whole(case: Case) -> Iterable[str]:
    """`verify` finds no inconsistency."""
    return case.evidence.differences


def everybody_answers(case: Case) -> Iterable[str]:
    """After all faults are undone, every process answers."""
    return case.evidence.silent


def no_faults_told(case: Case) -> Iterable[str]:
    """No process logs an error, with any fault."""
    return case.evidence.faults


def _brief(body: Any) -> str:  # noqa: ANN401  (any JSON)
    if not isinstance(body, dict):
        return repr(body)
    inner = body.get("ticket")
    ticket: Json = inner if isinstance(inner, dict) else body
    names = ("code", "number", "state", "ticket", "counter", "id", "seq", "detail")
    told = {name: body.get(name, ticket.get(name)) for name in names if name in body or name in ticket}
    return repr({name: value for name, value in told.items() if not isinstance(value, dict)})


RULES: tuple[Rule, ...] = (
    journal_whole,
    answered_is_done,
    done_once,
    nothing_unasked,
    not_done_when_told_so,
    same_key_same_answer,
    numbers_once,
    numbers_answered_once,
    called_once,
    calls_answered_once,
    order_kept,
    refusals_true,
    only_known_problems,
    definite_in_the_end,
    reads_agree,
    screens_go_forward,
    screens_true,
    screens_end_on_the_journal,
    database_whole,
    everybody_answers,
    no_faults_told,
)


def violations(evidence: Evidence) -> dict[str, list[str]]:
    """Return all violations with the name of the check; empty if there are none."""
    case = Case(evidence)
    found = {rule.__name__: list(rule(case)) for rule in RULES}
    return {rule: broken for rule, broken in found.items() if broken}
