"""The order of calls: which ticket is next, and how many tickets are ahead.

The ticket with the smallest queue time among the services that a counter serves is next. Ties are broken by check-in,
then by issue. Every answer costs one bisection, or one look at the front, for each line that competes: O(log n) of the
waiting tickets.

Source: DESIGN 6, "Next call: credit"; CONTRACT 5, `next` and `ahead`.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import merge

from service.domain.calendar.plan import Plan
from service.domain.day import Day
from service.domain.model import CallReason, Counter, Rule, Ticket, TicketClass
from service.domain.queue.waiting_lines import line_key_of, place_of


def reference_time(class_: TicketClass, came_at: datetime, slot_at: datetime | None) -> datetime:
    """Return the time from which the queue time is computed: check-in, or the later of check-in and slot."""
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
    """Return the queue time: reference time minus the credit of the class, but not before `floor_at`.

    Args:
        plan: the plan in force.
        class_: the class of the ticket.
        reference_at: the reference time (`reference_time`).
        floor_at: the earliest queue time that a return has set; None without a return.
        late_from_at: when the grace period of an appointment begins.
        raised: True for a walk-in that has waited too long, by its queue time. The credit is then subtracted from that
            queue time, even if a return has set it. A later return ends the raise.
    """
    credit = timedelta(seconds=credit_s(plan, class_, reference_at, late_from_at, raised=raised))
    if floor_at is None:
        return reference_at - credit
    return max(reference_at, floor_at) - credit if raised else max(reference_at - credit, floor_at)


def credit_s(
    plan: Plan, class_: TicketClass, reference_at: datetime, late_from_at: datetime | None, *, raised: bool = False
) -> int:
    """Return the credit in seconds: 0 for an appointment checked in later than `grace_s` after `late_from_at`.

    A raised walk-in has the largest credit of all classes, whatever its present class, so that nobody who came after it
    goes before it.
    """
    if raised:
        return largest_credit_s(plan)
    late = late_from_at is not None and reference_at > late_from_at + timedelta(seconds=plan.rules.grace_s)
    return 0 if late and class_ is TicketClass.APPOINTMENT else plan.credit_s(class_)


def largest_credit_s(plan: Plan) -> int:
    """Return the largest credit of any class, in seconds."""
    return max(plan.credit_s(class_) for class_ in TicketClass)


def overdue_walk_ins(day: Day, now_at: datetime, also: Ticket | None = None) -> Iterator[Ticket]:
    """Yield the walk-ins that the hall's rule for long waits raises now; nothing in a hall without this rule.

    Neither a suspension nor the time before a queue time set by a return counts as waiting. Tickets deferred on request
    are left out. `also` is the same as in `choose_next`.
    """
    max_wait_s = day.plan.rules.max_walk_in_wait_s
    if max_wait_s is None:
        return
    extra = () if also is None or not also.may_be_raised or not day.queue.is_in_line(also) else (also,)
    yield from (ticket for ticket in extra if day.unsuspended_s(ticket.queue_at, now_at) >= max_wait_s)
    for place in day.queue.raisable:
        if day.unsuspended_s(place.queue_at, now_at) < max_wait_s:
            return
        ticket = day.tickets[place.ticket]
        if day.queue.due_at(ticket) <= now_at:
            yield ticket


def choose_next(day: Day, counter: Counter, also: Ticket | None = None) -> tuple[Ticket, CallReason] | None:
    """Find the ticket that this counter calls next, and the reason.

    Args:
        day: the day, advanced to the present instant (`Day.advance_to`).
        counter: an open counter.
        also: a ticket that the same command sends back into the queue and that is not in a line yet.

    Returns:
        The ticket with the smallest place, and the reason. If no ticket is due: the earliest ticket of those who came
        before their appointment, then the first standby ticket. None if nobody waits for this counter.
    """
    lines = day.pools.lines_for(counter)
    fronts = [line.places[0] for line in lines if line.places]
    waiting = sum(len(line.places) for line in lines)
    if also is not None and day.queue.is_in_line(also) and day.pools.draws_from(counter, line_key_of(also)):
        fronts.append(place_of(also))
        waiting += 1
    if not fronts:
        for rule, tickets in ((Rule.EARLY, day.queue.early()), (Rule.STANDBY, day.queue.standby_due(also))):
            chosen = next((ticket for ticket in tickets if day.pools.draws_from(counter, line_key_of(ticket))), None)
            if chosen is not None:
                return chosen, call_reason(day.plan, chosen, ahead_of=0, rule=rule)
        return None
    place = min(fronts)
    chosen = also if also is not None and also.id == place.ticket else day.tickets[place.ticket]
    return chosen, call_reason(day.plan, chosen, ahead_of=waiting - 1)


def call_reason(
    plan: Plan, ticket: Ticket, *, ahead_of: int, code: str | None = None, rule: Rule = Rule.CREDIT
) -> CallReason:
    """Return the reason of a call. `code` is given when a clerk chose the ticket out of order."""
    return CallReason(
        rule=rule if code is None else Rule.CHOSEN,
        class_=ticket.class_,
        queue_at=ticket.queue_at,
        credit_s=credit_s(plan, ticket.class_, ticket.reference_at, ticket.late_from_at, raised=ticket.raised),
        ahead_of=ahead_of,
        code=code,
    )


def count_ahead(day: Day, ticket: Ticket) -> int:
    """Count the admitted tickets that are called before a waiting ticket: same stage, service with a shared counter."""
    place = place_of(ticket)
    return sum(line.places.bisect_left(place) for line in day.pools.pool_of(ticket.service, ticket.stage).lines)


def waiting_in_order(day: Day) -> Iterator[Ticket]:
    """Yield all waiting tickets in the order of calls, standby excluded. Deferred tickets stand at their place."""
    deferred = sorted(place_of(day.tickets[ticket]) for _, ticket in day.queue.deferred)
    for place in merge(deferred, *(line.places for line in day.queue.lines.values())):
        yield day.tickets[place.ticket]
