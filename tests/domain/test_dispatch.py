"""The order of calls: which ticket is next, and how many are ahead.

Source: DESIGN 6, "Next call: credit"; CONTRACT 4 and 5.
"""

from datetime import datetime, timedelta

import pytest

from service.domain.commands import (
    CallNext,
    CallTicket,
    ChangeTicket,
    CloseCounter,
    Finish,
    OpenCounter,
    ParkTicket,
    PauseCounter,
    ResumeTicket,
    StartTicket,
    TransferTicket,
)
from service.domain.model import (
    CounterId,
    CounterState,
    Outcome,
    Rule,
    ServiceId,
    StageId,
    Ticket,
    TicketClass,
    TicketId,
    TicketState,
)
from service.domain.queue import dispatch
from service.domain.refusals import BodyInvalid, CounterBusy, OnlineOnly, ServiceNotFound, WrongState
from tests.domain.halls import DONE, Hall, called, reason_of, town, values

ONE = CounterId("1")
ENQUIRY, PASSPORT, CARD = ServiceId("enquiry"), ServiceId("passport"), ServiceId("card")


def green(hall: Hall, ticket: TicketId) -> None:
    hall.do(ChangeTicket(ticket, class_=TicketClass.GREEN, reason="urgent"))


def not_before(hall: Hall, ticket: TicketId, at: datetime | None) -> None:
    hall.do(ChangeTicket(ticket, not_before_at=at))


def order(hall: Hall, counter: str = "1") -> list[TicketId]:
    """Return the tickets that a counter calls one after the other until nobody waits."""
    found = []
    hall.open(counter)
    while (ticket := hall.next(counter)) is not None:
        found.append(ticket)
        hall.finish(ticket, Finish(Outcome.REFERRED))
    return found


# The order of calls.


def test_people_are_called_in_the_order_they_came_whatever_they_came_for() -> None:
    hall = Hall()
    tickets = [hall.after(5).take(service) for service in ("passport", "enquiry", "card", "passport", "enquiry")]

    assert order(hall) == tickets


def test_people_who_came_at_the_same_instant_are_called_in_the_order_of_their_issue() -> None:
    hall = Hall()
    tickets = [hall.take(service) for service in ("passport", "enquiry", "passport", "card", "enquiry", "passport")]

    assert order(hall) == tickets


def test_equal_queue_times_go_by_check_in() -> None:
    hall = Hall(at="08:30")
    early = hall.take("enquiry")
    hall.at("10:00")
    late = hall.take("passport")
    green(hall, late)
    assert hall.ticket(late).queue_at == hall.ticket(early).queue_at

    assert order(hall) == [early, late]


def test_a_green_ticket_counts_as_if_it_had_come_ninety_minutes_earlier() -> None:
    hall = Hall()
    first = hall.take()
    second = hall.at("10:29:59").take()
    third = hall.at("10:30:01").take()
    green(hall, second)
    green(hall, third)

    assert hall.ticket(second).queue_at == hall.instant("08:59:59")
    assert order(hall) == [second, first, third]


def test_a_class_is_reckoned_from_the_check_in_and_not_from_its_change() -> None:
    hall = Hall()
    ticket = hall.take()

    hall.at("11:00")
    green(hall, ticket)

    assert hall.ticket(ticket).queue_at == hall.instant("07:30")
    hall.do(ChangeTicket(ticket, class_=TicketClass.WALK_IN, reason="urgent"))
    assert hall.ticket(ticket).queue_at == hall.instant("09:00")


def test_a_green_ticket_that_was_away_keeps_the_penalty_of_its_return() -> None:
    hall = Hall()
    ticket = hall.take()
    hall.do(ParkTicket(ticket))
    hall.at("09:30").do(ResumeTicket(ticket))
    assert hall.ticket(ticket).queue_at == hall.instant("09:20")

    green(hall, ticket)

    assert hall.ticket(ticket).queue_at == hall.instant("09:20")


def test_a_short_absence_does_not_take_the_green_credit_away() -> None:
    hall = Hall()
    ticket = hall.take()
    hall.do(ParkTicket(ticket))
    hall.at("09:05").do(ResumeTicket(ticket))
    assert hall.ticket(ticket).queue_at == hall.instant("09:00")

    green(hall, ticket)

    assert hall.ticket(ticket).queue_at == hall.instant("08:55")


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (ChangeTicket(TicketId("ticket-00001"), class_=TicketClass.GREEN), "reason"),
        (ChangeTicket(TicketId("ticket-00001"), class_=TicketClass.GREEN, reason="a whim"), "reason"),
        (ChangeTicket(TicketId("ticket-00001"), class_=TicketClass.APPOINTMENT, reason="urgent"), "class"),
        (ChangeTicket(TicketId("ticket-00001"), class_=TicketClass.RETURNING, reason="urgent"), "class"),
    ],
)
def test_a_class_is_changed_to_green_or_back_and_with_a_reason_code(command: ChangeTicket, path: str) -> None:
    hall = Hall()
    hall.take()

    refusal = hall.refuses(command)

    assert isinstance(refusal, BodyInvalid)
    assert [error["path"] for error in refusal.fields["errors"]] == [path]


def test_a_change_of_nothing_is_no_event() -> None:
    hall = Hall()

    assert hall.do(ChangeTicket(hall.take())) == []


def test_who_is_put_behind_others_is_not_ahead_of_themselves() -> None:
    hall = Hall()
    ticket = hall.take()
    green(hall, ticket)
    others = [hall.after(1).take() for _ in range(3)]
    hall.open("1")
    hall.do(ParkTicket(others[0]))

    hall.after(1).do(ChangeTicket(ticket, class_=TicketClass.WALK_IN, reason="urgent"))

    assert hall.ticket(ticket).ahead == 0
    wait = hall.ticket(ticket).wait
    assert wait is not None
    assert wait.p50_s == 0


# Not before.


def test_not_before_keeps_the_place_but_is_not_called_until_then() -> None:
    hall = Hall()
    hall.open("1")
    first, second, third = hall.take(), hall.take(), hall.take()
    not_before(hall, first, hall.instant("09:10"))

    assert hall.next("1", DONE) == second
    hall.at("09:09:59")
    assert hall.next("1", DONE) == third
    assert hall.next("1", DONE) is None
    hall.at("09:10")
    assert hall.next("1", DONE) == first


def test_a_time_that_has_come_gives_the_old_place_back() -> None:
    hall = Hall()
    hall.open("1")
    first, second = hall.take(), hall.take()
    not_before(hall, first, hall.instant("09:10"))
    hall.at("09:10")

    assert hall.next("1") == first
    assert hall.ticket(second).state is TicketState.WAITING


def test_not_before_can_be_taken_back() -> None:
    hall = Hall()
    hall.open("1")
    first = hall.take()
    hall.take()
    not_before(hall, first, hall.instant("12:00"))

    not_before(hall, first, None)

    assert hall.next("1") == first


def test_who_is_not_to_be_called_yet_is_not_ahead_but_stands_in_the_order() -> None:
    hall = Hall()
    first, second = hall.take(), hall.take()
    not_before(hall, first, hall.instant("12:00"))

    assert dispatch.count_ahead(hall.day, hall.ticket(second)) == 0
    assert dispatch.count_ahead(hall.day, hall.ticket(first)) == 0
    assert [ticket.id for ticket in dispatch.waiting_in_order(hall.day)] == [first, second]


def test_a_time_after_the_day_is_refused() -> None:
    hall = Hall()
    ticket = hall.take()

    refusal = hall.refuses(ChangeTicket(ticket, not_before_at=hall.day.plan.ends_at))

    assert isinstance(refusal, BodyInvalid)
    assert refusal.fields["errors"][0]["path"] == "not_before_at"
    not_before(hall, ticket, hall.day.plan.ends_at - timedelta(milliseconds=1))


def test_a_call_out_of_order_reaches_who_is_not_to_be_called_yet() -> None:
    hall = Hall()
    hall.open("1", "2")
    ticket = hall.take()
    not_before(hall, ticket, hall.instant("12:00"))

    hall.call("1", ticket)

    assert hall.ticket(ticket).not_before_at is None
    hall.at("12:30")
    assert hall.next("2") is None


# Stages.


def test_an_optional_stage_is_skipped_while_no_counter_is_open_for_it() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take("passport")
    assert hall.ticket(ticket).stage == "precheck"

    assert hall.next("1") == ticket

    assert hall.ticket(ticket).stage == "window"
    hall.finish(ticket)
    assert hall.ticket(ticket).state is TicketState.DONE
    assert not hall.ticket(ticket).prechecked


def test_an_optional_stage_with_an_open_counter_is_not_skipped() -> None:
    hall = Hall()
    hall.open("1", "P1")
    ticket = hall.take("passport")

    assert hall.next("1") is None
    assert hall.next("P1") == ticket
    hall.finish(ticket)

    assert (hall.ticket(ticket).stage, hall.ticket(ticket).prechecked) == ("window", True)
    assert hall.next("P1") is None
    assert hall.next("1") == ticket


@pytest.mark.parametrize("command", [CloseCounter(CounterId("P1")), PauseCounter(CounterId("P1"))])
def test_the_optional_stage_is_skipped_again_when_its_last_counter_stops(command: CloseCounter | PauseCounter) -> None:
    hall = Hall()
    hall.open("1", "P1")
    ticket = hall.take("passport")
    assert hall.next("1") is None

    hall.do(command)

    assert hall.next("1") == ticket


def test_an_optional_stage_whose_counters_serve_other_things_is_skipped() -> None:
    hall = Hall()
    hall.open("1")
    hall.do(OpenCounter(CounterId("P1"), services=(CARD,)))
    ticket = hall.take("passport")

    assert hall.next("1") == ticket


def test_a_stage_that_is_not_optional_is_waited_for() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take("card")
    hall.finish(hall.serve("1"))

    assert hall.next("1") is None
    hall.open("K1")
    assert hall.next("K1") == ticket
    hall.finish(ticket)
    assert hall.ticket(ticket).state is TicketState.DONE


def test_later_stages_keep_the_queue_time() -> None:
    hall = Hall()
    hall.open("1", "2", "P1")
    ticket = hall.take("passport")
    hall.serve("P1")
    later = hall.after(300).take("enquiry")

    hall.after(300).finish(ticket)

    assert hall.next("1") == ticket
    assert hall.next("2") == later


# More than one service in a visit.


def test_a_visit_goes_on_with_the_services_that_were_asked_for_with_it() -> None:
    hall = Hall()
    hall.open("1", "4")
    ticket = hall.take("passport", then=["enquiry", "passport"])
    number, queue_at = hall.ticket(ticket).number, hall.ticket(ticket).queue_at

    hall.finish(hall.serve("1"))

    moved = hall.ticket(ticket)
    assert (moved.service, moved.stage, moved.then) == ("enquiry", "window", ("passport",))
    assert (moved.state, moved.number, moved.queue_at) == (TicketState.WAITING, number, queue_at)
    hall.finish(hall.serve("4"))
    assert (hall.ticket(ticket).service, hall.ticket(ticket).then) == ("passport", ())
    hall.finish(hall.serve("1"))
    assert hall.ticket(ticket).state is TicketState.DONE


def test_what_follows_a_visit_comes_after_all_of_its_stages() -> None:
    hall = Hall()
    hall.open("1", "K1")
    ticket = hall.take("card", then=["enquiry"])

    hall.finish(hall.serve("1"))
    assert (hall.ticket(ticket).service, hall.ticket(ticket).stage) == ("card", "cashier")
    hall.finish(hall.serve("K1"))

    assert (hall.ticket(ticket).service, hall.ticket(ticket).stage) == ("enquiry", "window")


def test_a_paper_missing_ends_the_visit_with_all_that_should_follow() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take("passport", then=["enquiry"])

    hall.finish(hall.serve("1"), Finish(Outcome.CONDITIONAL, missing=("photo", "signature")))

    ended = hall.ticket(ticket)
    assert (ended.state, ended.outcome, ended.missing) == (
        TicketState.DONE,
        Outcome.CONDITIONAL,
        ("photo", "signature"),
    )
    assert ended.due_on == hall.on + timedelta(days=14)


@pytest.mark.parametrize(
    ("finish", "path"),
    [
        (Finish(Outcome.DONE, missing=("photo",)), "outcome"),
        (Finish(Outcome.REFERRED, due_on=Hall().on), "outcome"),
        (Finish(Outcome.CONDITIONAL, missing=("a cake",)), "missing"),
        (Finish(Outcome.CONDITIONAL, due_on=Hall().on - timedelta(days=1)), "due_on"),
        (Finish(Outcome.CONDITIONAL, due_on=Hall().on + timedelta(days=367)), "due_on"),
    ],
)
def test_a_finish_says_only_what_can_be(finish: Finish, path: str) -> None:
    hall = Hall()
    hall.open("1")
    hall.take("passport")
    hall.serve("1")

    refusal = hall.refuses(CallNext(ONE, finish))

    assert isinstance(refusal, BodyInvalid)
    assert refusal.fields["errors"][0]["path"] == path


# Transfers.


def test_who_is_put_back_keeps_the_queue_time() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take()
    hall.serve("1")
    hall.after(60).take()

    hall.after(600).do(TransferTicket(ticket))

    assert hall.ticket(ticket).queue_at == hall.instant("09:00")
    assert hall.next("1") == ticket


def test_a_transfer_to_another_service_keeps_the_queue_time_and_the_number() -> None:
    hall = Hall()
    hall.open("1", "2")
    ticket = hall.take("enquiry")
    hall.serve("1")
    hall.after(60).take("passport")

    hall.after(600).do(TransferTicket(ticket, service=PASSPORT))

    moved = hall.ticket(ticket)
    assert (moved.service, moved.number, moved.queue_at) == ("passport", "E001", hall.instant("09:00"))
    assert hall.next("2") == ticket


def test_a_transfer_to_another_service_stays_at_its_stage_where_it_has_one() -> None:
    hall = Hall()
    hall.open("1", "P1")
    ticket = hall.take("enquiry")
    hall.serve("1")

    hall.do(TransferTicket(ticket, service=PASSPORT))

    assert hall.ticket(ticket).stage == "window"


def test_a_transfer_to_a_service_without_the_stage_starts_at_its_first() -> None:
    hall = Hall()
    hall.open("1", "P1")
    ticket = hall.take("passport")
    hall.serve("P1")

    hall.do(TransferTicket(ticket, service=CARD))

    assert hall.ticket(ticket).stage == "window"


def test_a_transfer_to_a_stage_goes_back_to_it() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take("passport")
    hall.serve("1")
    hall.open("P1")

    hall.do(TransferTicket(ticket, stage=StageId("precheck")))

    assert hall.next("1") is None
    assert hall.next("P1") == ticket


def test_who_is_sent_to_one_counter_is_called_by_it_alone() -> None:
    hall = Hall()
    hall.open("1", "2", "3")
    ticket = hall.take()
    hall.serve("1")

    hall.do(TransferTicket(ticket, counter=CounterId("2")))

    assert hall.next("1") is None
    assert hall.next("3") is None
    assert hall.next("2") == ticket
    assert hall.ticket(ticket).for_counter is None


def test_a_counter_on_a_break_keeps_who_was_sent_to_it() -> None:
    hall = Hall()
    hall.open("1", "2")
    ticket = hall.take()
    hall.serve("1")
    hall.do(TransferTicket(ticket, counter=CounterId("2")))

    hall.do(PauseCounter(CounterId("2")))
    assert hall.next("1") is None

    hall.open("2")
    assert hall.next("2") == ticket


@pytest.mark.parametrize(
    "reopening",
    [None, OpenCounter(CounterId("2"), services=(CARD,)), OpenCounter(CounterId("2"), stage=StageId("cashier"))],
)
def test_who_was_sent_to_a_counter_is_anybodys_when_it_closes_or_opens_for_other_things(
    reopening: OpenCounter | None,
) -> None:
    hall = Hall()
    hall.open("1", "2")
    ticket = hall.take()
    hall.serve("1")
    hall.do(TransferTicket(ticket, counter=CounterId("2")))

    hall.do(CloseCounter(CounterId("2")))
    if reopening is not None:
        hall.do(reopening)

    assert hall.next("1") == ticket


def test_the_counters_stage_is_the_stage_of_who_is_sent_there() -> None:
    hall = Hall()
    hall.open("1", "P1")
    ticket = hall.take("passport")
    hall.serve("P1")

    hall.do(TransferTicket(ticket, counter=ONE))

    assert hall.ticket(ticket).stage == "window"
    assert hall.next("1") == ticket


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (TransferTicket(TicketId("ticket-00001"), counter=CounterId("4"), service=PASSPORT), "counter"),
        (TransferTicket(TicketId("ticket-00001"), counter=CounterId("2"), stage=StageId("precheck")), "counter"),
        (TransferTicket(TicketId("ticket-00001"), stage=StageId("cashier")), "stage"),
        (TransferTicket(TicketId("ticket-00001"), stage=StageId("roof")), "stage"),
    ],
)
def test_a_transfer_to_where_it_cannot_be_served_is_refused(command: TransferTicket, path: str) -> None:
    hall = Hall()
    hall.open("1")
    hall.take()
    hall.serve("1")

    refusal = hall.refuses(command)

    assert isinstance(refusal, BodyInvalid)
    assert refusal.fields["errors"][0]["path"] == path


def test_a_transfer_to_what_is_done_online_or_not_at_all_is_refused() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take()
    hall.serve("1")

    assert isinstance(hall.refuses(TransferTicket(ticket, service=ServiceId("renewal"))), OnlineOnly)
    assert isinstance(hall.refuses(TransferTicket(ticket, service=ServiceId("haircut"))), ServiceNotFound)


# Counters and calls.


def test_a_counter_opened_for_some_services_calls_only_these() -> None:
    hall = Hall()
    hall.take("passport")
    enquiry = hall.take("enquiry")
    hall.do(OpenCounter(ONE, services=(ENQUIRY,)))

    assert hall.next("1", DONE) == enquiry
    assert hall.next("1", DONE) is None


def test_a_counter_opened_for_another_stage_calls_who_waits_there() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take("card")
    hall.finish(hall.serve("1"))

    hall.do(OpenCounter(CounterId("2"), stage=StageId("cashier")))

    assert hall.next("2") == ticket


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (OpenCounter(ONE, services=(ServiceId("haircut"),)), ServiceNotFound),
        (OpenCounter(ONE, stage=StageId("roof")), BodyInvalid),
    ],
)
def test_a_counter_opens_only_for_what_the_hall_has(command: OpenCounter, refusal: type[Exception]) -> None:
    assert isinstance(Hall().refuses(command), refusal)


def test_a_call_out_of_order_names_its_reason_and_whom_it_passed() -> None:
    hall = Hall()
    hall.open("1")
    tickets = [hall.take() for _ in range(4)]

    reason = reason_of(hall.do(CallTicket(ONE, tickets[2], "urgent")))

    assert (reason.rule, reason.code, reason.ahead_of) == (Rule.CHOSEN, "urgent", 2)
    assert hall.counter("1").ticket == tickets[2]


def test_a_call_out_of_order_needs_a_waiting_ticket_a_free_counter_a_known_reason_and_a_fitting_stage() -> None:
    hall = Hall()
    hall.open("1", "2", "K1")
    ticket, other = hall.take(), hall.take()
    unknown = hall.refuses(CallTicket(ONE, ticket, "a whim"))
    assert isinstance(unknown, BodyInvalid)
    assert isinstance(hall.refuses(CallTicket(CounterId("K1"), ticket, "urgent")), BodyInvalid)

    hall.call("1", ticket)

    assert isinstance(hall.refuses(CallTicket(ONE, other, "urgent")), CounterBusy)
    assert isinstance(hall.refuses(CallTicket(CounterId("2"), ticket, "urgent")), WrongState)


def test_every_call_stores_why() -> None:
    hall = Hall()
    hall.open("1")
    hall.take()
    urgent = hall.at("10:00").take()
    green(hall, urgent)
    hall.take("passport")

    reason = reason_of(hall.do(CallNext(ONE)))

    assert (reason.rule, reason.class_, reason.credit_s) == (Rule.CREDIT, TicketClass.GREEN, 5400)
    assert (reason.queue_at, reason.ahead_of, reason.code) == (hall.instant("08:30"), 2, None)


def test_next_ends_the_present_visit_in_the_same_command() -> None:
    hall = Hall()
    hall.open("1")
    first, second = hall.take(), hall.take()
    hall.serve("1")

    decided = hall.do(CallNext(ONE, DONE))

    assert hall.ticket(first).state is TicketState.DONE
    assert called(decided) == second
    assert hall.counter("1").ticket == second


def test_next_without_a_finish_refuses_a_busy_counter() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take()
    hall.serve("1")
    hall.take()

    refusal = hall.refuses(CallNext(ONE))

    assert isinstance(refusal, CounterBusy)
    assert refusal.fields == {"ticket": ticket}


def test_next_with_nobody_waiting_ends_the_present_visit_all_the_same() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take()
    hall.serve("1")

    assert called(hall.do(CallNext(ONE, DONE))) is None

    assert hall.ticket(ticket).state is TicketState.DONE
    assert hall.counter("1").ticket is None


def test_next_with_nobody_waiting_and_nobody_there_is_no_event() -> None:
    hall = Hall()
    hall.open("1")

    assert hall.do(CallNext(ONE)) == []
    assert hall.do(CallNext(ONE, DONE)) == []


def test_who_is_done_with_one_service_may_be_next_for_the_same_counter() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take("enquiry", then=["passport"])
    hall.after(60).take("enquiry")
    hall.serve("1")

    decided = hall.do(CallNext(ONE, DONE))

    assert called(decided) == ticket
    assert reason_of(decided).ahead_of == 1
    again = hall.ticket(ticket)
    assert (again.state, again.service, again.calls) == (TicketState.CALLED, "passport", 1)


def test_who_is_done_with_one_service_waits_behind_who_came_before() -> None:
    hall = Hall()
    hall.open("1")
    earlier = hall.take("enquiry")
    later = hall.after(60).take("enquiry", then=["passport"])
    hall.call("1", later)

    assert hall.next("1", DONE) == earlier


def test_who_goes_on_to_a_stage_of_other_counters_is_not_called_again_by_this_one() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take("card")
    hall.serve("1")

    assert hall.next("1", DONE) is None
    assert hall.ticket(ticket).stage == "cashier"


def test_a_called_ticket_tells_where_and_when() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take()

    hall.at("09:05").next("1")
    hall.at("09:06").do(StartTicket(ticket))

    there = hall.ticket(ticket)
    assert (there.counter, there.called_at, there.started_at) == ("1", hall.instant("09:05"), hall.instant("09:06"))


def test_a_copy_of_a_day_goes_its_own_way() -> None:
    hall = Hall()
    hall.open("1")
    hall.take()
    ticket = hall.after(60).take()
    assert dispatch.count_ahead(hall.day, hall.ticket(ticket)) == 1
    twin, before = hall.day.copy(), values(hall.day)

    hall.finish(hall.serve("1"))

    assert values(twin) == before
    assert dispatch.count_ahead(twin, twin.tickets[ticket]) == 1
    assert [one.id for one in dispatch.waiting_in_order(twin)] == ["ticket-00001", ticket]


# Ahead.


def naive_ahead(hall: Hall, ticket: Ticket) -> int:
    """Count as CONTRACT 5 says: tickets of the same stage, earlier in the order, whose service shares a counter."""
    day = hall.day
    stage = day.pools.calling_stage(ticket.service, ticket.stage)
    there = [
        counter for counter in day.counters.values() if counter.stage == stage and ticket.service in counter.services
    ]
    staffed = [counter for counter in there if counter.state is not CounterState.CLOSED] or there

    def key(one: Ticket) -> tuple[datetime, datetime, int]:
        return one.queue_at, one.issued_at, one.n

    return sum(
        1
        for other in day.tickets.values()
        if other.state is TicketState.WAITING
        and (other.not_before_at is None or other.not_before_at <= hall.now_at)
        and day.pools.calling_stage(other.service, other.stage) == stage
        and (other.service == ticket.service or any(other.service in counter.services for counter in staffed))
        and key(other) < key(ticket)
    )


def test_ahead_counts_who_is_called_before_at_the_same_stage_by_a_shared_counter() -> None:
    hall = Hall()
    hall.open("1", "4", "P1", "K1")
    card = hall.take("card")
    hall.finish(hall.serve("1"))
    enquiry = hall.take("enquiry")
    passport = hall.take("passport")
    another = hall.take("enquiry")
    plastic = hall.take("card")

    found = {
        ticket: dispatch.count_ahead(hall.day, hall.ticket(ticket))
        for ticket in (card, enquiry, passport, another, plastic)
    }

    assert found == {card: 0, enquiry: 0, passport: 0, another: 1, plastic: 2}
    assert found == {ticket: naive_ahead(hall, hall.ticket(ticket)) for ticket in found}


def test_ahead_does_not_count_services_of_other_counters() -> None:
    hall = Hall()
    hall.do(OpenCounter(ONE, services=(PASSPORT,)))
    hall.open("4")
    hall.take("passport")

    enquiry = hall.take("enquiry")

    assert dispatch.count_ahead(hall.day, hall.ticket(enquiry)) == 0


def test_a_new_ticket_is_told_how_many_are_ahead() -> None:
    hall = Hall()

    tickets = [hall.after(1).take() for _ in range(5)]

    assert [hall.ticket(ticket).ahead for ticket in tickets] == [0, 1, 2, 3, 4]


def test_whoever_waits_alone_at_the_front_is_called_next() -> None:
    hall = Hall(town(stages=[{"id": "precheck"}, {"id": "window"}, {"id": "cashier"}]))
    hall.open("1", "4")
    for service in ("passport", "card", "enquiry"):
        hall.after(1).take(service)
    front = [ticket for ticket in hall.day.tickets.values() if dispatch.count_ahead(hall.day, ticket) == 0]

    assert [ticket.service for ticket in front] == ["passport", "card"]
    assert hall.next("1") == front[1].id
