"""Tests of the checker: it finds a forged lie for each check, and deliberate bugs of a real service."""

import copy
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest

from service.domain.commands import CallNext, Command, MarkNoShow, OpenCounter, StartTicket
from service.domain.events import TicketCalled, TicketTaken
from service.domain.model import CounterId
from service.domain.view import counter_view, ticket_view
from tests.domain.halls import DONE, MONDAY, Hall
from tests.fault import nemesis
from tests.fault.checker import RULES, SYSTEM, shown, violations
from tests.fault.history import Asked, Evidence, Frame, History, Json, PutBack, Read, Try
from tests.fault.nemesis import Fault
from tests.fault.scenario import run
from tests.postgres import PostgresServer

PROCESSES = 2


class Story:
    """A short day with all requests and answers: two of three tickets are called, one is served."""

    def __init__(self) -> None:
        self.hall = Hall()
        self.history = History()
        self._times = count(1.0)
        self._keys = count(1)
        self._own(0, SYSTEM, "opening", keyed=False)
        self.ask("open", OpenCounter(CounterId("1")), counter="1")
        self.ask("open", OpenCounter(CounterId("2")), counter="2")
        self.take()
        self.take(keyed=False)
        self.refuse("next", "counter-closed", {}, counter="3")
        self.ask("next", CallNext(CounterId("1")), counter="1")
        first = self.hall.counter("1").ticket
        assert first is not None
        self.refuse("next", "counter-busy", {"ticket": first}, counter="1")
        self.refuse("leave", "wrong-state", {"state": "called"}, ticket=first)
        self.look()
        self.ask("start", StartTicket(first), ticket=first)
        self.take()
        self.ask("next", CallNext(CounterId("1"), DONE), counter="1")
        self.ask("next", CallNext(CounterId("2")), counter="2")
        last = self.hall.counter("2").ticket
        assert last is not None
        self.ask("no-show", MarkNoShow(last), ticket=last)
        self.tell("next", 204, None, counter="2")
        self.look()

    def asked(self, what: str, names: dict[str, str], *, keyed: bool = True) -> Asked:
        """Return a command that is not sent yet."""
        asked = Asked("client", what, {"hall": "town", **names}, credential="admin")
        asked.key = f"key-{next(self._keys)}" if keyed else None
        self.history.asked.append(asked)
        return asked

    def ask(self, what: str, command: Command, *, keyed: bool = True, **names: str) -> Asked:
        """Carry out a command and record its answer."""
        asked = self.asked(what, names, keyed=keyed)
        before = len(self.hall.records)
        began_s = next(self._times)
        self.hall.after(1).do(command)
        self._own(before, "admin", asked.command_id or f"drawn-{began_s}", keyed=keyed)
        asked.tries.append(Try(0, began_s, next(self._times), 201 if what == "take" else 200, self._answer(what)))
        return asked

    def take(self, *, keyed: bool = True) -> Asked:
        """Take a ticket."""
        return self.ask("take", self.hall.new_ticket(), keyed=keyed)

    def refuse(self, what: str, code: str, fields: Json, **names: str) -> Asked:
        """Record a refusal of a command."""
        return self.tell(what, 409, {"type": f"/problems/{code}", "code": code, **fields}, **names)

    def tell(self, what: str, status: int, body: Json | None, **names: str) -> Asked:
        """Record the answer of a command without events."""
        asked = self.asked(what, names)
        asked.tries.append(Try(1, next(self._times), next(self._times), status, body))
        return asked

    def look(self) -> None:
        """Record boards on screens, and reads from both processes."""
        for process in range(PROCESSES):
            at_s = next(self._times)
            self.history.reads.append(Read("board", process, at_s, next(self._times), self.board()))
            self.history.frames.append(Frame(f"screen {process}", 1, at_s, self.board()))

    def board(self) -> Json:
        """Return the board of the present state."""
        true = shown(self.hall.day)
        return {
            "type": "board",
            "day": MONDAY.isoformat(),
            "seq": self.hall.day.seq,
            "called": [{"number": number, "counter": at, "again": again} for number, at, again in true["called"]],
            "counters": [{"id": name, "state": state} for name, state in true["counters"].items()],
            "waiting": [{"service": service, "count": many} for service, many in true["waiting"].items()],
            "notices": [],
            "suspended": None,
        }

    def evidence(self) -> Evidence:
        """Return the evidence."""
        return Evidence(self.history, [(MONDAY, record) for record in self.hall.records])

    def _own(self, before: int, actor: str, command_id: str, *, keyed: bool) -> None:
        """Assign the last events to a command."""
        for index in range(before, len(self.hall.records)):
            self.hall.records[index] = msgspec.structs.replace(
                self.hall.records[index],
                actor=actor,
                command_id=command_id,
                fingerprint=b"said" if keyed else None,
            )

    def _answer(self, what: str) -> Any:  # noqa: ANN401  (any JSON)
        day = self.hall.day
        event: Any = self.hall.records[-1].event
        if what == "open":
            return msgspec.to_builtins(counter_view(day, day.counters[event.counter]))
        view = msgspec.to_builtins(ticket_view(day, day.tickets[event.ticket], self.hall.now_at))
        return {"ticket": view, "seq": day.seq} if what == "next" else view


def first(evidence: Evidence, what: str, nth: int = 0) -> Try:
    """The nth answered try of a kind of command."""
    return [asked.tries[0] for asked in evidence.history.asked if asked.what == what and asked.tries[0].done][nth]


def _told(evidence: Evidence, what: str) -> Asked:
    return next(asked for asked in evidence.history.asked if asked.what == what)


def _a_gap(evidence: Evidence) -> None:
    del evidence.journal[3]


def _an_answer_that_never_happened(evidence: Evidence) -> None:
    first(evidence, "take").body["number"] = "E099"


def _a_command_done_twice(evidence: Evidence) -> None:
    on, record = evidence.journal[2]
    again = msgspec.structs.replace(evidence.journal[-1][1], command_id=record.command_id, part=0)
    evidence.journal[-1] = on, again


def _a_number_taken_twice_without_a_key(evidence: Evidence) -> None:
    evidence.history.asked = [asked for asked in evidence.history.asked if asked.what != "take" or asked.key]


def _done_after_all(evidence: Evidence) -> None:
    one = _told(evidence, "no-show").tries[0]
    one.status, one.body = 503, {"code": "storage-unavailable"}


def _another_answer_to_the_same_key(evidence: Evidence) -> None:
    asked = _told(evidence, "take")
    other = copy.deepcopy(asked.tries[0])
    other.body["ahead"] = 17
    asked.tries.append(other)


def _the_same_number_again(evidence: Evidence) -> None:
    taken = [index for index, (_, record) in enumerate(evidence.journal) if isinstance(record.event, TicketTaken)]
    on, record = evidence.journal[taken[1]]
    event = msgspec.structs.replace(record.event, number="E001")
    evidence.journal[taken[1]] = on, msgspec.structs.replace(record, event=event)


def _two_people_with_one_number(evidence: Evidence) -> None:
    first(evidence, "take", 1).body["number"] = first(evidence, "take").body["number"]


def _called_to_two_counters(evidence: Evidence) -> None:
    calls = [index for index, (_, record) in enumerate(evidence.journal) if isinstance(record.event, TicketCalled)]
    on, record = evidence.journal[calls[2]]
    earlier: Any = evidence.journal[calls[1]][1].event
    event = msgspec.structs.replace(record.event, ticket=earlier.ticket)
    evidence.journal[calls[2]] = on, msgspec.structs.replace(record, event=event)


def _one_call_for_two(evidence: Evidence) -> None:
    first(evidence, "next", 1).body = first(evidence, "next").body


def _asked_later_done_earlier(evidence: Evidence) -> None:
    one = first(evidence, "take")
    one.began_s, one.ended_s = 1000.0, 1001.0
    later = first(evidence, "no-show")
    later.began_s, later.ended_s = 0.1, 0.2


def _nobody_waits_though_somebody_does(evidence: Evidence) -> None:
    one = next(asked.tries[0] for asked in evidence.history.asked if asked.tries[0].status == 204)
    called = first(evidence, "next", 1)
    one.began_s, one.ended_s = called.began_s - 0.2, called.began_s - 0.1


def _a_fault(evidence: Evidence) -> None:
    one = next(asked.tries[0] for asked in evidence.history.asked if asked.tries[0].refused)
    one.status, one.body = 500, {"code": "fault"}


def _never_an_answer(evidence: Evidence) -> None:
    one = next(asked.tries[0] for asked in evidence.history.asked if asked.tries[0].refused)
    one.status, one.body = 0, None


def _another_board(evidence: Evidence) -> None:
    evidence.history.reads[1].body["called"] = []


def _a_screen_that_goes_back(evidence: Evidence) -> None:
    frames = evidence.history.frames
    frames.append(Frame(frames[0].screen, 1, 2000.0, frames[0].board))


def _a_screen_that_shows_what_never_was(evidence: Evidence) -> None:
    evidence.history.frames[0].board["waiting"] = [{"service": "enquiry", "count": 40}]


def _a_screen_left_behind(evidence: Evidence) -> None:
    del evidence.history.frames[-1]


def _a_row_edited_by_hand(evidence: Evidence) -> None:
    evidence.differences.append("number of E001 is 'E002' in the table, 'E001' by the journal")


def _a_process_that_says_nothing(evidence: Evidence) -> None:
    evidence.silent.append("process 1 does not say its queue")


def _an_error_in_the_log(evidence: Evidence) -> None:
    evidence.faults.append('{"event": "lane_fault", "level": "error"}')


PLANTED: dict[str, Callable[[Evidence], None]] = {
    "journal_whole": _a_gap,
    "answered_is_done": _an_answer_that_never_happened,
    "done_once": _a_command_done_twice,
    "nothing_unasked": _a_number_taken_twice_without_a_key,
    "not_done_when_told_so": _done_after_all,
    "same_key_same_answer": _another_answer_to_the_same_key,
    "numbers_once": _the_same_number_again,
    "numbers_answered_once": _two_people_with_one_number,
    "called_once": _called_to_two_counters,
    "calls_answered_once": _one_call_for_two,
    "order_kept": _asked_later_done_earlier,
    "refusals_true": _nobody_waits_though_somebody_does,
    "only_known_problems": _a_fault,
    "definite_in_the_end": _never_an_answer,
    "reads_agree": _another_board,
    "screens_go_forward": _a_screen_that_goes_back,
    "screens_true": _a_screen_that_shows_what_never_was,
    "screens_end_on_the_journal": _a_screen_left_behind,
    "database_whole": _a_row_edited_by_hand,
    "everybody_answers": _a_process_that_says_nothing,
    "no_faults_told": _an_error_in_the_log,
}
"""A forged lie for each check."""


def test_a_true_story_breaks_no_rule() -> None:
    assert violations(Story().evidence()) == {}


@pytest.mark.parametrize("rule", [rule.__name__ for rule in RULES])
def test_each_rule_finds_its_lie(rule: str) -> None:
    evidence = copy.deepcopy(Story().evidence())

    PLANTED[rule](evidence)

    assert rule in violations(evidence)


@pytest.mark.parametrize(
    ("code", "fields", "what", "name"),
    [
        ("wrong-state", {"state": "waiting"}, "recall", "ticket"),
        ("wrong-state", {"state": "called"}, "start", "ticket"),
        ("wrong-state", {"state": "open"}, "open", "counter"),
        ("counter-busy", {"ticket": "ticket-00003"}, "next", "counter"),
        ("counter-closed", {}, "next", "counter"),
        ("hall-suspended", {}, "next", "counter"),
        ("ticket-not-found", {}, "start", "ticket"),
    ],
)
def test_a_refusal_that_was_never_true_is_found(code: str, fields: Json, what: str, name: str) -> None:
    story = Story()
    story.refuse(what, code, fields, **{name: "2" if name == "counter" else "ticket-00001"})
    if what == "open":
        story.history.asked[-1].names["counter"] = "3"

    assert list(violations(story.evidence())) == ["refusals_true"]


def test_what_an_earlier_copy_of_the_database_lacks_may_be_lost_but_nothing_that_was_asked_later() -> None:
    story = Story()
    before = list(story.evidence().journal)
    kept = len(before)
    lost = story.take()
    evidence = story.evidence()
    evidence.put_back = PutBack(list(evidence.journal), lost.tries[0].ended_s + 0.1, lost.tries[0].ended_s + 0.2)
    evidence.journal = before
    assert len(before) == kept
    assert violations(evidence) == {}

    lost.tries[0].began_s, lost.tries[0].ended_s = 5000.0, 5001.0

    assert list(violations(evidence)) == ["answered_is_done"]


BUGS: dict[str, tuple[int, tuple[type[Fault], ...], set[str]]] = {
    "answers_early": (1, (nemesis.AppendOfTheDead,), {"answered_is_done"}),
    "keys_forgotten": (2, (nemesis.CutAfter,), {"only_known_problems"}),
    "lost_means_not_done": (1, (nemesis.CutAfter,) * 2, {"nothing_unasked"}),
    "memory_kept": (2, (nemesis.DatabasePutBack,), {"numbers_once"}),
    "refusals_unchecked": (2, (nemesis.ServiceKilled,) * 2, {"refusals_true"}),
}
"""Per case: the bug, the number of processes, the faults, and the checks that must find it."""

FOUND_WITHIN = 8
"""Limit of runs until a bug shows. A bug that depends on the order of requests may stay hidden in a single run."""


@pytest.mark.parametrize("bug", BUGS)
async def test_a_bug_put_in_on_purpose_is_found(bug: str, durable: PostgresServer, tmp_path: Path) -> None:
    processes, faults, rules = BUGS[bug]
    found: set[str] = set()

    for seed in range(1, FOUND_WITHIN + 1):
        folder = tmp_path / str(seed)
        folder.mkdir()
        evidence = await run(durable, folder, faults, seed, processes=processes, bugs=(bug,))
        found |= violations(evidence).keys()
        if rules <= found:
            break

    assert rules <= found
