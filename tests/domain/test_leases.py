"""Numbers leased to a kiosk: given out while it is offline, and reported afterwards."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from service.domain import commands, events
from service.domain.decide.kiosks import LEASED_MAX
from service.domain.model import (
    Admission,
    Channel,
    LeftReason,
    PrinterState,
    ServiceId,
    Slip,
    TicketClass,
    TicketId,
    TicketState,
)
from tests.domain.halls import DONE, TOWN, Hall, refold, town, values


def numbers_of(hall: Hall) -> list[str]:
    return [ticket.number for ticket in hall.day.tickets.values()]


def test_a_lease_gives_a_kiosk_the_next_numbers_of_a_prefix_that_no_service_has() -> None:
    hall = Hall()

    hall.do(hall.leasing(count=3))
    hall.do(hall.leasing(count=2))

    lease = hall.day.leases["kiosk-1"]
    assert lease.prefix == "Z"
    assert list(lease.slips) == [1, 2, 3, 4, 5]
    assert hall.day.numbers == {"Z": 5}


def test_two_kiosks_have_prefixes_of_their_own_and_never_a_services() -> None:
    services = [{**service, "prefix": prefix} for service, prefix in zip(TOWN["services"], "ZYXW", strict=True)]
    hall = Hall(town(services=services))

    hall.do(hall.leasing("kiosk-1"))
    hall.do(hall.leasing("kiosk-2"))

    assert [hall.day.leases[kiosk].prefix for kiosk in ("kiosk-1", "kiosk-2")] == ["V", "U"]


def test_prefixes_have_no_letters_that_read_as_digits_and_go_on_when_all_single_letters_are_taken() -> None:
    hall = Hall()
    kiosks = [f"kiosk-{n}" for n in range(25)]

    for kiosk in kiosks:
        hall.do(hall.leasing(kiosk, 1))

    prefixes = [hall.day.leases[kiosk].prefix for kiosk in kiosks]
    assert len(set(prefixes)) == len(kiosks)
    assert not {"I", "O", "P", "E", "C", "R"} & set(prefixes)
    assert prefixes[-1] == "ZV"


def test_a_service_that_gets_a_kiosks_prefix_later_goes_on_after_its_numbers() -> None:
    hall = Hall()
    hall.do(hall.leasing(count=3))
    services = [
        {**service, "prefix": "Z" if service["id"] == "enquiry" else service["prefix"]} for service in TOWN["services"]
    ]
    hall.do(commands.ChangePlan(hall.plan(town(services=services))))

    hall.take("enquiry")
    hall.do(hall.leasing(count=2))
    hall.take("enquiry")

    assert numbers_of(hall) == ["Z004", "Z007"]
    assert list(hall.day.leases["kiosk-1"].slips) == [1, 2, 3, 5, 6]


def test_a_reported_number_stands_where_it_would_have_stood() -> None:
    hall = Hall()
    hall.do(hall.leasing())
    first = hall.take()
    last = hall.after(600).take()

    [taken] = hall.after(60).do(hall.reporting("Z001", "09:05"))

    assert isinstance(taken, events.TicketTaken)
    ticket = hall.ticket(taken.ticket)
    assert (ticket.number, ticket.class_, ticket.channel) == ("Z001", TicketClass.WALK_IN, Channel.KIOSK)
    assert ticket.admission is Admission.ADMITTED
    assert ticket.issued_at == ticket.reference_at == ticket.queue_at == hall.instant("09:05")
    assert ticket.code == hall.day.leases["kiosk-1"].slips[1].code
    assert taken.ahead == 1
    hall.open("1")
    assert [hall.next("1", done) for done in (None, *[DONE] * 2)] == [first, ticket.id, last]


def test_a_number_reported_twice_is_given_once() -> None:
    hall = Hall()
    hall.do(hall.leasing())
    hall.after(600).do(hall.reporting("Z001", "09:05"))

    again = hall.do(hall.reporting("Z001", "09:07", "passport"))

    assert again == []
    assert numbers_of(hall) == ["Z001"]


def test_a_number_may_be_left_out_but_is_not_given_after_a_later_one() -> None:
    hall = Hall()
    hall.do(hall.leasing())
    hall.after(600).do(hall.reporting("Z002", "09:05"))

    refusal = hall.refuses(hall.reporting("Z001", "09:01"))

    assert refusal.code == "number-not-leased"


@pytest.mark.parametrize("number", ["Z004", "Z1", "Z0001", "001", "A001", "Z-01", "Z٠٠١", ""])
def test_a_number_that_is_not_in_the_stock_is_refused(number: str) -> None:
    hall = Hall()
    hall.do(hall.leasing())
    command = replace(hall.reporting("Z001", "09:00"), number=number)

    assert hall.refuses(command).code == "number-not-leased"


def test_a_number_of_another_kiosk_or_with_another_code_is_refused() -> None:
    hall = Hall()
    hall.do(hall.leasing("kiosk-1"))
    hall.do(hall.leasing("kiosk-2"))
    command = hall.reporting("Z001", "09:00")

    for other in ({"device": "kiosk-2"}, {"device": "kiosk-3"}, {"code": "CODE0002"}):
        assert hall.refuses(replace(command, **other)).code == "number-not-leased"


def test_a_kiosks_clock_is_believed_between_the_lease_the_number_before_and_now() -> None:
    hall = Hall(at="08:50")
    hall.do(hall.leasing())
    hall.at("10:00")

    hall.do(hall.reporting("Z001", "08:00"))
    hall.do(hall.reporting("Z002", "12:00"))
    hall.after(60).do(hall.reporting("Z003", "09:00"))

    issued = [ticket.issued_at for ticket in hall.day.tickets.values()]
    assert issued == [hall.instant("08:50"), hall.instant("10:00"), hall.instant("10:00")]


def test_nobody_gets_a_number_from_a_time_when_the_doors_were_shut() -> None:
    hall = Hall(at="07:00")
    hall.do(hall.leasing())
    hall.at("17:30")

    early, late = hall.refuses(hall.reporting("Z001", "08:00")), hall.refuses(hall.reporting("Z001", "17:10"))

    assert (early.code, late.code) == ("hall-closed", "hall-closed")
    assert hall.do(hall.reporting("Z001", "16:59"))


def test_a_suspension_does_not_take_back_the_numbers_people_have() -> None:
    hall = Hall()
    hall.do(hall.leasing())
    hall.after(60).do(commands.Suspend({"en": "Fire alarm"}))

    assert hall.after(60).do(hall.reporting("Z001", "09:00:30"))


def test_who_got_a_number_before_the_day_was_closed_leaves_with_a_right_to_return() -> None:
    hall = Hall()
    hall.do(hall.leasing())
    hall.at("16:00").do(commands.CloseDay())

    decided = hall.do(hall.reporting("Z001", "15:30"))

    assert [type(event) for event in decided] == [events.TicketTaken, events.TicketLeft]
    [ticket] = hall.day.tickets.values()
    assert (ticket.state, ticket.left_reason) == (TicketState.LEFT, LeftReason.UNSERVED)
    assert hall.refuses(hall.leasing()).code == "hall-closed"


def test_what_was_not_given_out_by_the_end_of_the_day_is_nobodys() -> None:
    hall = Hall()
    hall.do(hall.leasing())
    command = hall.reporting("Z001", "09:00")
    hall.at("23:59").do(commands.EndDay())

    assert hall.refuses(command).fields == {"state": "ended"}
    tuesday = Hall(on=hall.on + timedelta(days=1))
    assert tuesday.refuses(command).code == "number-not-leased"


@pytest.mark.parametrize(
    ("service", "count", "code"),
    [("nothing", 1, "service-not-found"), ("renewal", 1, "online-only"), ("enquiry", 5, "body-invalid")],
)
def test_a_reported_number_is_for_what_the_hall_offers(service: str, count: int, code: str) -> None:
    hall = Hall()
    hall.do(hall.leasing())
    command = replace(hall.reporting("Z001", "09:00"), service=ServiceId(service), count=count)

    assert hall.refuses(command).code == code


def test_a_kiosk_that_loses_its_memory_over_and_over_leases_no_more() -> None:
    hall = Hall()
    hall.do(hall.leasing(count=LEASED_MAX - 1))

    assert hall.refuses(hall.leasing(count=2)).code == "lease-limit"
    assert hall.do(hall.leasing(count=1))


def test_leases_and_reports_fold_to_the_same_day_and_copies_share_nothing() -> None:
    hall = Hall()
    hall.do(hall.leasing())
    twin = hall.day.copy()
    hall.after(60).do(hall.reporting("Z001", "09:00"))
    hall.do(commands.ReportPrinter("kiosk-1", "at the door", PrinterState.OUT))

    assert values(refold(hall)) == values(hall.day)
    assert (twin.leases["kiosk-1"].last, twin.printers) == (0, {})
    assert hall.day.leases["kiosk-1"].slips[1] == Slip(TicketId("ticket-00001"), "CODE0001")


def test_a_printers_state_is_an_event_once() -> None:
    hall = Hall()
    report = commands.ReportPrinter("kiosk-1", "at the door", PrinterState.OUT)

    assert len(hall.do(report)) == 1
    assert hall.do(report) == []
    assert len(hall.do(replace(report, state=PrinterState.OK))) == 1
    assert hall.day.printers["kiosk-1"].state is PrinterState.OK
