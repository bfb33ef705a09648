"""With fixed durations, the forecast is exactly what the hall then does, to the second.

Source: DESIGN 6, "Waits"; ALGORITHMS 4.2 ("Share the dispatcher's code").
"""

from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from service.domain.calendar.learned import Learned, Leaving
from service.domain.commands import (
    ChangeTicket,
    CheckIn,
    ParkTicket,
    PauseCounter,
    ResumeTicket,
    StartTicket,
    Suspend,
    TransferTicket,
)
from service.domain.forecast import day_simulation, visit_simulation
from service.domain.forecast.call_simulation import LaterArrivals, Lines, Reappearances, simulate_calls
from service.domain.forecast.day_simulation import simulate_day
from service.domain.forecast.random_draws import Floats
from service.domain.forecast.start_state import ArrivalSpan, HallPart
from service.domain.forecast.start_state_builder import start_state_of
from service.domain.forecast.wait_quantiles import NEVER, forecast, waits_and_newcomers_of, waits_of
from service.domain.model import Admission, AppointmentId, Channel, CounterId, ServiceId, TicketClass, TicketId
from tests.domain.forecast.booked import book
from tests.domain.forecast.forward import copied, played
from tests.domain.halls import DONE, TOWN, Hall, town

EARLY = CheckIn(
    appointment=AppointmentId("appointment-1"), ticket=TicketId("early"), code="EARLY", channel=Channel.KIOSK
)
"""A person who comes for the first appointment before its time."""


def certain(**changes: Any) -> Any:  # noqa: ANN401  (a hall document)
    """Return the town hall with services that always take exactly their mean."""
    services = [{**one, "duration_s": {**one["duration_s"], "cv": 0}} for one in TOWN["services"]]
    return town(services=services, **changes)


def foreseen(hall: Hall) -> dict[TicketId, float]:
    """Return the forecast seconds until the call of each waiting ticket, without randomness."""
    state = start_state_of(hall.day, hall.now_at)
    assert state is not None
    parts = tuple(part._replace(speed=1.0, speed_sd=0.0) for part in state.parts)
    state = replace(state, parts=parts, streams=())  # no randomness
    found: dict[TicketId, float] = {}
    for called in simulate_day(state, 2, ahead=False).calls:
        for visit, starts in zip(called.visits.tolist(), called.starts_s, strict=True):
            if visit < len(state.waiting) and state.waiting[visit].route[0].part == called.part:
                assert np.ptp(starts) < 1e-6
                found[state.waiting[visit].ticket] = float(starts[0])
    return found


def same(hall: Hall) -> None:
    assert foreseen(hall) == pytest.approx(played(hall), abs=1e-3)


def test_one_line_is_called_in_order_by_whoever_is_free_first() -> None:
    hall = Hall(certain())
    for counter in "123":
        hall.open(counter)
        hall.take("enquiry")
        hall.serve(counter)
        hall.after(37)
    for n in range(9):
        hall.after(2).take(("enquiry", "card", "enquiry")[n % 3])

    same(hall)


class Comer(NamedTuple):
    """A person who takes a number, and what happens then."""

    service: str
    people: int
    after_s: int
    what: str


comers = st.builds(
    Comer,
    st.sampled_from(["passport", "enquiry", "enquiry", "card"]),
    st.integers(1, 4),
    st.integers(0, 200),
    st.sampled_from(["", "", "green", "next", "next", "later", "sent"]),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(["2", "3", "4", "P1"]), max_size=5, unique=True),
    st.lists(comers, max_size=20),
    st.sampled_from([None, 240, 600]),
)
@example([], [Comer("card", 1, 0, "next"), Comer("card", 1, 200, "next"), Comer("card", 1, 10, "next")], None)
def test_whatever_the_line_the_forecast_is_what_the_hall_then_does(
    more: list[str], line: list[Comer], most_s: int | None
) -> None:
    hall = Hall(certain(rules={"max_walk_in_wait_s": most_s}))
    counters = ["1", "K1", *more]
    hall.open(*counters)
    for n, comer in enumerate(line):
        ticket = hall.after(comer.after_s).take(comer.service, count=1 if comer.service == "card" else comer.people)
        counter = hall.counter(counters[n % len(counters)])
        match comer.what:
            case "green":
                hall.do(ChangeTicket(ticket, class_=TicketClass.GREEN, reason="urgent"))
            case "next":
                hall.next(counter.id, DONE)
            case "later":
                hall.do(ChangeTicket(ticket, not_before_at=hall.now_at + timedelta(seconds=400)))
            case "sent" if counter.ticket is not None and comer.service == "enquiry":
                at_counter = hall.ticket(counter.ticket)
                if at_counter.service in hall.counter("1").services and at_counter.stage == "window":
                    hall.do(TransferTicket(counter.ticket, counter=CounterId("1")))

    assert NEVER not in forecast(hall.day, hall.now_at, 2).waits.values()
    same(hall)


def test_a_counter_on_a_break_calls_again_when_it_is_over() -> None:
    hall = Hall(certain())
    hall.open("1", "2")
    hall.do(PauseCounter(CounterId("2"), until_at=hall.now_at + timedelta(minutes=10)))
    for _ in range(12):
        hall.take("enquiry")

    same(hall)
    assert sorted(foreseen(hall).values())[3:6] == [540, 600, 720]


def test_a_counter_on_a_break_without_an_end_is_not_waited_for() -> None:
    hall = Hall(certain())
    hall.open("1", "2")
    hall.do(PauseCounter(CounterId("2")))
    for _ in range(5):
        hall.take("enquiry")

    same(hall)


def test_what_comes_next_at_the_same_counters_makes_the_others_wait_as_well() -> None:
    hall = Hall(certain())
    hall.open("1")
    hall.take("enquiry", then=["enquiry"])
    last = hall.take("enquiry")

    same(hall)
    assert foreseen(hall)[last] == 180 + 180


def test_who_is_being_served_and_then_wants_more_of_the_same_counters_is_before_who_waits() -> None:
    hall = Hall(certain())
    hall.open("1")
    hall.take("enquiry", then=["enquiry"])
    hall.serve("1")
    last = hall.take("enquiry")

    same(hall)
    assert foreseen(hall)[last] == 180 + 180


def test_papers_looked_at_for_one_service_say_nothing_about_the_next() -> None:
    """The prechecked service takes one minute and the next ten, so the ticket behind waits eleven minutes."""
    services = [
        {
            "id": "visa",
            "prefix": "V",
            "stages": ["precheck", "window"],
            "duration_s": {"mean": 600, "cv": 0, "prechecked_mean": 60, "stages": {"precheck": {"mean": 30}}},
        },
        {"id": "card", "prefix": "C", "stages": ["window"], "duration_s": {"mean": 600, "cv": 0, "prechecked_mean": 9}},
    ]
    window = {"id": "1", "zone": "main", "stage": "window", "services": ["visa", "card"]}
    precheck = {"id": "P1", "zone": "main", "stage": "precheck", "services": ["visa"]}
    hall = Hall(town(services=services, counters=[window, precheck]))
    hall.open("1", "P1")
    first = hall.take("visa", then=["card"])
    hall.call("P1", first)
    hall.finish(first)
    last = hall.take("card")
    assert hall.ticket(first).prechecked

    same(hall)
    assert foreseen(hall) == {first: 0, last: 660}


def test_who_comes_out_of_the_precheck_keeps_the_place_and_takes_less_time() -> None:
    hall = Hall(certain())
    hall.open("1", "P1")
    for _ in range(4):
        hall.take("passport")
    hall.serve("P1")
    hall.after(60)
    for _ in range(4):
        hall.take("enquiry")

    same(hall)


def test_a_hall_that_is_suspended_until_an_instant_calls_from_then_on() -> None:
    hall = Hall(certain())
    hall.open("1", "2")
    tickets = [hall.take("enquiry") for _ in range(3)]
    hall.do(Suspend(text={"en": "Fire alarm"}, until_at=hall.now_at + timedelta(minutes=20)))

    assert [foreseen(hall)[ticket] for ticket in tickets] == [1200, 1200, 1380]


def test_nobody_knows_a_wait_while_the_hall_is_suspended_without_an_end() -> None:
    hall = Hall(certain())
    hall.open("1", "2")
    ticket = hall.take("enquiry")
    hall.do(Suspend(text={"en": "Fire alarm"}))

    assert forecast(hall.day, hall.now_at).waits == {ticket: NEVER}


def test_before_the_opening_everybody_waits_for_it() -> None:
    hall = Hall(certain(), at="08:40")
    hall.open("1", "2", "3", "4")
    tickets = [hall.take("enquiry") for _ in range(6)]

    assert [foreseen(hall)[ticket] for ticket in tickets] == [1200] * 4 + [1380] * 2


def test_nobody_knows_a_wait_for_which_no_counter_is_open_or_planned() -> None:
    counters = [{"id": "1", "zone": "main", "stage": "window", "services": ["enquiry"]}]
    hall = Hall(certain(counters=counters, admission="all"))
    hall.open("1")
    card, enquiry = hall.take("card"), hall.take("enquiry")

    waits = forecast(hall.day, hall.now_at).waits

    assert waits[card] == NEVER
    assert waits[enquiry].p90_s == 0


def test_who_is_on_standby_is_called_when_there_is_nobody_else() -> None:
    hall = Hall(certain())
    hall.open("1")
    tickets = [hall.take("enquiry") for _ in range(4)]
    for ticket in tickets[:2]:
        hall.day.store_ticket(replace(hall.ticket(ticket), admission=Admission.STANDBY))

    found = foreseen(hall)

    assert [found[ticket] for ticket in tickets] == [360, 540, 0, 180]


def test_who_came_before_the_appointment_is_called_by_an_idle_counter_or_in_time() -> None:
    hall = Hall(certain(), at="09:00")
    hall.open("1")
    book(hall, "09:40")
    hall.do(
        CheckIn(appointment=AppointmentId("appointment-1"), ticket=TicketId("early"), code="E", channel=Channel.KIOSK)
    )
    walk_ins = [hall.take("enquiry") for _ in range(3)]

    same(hall)
    assert foreseen(hall) == {**dict(zip(walk_ins, (0, 180, 360), strict=True)), TicketId("early"): 540}


def early_at_the_precheck() -> Hall:
    """A person comes an hour before a slot at half past nine; later people keep a window busy for long."""
    hall = Hall(certain(), at="08:31")
    book(hall, "09:30", "passport")
    hall.do(EARLY)
    hall.at("09:00").open("1", "P1")
    for _ in range(11):
        hall.after(1).take("enquiry")
    for _ in range(4):
        hall.after(1).take("passport")
    hall.serve("1")
    return hall


@pytest.mark.parametrize("at_the_counter", [False, True])
@pytest.mark.parametrize("enough", [False, True])
def test_who_is_early_is_so_at_the_next_stage_too(at_the_counter: bool, enough: bool) -> None:  # noqa: FBT001
    hall = early_at_the_precheck()
    if at_the_counter:
        hall.call("P1", EARLY.ticket)
        hall.do(StartTicket(EARLY.ticket))
    if enough:
        hall.open("2", "3", "4")  # and a counter has nobody else to call before that time

    same(hall)


def test_an_appointment_that_is_due_goes_before_those_who_came_later() -> None:
    hall = Hall(certain(), at="09:00")
    hall.open("1")
    book(hall, "09:15")
    hall.do(
        CheckIn(appointment=AppointmentId("appointment-1"), ticket=TicketId("early"), code="E", channel=Channel.KIOSK)
    )
    for _ in range(6):
        hall.take("enquiry")

    same(hall)
    assert foreseen(hall)[TicketId("early")] == 720, "the first call from ten past nine on"


def guarded(**rules: int | None) -> Hall:
    """Return a hall: five walk-ins at nine, ten appointments at ten to ten, a counter open shortly before ten."""
    rules = {"max_walk_in_wait_s": 3600, **rules}
    counters = [{"id": "1", "zone": "main", "stage": "window", "services": ["enquiry"]}]
    hall = Hall(certain(counters=counters, admission="all", rules=rules), at="09:00")
    for _ in range(5):
        hall.take("enquiry")
    hall.at("09:50")
    for n in range(10):
        book(hall, "09:50")
        hall.do(
            CheckIn(
                appointment=AppointmentId(f"appointment-{n + 1}"),
                ticket=TicketId(f"booked-{n}"),
                code=f"BOOKED{n}",
                channel=Channel.KIOSK,
            )
        )
    hall.at("09:58").open("1")
    return hall


def test_who_will_have_waited_too_long_is_foreseen_to_go_first() -> None:
    hall = guarded()

    same(hall)
    found = foreseen(hall)
    walk_ins = list(hall.day.tickets)[:5]
    assert [found[ticket] for ticket in walk_ins] == [180, 360, 540, 720, 900]
    assert found[TicketId("booked-9")] == 14 * 180


@pytest.mark.parametrize("most_s", [60, 3300, 3480, 4200, 5400])
def test_the_forecast_goes_by_the_rule_for_long_waits(most_s: int) -> None:
    hall = guarded(max_walk_in_wait_s=most_s)
    away = next(iter(hall.day.tickets))
    hall.do(ParkTicket(away))
    for ticket in list(hall.day.tickets)[1:3]:
        hall.do(ChangeTicket(ticket, not_before_at=hall.now_at + timedelta(minutes=5)))
    hall.after(30).do(ResumeTicket(away))
    urgent = hall.take("enquiry")
    hall.do(ChangeTicket(urgent, class_=TicketClass.GREEN, reason="urgent"))
    hall.take("enquiry")

    same(hall)


@pytest.mark.parametrize("most_s", [60, 600, 1200, None])
def test_the_forecast_of_a_newcomer_goes_by_the_rule_for_long_waits(most_s: int | None) -> None:
    hall = guarded(max_walk_in_wait_s=most_s)
    state = start_state_of(hall.day, hall.now_at)
    assert state is not None
    state = replace(state, parts=tuple(part._replace(speed=1.0, speed_sd=0.0) for part in state.parts), streams=())

    newcomer = waits_and_newcomers_of(state).newcomers[ServiceId("enquiry")]
    ticket = hall.take("enquiry")

    assert newcomer.p50_s == played(hall)[ticket]


@pytest.mark.parametrize("thought_s", [None, 0.0, np.inf])
def test_who_comes_later_and_waits_too_long_goes_before_who_is_here(
    monkeypatch: pytest.MonkeyPatch, thought_s: float | None
) -> None:
    """Walk-ins of the next 22 minutes, ten an hour, soon go before the appointments of ten to ten.

    The result does not depend on the first estimate of the last call.
    """
    if thought_s is not None:
        monkeypatch.setattr(day_simulation, "_estimate_last_call_s", lambda _: thought_s)
    waits = []
    for most_s in (36_000, 60):
        hall = guarded(max_walk_in_wait_s=most_s)
        state = start_state_of(hall.day, hall.now_at)
        assert state is not None
        (stream,) = state.streams
        stream = stream._replace(spans=(ArrivalSpan(0.0, 3600.0, 10.0, 0.0),))
        state = replace(state, parts=tuple(part._replace(speed_sd=0.0) for part in state.parts), streams=(stream,))
        found = waits_of(state, 1000)[TicketId("booked-9")].p50_s
        assert found is not None
        waits.append(found)

    assert waits[0] == 9 * 180
    assert waits[1] == pytest.approx(14 * 180 + 22 / 6 * 180, abs=200)


def drawn_by(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, int]]:
    """Return the numbers of people in lines, of others and of second appearances, for each part of a forecast."""
    found: list[tuple[int, int, int]] = []

    def noting(
        part: HallPart,
        free_s: Floats,
        lines: Lines,
        others: LaterArrivals,
        again: Reappearances,
        *more: Any,  # noqa: ANN401  (passed on unchanged)
    ) -> Floats:
        found.append((len(lines.line_of), len(others.groups), len(again.who)))
        return simulate_calls(part, free_s, lines, others, again, *more)

    monkeypatch.setattr(visit_simulation, "simulate_calls", noting)
    forecast(hall.day, hall.now_at)
    return found


@pytest.mark.parametrize("most_s", [36_000, 7200, 600])
def test_whom_the_rule_for_long_waits_may_raise_stands_in_line_as_without_it(
    monkeypatch: pytest.MonkeyPatch, most_s: int
) -> None:
    by_rule = []
    for rules in ({}, {"max_walk_in_wait_s": most_s}):
        hall = Hall(certain(rules=rules, admission="all"), at="09:00")
        hall.open("1", "2")
        for n in range(60):
            hall.after(10).take(("enquiry", "card", "passport")[n % 3])
        hall.do(ChangeTicket(hall.take("enquiry"), class_=TicketClass.GREEN, reason="urgent"))
        by_rule.append(drawn_by(hall, monkeypatch))

    assert by_rule[1] == by_rule[0]
    assert sum(lined for lined, _, _ in by_rule[0]) >= 60


def test_only_those_to_come_are_drawn_who_may_be_raised_before_the_last_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ten people with appointments wait. A raised walk-in may go before them; all are called within 45 minutes."""
    people = [
        sum(lined + others for lined, others, _ in drawn_by(guarded(max_walk_in_wait_s=most_s), monkeypatch))
        for most_s in (60, 7200, None)
    ]

    assert people[1] == people[2]
    assert people[0] > people[1]


def test_nobody_is_raised_sooner_for_a_suspension_to_come() -> None:
    hall = guarded()
    hall.do(Suspend(text={"en": "Fire alarm"}, until_at=hall.instant("10:20")))

    found = foreseen(hall)

    walk_ins = list(hall.day.tickets)[:5]
    assert [found[ticket] for ticket in walk_ins] == [22 * 60 + n * 180 for n in (1, 2, 3, 4, 5)]


def test_who_gave_up_long_ago_is_known_of_walk_ins_who_may_be_raised() -> None:
    learned = Learned(leaving=Leaving(no_show_per_h=6.0, no_show_s=0.0))
    waits = []
    for most_s in (None, 36_000):
        hall = Hall(certain(rules={"max_walk_in_wait_s": most_s}, admission="all"), at="09:00", learned=learned)
        for _ in range(40):
            hall.take("enquiry")
        last = next(reversed(hall.day.tickets))
        hall.at("10:00").open("1")
        found = forecast(hall.day, hall.now_at).waits[last].p50_s
        assert found is not None
        waits.append(found)

    assert waits[0] < 180, "nearly all have gone"
    assert waits[1] == pytest.approx(waits[0], abs=180)


def test_the_same_day_gives_the_same_answer() -> None:
    hall = Hall()
    hall.open("1", "2")
    for _ in range(9):
        hall.take("enquiry")

    first = forecast(hall.day, hall.now_at)

    assert forecast(copied(hall).day, hall.now_at) == first
    hall.take("card")
    assert forecast(hall.day, hall.now_at).waits != first.waits
