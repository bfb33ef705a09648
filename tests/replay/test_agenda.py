"""The virtual clock: what may begin before earlier things were answered."""

from datetime import UTC, datetime

from service.clock import FakeClock
from service.replay.agenda import AHEAD_S, Agenda, Order
from service.replay.pace import Timed, Untimed


async def deed(_at_s: float) -> None:
    """Do nothing; only the order is looked at."""


def begin_all(agenda: Agenda) -> list[tuple[float, Order]]:
    """Begin whatever may begin, without any answer in between."""
    begun = []
    while (due := agenda.ready()) is not None:
        agenda.begin(due)
        begun.append((due.at_s, due.order))
    return begun


def test_in_the_same_second_people_come_then_counters_call_then_people_give_up() -> None:
    agenda = Agenda()
    for order in (Order.GIVES_UP, Order.COUNTER, Order.COMES):
        agenda.put(5, order, deed)

    order_begun = []
    while (due := agenda.ready()) is not None:
        agenda.begin(due)
        agenda.ended(due)
        order_begun.append(due.order)

    assert order_begun == [Order.COMES, Order.COUNTER, Order.GIVES_UP]


def test_equal_entries_stay_in_the_order_they_were_put() -> None:
    agenda = Agenda()
    first = agenda.put(5, Order.COMES, deed)
    agenda.put(5, Order.COMES, deed)

    assert agenda.ready() is first
    assert agenda.first() is first


def test_people_come_ahead_of_what_is_not_answered_but_only_so_far() -> None:
    agenda = Agenda()
    for at_s in (0, 10, AHEAD_S, AHEAD_S + 1):
        agenda.put(at_s, Order.COMES, deed)

    assert begin_all(agenda) == [(0, Order.COMES), (10, Order.COMES), (AHEAD_S, Order.COMES)]
    assert agenda.under_way == 3


def test_an_answer_lets_the_day_go_on() -> None:
    agenda = Agenda()
    earliest = agenda.put(0, Order.COMES, deed)
    agenda.put(AHEAD_S + 1, Order.COMES, deed)
    agenda.begin(earliest)
    assert agenda.ready() is None

    agenda.ended(earliest)

    assert begin_all(agenda) == [(AHEAD_S + 1, Order.COMES)]


def test_nobody_gives_up_before_everything_earlier_was_answered() -> None:
    agenda = Agenda()
    call = agenda.put(4, Order.COUNTER, deed)
    agenda.put(5, Order.GIVES_UP, deed)
    agenda.begin(call)
    assert agenda.ready() is None

    agenda.ended(call)

    assert begin_all(agenda) == [(5, Order.GIVES_UP)]


def test_no_counter_calls_before_somebody_who_gives_up_earlier() -> None:
    agenda = Agenda()
    coming = agenda.put(0, Order.COMES, deed)
    agenda.put(5, Order.GIVES_UP, deed)
    agenda.put(6, Order.COUNTER, deed)
    agenda.put(7, Order.COMES, deed)
    agenda.begin(coming)

    assert begin_all(agenda) == [(7, Order.COMES)]
    agenda.ended(coming)
    assert begin_all(agenda) == [(5, Order.GIVES_UP), (6, Order.COUNTER)]


def test_who_was_called_holds_nobody_up() -> None:
    agenda = Agenda()
    coming = agenda.put(0, Order.COMES, deed)
    patience = agenda.put(5, Order.GIVES_UP, deed)
    agenda.put(6, Order.COUNTER, deed)
    agenda.begin(coming)

    agenda.drop(patience)

    assert begin_all(agenda) == [(6, Order.COUNTER)]
    assert agenda.first() is None


def test_at_a_speed_things_begin_when_their_time_has_come() -> None:
    clock, agenda = FakeClock(datetime(2026, 11, 23, tzinfo=UTC)), Agenda()
    pace = Timed(60, 32400, clock)
    soon = agenda.put(32400, Order.COMES, deed)
    later = agenda.put(32460, Order.COMES, deed)

    assert pace.pick(agenda) is soon
    agenda.begin(soon)
    assert pace.pick(agenda) is None
    assert pace.pause_s(agenda) == 1
    assert pace.moment_s(32400) == 32400

    clock.advance(1)

    assert pace.pick(agenda) is later
    assert pace.pause_s(agenda) == 0
    assert pace.moment_s(32400) == 32460


def test_without_a_speed_answers_take_no_time_and_nothing_is_waited_for() -> None:
    agenda, pace = Agenda(), Untimed()
    due = agenda.put(86_400, Order.COMES, deed)

    assert pace.pick(agenda) is due
    assert pace.pause_s(agenda) is None
    assert pace.moment_s(7) == 7
