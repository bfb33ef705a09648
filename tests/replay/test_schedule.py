"""The schedule: which entries may begin before earlier ones were answered."""

from datetime import UTC, datetime

from service.clock import FakeClock
from service.replay.pace import AsFastAsPossible, Timed
from service.replay.schedule import AHEAD_S, Order, Schedule


async def action(_at_s: float) -> None:
    """Do nothing; the tests check only the order."""


def begin_all(schedule: Schedule) -> list[tuple[float, Order]]:
    """Begin all entries that may begin without an answer in between."""
    begun = []
    while (entry := schedule.first_ready()) is not None:
        schedule.begin(entry)
        begun.append((entry.at_s, entry.order))
    return begun


def test_in_the_same_second_people_come_then_counters_call_then_people_give_up() -> None:
    schedule = Schedule()
    for order in (Order.GIVE_UP, Order.COUNTER, Order.ARRIVAL):
        schedule.add(5, order, action)

    order_begun = []
    while (entry := schedule.first_ready()) is not None:
        schedule.begin(entry)
        schedule.ended(entry)
        order_begun.append(entry.order)

    assert order_begun == [Order.ARRIVAL, Order.COUNTER, Order.GIVE_UP]


def test_equal_entries_stay_in_the_order_they_were_put() -> None:
    schedule = Schedule()
    first = schedule.add(5, Order.ARRIVAL, action)
    schedule.add(5, Order.ARRIVAL, action)

    assert schedule.first_ready() is first
    assert schedule.first() is first


def test_people_come_ahead_of_what_is_not_answered_but_only_so_far() -> None:
    schedule = Schedule()
    for at_s in (0, 10, AHEAD_S, AHEAD_S + 1):
        schedule.add(at_s, Order.ARRIVAL, action)

    assert begin_all(schedule) == [(0, Order.ARRIVAL), (10, Order.ARRIVAL), (AHEAD_S, Order.ARRIVAL)]
    assert schedule.running == 3


def test_an_answer_lets_the_day_go_on() -> None:
    schedule = Schedule()
    earliest = schedule.add(0, Order.ARRIVAL, action)
    schedule.add(AHEAD_S + 1, Order.ARRIVAL, action)
    schedule.begin(earliest)
    assert schedule.first_ready() is None

    schedule.ended(earliest)

    assert begin_all(schedule) == [(AHEAD_S + 1, Order.ARRIVAL)]


def test_nobody_gives_up_before_everything_earlier_was_answered() -> None:
    schedule = Schedule()
    call = schedule.add(4, Order.COUNTER, action)
    schedule.add(5, Order.GIVE_UP, action)
    schedule.begin(call)
    assert schedule.first_ready() is None

    schedule.ended(call)

    assert begin_all(schedule) == [(5, Order.GIVE_UP)]


def test_no_counter_calls_before_somebody_who_gives_up_earlier() -> None:
    schedule = Schedule()
    coming = schedule.add(0, Order.ARRIVAL, action)
    schedule.add(5, Order.GIVE_UP, action)
    schedule.add(6, Order.COUNTER, action)
    schedule.add(7, Order.ARRIVAL, action)
    schedule.begin(coming)

    assert begin_all(schedule) == [(7, Order.ARRIVAL)]
    schedule.ended(coming)
    assert begin_all(schedule) == [(5, Order.GIVE_UP), (6, Order.COUNTER)]


def test_who_was_called_holds_nobody_up() -> None:
    schedule = Schedule()
    coming = schedule.add(0, Order.ARRIVAL, action)
    patience = schedule.add(5, Order.GIVE_UP, action)
    schedule.add(6, Order.COUNTER, action)
    schedule.begin(coming)

    schedule.cancel(patience)

    assert begin_all(schedule) == [(6, Order.COUNTER)]
    assert schedule.first() is None


def test_at_a_speed_things_begin_when_their_time_has_come() -> None:
    clock, schedule = FakeClock(datetime(2026, 11, 23, tzinfo=UTC)), Schedule()
    pace = Timed(60, 32400, clock)
    soon = schedule.add(32400, Order.ARRIVAL, action)
    later = schedule.add(32460, Order.ARRIVAL, action)

    assert pace.pick(schedule) is soon
    schedule.begin(soon)
    assert pace.pick(schedule) is None
    assert pace.pause_s(schedule) == 1
    assert pace.actual_s(32400) == 32400

    clock.advance(1)

    assert pace.pick(schedule) is later
    assert pace.pause_s(schedule) == 0
    assert pace.actual_s(32400) == 32460


def test_without_a_speed_answers_take_no_time_and_nothing_is_waited_for() -> None:
    schedule, pace = Schedule(), AsFastAsPossible()
    entry = schedule.add(86_400, Order.ARRIVAL, action)

    assert pace.pick(schedule) is entry
    assert pace.pause_s(schedule) is None
    assert pace.actual_s(7) == 7
