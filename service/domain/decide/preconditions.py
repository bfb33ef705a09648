"""Preconditions shared by several deciders. Each raises a refusal if it is not met."""

from datetime import datetime

from service.domain.admission.door import calls_begin_at, hall_closed, refuse_if_suspended
from service.domain.calendar.plan import Plan
from service.domain.day import Day
from service.domain.model import Counter, CounterState, Ticket, TicketState
from service.domain.refusals import BodyInvalid, CounterBusy, CounterClosed, WrongState


def require_state(ticket: Ticket, *states: TicketState) -> None:
    """Raise WrongState unless the ticket is in one of the states."""
    if ticket.state not in states:
        raise WrongState(ticket.state)


def require_free_counter(counter: Counter) -> None:
    """Raise CounterClosed unless the counter is open, CounterBusy if it has a person."""
    if counter.state is not CounterState.OPEN:
        raise CounterClosed
    if counter.ticket is not None:
        raise CounterBusy(counter.ticket)


def require_reason_code(plan: Plan, code: str) -> None:
    """Raise BodyInvalid unless the hall document has the reason code."""
    if code not in plan.reasons:
        raise BodyInvalid(("reason", "is not among the hall's reason codes"))


def require_paper_codes(plan: Plan, ticket: Ticket, missing: tuple[str, ...]) -> None:
    """Raise BodyInvalid unless each code is one of the hall's or of the papers of the ticket's service."""
    papers = plan.missing | set(plan.services[ticket.service].papers)
    for code in missing:
        if code not in papers:
            raise BodyInvalid(("missing", f"{code!r} is not among the hall's codes or the service's papers"))


def refuse_calls(day: Day, now_at: datetime) -> None:
    """Raise HallSuspended or HallClosed unless calls are made now: from the first opening until the day is closed."""
    refuse_if_suspended(day, now_at)
    from_at = calls_begin_at(day)
    if from_at is None or now_at < from_at:
        raise hall_closed(day, now_at)
