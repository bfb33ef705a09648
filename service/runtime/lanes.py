"""Requests to a hall: find the day that a command or a read belongs to.

**Commands at midnight.** A command for a day that has ended goes once to the next day. So does a command for a day that
can never begin because a later one has begun. This is right for commands that mean the same on the next day: a number,
an opened counter, a notice, an alarm, a suspension until an instant. It is harmless for commands that cannot succeed
there: tickets belong to one day, counters are closed in the morning, overtime ends at an instant.

A command that would do harm on another day is sent to one date only: closing the day (`do_only_on`), its plan
(`follow_document_now`), its end, and bookings (`do_on`).

Source: JOURNAL 3 (keys of the day before), 6 (time and days).
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial

from msgspec import UNSET
from msgspec.structs import replace

from service.domain.calendar.local_times import span_of
from service.domain.commands import ChangeAppointment, Command, SweepAppointments
from service.domain.day import Day
from service.domain.events import Record
from service.domain.model import AppointmentId, HallId, TicketId
from service.domain.refusals import (
    AlreadyBooked,
    AppointmentNotFound,
    Busy,
    DayHasEnded,
    SlotNotOffered,
    TicketNotFound,
    WrongDay,
    WrongState,
)
from service.journal.read import TicketPlace
from service.runtime.hall import Hall
from service.runtime.lane import Lane
from service.runtime.plan_updates import PlanUpdates
from service.runtime.requests import Answer, Request, RequestKey, earlier_answer

LOOKUPS_MAX = 3
"""How often the date of an appointment is looked up if the appointment moves to another day at the same time."""


class Lanes(PlanUpdates):
    """All days of all halls in this process."""

    async def do(self, hall_id: HallId, request: Request) -> Answer:
        """Carry out a request on the hall's present day.

        Raises:
            Refusal: the rules, or the state of the service, do not allow it.
        """
        hall = await self._halls.get(hall_id)
        on = hall.day_at(self._clock.now_at())
        try:
            try:
                return await (await self.lane(hall, on)).do(request)
            except DayHasEnded:
                following = on + timedelta(days=1)
                # the clock of the process that ended the day is ahead of this one: the next day has begun by it
                begun_at = max(request.now_at, span_of(hall.document, following)[0])
                return await (await self.lane(hall, following)).do(replace(request, now_at=begun_at))
        except TicketNotFound:
            ticket = getattr(request.command, "ticket", None)
            found = None if ticket is None else await self._find_ticket(hall_id, ticket)
            if found is None:
                raise
            raise WrongState(found.state) from None  # the ticket belongs to a day that has ended

    async def do_only_on(self, hall_id: HallId, on: date, request: Request) -> Answer:
        """Carry out a request for one date, on no other day.

        An idempotency key that was used on another day gets the answer of that day.

        Raises:
            DayHasEnded: the day is over, or it never began.
            WrongDay: the day has not begun.
            Refusal: the rules, or the state of the service, do not allow it.
        """
        known = await self.find_earlier_answer(hall_id, request, on)
        if known is not None:
            return known
        hall = await self._halls.get(hall_id)
        today = hall.day_at(self._clock.now_at())
        if on != today and not await self._read(self._journal.begun(hall_id, on)):
            raise DayHasEnded if on < today else WrongDay(on.isoformat())
        return await (await self.lane(hall, on)).do(request)

    async def do_on(self, hall_id: HallId, on: date, request: Request, *, key_checked: bool = False) -> Answer:
        """Carry out a request on a day of the hall, which may be in the past, today, or ahead and not opened yet.

        An idempotency key that was used on another day gets the answer of that day. If the appointment has moved to
        another day, the request goes to that day, unless it sets a time on `on`; then
        `service.booking.rescheduling` moves it back.
        Expired bookings of the person on other days do not count for the limit per person.

        Args:
            hall_id: the hall.
            on: the date.
            request: the request.
            key_checked: `find_earlier_answer` was called for the key a moment ago. If another process has used the key
                since, the day finds that out itself.

        Raises:
            AppointmentNotFound: no day has it, or it is on another day and the command sets a time on this one.
            Busy: the appointment keeps moving between days, or the service is stopping.
            SlotNotOffered: the day is further ahead than the hall takes bookings.
            DayHasEnded: the day is over, or it never began.
            Refusal: the rules, or the state of the service, do not allow it.
        """
        attempt = partial(self._do_on, hall_id, on, request, key_checked=key_checked)
        return await self.retry_without_expired(hall_id, request, attempt)

    async def _do_on(self, hall_id: HallId, on: date, request: Request, *, key_checked: bool) -> Answer:
        known = None if key_checked else await self.find_earlier_answer(hall_id, request, on)
        if known is not None:
            return known
        for _ in range(LOOKUPS_MAX):
            try:
                return await (await self.lane_on(hall_id, on)).do(request)
            except AppointmentNotFound:
                appointment = getattr(request.command, "appointment", None)
                found_on = None if appointment is None else await self.date_of_appointment(hall_id, appointment)
                if found_on is None or (found_on != on and _sets_a_time(request.command)):
                    raise
                on = found_on  # the same date again, if the appointment came back between the two lookups
        raise Busy

    async def retry_without_expired(
        self, hall_id: HallId, request: Request, attempt: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """Call `attempt`; if the person has too many bookings, record those that have expired and call it once more.

        A day knows by its clock which of its own bookings have expired. For another day they count as long as that day
        has not recorded the expiry. After the second call the limit is what the table says, even if another process
        books for the same person.

        Raises:
            Refusal: as `attempt`.
        """
        try:
            return await attempt()
        except AlreadyBooked:
            person, now_at = getattr(request.command, "person", None), self._clock.now_at()
            if not isinstance(person, str):
                raise
            days = await self._read(self._journal.days_with_expired_bookings(hall_id, person, now_at))
            if not days:
                raise
        hall = await self._halls.get(hall_id)
        for on in days:
            with suppress(DayHasEnded):  # the day has recorded its expired bookings
                await (await self.opened_lane(hall, on)).do(self._system_request(SweepAppointments()))
        return await attempt()

    async def lane_on(self, hall_id: HallId, on: date) -> Lane:
        """Return the lane of a day for bookings; open the day if it is ahead. Raises as `do_on`."""
        hall = await self._halls.get(hall_id)
        today = hall.day_at(self._clock.now_at())
        if on == today:
            return await self.lane(hall, on)
        beyond = on > today + timedelta(days=hall.document.booking.horizon_days)
        if (beyond or on < today) and await self._read(self._journal.begun(hall.id, on)) is None:
            raise SlotNotOffered if beyond else DayHasEnded
        return await self.opened_lane(hall, on)

    async def day_on(self, hall_id: HallId, on: date, *, now: bool = False) -> Day:
        """Return a day of the hall, see `Lane.fresh`; open the day if it is ahead. Raises as `do_on`."""
        return await (await self.lane_on(hall_id, on)).fresh(now=now)

    async def day_of_appointment(self, hall_id: HallId, appointment: AppointmentId) -> Day:
        """Return the day of an appointment.

        Raises:
            AppointmentNotFound: no day of this hall has it.
            StorageUnavailable: the database cannot be reached.
        """
        hall = await self._halls.get(hall_id)
        for _ in range(LOOKUPS_MAX):
            on = await self.date_of_appointment(hall_id, appointment)
            if on is None:
                break
            lane = await self.opened_lane(hall, on)
            for now in (False, True):
                day = await lane.fresh(now=now)
                if appointment in day.appointments:
                    return day
        raise AppointmentNotFound

    async def days_with_expired_holds(self, now_at: datetime) -> list[tuple[HallId, date]]:
        """Return the days, of all halls, with holds that have expired but are still held. Raises StorageUnavailable."""
        return await self._read(self._journal.days_with_expired_holds(now_at))

    async def date_of_appointment(self, hall_id: HallId, appointment: AppointmentId) -> date | None:
        """Return the date of an appointment; `None` if the hall does not have it. Raises StorageUnavailable."""
        return await self._read(self._journal.find_appointment(hall_id, appointment))

    async def find_earlier_answer(self, hall_id: HallId, key: RequestKey, on: date | None = None) -> Answer | None:
        """Return the answer given earlier to an idempotency key; `None` for a new key, or without a key.

        Keys are valid until the end of the next day, so the results of today and yesterday are searched, whichever day
        they are about. If no day in memory knows the key, the journal is searched: another process may have used it.

        Args:
            hall_id: the hall.
            key: the idempotency key of the request.
            on: the day to prefer if the command was carried out on two days; today by default.

        Raises:
            KeyReused: the key belongs to another request.
            StorageUnavailable: the database cannot be reached.
        """
        if key.fingerprint is None:
            return None
        hall = await self._halls.get(hall_id)
        today = hall.day_at(self._clock.now_at())
        preferred = on or today
        day = self.in_memory(hall_id, preferred)
        known_on = None if day is None else _date_of_result(day, key)
        if known_on is None:
            yesterday = today - timedelta(days=1)
            known_on = await self._read(self._journal.day_of_command(hall_id, yesterday, key.command_id, preferred))
        return None if known_on is None else await self._answer_of(hall, known_on, key)

    async def find_answer_of_today(self, hall_id: HallId, key: RequestKey) -> Answer | None:
        """Return the answer that the present day knows for an idempotency key; the journal is not searched.

        The day may be `FRESH_FOR_S` behind (`Lane.fresh`). Raises as `find_earlier_answer`.
        """
        day = await self.day(hall_id)
        known_on = _date_of_result(day, key)
        return None if known_on is None else await self._answer_of(await self._halls.get(hall_id), known_on, key)

    async def _answer_of(self, hall: Hall, on: date, key: RequestKey) -> Answer | None:
        lane = await self.opened_lane(hall, on)
        return earlier_answer(await lane.fresh(), key) or earlier_answer(await lane.fresh(now=True), key)

    async def day(self, hall_id: HallId, *, now: bool = False) -> Day:
        """Return the hall's present day; see `Lane.fresh`. Raises HallNotFound, StorageUnavailable."""
        hall = await self._halls.get(hall_id)
        on = hall.day_at(self._clock.now_at())
        try:
            lane = await self.lane(hall, on)
        except DayHasEnded:
            lane = await self.lane(hall, on + timedelta(days=1))
        day = await lane.fresh(now=now)
        if not lane.begun:  # `fresh` has found an earlier copy of the journal
            await self.begin_again(lane)
            day = await lane.fresh(now=now)
        return day

    async def day_if_begun(self, hall: Hall) -> Day | None:
        """Return the hall's present day; `None` if it has not begun. Raises StorageUnavailable, Busy."""
        on = hall.day_at(self._clock.now_at())
        lane = self._lanes.get((hall.id, on))
        begun = lane is not None and lane.begun and not lane.gone
        if not begun and not await self._read(self._journal.begun(hall.id, on)):
            return None
        return await (await self.lane(hall, on)).fresh()

    async def day_of_ticket(self, hall_id: HallId, ticket: TicketId) -> Day:
        """Return the day of a ticket: today, or an earlier day.

        Raises:
            TicketNotFound: no day of this hall has it.
            StorageUnavailable: the database cannot be reached.
        """
        day = await self.day(hall_id)
        if ticket in day.tickets:
            return day
        day = await self.day(hall_id, now=True)
        if ticket in day.tickets:
            return day
        found = await self._find_ticket(hall_id, ticket)
        if found is None:
            raise TicketNotFound
        hall = await self._halls.get(hall_id)
        return await (await self.opened_lane(hall, found.day)).fresh()

    async def records_of_ticket(self, day: Day, ticket: TicketId, *, after_seq: int, limit: int) -> list[Record]:
        """Return the events of a ticket after event `after_seq` of its day, in order. Raises StorageUnavailable."""
        return await self._read(
            self._journal.records_of_ticket(day.hall, day.on, ticket, after_seq=after_seq, limit=limit)
        )

    async def _find_ticket(self, hall_id: HallId, ticket: TicketId) -> TicketPlace | None:
        return await self._read(self._journal.find_ticket(hall_id, ticket))


def _date_of_result(day: Day, key: RequestKey) -> date | None:
    """Return the date on which a keyed command was carried out: this day or the day before, as far as it knows."""
    if key.command_id in day.results:
        return day.on
    return day.on - timedelta(days=1) if key.command_id in day.results_yesterday else None


def _sets_a_time(command: Command) -> bool:
    """Tell whether the command sets the start of an appointment; then it is meant for the day of that start only."""
    return isinstance(command, ChangeAppointment) and command.starts_at is not UNSET
