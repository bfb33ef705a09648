"""Deciding about kiosks: the numbers one has in stock for when it is cut off, and how its printer is.

A kiosk leases numbers while it is connected, gives them out while it is not, and reports them afterwards. They have a
prefix of the kiosk's own, so that nobody else gives the same number meanwhile; the day chooses it, a letter that no
service and no other kiosk has, and counts its numbers as it counts those of every prefix. Who gets one stands in the
order of calls as if they had taken it then. What a kiosk has not given out by the end of the day is nobody's.

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
"""Numbers of one kiosk in a day: three digits, with room. One that loses its memory over and over leases no more."""

LETTERS = "ZYXWVUTSRQPNMLKJHGFEDCBA"
"""What prefixes of kiosks are made of, in the order they are tried: from the end, for services begin with A; no I and
no O, which people read as digits."""


def lease_numbers(day: Day, command: commands.LeaseNumbers, now_at: datetime) -> list[Event]:
    """Put the next numbers of the kiosk's prefix into its stock.

    Raises:
        HallClosed: the day was closed.
        LeaseLimit: the kiosk has had too many today.
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
    """A prefix that nothing of today has, nor had before the document changed."""
    taken = {service.prefix for service in day.plan.services.values()} | day.numbers.keys()
    return next(prefix for prefix in _prefixes() if prefix not in taken)


def _prefixes() -> Iterator[str]:
    for length in (1, 2, 3):
        yield from map("".join, product(LETTERS, repeat=length))


def report_ticket(day: Day, command: commands.ReportTicket, now_at: datetime) -> list[Event]:
    """Take over a number that a kiosk gave out; nothing where that was done before.

    The kiosk's clock is believed within what can be: not before the number was leased, nor before the one given out
    before it, nor later than now. The hall may be suspended or closed meanwhile: the person has the number. After the
    day was closed they leave unserved, as all who waited then, with a right to return.

    Raises:
        NumberNotLeased: it is not this kiosk's today, its code is another, or a later one was reported before.
        ServiceNotFound, OnlineOnly, BodyInvalid: nobody gets a number for this.
        HallClosed: the doors were shut when it was taken.
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
    """The leased number that a command names, and since when it is leased; None when there is none with this code."""
    digits = command.number.removeprefix(lease.prefix)
    number = int(digits) if digits.isdecimal() and as_said(lease.prefix, int(digits)) == command.number else 0
    slip = lease.slips.get(number)
    return (number, lease.leased_at[number]) if slip is not None and slip.code == command.code else (0, None)


def ticket_of(day: Day, device: str, number: str) -> TicketId:
    """The ticket of a number that a kiosk has leased."""
    lease = day.leases[device]
    return lease.slips[int(number.removeprefix(lease.prefix))].ticket


def number_in_stock(day: Day, ticket: TicketId) -> str | None:
    """The number of a ticket that a kiosk may give out, or has given out and not reported; None when none has it."""
    if ticket in day.tickets:
        return None
    stock = ((lease.prefix, number, slip) for lease in day.leases.values() for number, slip in lease.slips.items())
    return next((as_said(prefix, number) for prefix, number, slip in stock if slip.ticket == ticket), None)


def as_said(prefix: str, number: int) -> str:
    """A leased number as slips and screens say it."""
    return f"{prefix}{number:03d}"


def report_printer(day: Day, command: commands.ReportPrinter, _now_at: datetime) -> list[Event]:
    """Take over how a kiosk's printer is; nothing when that is known."""
    known: Printer | None = day.printers.get(command.device)
    if known is not None and known.state is command.state:
        return []
    return [events.PrinterReported(device=command.device, name=command.name, state=command.state)]


DECIDERS: dict[type[Any], Callable[[Day, Any, datetime], list[Event]]] = {
    commands.LeaseNumbers: lease_numbers,
    commands.ReportTicket: report_ticket,
    commands.ReportPrinter: report_printer,
}
