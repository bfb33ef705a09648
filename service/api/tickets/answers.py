"""Response bodies of tickets."""

from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

from service.api.app_keys import SIGNER
from service.domain.calendar.times import stamp, stamp_or_none
from service.domain.model import Admission, Channel, HallId, LeftReason, Outcome, Texts, TicketClass, TicketState
from service.domain.view import OnDate, Stamp, TicketView, ticket_view
from service.journal.search import FoundTicket
from service.runtime.requests import Answer


class TicketListed(Struct, frozen=True, kw_only=True):
    """A ticket in a list. `counter` is the present counter of the person, `last_counter` the last one."""

    id: str
    code: str
    number: str
    day: OnDate
    service: str
    stage: str
    class_: TicketClass = msgspec.field(name="class")
    channel: Channel
    state: TicketState
    admission: Admission
    count: int
    counter: str | None
    last_counter: str | None
    calls: int
    queue_at: Stamp
    issued_at: Stamp
    called_at: Stamp | None
    started_at: Stamp | None
    finished_at: Stamp | None
    outcome: Outcome | None
    missing: list[str]
    due_on: OnDate | None
    left_reason: LeftReason | None
    prechecked: bool


class TicketList(Struct, frozen=True):
    """Tickets of a day, in the order of issue. `seq` is the day's, 0 before the day began."""

    items: list[TicketListed]
    next_cursor: str | None
    seq: int


class HallOfTicket(Struct, frozen=True):
    """The hall of a ticket."""

    hall: str


class Happening(Struct, frozen=True, kw_only=True):
    """An event of a ticket. `who` is the name of the account that acted, `words` describe the event."""

    seq: int
    at: str
    actor: str
    who: str | None
    kind: str
    words: Texts
    data: dict[str, Any]


class History(Struct, frozen=True):
    """The events of a ticket, oldest first."""

    items: list[Happening]
    next_cursor: str | None
    seq: int


def recorded_ticket_view(request: web.Request, hall: HallId, result: Answer, *, owner: bool) -> TicketView:
    """The ticket right after its command. A repeated request gets the same view."""
    assert result.done is not None, "every command on a ticket has an event"
    part = result.done.last
    assert part.ticket is not None, "the last event of the command is about the ticket"
    token = request.app[SIGNER].ticket_token(hall, part.ticket.id) if owner else None
    return ticket_view(result.day, part.ticket, part.at, token=token, seq=part.seq, live=False, staff=not owner)


def ticket_listed(found: FoundTicket) -> TicketListed:
    """A ticket as an item of a list."""
    return TicketListed(
        id=found.id,
        code=found.code,
        number=found.number,
        day=found.day.isoformat(),
        service=found.service,
        stage=found.stage,
        class_=TicketClass(found.class_),
        channel=Channel(found.channel),
        state=TicketState(found.state),
        admission=Admission(found.admission),
        count=found.count,
        counter=found.counter,
        last_counter=found.last_counter,
        calls=found.calls,
        queue_at=stamp(found.queue_at),
        issued_at=stamp(found.issued_at),
        called_at=stamp_or_none(found.called_at),
        started_at=stamp_or_none(found.started_at),
        finished_at=stamp_or_none(found.finished_at),
        outcome=None if found.outcome is None else Outcome(found.outcome),
        missing=found.missing,
        due_on=None if found.due_on is None else found.due_on.isoformat(),
        left_reason=None if found.left_reason is None else LeftReason(found.left_reason),
        prechecked=found.prechecked,
    )
