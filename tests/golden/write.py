"""Write the golden journal of a release: a day in which every kind of event happens, and the state it folds to.

Run `python -m tests.golden.write > tests/golden/next.json` until the release. With the release the file is renamed to
the version, and never written again.
"""

import json
import sys
from datetime import UTC, timedelta
from typing import Any, get_origin, get_type_hints

import msgspec

from service.domain import commands
from service.domain.calendar.plan import Plan
from service.domain.commands import Finish, Invited, Returned
from service.domain.model import (
    AppointmentId,
    CancelledBy,
    Channel,
    CounterId,
    Notice,
    Outcome,
    PapersThen,
    PrinterState,
    ServiceId,
    TicketClass,
    TicketId,
    ZoneId,
)
from service.journal.records import body_of, row_of
from tests.domain.halls import DONE, Hall, town

STAFFING = [
    {"weekdays": [1, 2, 3, 4, 5], "from": "09:00", "to": "17:00", "counters": 4},
    {"on": "2026-11-23", "from": "10:00", "to": "14:00", "counters": 3},
]


SETS_OF_A_PLAN = {name for name, kind in get_type_hints(Plan).items() if get_origin(kind) is frozenset}

STANDBY = 3
"""The number of standby tickets before one is made green, one books, and one is admitted."""


def a_day() -> Hall:
    """A day with every kind of event, from its opening to its end."""
    hall = Hall(town(staffing=STAFFING), at="08:55")
    hall.do(commands.PostNotice(Notice("n1", {"en": "Have your papers ready."}, (ZoneId("main"),))))
    browsing = hall.new_ticket(browser="a keyed hash")
    hall.do(browsing, "key-0001")
    passport, card = hall.take("passport", count=2), hall.take("card", then=["enquiry"])
    patient, green, gone = hall.take("enquiry"), hall.take("enquiry"), hall.take("enquiry")
    kept = appointments(hall)
    hall.at("09:00").open("1", "P1", "K1")
    hall.do(commands.ChangeTicket(patient, not_before_at=hall.now_at + timedelta(hours=1)))
    hall.do(commands.ChangeTicket(green, class_=TicketClass.GREEN, reason="urgent"))
    hall.do(commands.LeaveQueue(gone))
    assert hall.next("P1") == passport
    hall.after(30).do(commands.CheckPapers(passport, ("photo",), PapersThen.ADVANCE))
    assert hall.next("1") == green
    hall.do(commands.RecallTicket(green))
    hall.after(60).do(commands.MarkNoShow(green))
    hall.do(commands.UndoTicket(green))
    hall.do(commands.MarkNoShow(green))
    hall.after(60).do(commands.ResumeTicket(green))
    alarms(hall)
    assert hall.next("1") == green
    hall.do(commands.StartTicket(green))
    hall.after(200).do(commands.CallNext(CounterId("1"), Finish(Outcome.CONDITIONAL, ("signature",))), "key-0002")
    hall.do(commands.TransferTicket(browsing.ticket))
    hall.call("1", card)
    hall.after(100).finish(card, DONE)
    served = next(one.id for one in hall.day.tickets.values() if one.outcome is Outcome.CONDITIONAL)
    hall.do(commands.RateTicket(served, 4))
    hall.do(commands.ParkTicket(browsing.ticket, "break"))
    hall.do(commands.Suspend({"en": "Fire alarm"}))
    hall.after(300).do(commands.LiftSuspension())
    hall.do(commands.PauseCounter(CounterId("1"), "break", hall.now_at + timedelta(minutes=10)))
    hall.do(commands.RemoveNotice("n1"))
    hall.do(commands.ChangePlan(hall.plan(town(overtime=True, rules={"max_walk_in_wait_s": 7200}))))
    hall.at("11:55").do(hall.checking_in(kept))
    hall.do(
        commands.ReturnTicket(
            ticket=TicketId("ticket-00100"),
            code="CODE0100",
            channel=Channel.KIOSK,
            returned=Returned(
                ticket=TicketId("ticket-of-friday"),
                day=hall.on - timedelta(days=3),
                service=ServiceId("card"),
                outcome=Outcome.CONDITIONAL,
            ),
        )
    )
    hall.do(commands.SweepLongWaits())
    hall.at("12:31").do(commands.SweepAppointments())
    kiosk(hall)
    hall.at("16:00").do(commands.OpenOvertime(hall.instant("17:30"), 1))
    hall.do(commands.EndOvertime())
    standby(hall)
    hall.do(commands.OpenOvertime(hall.instant("18:00")))
    hall.at("17:20").take("enquiry")
    hall.open("1")
    assert hall.next("1") == passport
    hall.at("18:00").do(commands.CloseDay())
    hall.at("23:59").do(commands.EndDay())
    return hall


def alarms(hall: Hall) -> None:
    """Two counters call for help, and help comes to one of them."""
    hall.do(commands.RaiseAlarm("alarm-1", CounterId("1")))
    hall.do(commands.RaiseAlarm("alarm-2"))
    hall.do(commands.ClearAlarm("alarm-1"))


def kiosk(hall: Hall) -> None:
    """A kiosk leases numbers, issues one while it is offline, and runs out of paper."""
    hall.do(hall.leasing())
    hall.after(60).do(hall.reporting("Z002", "12:31:20"))
    hall.do(commands.ReportPrinter("kiosk-1", "at the door", PrinterState.OUT))


def standby(hall: Hall) -> None:
    """Of the standby tickets one is admitted, one is made green, and one books another day."""
    hall.at("16:30").do(commands.CloseCounter(CounterId("1")))
    admitted = hall.take("enquiry", count=4)
    while len(hall.day.queue.standby) < STANDBY:
        hall.take("enquiry", count=2)
    green, booked = (ticket for _, ticket in list(hall.day.queue.standby)[:2])
    hall.do(commands.ChangeTicket(green, class_=TicketClass.GREEN, reason="urgent"))
    hall.do(commands.LeaveForAppointment(booked))
    hall.do(commands.LeaveQueue(admitted))


def appointments(hall: Hall) -> AppointmentId:
    """Change appointments before anybody comes; return the remaining one."""
    invited = Invited(id="invitation-1", partner="school-1", service=ServiceId("passport"), prechecked=True)
    kept = hall.book("passport", "12:00", invitation=invited)
    held = hall.book(at="12:00", hold=True, holder="a keyed hash")
    hall.do(commands.ChangeAppointment(appointment=held, confirm=True, applicant="applicant-9", person="a keyed hash"))
    later = hall.instant("12:30")
    hall.do(commands.ChangeAppointment(appointment=held, starts_at=later, count=2), "key-0003")
    hall.do(commands.ChangeAppointment(appointment=held, starts_at=hall.instant("12:00")))
    hall.do(commands.ChangeAppointment(appointment=held, count=2), "key-0004")
    hall.do(commands.CancelAppointment(hall.book(at="12:30", staff=True), CancelledBy.STAFF))
    hall.do(commands.MoveAppointmentAway(hall.book(at="13:00"), hall.on + timedelta(days=1)))
    hall.book(at="13:30", hold=True)
    return kept


def written(hall: Hall) -> dict[str, Any]:
    """Return the rows as the journal holds them, and the state they fold to."""
    rows = []
    for record in hall.records:
        row = msgspec.to_builtins(row_of(record))
        fingerprint = None if record.fingerprint is None else record.fingerprint.hex()
        rows.append({**row, "fingerprint": fingerprint, "body": with_sets_sorted(json.loads(body_of(record.event)))})
    day = hall.day
    return {
        "rows": rows,
        "fold": {
            "hall": day.hall,
            "day": day.on.isoformat(),
            "tickets": {ticket.number: told_of(ticket) for ticket in day.tickets.values()},
            "appointments": {one.code: told_of_appointment(one) for one in day.appointments.values()},
            "numbers": day.numbers,
            "revision": day.plan.revision,
            "ended": day.ended,
            "done": sorted(day.results),
            "alarms": list(day.alarms),
            "closing_at": day.plan.windows[-1].closes_at.isoformat(),
        },
    }


def with_sets_sorted(body: dict[str, Any]) -> dict[str, Any]:
    """Return an event's body with the sets of its plan sorted: their order differs between processes."""
    if "plan" not in body:
        return body
    sets = {name: sorted(body["plan"][name]) for name in SETS_OF_A_PLAN & body["plan"].keys()}
    return body | {"plan": body["plan"] | sets}


def told_of(ticket: Any) -> dict[str, Any]:  # noqa: ANN401  (a ticket of this release, or of a later one)
    """Return what a journal contains about a ticket."""
    return {
        "state": ticket.state,
        "class": ticket.class_,
        "outcome": ticket.outcome,
        "counter": ticket.last_counter,
        "queue_at": ticket.queue_at.isoformat(),
        "returns": ticket.returns,
        "service": ticket.service,
        "stage": ticket.stage,
        "left_reason": ticket.left_reason,
        "prechecked": ticket.prechecked,
        "admission": ticket.admission,
        "missing": list(ticket.missing),
        "browser": ticket.browser,
        "reason": None if ticket.reason is None else ticket.reason.rule,
        "appointment": ticket.appointment,
        "returns_of": ticket.returns_of,
        "invitation": ticket.invitation,
        "issued_at": ticket.issued_at.isoformat(),
    }


def told_of_appointment(appointment: Any) -> dict[str, Any]:  # noqa: ANN401  (likewise)
    """Return what a journal contains about an appointment."""
    return {
        "state": appointment.state,
        "service": appointment.service,
        "starts_at": appointment.starts_at.astimezone(UTC).isoformat(),
        "ends_at": appointment.ends_at.astimezone(UTC).isoformat(),
        "count": appointment.count,
        "channel": appointment.channel,
        "applicant": appointment.applicant,
        "person": appointment.person,
        "holder": appointment.holder,
        "prechecked": appointment.prechecked,
        "invitation": appointment.invitation,
        "partner": appointment.partner,
        "place": appointment.place,
        "ticket": appointment.ticket,
        "sequence": appointment.sequence,
    }


if __name__ == "__main__":
    json.dump(written(a_day()), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
