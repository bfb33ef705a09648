"""The waiting tickets of a day, indexed for calls, waits and admission.

Every index can be rebuilt from the tickets (`WaitingQueue.rebuild`):

* `lines`: tickets that may be called now, by kind, in the order of calls;
* `deferred`: tickets that must not be called before a certain time: on request, or because the person came before the
  appointment. `advance_to` moves a ticket into its line when its time has come;
* `standby`: tickets outside the order of calls, in the order of issue;
* `raisable`: places of tickets that the rule for long waits may still raise, in the order of calls. Empty in a hall
  without this rule;
* `follow_ons`: places of people in a line or at a counter who continue with another service (`then`), by follow-on;
* `counts`: number of waiting tickets by service and class, deferred and standby tickets included.
"""

from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from heapq import merge
from operator import attrgetter

from sortedcontainers import SortedList

from service.domain.calendar.plan import Plan
from service.domain.calendar.times import LONG_AGO
from service.domain.model import (
    Admission,
    Counter,
    CounterId,
    ServiceId,
    Ticket,
    TicketClass,
    TicketId,
    TicketState,
)
from service.domain.queue.counter_pools import CounterPools
from service.domain.queue.follow_on_services import FollowOn, follow_ons_of
from service.domain.queue.waiting_lines import Line, LineKey, Place, line_key_of, place_of


class WaitingQueue:
    """Indexes of a day's waiting tickets.

    `tickets` and `counters` are the dictionaries of the day and are only read here.
    """

    def __init__(self, tickets: Mapping[TicketId, Ticket], counters: Mapping[CounterId, Counter]) -> None:
        self._tickets = tickets
        self._counters = counters
        self._plan: Plan | None = None
        self._now_at = LONG_AGO
        self._pools: CounterPools | None = None
        self._clear()

    def _clear(self) -> None:
        self.lines: dict[LineKey, Line] = {}
        self.deferred: SortedList[tuple[datetime, TicketId]] = SortedList()
        self.standby: SortedList[tuple[int, TicketId]] = SortedList()
        self.raisable: SortedList[Place] = SortedList()
        self.follow_ons: dict[FollowOn, SortedList[Place]] = {}
        self.counts: Tally[tuple[ServiceId, TicketClass]] = Tally()
        self.forget_pools()

    def copy(self, tickets: Mapping[TicketId, Ticket], counters: Mapping[CounterId, Counter]) -> "WaitingQueue":
        """Return an independent queue over copies of the day's tickets and counters."""
        other = WaitingQueue(tickets, counters)
        other._plan = self._plan
        other._now_at = self._now_at
        other.lines = {key: line.copy() for key, line in self.lines.items()}
        other.deferred = SortedList(self.deferred)
        other.standby = SortedList(self.standby)
        other.raisable = SortedList(self.raisable)
        other.follow_ons = {follow_on: SortedList(places) for follow_on, places in self.follow_ons.items()}
        other.counts = Tally(self.counts)
        return other

    # The plan, counters and lines.

    @property
    def plan(self) -> Plan:
        """The plan in force, overtime included. The day must be opened."""
        assert self._plan is not None, "the first event of a day is day_opened"
        return self._plan

    def set_plan(self, plan: Plan) -> None:
        """Set the plan in force, overtime included."""
        self._plan = plan
        self.forget_pools()

    @property
    def pools(self) -> CounterPools:
        """The pools of counters and lines as they are now; a new object after each change of either."""
        if self._pools is None:
            self._pools = CounterPools(self.plan, self._counters, self.lines)
        return self._pools

    def forget_pools(self) -> None:
        """Drop the cached pools; they are made again on demand."""
        self._pools = None

    def update_service_times(self) -> None:
        """Recompute the expected service times of all lines, after a counter opened, closed or changed its services.

        An optional stage may then be skipped, or no longer be skipped.
        """
        for line in self.lines.values():
            line.mean_s, line.variance = self._service_time(line.key)

    def _line_for(self, ticket: Ticket) -> Line:
        key = line_key_of(ticket)
        line = self.lines.get(key)
        if line is None:
            line = self.lines[key] = Line(key, *self._service_time(key))
            self.forget_pools()
        return line

    def _service_time(self, key: LineKey) -> tuple[float, float]:
        """Return mean (seconds) and variance of the service time at the stage that calls a line's tickets now."""
        service = self.plan.services[key.service]
        stage = self.pools.calling_stage(key.service, key.stage)
        return (
            service.expected_s(stage, key.people, prechecked=key.prechecked),
            service.variance(stage, key.people, prechecked=key.prechecked),
        )

    # Due times.

    def advance_to(self, now_at: datetime) -> None:
        """Move the deferred tickets that are due at `now_at` into their lines.

        Time in a day only moves forward: an earlier `now_at` than in a former call changes nothing.
        """
        self._now_at = max(self._now_at, now_at)
        while self.deferred and self.deferred[0][0] <= self._now_at:
            ticket = self._tickets[self.deferred.pop(0)[1]]
            self._line_for(ticket).places.add(place_of(ticket))
            self._index_follow_ons(ticket)

    def due_at(self, ticket: Ticket) -> datetime:
        """Return when a waiting ticket may be called: from `not_before_at`, and when its appointment counts.

        This holds at every stage, also for a ticket that an idle counter called early and that waits again.
        """
        return max(ticket.not_before_at or LONG_AGO, self.appointment_counts_from(ticket))

    def appointment_counts_from(self, ticket: Ticket) -> datetime:
        """Return when a checked-in appointment starts to count: `early_s` before its slot. LONG_AGO if it has none."""
        if ticket.slot_at is None or ticket.class_ is not TicketClass.APPOINTMENT:
            return LONG_AGO
        return ticket.slot_at - timedelta(seconds=self.plan.rules.early_s)

    def is_deferred(self, ticket: Ticket) -> bool:
        """Tell whether a waiting ticket is not due yet, as of the last `advance_to`."""
        return self.due_at(ticket) > self._now_at

    def early(self) -> Iterator[Ticket]:
        """Yield the tickets deferred only because the person came before the appointment, by due time."""
        for _, ticket_id in self.deferred:
            ticket = self._tickets[ticket_id]
            if ticket.not_before_at is None or ticket.not_before_at <= self._now_at:
                yield ticket

    # Positions.

    def line_of(self, ticket: Ticket) -> Line | None:
        """Return the line of a ticket, or None if it may not be called now."""
        return self._line_for(ticket) if self.is_in_line(ticket) else None

    def is_in_line(self, ticket: Ticket) -> bool:
        """Tell whether a ticket may be called now: it waits, is not on standby and is due."""
        excluded = ticket.state is not TicketState.WAITING or ticket.admission is Admission.STANDBY
        return not excluded and not self.is_deferred(ticket)

    def is_present(self, ticket: Ticket) -> bool:
        """Tell whether a ticket is in a line or at a counter."""
        return ticket.counter is not None or self.is_in_line(ticket)

    def standby_before(self, n: int) -> Iterator[Ticket]:
        """Yield the standby tickets issued before the day's `n`-th ticket."""
        for _, ticket in self.standby.irange(maximum=(n, TicketId(""))):
            yield self._tickets[ticket]

    def standby_due(self, also: Ticket | None = None) -> Iterator[Ticket]:
        """Yield the standby tickets that are due, in the order of issue.

        Args:
            also: one more ticket, not in the queue; it is included if it is on standby.
        """
        extra = () if also is None or also.admission is not Admission.STANDBY else (also,)
        for ticket in merge((self._tickets[ticket_id] for _, ticket_id in self.standby), extra, key=attrgetter("n")):
            if not self.is_deferred(ticket):
                yield ticket

    # Changes.

    def replace(self, before: Ticket | None, after: Ticket) -> None:
        """Update the indexes when a ticket is new (`before` is None) or has a new value."""
        if before is not None:
            self._index_follow_ons(before, remove=True)
            if before.state is TicketState.WAITING:
                self._remove(before)
        self._insert(after)

    def rebuild(self) -> None:
        """Build all indexes from the day's tickets, after the plan changed."""
        self._clear()
        for ticket in self._tickets.values():
            self._insert(ticket)

    def _insert(self, ticket: Ticket) -> None:
        if ticket.state is TicketState.WAITING:
            self._add(ticket)
        self._index_follow_ons(ticket)

    def _index_follow_ons(self, ticket: Ticket, *, remove: bool = False) -> None:
        """Add or remove the follow-on services of a ticket that is in a line or at a counter."""
        if not ticket.then or not self.is_present(ticket):
            return
        for follow_on in follow_ons_of(self.plan, ticket):
            places = self.follow_ons.setdefault(follow_on, SortedList())
            if remove:
                places.remove(place_of(ticket))
            else:
                places.add(place_of(ticket))
            if not places:
                del self.follow_ons[follow_on]

    def _is_raisable(self, ticket: Ticket) -> bool:
        if self.plan.rules.max_walk_in_wait_s is None or ticket.admission is Admission.STANDBY:
            return False
        return ticket.may_be_raised

    def _add(self, ticket: Ticket) -> None:
        self.counts[ticket.service, ticket.class_] += 1
        if self._is_raisable(ticket):
            self.raisable.add(place_of(ticket))
        if ticket.admission is Admission.STANDBY:
            self.standby.add((ticket.n, ticket.id))
        elif self.is_deferred(ticket):
            self.deferred.add((self.due_at(ticket), ticket.id))
        else:
            self._line_for(ticket).places.add(place_of(ticket))

    def _remove(self, ticket: Ticket) -> None:
        self.counts[ticket.service, ticket.class_] -= 1
        if self._is_raisable(ticket):
            self.raisable.remove(place_of(ticket))
        if ticket.admission is Admission.STANDBY:
            self.standby.remove((ticket.n, ticket.id))
        elif self.is_deferred(ticket):
            self.deferred.remove((self.due_at(ticket), ticket.id))
        else:
            self._line_for(ticket).places.remove(place_of(ticket))
