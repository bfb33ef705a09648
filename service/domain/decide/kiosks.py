"""Decide about kiosks: their stock of numbers for offline use, and their printers.

A kiosk leases numbers while it is connected, issues them while it is offline, and reports them afterwards. Each kiosk
has a prefix of its own, so that no number is issued twice. The day chooses the prefix among those that no service and
no other kiosk has. A reported ticket gets the place in the queue of the time it was issued. Leased numbers that are
not issued by the end of the day are void.

Source: docs/explanation/rules-of-the-hall.md, rule 25.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import product
from typing import Any

from service.domain import commands, events
from service.domain.admission.door import Reported, check_count, hall_closed, in_person_service, issue
from service.domain.day import Day
from service.domain.events import Event
from service.domain.model import Channel, Lease, Printer, TicketClass, TicketId
from service.domain.refusals import LeaseLimit, NumberNotLeased

LEASED_MAX = 900
"""Numbers one kiosk may lease per day: three digits, with a margin. It also limits a kiosk that loses its memory."""

LETTERS = "ZYXWVUTSRQPNMLKJHGFEDCBA"
"""Letters for kiosk prefixes, in the order they are tried. Services use letters from A on, so this starts at the end.
I and O are left out because they look like digits.
"""


def lease_numbers(day: Day, command: commands.LeaseNumbers, now_at: datetime) -> list[Event]:
    """Lease the next numbers of the kiosk's prefix to it.

    Raises:
        HallClosed: the day has been closed.
        LeaseLimit: the kiosk has leased too many numbers today.
    """
    if day.closed:
        raise hall_closed(day, now_at)
    lease = day.leases.get(command.device)
    if len(command.slips) + (0 if lease is None else len(lease.slips)) > LEASED_MAX:
        raise LeaseLimit
    prefix = _free_prefix(day) if lease is None else lease.prefix
    first = day.numbers.get(prefix, 0) + 1
    return [events.NumbersLeased(device=command.device, prefix=prefix, first=first, slips=command.slips)]


def _free_prefix(day: Day) -> str:
    """Return the first prefix that has not been used today, also not before a change of the document."""
    taken = {service.prefix for service in day.plan.services.values()} | day.numbers.keys()
    return next(prefix for prefix in _prefixes() if prefix not in taken)


def _prefixes() -> Iterator[str]:
    for length in (1, 2, 3):
        yield from map("".join, product(LETTERS, repeat=length))


def report_ticket(day: Day, command: commands.ReportTicket, now_at: datetime) -> list[Event]:
    """Add a ticket that a kiosk issued offline. Returns no event if the ticket is already known.

    The kiosk's time is limited to the range between the lease, or the last reported ticket, and now. The ticket is
    accepted while the hall is suspended or closed. After the day was closed it leaves unserved, with a right to return.

    Raises:
        NumberNotLeased: the number is not leased to this kiosk today, its code differs, or a later one was reported.
        ServiceNotFound, OnlineOnly, BodyInvalid: no ticket can be issued for this service or number of people.
        HallClosed: the doors were closed when the ticket was issued.
    """
    lease = day.leases.get(command.device)
    number, leased_at = (0, None) if lease is None else _number_of(lease, command)
    if lease is None or leased_at is None:
        raise NumberNotLeased
    slip = lease.slips[number]
    if slip.ticket in day.tickets:
        return []
    if number <= lease.last:
        raise NumberNotLeased
    service = in_person_service(day, command.service)
    check_count(service, command.count)
    taken_at = min(max(command.issued_at, leased_at, lease.last_at or leased_at), now_at)
    if not day.plan.doors_open_at(taken_at):
        raise hall_closed(day, now_at)
    return [
        issue(
            day,
            now_at,
            ticket=slip.ticket,
            code=slip.code,
            service=service,
            class_=TicketClass.WALK_IN,
            channel=Channel.KIOSK,
            count=command.count,
            admission=day.admission_at(taken_at),
            reported=Reported(command.device, command.number, taken_at),
        )
    ]


def _number_of(lease: Lease, command: commands.ReportTicket) -> tuple[int, datetime | None]:
    """Return the leased number that a command names, and when it was leased; `(0, None)` if number or code is wrong."""
    digits = command.number.removeprefix(lease.prefix)
    number = int(digits) if digits.isdecimal() and format_number(lease.prefix, int(digits)) == command.number else 0
    slip = lease.slips.get(number)
    return (number, lease.leased_at[number]) if slip is not None and slip.code == command.code else (0, None)


def leased_ticket(day: Day, device: str, number: str) -> TicketId:
    """Return the ticket id of a number leased to a kiosk."""
    lease = day.leases[device]
    return lease.slips[int(number.removeprefix(lease.prefix))].ticket


def unreported_number(day: Day, ticket: TicketId) -> str | None:
    """Return the leased number of a ticket that has not been reported yet; None if there is no such number."""
    if ticket in day.tickets:
        return None
    stock = ((lease.prefix, number, slip) for lease in day.leases.values() for number, slip in lease.slips.items())
    return next((format_number(prefix, number) for prefix, number, slip in stock if slip.ticket == ticket), None)


def format_number(prefix: str, number: int) -> str:
    """Format a leased number as it is printed and shown."""
    return f"{prefix}{number:03d}"


def report_printer(day: Day, command: commands.ReportPrinter, _now_at: datetime) -> list[Event]:
    """Record the state of a kiosk's printer. Returns no event if the state is unchanged."""
    known: Printer | None = day.printers.get(command.device)
    if known is not None and known.state is command.state:
        return []
    return [events.PrinterReported(device=command.device, name=command.name, state=command.state)]


DECIDERS: dict[type[Any], Callable[[Day, Any, datetime], list[Event]]] = {
    commands.LeaseNumbers: lease_numbers,
    commands.ReportTicket: report_ticket,
    commands.ReportPrinter: report_printer,
}
