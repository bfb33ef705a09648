"""Who is next, and who is ahead.

The smallest queue time among the services a counter serves is next; ties go by check-in, then by issue. Every answer
costs one bisection, or one look at the front, per line that competes: O(log n) of the waiting.

Source: DESIGN 6, "Next call: credit"; CONTRACT 5, `next` and `count_ahead`.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import merge

from service.domain.calendar.plan import Plan
from service.domain.day import Day
from service.domain.model import CallReason, Counter, Rule, Ticket, TicketClass
from service.domain.queue.waiting_lines import line_key_of, place_of


def reference_time(class_: TicketClass, came_at: datetime, slot_at: datetime | None) -> datetime:
    """What a place is reckoned from: the check-in, and of an appointment not before its slot."""
    return came_at if slot_at is None or class_ is not TicketClass.APPOINTMENT else max(came_at, slot_at)


def queue_time(  # noqa: PLR0913  (the last one by name)
    plan: Plan,
    class_: TicketClass,
    reference_at: datetime,
    floor_at: datetime | None,
    late_from_at: datetime | None = None,
    *,
    raised: bool = False,
) -> datetime:
    """Reference time minus the class's credit, but not before the floor that a return has set.

    `late_from_at` is when the grace for an appointment begins. `raised` is a walk-in that has waited too long, by its
    queue time: from that, also where a return has set it, the credit is taken. A return after that ends it.
    """
    credit = timedelta(seconds=credit_s(plan, class_, reference_at, late_from_at, raised=raised))
    if floor_at is None:
        return reference_at - credit
    return max(reference_at, floor_at) - credit if raised else max(reference_at - credit, floor_at)


def credit_s(
    plan: Plan, class_: TicketClass, reference_at: datetime, late_from_at: datetime | None, *, raised: bool = False
) -> int:
    """The class's credit; an appointment has none when the person came later than `grace_s` after `late_from_at`.

    A walk-in that was raised has the largest there is, whatever its class is by now: so nobody goes before it who came
    after it.
    """
    if raised:
        return largest_credit_s(plan)
    late = late_from_at is not None and reference_at > late_from_at + timedelta(seconds=plan.rules.grace_s)
    return 0 if late and class_ is TicketClass.APPOINTMENT else plan.credit_s(class_)


def largest_credit_s(plan: Plan) -> int:
    """The largest credit that a class has."""
    return max(plan.credit_s(one) for one in TicketClass)


def overdue_walk_ins(day: Day, now_at: datetime, also: Ticket | None = None) -> Iterator[Ticket]:
    """The walk-ins that the hall's rule raises now, where it has one; but for who asked to be called later.

    Nobody waits longer for a suspension, nor for the time before the queue time that a return has set. `also` is as in
    `choose_next`.
    """
    most_s = day.plan.rules.max_walk_in_wait_s
    if most_s is None:
        return
    joins = () if also is None or not also.may_be_raised or not day.queue.is_in_line(also) else (also,)
    yield from (ticket for ticket in joins if day.unsuspended_s(ticket.queue_at, now_at) >= most_s)
    for place in day.queue.raisable:
        if day.unsuspended_s(place.queue_at, now_at) < most_s:
            return
        ticket = day.tickets[place.ticket]
        if day.queue.due_at(ticket) <= now_at:
            yield ticket


def choose_next(day: Day, counter: Counter, also: Ticket | None = None) -> tuple[Ticket, CallReason] | None:
    """Find the ticket this counter calls next, and why.

    Args:
        day: awake at the present instant (`Day.advance_to`).
        counter: an open counter.
        also: a ticket that the same command sends back into the queue, and that is not in a line yet.

    Returns:
        The ticket with the smallest place and the reason; when nobody is due, the earliest of those who came before
        their appointment, then the first on standby; None when nobody waits for this counter.
    """
    lines = day.pools.lines_for(counter)
    fronts = [line.places[0] for line in lines if line.places]
    waiting = sum(len(line.places) for line in lines)
    if also is not None and day.queue.is_in_line(also) and day.pools.draws_from(counter, line_key_of(also)):
        fronts.append(place_of(also))
        waiting += 1
    if not fronts:
        for rule, tickets in ((Rule.EARLY, day.queue.early()), (Rule.STANDBY, day.queue.standby_due(also))):
            rather = next((ticket for ticket in tickets if day.pools.draws_from(counter, line_key_of(ticket))), None)
            if rather is not None:
                return rather, call_reason(day.plan, rather, ahead_of=0, rule=rule)
        return None
    place = min(fronts)
    chosen = also if also is not None and also.id == place.ticket else day.tickets[place.ticket]
    return chosen, call_reason(day.plan, chosen, ahead_of=waiting - 1)


def call_reason(
    plan: Plan, ticket: Ticket, *, ahead_of: int, code: str | None = None, rule: Rule = Rule.CREDIT
) -> CallReason:
    """Say why a ticket is called; `code` is given when a clerk chose it out of order."""
    return CallReason(
        rule=rule if code is None else Rule.CHOSEN,
        class_=ticket.class_,
        queue_at=ticket.queue_at,
        credit_s=credit_s(plan, ticket.class_, ticket.reference_at, ticket.late_from_at, raised=ticket.raised),
        ahead_of=ahead_of,
        code=code,
    )


def count_ahead(day: Day, ticket: Ticket) -> int:
    """How many admitted tickets of the same stage, whose service shares a counter, are called before a waiting one."""
    place = place_of(ticket)
    return sum(line.places.bisect_left(place) for line in day.pools.pool_of(ticket.service, ticket.stage).lines)


def waiting_in_order(day: Day) -> Iterator[Ticket]:
    """All waiting tickets in the order of calls; those who are not due yet stand at their place."""
    sleeping = sorted(place_of(day.tickets[ticket]) for _, ticket in day.queue.deferred)
    for place in merge(sleeping, *(line.places for line in day.queue.lines.values())):
        yield day.tickets[place.ticket]
