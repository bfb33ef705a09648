"""Write events of appointments to a journal as the lanes do, without applying the rules."""

from datetime import date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from service.clock import FakeClock
from service.domain.calendar.day_plan import plan_of
from service.domain.day import Day
from service.domain.events import (
    AppointmentCancelled,
    AppointmentChanged,
    AppointmentCheckedIn,
    AppointmentConfirmed,
    AppointmentExpired,
    AppointmentMade,
    AppointmentMissed,
    AppointmentMovedAway,
    DayOpened,
    Event,
    PlanChanged,
    Record,
)
from service.domain.evolve.evolve import evolve
from service.domain.hall.document import ExceptionDay, HallDocument
from service.domain.model import (
    Appointment,
    AppointmentId,
    AppointmentState,
    CancelledBy,
    Channel,
    HallId,
    ServiceId,
    TicketId,
)
from service.journal.append import Appender
from service.journal.database import Database
from service.journal.values import Append, Applicant, Committed
from service.primitives.ids import APPOINTMENT_CODE_STARTS, new_code, new_id

LASTS = timedelta(minutes=5)
NAME, EMAIL, PHONE = "王芳", "wang.fang@home.example", "+8613800138000"

_places = count(1)


class Story:
    """Writes events of one hall, and returns the appointments after them."""

    def __init__(self, database: Database, hall: HallId, document: HallDocument, clock: FakeClock) -> None:
        self.database = database
        self.hall = hall
        self.document = document
        self.clock = clock
        self.appender = Appender(database)
        self.days: dict[date, Day] = {}
        self.revision = 1
        self._heads: dict[date, str] = {}

    def on(self, at: datetime) -> date:
        """Return the hall's date at an instant."""
        return at.astimezone(ZoneInfo(self.document.time_zone)).date()

    async def person(
        self,
        *,
        name: str | None = NAME,
        email: str | None = EMAIL,
        phone: str | None = None,
        locale: str | None = None,
    ) -> Applicant:
        """Build an applicant with contacts; it is inserted into the database with the booking."""
        return Applicant(id=new_id(), name=name, email=email, phone=phone, locale=locale)

    async def book(
        self, starts_at: datetime, person: Applicant | None, *, hold: bool = False, count: int = 1
    ) -> Appointment:
        """Book an appointment, or hold a place."""
        return await self._made(
            Appointment(
                id=AppointmentId(new_id()),
                n=0,
                code=new_code(APPOINTMENT_CODE_STARTS),
                service=ServiceId("loan-first"),
                starts_at=starts_at,
                ends_at=starts_at + LASTS,
                state=AppointmentState.HELD if hold else AppointmentState.BOOKED,
                count=count,
                channel=Channel.WEB,
                applicant=None if person is None else person.id,
                expires_at=self.clock.now_at() + timedelta(minutes=10) if hold else None,
                place=1,
                places=1,
                per_person=1,
                made_at=self.clock.now_at(),
            ),
            [] if person is None else [person],
        )

    async def confirm(self, one: Appointment, person: Applicant) -> Appointment:
        """Confirm a hold."""
        event = AppointmentConfirmed(appointment=one.id, applicant=person.id, person=None)
        return await self._touch(one, event, [person])

    async def move(self, one: Appointment, starts_at: datetime) -> Appointment:
        """Move an appointment to another time of the same or another day."""
        if self.on(starts_at) == self.on(one.starts_at):
            return await self._touch(one, self._changed(one, starts_at, one.applicant))
        await self.moved_away(one, starts_at)
        return await self.taken_over(one, starts_at)

    async def moved_away(self, one: Appointment, starts_at: datetime) -> None:
        """Write the first half of a move to another day, to the old day."""
        event = AppointmentMovedAway(appointment=one.id, to_on=self.on(starts_at))
        await self.write(self.on(one.starts_at), event)

    async def taken_over(self, one: Appointment, starts_at: datetime) -> Appointment:
        """Write the second half of the move, to the new day."""
        return await self._made(
            replace(one, starts_at=starts_at, ends_at=starts_at + LASTS, sequence=one.sequence + 1), []
        )

    async def give_to(self, one: Appointment, person: Applicant) -> Appointment:
        """Assign an appointment to another applicant."""
        return await self._touch(one, self._changed(one, one.starts_at, person.id), [person])

    async def cancel(
        self, one: Appointment, by: CancelledBy = CancelledBy.SELF, *, closed: bool = False
    ) -> Appointment:
        """Cancel an appointment."""
        return await self._touch(one, AppointmentCancelled(appointment=one.id, by=by, closed=closed))

    async def plan(self, on: date, *exceptions: ExceptionDay) -> None:
        """Replace the exceptions in the hall's document, and the plan of the day."""
        self.revision += 1
        document = replace(self.document, exceptions=list(exceptions))
        await self.write(on, PlanChanged(plan=plan_of(document, self.revision, on)))

    async def expire(self, one: Appointment) -> Appointment:
        """Let a hold expire."""
        return await self._touch(one, AppointmentExpired(appointment=one.id))

    async def miss(self, one: Appointment) -> Appointment:
        """Mark an appointment as missed."""
        return await self._touch(one, AppointmentMissed(appointment=one.id))

    async def check_in(self, one: Appointment) -> Appointment:
        """Check an appointment in, without writing the ticket."""
        return await self._touch(one, AppointmentCheckedIn(appointment=one.id, ticket=TicketId(new_id())))

    async def write(self, on: date, *events: Event, applicants: list[Applicant] | None = None) -> Day:
        """Append events to a day; open the day first if necessary."""
        day = self.days.get(on) or await self._open(on)
        records = [
            Record(day.seq + nth, self.clock.now_at(), "tester", new_id(), 0, None, event)
            for nth, event in enumerate(events, 1)
        ]
        seq = day.seq
        for record in records:
            evolve(day, record)
        ids = {one for event in events if (one := getattr(event, "appointment", None)) is not None}
        append = Append(
            hall=self.hall,
            day=on,
            seq=seq,
            head=self._heads[on],
            append_id=new_id(),
            records=records,
            appointments=[day.appointments[one] for one in ids if one in day.appointments],
            applicants=applicants or [],
        )
        assert isinstance(await self.appender.append(append), Committed)
        self._heads[on] = append.append_id
        return day

    async def _open(self, on: date) -> Day:
        self._heads[on] = new_id()
        opened: list[Record] = []

        def first(document: HallDocument, revision: int) -> Record:
            event = DayOpened(plan=plan_of(document, revision, on))
            opened.append(Record(1, self.clock.now_at(), "tester", new_id(), 0, None, event))
            return opened[0]

        assert await self.appender.open_day(self.hall, on, self._heads[on], first, begins=False)
        self.days[on] = evolve(Day(self.hall, on), opened[0])
        return self.days[on]

    async def _made(self, one: Appointment, applicants: list[Applicant]) -> Appointment:
        place = next(_places)
        event = AppointmentMade(
            appointment=one.id,
            n=place,
            code=one.code,
            service=one.service,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            state=one.state,
            count=one.count,
            channel=one.channel,
            expires_at=one.expires_at,
            applicant=one.applicant,
            place=place,
            places=place,
            per_person=1,
            made_at=one.made_at if one.sequence else None,
            sequence=one.sequence,
        )
        return (await self.write(self.on(one.starts_at), event, applicants=applicants)).appointments[one.id]

    def _changed(self, one: Appointment, starts_at: datetime, applicant: str | None) -> AppointmentChanged:
        place = next(_places)
        return AppointmentChanged(
            appointment=one.id,
            starts_at=starts_at,
            ends_at=starts_at + LASTS,
            count=one.count,
            applicant=applicant,
            person=None,
            place=place,
            places=place,
        )

    async def _touch(self, one: Appointment, event: Event, applicants: list[Applicant] | None = None) -> Appointment:
        day = await self.write(self.on(one.starts_at), event, applicants=applicants)
        return day.appointments[one.id]
