"""Appointments: book, hold, confirm, change, cancel, move, expire and miss."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from service.domain import commands, events
from service.domain.booking.appointment_index import AppointmentIndex
from service.domain.booking.booking_totals import BookingTotals
from service.domain.booking.slots import Slots, slots_of
from service.domain.commands import Invited
from service.domain.day import Day
from service.domain.model import (
    APPOINTMENT_SUCCESSORS,
    TO_COME,
    Appointment,
    AppointmentId,
    AppointmentState,
    CancelledBy,
    ServiceId,
)
from service.domain.refusals import (
    AlreadyBooked,
    AppointmentNotFound,
    BodyInvalid,
    CodeUsed,
    HoldExpired,
    HoldLimit,
    OnlineOnly,
    Refusal,
    ServiceNotFound,
    SlotFull,
    SlotNotOffered,
    WrongState,
)
from service.domain.view import appointment_view
from tests.domain.halls import TOWN, Hall, refold, town, values

ONE_EACH = {"places": [{"weekdays": [1, 2], "from": "09:00", "to": "17:00", "every_min": 30, "places": 1}]}
"""One place each half hour, for all services together."""

STATES = list(AppointmentState)


def hall(**booking: Any) -> Hall:  # noqa: ANN401  (of the document)
    """Return the town hall on the evening before."""
    return Hall(town(booking=booking), at="-06:00")


def change(appointment: AppointmentId, **what: Any) -> commands.ChangeAppointment:  # noqa: ANN401  (its fields)
    return commands.ChangeAppointment(appointment=appointment, **what)


def made(decided: list[events.Event]) -> events.AppointmentMade:
    """Return the booking among a command's events."""
    return next(event for event in decided if isinstance(event, events.AppointmentMade))


# Booking.


def test_a_booking_takes_a_place_of_its_start() -> None:
    town_hall = hall()
    command = town_hall.booking("passport", "10:05", count=2, person="a keyed hash")

    (event,) = town_hall.do(command)

    appointment = town_hall.appointment(command.appointment)
    assert isinstance(event, events.AppointmentMade)
    assert appointment.state is AppointmentState.BOOKED
    assert appointment.starts_at == town_hall.instant("10:05")
    assert appointment.ends_at == town_hall.instant("10:15")  # two people, five minutes each
    assert (appointment.count, appointment.code, appointment.person) == (2, command.code, "a keyed hash")
    assert (appointment.n, appointment.place, appointment.per_person, appointment.sequence) == (1, 1, 2, 0)
    assert appointment.places >= 1
    assert appointment.made_at == town_hall.now_at
    assert town_hall.day.booking_totals == BookingTotals.of(town_hall.day.regular_plan, [appointment])


def test_a_start_gives_its_places_in_order_and_never_one_too_many() -> None:
    town_hall = hall(held_share_of_walk_ins=0, z=0)
    places = []

    while True:
        command = town_hall.booking("enquiry", "10:00")
        try:
            places.append(made(town_hall.do(command)).place)
        except SlotFull:
            break

    assert places == list(range(1, len(places) + 1))
    assert {one.places for one in town_hall.day.appointments.values()} == {len(places)}


def test_the_lowest_place_that_is_free_again_is_given_next() -> None:
    town_hall = hall(held_share_of_walk_ins=0)
    first = town_hall.book(at="10:00")
    town_hall.book(at="10:00")
    town_hall.do(commands.CancelAppointment(first))

    again = town_hall.book(at="10:00")

    assert town_hall.appointment(again).place == 1


def test_a_full_start_is_refused_with_the_nearest_that_are_free() -> None:
    town_hall = hall(**ONE_EACH)
    for local in ("11:00", "11:30", "12:00"):
        town_hall.book(at=local)

    refusal = town_hall.refuses(town_hall.booking(at="11:30"))

    assert isinstance(refusal, SlotFull)
    assert [slot["starts_at"] for slot in refusal.fields["slots"]] == [
        "2026-11-23T02:30:00.000Z",  # 10:30
        "2026-11-23T04:30:00.000Z",  # 12:30
        "2026-11-23T02:00:00.000Z",
        "2026-11-23T05:00:00.000Z",
        "2026-11-23T01:30:00.000Z",
    ]
    assert refusal.fields["slots"][0] == {
        "service": "enquiry",
        "starts_at": "2026-11-23T02:30:00.000Z",
        "ends_at": "2026-11-23T02:35:00.000Z",
        "places": 1,
        "free": 1,
    }


def test_what_is_told_of_a_full_day_is_reckoned_once_until_an_appointment_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    town_hall = hall(**ONE_EACH)
    near = [town_hall.book(at=local) for local in ("10:30", "11:00")]
    reckoned: list[object] = []

    def counted(*asked: Any, **more: Any) -> Slots:  # noqa: ANN401  (what slots_of takes)
        reckoned.append(asked)
        return slots_of(*asked, **more)

    monkeypatch.setattr("service.domain.decide.place_requests.slots_of", counted)
    for at in ("11:00", "10:30", "11:00"):
        town_hall.refuses(town_hall.booking(at=at))
    assert len(reckoned) == 1

    town_hall.do(commands.CancelAppointment(near[0]))
    refusal = town_hall.refuses(town_hall.booking(at="11:00"))

    assert len(reckoned) == 2
    assert refusal.fields["slots"][0]["starts_at"] == "2026-11-23T02:30:00.000Z", "10:30 is free again"


def test_staff_oversell_nothing_either() -> None:
    town_hall = hall(**ONE_EACH)
    town_hall.book(at="11:00")

    assert isinstance(town_hall.refuses(town_hall.booking(at="11:00", staff=True)), SlotFull)


@pytest.mark.parametrize("local", ["11:02", "08:55", "17:00", "18:00", "-10:00"])
def test_a_time_that_is_no_start_is_not_offered(local: str) -> None:
    town_hall = hall()

    assert isinstance(town_hall.refuses(town_hall.booking(at=local)), SlotNotOffered)


def test_the_notice_holds_for_all_but_staff_and_the_past_for_all() -> None:
    town_hall = Hall(town(booking={"notice_s": 3600}), at="10:00")

    assert isinstance(town_hall.refuses(town_hall.booking(at="10:55")), SlotNotOffered)
    assert isinstance(town_hall.refuses(town_hall.booking(at="09:55", staff=True)), SlotNotOffered)
    town_hall.book(at="11:00")
    town_hall.book(at="10:00", staff=True)


def test_beyond_the_horizon_nothing_is_offered() -> None:
    town_hall = Hall(town(booking={"horizon_days": 2}), at="-49:00")

    assert isinstance(town_hall.refuses(town_hall.booking(staff=True)), SlotNotOffered)
    town_hall.at("-48:00").book()


def test_a_day_that_was_closed_takes_no_bookings() -> None:
    town_hall = Hall(at="09:00")
    town_hall.do(commands.CloseDay())

    assert isinstance(town_hall.refuses(town_hall.booking(at="12:00")), SlotNotOffered)
    assert town_hall.day.booking_totals.closed


def test_what_nobody_comes_to_the_hall_for_cannot_be_booked() -> None:
    services = [*TOWN["services"], {**TOWN["services"][1], "id": "queue-only", "prefix": "Q", "bookable": False}]
    counters = [{**one, "services": [*one["services"], "queue-only"]} for one in TOWN["counters"]]
    town_hall = Hall(town(services=services, counters=counters), at="-06:00")

    assert isinstance(town_hall.refuses(town_hall.booking("renewal")), OnlineOnly)
    assert isinstance(town_hall.refuses(town_hall.booking("unheard-of")), ServiceNotFound)
    assert isinstance(town_hall.refuses(town_hall.booking("queue-only")), SlotNotOffered)


@pytest.mark.parametrize("count", [0, 5])
def test_nobody_or_too_many_people_are_refused(count: int) -> None:
    town_hall = hall()

    assert isinstance(town_hall.refuses(town_hall.booking(count=count)), BodyInvalid)


def test_a_person_has_one_appointment_at_a_start_and_so_many_in_a_day() -> None:
    town_hall = hall(per_person=2)
    first = town_hall.book(at="11:00", person="p")
    assert isinstance(town_hall.refuses(town_hall.booking("passport", "11:00", person="p")), AlreadyBooked)
    town_hall.book(at="12:00", person="p")

    assert isinstance(town_hall.refuses(town_hall.booking(at="13:00", person="p")), AlreadyBooked)
    town_hall.book(at="13:00", person="q")
    town_hall.do(commands.CancelAppointment(first))
    town_hall.book(at="13:00", person="p")


def test_nobodys_person_counts_for_nobody() -> None:
    town_hall = hall(per_person=1)

    for _ in range(3):
        town_hall.book(at="11:00")


# Invitations.


def test_an_invitation_is_used_once_and_for_its_service() -> None:
    town_hall = hall()
    invited = Invited(id="i1", partner="school-1", service=ServiceId("passport"), prechecked=True)

    assert isinstance(town_hall.refuses(town_hall.booking("enquiry", invitation=invited)), BodyInvalid)
    appointment = town_hall.appointment(town_hall.book("passport", invitation=invited))

    assert (appointment.invitation, appointment.partner, appointment.prechecked) == ("i1", "school-1", True)
    assert isinstance(town_hall.refuses(town_hall.booking("passport", "12:00", invitation=invited)), CodeUsed)
    town_hall.do(commands.CancelAppointment(appointment.id))
    town_hall.book("passport", "12:00", invitation=invited)


def test_a_guest_may_have_what_is_kept_for_the_partner_until_it_is_released() -> None:
    kept = {"partner": "school-1", "weekdays": [1], "from": "09:00", "to": "17:00", "share": 1, "release_before_s": 60}
    town_hall = hall(**ONE_EACH, reserved=[kept])
    guest = Invited(id="i1", partner="school-1")
    released = Invited(id="i2", partner="school-1", releases_at=town_hall.now_at)

    assert isinstance(town_hall.refuses(town_hall.booking()), SlotFull)
    assert isinstance(town_hall.refuses(town_hall.booking(invitation=released)), SlotFull)
    town_hall.book(invitation=guest)


def test_an_invitation_whose_hold_is_over_or_whose_time_was_missed_is_not_used() -> None:
    town_hall = Hall(at="09:00")
    invited = Invited(id="i1")
    held = town_hall.book("passport", "11:00", hold=True, invitation=invited)
    assert isinstance(town_hall.refuses(town_hall.booking(at="12:00", invitation=invited)), CodeUsed)

    decided = town_hall.after(600).do(town_hall.booking("passport", "11:00", invitation=invited))
    assert decided[0] == events.AppointmentExpired(appointment=held)

    walk_in = replace(town_hall.at("11:30").new_ticket("passport"), invitation=invited)
    assert [type(event) for event in town_hall.do(walk_in)] == [events.AppointmentMissed, events.TicketTaken]


def test_who_missed_one_may_have_another() -> None:
    town_hall = Hall(town(booking={"per_person": 1}), at="09:00")
    missed = town_hall.book("passport", "10:00", person="p")
    assert isinstance(town_hall.refuses(town_hall.booking(at="12:00", person="p")), AlreadyBooked)

    decided = town_hall.at("10:30").do(town_hall.booking(at="12:00", person="p"))

    assert decided[0] == events.AppointmentMissed(appointment=missed)
    assert len(decided) == 2


# Holds.


def test_a_hold_keeps_a_place_for_ten_minutes() -> None:
    town_hall = hall(**ONE_EACH)
    held = town_hall.book(hold=True, holder="h")
    appointment = town_hall.appointment(held)
    assert appointment.state is AppointmentState.HELD
    assert appointment.expires_at == town_hall.now_at + timedelta(seconds=600)

    town_hall.after(599)
    assert isinstance(town_hall.refuses(town_hall.booking()), SlotFull)
    decided = town_hall.after(1).do(town_hall.booking())

    assert [type(event) for event in decided] == [events.AppointmentExpired, events.AppointmentMade]
    assert made(decided).place == 1
    assert town_hall.appointment(held).state is AppointmentState.EXPIRED


def test_a_hold_is_confirmed_for_somebody() -> None:
    town_hall = hall(per_person=1)
    town_hall.book(at="12:00", person="q")
    held = town_hall.book(hold=True, holder="h")

    assert isinstance(town_hall.refuses(change(held, confirm=True, applicant="a", person="q")), AlreadyBooked)
    (event,) = town_hall.do(change(held, confirm=True, applicant="a", person="p"))

    assert event == events.AppointmentConfirmed(appointment=held, applicant="a", person="p", counts=True)
    appointment = town_hall.appointment(held)
    assert (appointment.state, appointment.expires_at, appointment.person) == (AppointmentState.BOOKED, None, "p")
    assert appointment.sequence == 1
    assert town_hall.day.booking_totals.holds == {}
    assert town_hall.after(3600).do(change(held, confirm=True)) == []


def test_a_hold_that_is_over_cannot_be_confirmed_even_when_its_place_is_free() -> None:
    town_hall = hall()
    held = town_hall.book(hold=True)
    town_hall.after(600)

    assert isinstance(town_hall.refuses(change(held, confirm=True, applicant="a")), HoldExpired)
    town_hall.do(commands.SweepAppointments())
    assert isinstance(town_hall.refuses(change(held, confirm=True, applicant="a")), HoldExpired)


def test_a_holder_has_three_holds_at_a_time_and_staff_as_many_as_they_need() -> None:
    town_hall = hall()
    held = [town_hall.book(at=local, hold=True, holder="h") for local in ("10:00", "11:00", "12:00")]

    assert isinstance(town_hall.refuses(town_hall.booking(at="13:00", hold=True, holder="h")), HoldLimit)
    town_hall.book(at="13:00", hold=True, holder="another")
    town_hall.book(at="13:00", holder="h")
    by_staff = town_hall.book(at="14:00", hold=True, holder="h", staff=True)
    for one in (held[0], by_staff):
        town_hall.do(commands.CancelAppointment(one))
    town_hall.book(at="15:00", hold=True, holder="h")


def test_holds_that_are_over_count_for_nobody() -> None:
    town_hall = hall()
    for local in ("10:00", "11:00", "12:00"):
        town_hall.book(at=local, hold=True, holder="h")

    town_hall.after(600).book(at="13:00", hold=True, holder="h")


@pytest.mark.parametrize(("places", "most"), [(2, 20), (6, 32)])
def test_a_third_of_a_days_places_are_held_at_most_and_twenty_in_any_case(places: int, most: int) -> None:
    every_half_hour = {"weekdays": [1], "from": "09:00", "to": "17:00", "every_min": 30, "places": places}
    town_hall = hall(places=[every_half_hour])
    starts = [f"{9 + n // 2:02d}:{n % 2 * 30:02d}" for n in range(16)]
    for n in range(most):
        town_hall.book(at=starts[n % 16], hold=True, holder=f"h{n}")

    last = starts[most % 16]
    assert isinstance(town_hall.refuses(town_hall.booking(at=last, hold=True, holder="h")), HoldLimit)
    town_hall.book(at=last, hold=True, holder="h", staff=True)


# Changing.


def test_a_change_of_the_time_gives_the_old_place_back() -> None:
    town_hall = hall(**ONE_EACH)
    appointment = town_hall.book(at="11:00", person="p")

    (event,) = town_hall.do(change(appointment, starts_at=town_hall.instant("12:00")))

    assert isinstance(event, events.AppointmentChanged)
    changed = town_hall.appointment(appointment)
    assert (changed.starts_at, changed.place, changed.sequence) == (town_hall.instant("12:00"), 1, 1)
    assert town_hall.day.booking_totals == BookingTotals.of(town_hall.day.regular_plan, [changed])
    town_hall.book(at="11:00")


def test_a_change_to_a_full_start_leaves_all_as_it_was() -> None:
    town_hall = hall(**ONE_EACH)
    appointment = town_hall.book(at="11:00")
    town_hall.book(at="12:00")

    assert isinstance(town_hall.refuses(change(appointment, starts_at=town_hall.instant("12:00"))), SlotFull)
    assert isinstance(town_hall.refuses(change(appointment, starts_at=town_hall.instant("12:01"))), SlotNotOffered)


def test_a_change_to_where_the_same_person_is_booked_is_refused() -> None:
    town_hall = hall(per_person=2)
    appointment = town_hall.book(at="11:00", person="p")
    town_hall.book(at="12:00", person="p")

    assert isinstance(town_hall.refuses(change(appointment, starts_at=town_hall.instant("12:00"))), AlreadyBooked)
    town_hall.do(change(appointment, starts_at=town_hall.instant("13:00")))


def test_more_people_need_room_and_fewer_do_not() -> None:
    town_hall = hall(held_share_of_walk_ins=0, z=0)
    appointment = town_hall.book("passport", "10:00", count=3)
    town_hall.do(town_hall.booking("passport", "10:00", count=4))

    assert isinstance(town_hall.refuses(change(appointment, count=5)), BodyInvalid)
    (event,) = town_hall.do(change(appointment, count=1))

    assert isinstance(event, events.AppointmentChanged)
    assert (event.count, event.place) == (1, 1)
    assert event.places >= event.place
    assert event.ends_at == town_hall.instant("10:05")


def test_the_place_they_have_needs_no_notice() -> None:
    town_hall = Hall(at="09:00")
    appointment = town_hall.book("passport", "11:00")
    town_hall.at("10:50")

    town_hall.do(change(appointment, count=2))
    assert isinstance(town_hall.refuses(change(appointment, starts_at=town_hall.instant("11:05"))), SlotNotOffered)
    town_hall.do(change(appointment, starts_at=town_hall.instant("11:05"), staff=True))


def test_a_change_of_the_applicant_is_a_change() -> None:
    town_hall = hall()
    appointment = town_hall.book()
    before = town_hall.appointment(appointment)

    (event,) = town_hall.do(change(appointment, applicant="another", person="p"))

    after = town_hall.appointment(appointment)
    assert isinstance(event, events.AppointmentChanged)
    assert (after.applicant, after.person, after.sequence) == ("another", "p", 1)
    assert (after.starts_at, after.place) == (before.starts_at, before.place)
    assert town_hall.do(change(appointment, applicant="another", count=1)) == []


def test_a_hold_is_confirmed_and_moved_in_one_breath() -> None:
    town_hall = hall()
    held = town_hall.book(hold=True)

    decided = town_hall.do(change(held, confirm=True, applicant="a", starts_at=town_hall.instant("12:00")))

    assert [type(event) for event in decided] == [events.AppointmentConfirmed, events.AppointmentChanged]
    assert town_hall.appointment(held).state is AppointmentState.BOOKED
    assert town_hall.appointment(held).starts_at == town_hall.instant("12:00")


# States.


def in_state(state: AppointmentState) -> tuple[Hall, AppointmentId]:
    """Return a hall at 10:35 with an appointment for 10:30 in the given state."""
    town_hall = Hall(at="09:00")
    held = state in {AppointmentState.HELD, AppointmentState.EXPIRED}
    at = "10:00" if state is AppointmentState.MISSED else "10:30"
    if state is AppointmentState.HELD:
        town_hall.at("10:29")
    appointment = town_hall.book(at=at, hold=held, staff=held)
    town_hall.at("10:35")
    match state:
        case AppointmentState.CHECKED_IN:
            town_hall.check_in(appointment)
        case AppointmentState.CANCELLED:
            town_hall.do(commands.CancelAppointment(appointment))
        case AppointmentState.EXPIRED | AppointmentState.MISSED:
            town_hall.do(commands.SweepAppointments())
        case _:
            pass
    assert town_hall.appointment(appointment).state is state
    return town_hall, appointment


COMMANDS: dict[str, Callable[[AppointmentId], commands.Command]] = {
    "confirm": lambda appointment: change(appointment, confirm=True),
    "rename": lambda appointment: change(appointment, applicant="another"),
    "cancel": commands.CancelAppointment,
    "cancel by staff": lambda appointment: commands.CancelAppointment(appointment, CancelledBy.STAFF),
    "move away": lambda appointment: commands.MoveAppointmentAway(appointment, date(2026, 11, 24)),
}
OPEN = {AppointmentState.HELD, AppointmentState.BOOKED}

STEPS: dict[str, Callable[[Hall, AppointmentId], object]] = {
    "confirm": lambda town_hall, appointment: town_hall.do(change(appointment, confirm=True)),
    "rename": lambda town_hall, appointment: town_hall.do(change(appointment, applicant="another")),
    "cancel": lambda town_hall, appointment: town_hall.do(commands.CancelAppointment(appointment)),
    "check in": lambda town_hall, appointment: town_hall.check_in(appointment),
    "wait": lambda town_hall, _: town_hall.at("11:00").do(commands.SweepAppointments()),
    "end the day": lambda town_hall, _: town_hall.do(commands.EndDay()),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_over_cannot_be_changed(name: str, state: AppointmentState) -> None:
    town_hall, appointment = in_state(state)
    command = COMMANDS[name](appointment)

    if state in OPEN:
        town_hall.do(command)
    else:
        refusal = town_hall.refuses(command)
        if state is AppointmentState.EXPIRED and not name.startswith("cancel"):
            assert isinstance(refusal, HoldExpired)
        else:
            assert isinstance(refusal, WrongState)
            assert refusal.fields == {"state": state}


def test_an_appointment_goes_wherever_the_table_of_successors_says_and_nowhere_else() -> None:
    moves = set()

    for state, step in product(STATES, STEPS.values()):
        town_hall, appointment = in_state(state)
        with suppress(Refusal):
            step(town_hall, appointment)
        moves.add((state, town_hall.appointment(appointment).state))

    allowed = {(before, after) for before, successors in APPOINTMENT_SUCCESSORS.items() for after in successors}
    assert {(before, after) for before, after in moves if before is not after} == allowed


@pytest.mark.parametrize("name", COMMANDS)
def test_an_appointment_nobody_made_is_not_found(name: str) -> None:
    assert isinstance(hall().refuses(COMMANDS[name](AppointmentId("nobody's"))), AppointmentNotFound)


@pytest.mark.parametrize("state", STATES)
def test_erasing_a_person_cancels_what_is_open_and_nothing_else(state: AppointmentState) -> None:
    town_hall, appointment = in_state(state)

    decided = town_hall.do(commands.CancelAppointment(appointment, CancelledBy.ERASED))

    expected = [events.AppointmentCancelled(appointment=appointment, by=CancelledBy.ERASED)] if state in OPEN else []
    assert decided == expected


@pytest.mark.parametrize("state", STATES)
def test_the_sweep_writes_what_time_has_done_and_nothing_twice(state: AppointmentState) -> None:
    town_hall, appointment = in_state(state)
    town_hall.at("10:59")
    assert [type(event) for event in town_hall.do(commands.SweepAppointments())] == (
        [events.AppointmentExpired] if state is AppointmentState.HELD else []
    )

    town_hall.at("11:00")

    missed = state is AppointmentState.BOOKED
    assert [type(event) for event in town_hall.do(commands.SweepAppointments())] == (
        [events.AppointmentMissed] if missed else []
    )
    assert town_hall.do(commands.SweepAppointments()) == []
    assert town_hall.appointment(appointment).state in {state, *APPOINTMENT_SUCCESSORS[state]}


@pytest.mark.parametrize("state", STATES)
def test_the_day_ends_with_nothing_open(state: AppointmentState) -> None:
    town_hall, appointment = in_state(state)

    decided = town_hall.do(commands.EndDay())

    ended = {AppointmentState.HELD: AppointmentState.EXPIRED, AppointmentState.BOOKED: AppointmentState.MISSED}
    assert town_hall.appointment(appointment).state is ended.get(state, state)
    assert isinstance(decided[-1], events.DayEnded)


@pytest.mark.parametrize("state", AppointmentState)
def test_a_manager_who_closes_the_day_cancels_whoever_may_still_come(state: AppointmentState) -> None:
    town_hall, appointment = in_state(state)
    was_to_come = state in TO_COME

    decided = town_hall.do(commands.CloseDay())

    cancelled = events.AppointmentCancelled(appointment=appointment, by=CancelledBy.STAFF, closed=True)
    assert (cancelled in decided) is was_to_come
    assert isinstance(decided[-1], events.DayClosed)
    now = town_hall.appointment(appointment)
    assert (now.state, now.closed) == (AppointmentState.CANCELLED if was_to_come else state, was_to_come)


def test_what_time_had_ended_before_the_day_was_closed_is_written_down_as_it_was() -> None:
    town_hall = Hall(at="08:00")
    missed, held, late = town_hall.book(at="10:00"), town_hall.book(at="10:30", hold=True), town_hall.book(at="10:30")

    town_hall.at("10:45").do(commands.CloseDay())

    states = [town_hall.appointment(one).state for one in (missed, held, late)]
    assert states == [AppointmentState.MISSED, AppointmentState.EXPIRED, AppointmentState.CANCELLED]


def test_who_was_cancelled_by_a_closed_day_has_neither_their_limit_nor_their_invitation_used() -> None:
    town_hall = Hall(at="08:00")
    invited = commands.Invited(id="i1")
    town_hall.book(at="10:00", person="p", invitation=invited)
    town_hall.book(at="11:00", person="p")

    town_hall.do(commands.CloseDay())

    assert town_hall.day.appointment_index == AppointmentIndex.of(
        town_hall.day.plan, town_hall.day.appointments.values(), closed=True
    )
    assert not town_hall.day.appointment_index.of_person
    assert not town_hall.day.appointment_index.of_invitation
    assert not town_hall.day.appointment_index.expected


def test_a_closed_day_ends_without_anybody_missed() -> None:
    town_hall = Hall(at="08:00")
    town_hall.book(at="15:00")
    town_hall.at("10:00").do(commands.CloseDay())

    swept = town_hall.at("15:30").do(commands.SweepAppointments())
    ended = town_hall.at("23:59").do(commands.EndDay())

    assert swept == []
    assert ended == [events.DayEnded()]


def test_a_view_tells_that_the_hall_is_closed_at_the_time() -> None:
    town_hall = Hall(at="08:00")
    early, late = town_hall.book(at="10:00"), town_hall.book(at="15:00")
    exceptions = [{"on": "2026-11-23", "from": "09:00", "to": "12:00"}]
    town_hall.do(commands.ChangePlan(town_hall.plan(town(exceptions=exceptions))))

    def shown(appointment: AppointmentId) -> bool | UnsetType:
        one = town_hall.appointment(appointment)
        return appointment_view(one, town_hall.now_at, 7, day=town_hall.day).hall_closed

    assert (shown(early), shown(late)) == (UNSET, True)
    town_hall.do(commands.CancelAppointment(late))
    assert shown(late) is UNSET
    town_hall.do(commands.CloseDay())
    assert shown(early) is True


def test_a_view_tells_what_time_has_done_already() -> None:
    town_hall = Hall(at="09:00")
    held, booked = town_hall.book(at="10:00", hold=True), town_hall.book(at="10:00")
    now_at = town_hall.instant("10:30")

    shown, other = (
        appointment_view(town_hall.appointment(one), now_at, 7, token="t", day=town_hall.day) for one in (held, booked)
    )
    then = appointment_view(town_hall.appointment(held), now_at, 7)

    assert (shown.state, other.state, then.state) == ("expired", "missed", "held")
    assert (shown.expires_at, other.expires_at) == ("2026-11-23T01:10:00.000Z", None)
    assert (shown.starts_at, shown.ticket, shown.token, shown.seq) == ("2026-11-23T02:00:00.000Z", None, "t", 7)


# To another day.


def two_days(**booking: Any) -> tuple[Hall, Hall]:  # noqa: ANN401  (of the document)
    """Return the town hall on Monday and on Tuesday, both on Monday at nine."""
    monday = Hall(town(booking=booking), at="09:00")
    tuesday = Hall(town(booking=booking), on=date(2026, 11, 24), at="-15:00")
    return monday, tuesday


def taken_over(appointment: Appointment, tuesday: Hall, at: str = "11:00", count: int = 1) -> commands.Command:
    return commands.TakeOverAppointment(appointment=appointment, starts_at=tuesday.instant(at), count=count)


def test_an_appointment_moves_to_another_day_with_its_id_and_code() -> None:
    monday, tuesday = two_days()
    appointment = monday.appointment(monday.book(person="p", holder="h"))
    tuesday.after(5)

    monday.do(commands.MoveAppointmentAway(appointment.id, tuesday.on))
    decided = tuesday.do(taken_over(appointment, tuesday))

    moved = tuesday.appointment(appointment.id)
    assert appointment.id not in monday.day.appointments
    assert monday.day.booking_totals == BookingTotals.of(monday.day.regular_plan)
    assert made(decided).made_at == appointment.made_at
    assert replace(moved, seq=0) == replace(
        appointment,
        seq=0,
        starts_at=tuesday.instant("11:00"),
        ends_at=tuesday.instant("11:05"),
        places=moved.places,
        sequence=1,
    )
    monday.book(person="p")


def test_another_day_takes_over_only_what_it_could_book() -> None:
    monday, tuesday = two_days(**ONE_EACH, per_person=1)
    appointment = monday.appointment(monday.book(person="p"))
    tuesday.book(at="11:00", person="p")

    assert isinstance(tuesday.refuses(taken_over(appointment, tuesday)), AlreadyBooked)
    assert isinstance(tuesday.refuses(taken_over(replace(appointment, person=None), tuesday)), SlotFull)
    assert isinstance(tuesday.refuses(taken_over(appointment, tuesday, "11:10")), SlotNotOffered)
    assert isinstance(tuesday.refuses(taken_over(appointment, tuesday, count=9)), BodyInvalid)
    cancelled = replace(appointment, state=AppointmentState.CANCELLED)
    assert isinstance(tuesday.refuses(taken_over(cancelled, tuesday)), WrongState)
    assert isinstance(monday.refuses(commands.MoveAppointmentAway(appointment.id, monday.on)), BodyInvalid)


def test_no_day_is_held_by_holds_that_were_made_on_another() -> None:
    monday, tuesday = two_days()
    tuesday.drawn = 100  # so that the ids differ
    held = [monday.appointment(monday.book(at=local, hold=True, holder="h")) for local in ("10:00", "11:00")]
    for local in ("10:00", "11:00"):
        tuesday.book(at=local, hold=True, holder="h")
    tuesday.do(taken_over(held[0], tuesday, "12:00"))

    assert isinstance(tuesday.refuses(taken_over(held[1], tuesday, "13:00")), HoldLimit)
    confirmed = replace(held[1], state=AppointmentState.BOOKED, expires_at=None, applicant="a")
    tuesday.do(taken_over(confirmed, tuesday, "13:00"))


def test_a_hold_moves_with_its_time() -> None:
    monday, tuesday = two_days()
    held = monday.appointment(monday.book(hold=True))

    tuesday.do(taken_over(held, tuesday))

    assert tuesday.appointment(held.id).expires_at == held.expires_at
    assert isinstance(tuesday.after(600).refuses(taken_over(held, tuesday)), HoldExpired)


# A change of the document.


def test_a_smaller_plan_loses_no_appointment() -> None:
    town_hall = hall(held_share_of_walk_ins=0)
    ids = [town_hall.book("passport", local) for local in ("10:00", "10:00", "16:00")]
    smaller = town(
        services=[one for one in TOWN["services"] if one["id"] != "passport"],
        counters=[{"id": "4", "zone": "main", "stage": "window", "services": ["enquiry", "card"]}],
        hours=[{"weekdays": [1], "from": "09:00", "to": "12:00"}],
    )

    town_hall.do(commands.ChangePlan(town_hall.plan(smaller)))

    assert {town_hall.appointment(one).state for one in ids} == {AppointmentState.BOOKED}
    assert values(refold(town_hall)) == values(town_hall.day)
    assert isinstance(town_hall.refuses(town_hall.booking("passport")), ServiceNotFound)
    town_hall.do(commands.CancelAppointment(ids[0]))
    town_hall.at("09:45").check_in(ids[1])


def test_the_sums_follow_the_plan() -> None:
    town_hall = hall()
    town_hall.book("passport", "10:00")
    slower = [{**one, "duration_s": {"mean": 600}} for one in TOWN["services"]]

    town_hall.do(commands.ChangePlan(town_hall.plan(town(services=slower))))

    assert town_hall.day.booking_totals == BookingTotals.of(
        town_hall.day.regular_plan, town_hall.day.appointments.values()
    )


# Copies.


def test_a_copy_of_a_day_is_a_day_of_its_own() -> None:
    town_hall = hall()
    town_hall.book(at="10:00", person="p")
    twin: Day = town_hall.day.copy()
    before = values(twin)

    town_hall.book(at="10:00", hold=True, holder="h")

    assert values(twin) == before
    assert len(twin.appointments) == 1
