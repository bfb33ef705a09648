"""The table `outbox`: messages to send and their states.

Every update of a row names the state it expects and the claim. A sender draws a random `claim` for the messages that it
takes; an update with a different claim changes nothing. The unique key of a message is made of its source, so creating
the same message again has no effect.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy
from msgspec import Struct

from service.domain.model import AppointmentState, HallId, ServiceId
from service.journal.database import Database
from service.journal.records import record_of
from service.journal.sql_files import statements
from service.notify.model import REMINDERS, Facts, Kind, Message, MessageChannel, Person, State
from service.notify.rules import AppointmentUpdate, DayOpening, DueMessage, Postpone, day_opening_of
from service.primitives.ids import new_id

PACKAGE = "service.notify"

Writer: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

_encode = msgspec.json.Encoder().encode
_decode_facts = msgspec.json.Decoder(Facts).decode


class MessageSource(Struct, frozen=True):
    """The appointment or ticket of a message, and its applicant; `seq` is the seq of the causing event, 0 if none."""

    subject: str
    seq: int
    applicant: str
    facts: Facts


class NewMessage(Struct, frozen=True, kw_only=True):
    """A message to insert into the outbox."""

    id: str
    subject: str
    seq: int
    kind: Kind
    channel: MessageChannel
    applicant: str
    facts: Facts
    due_at: datetime
    expires_at: datetime


class Recipient(Struct, frozen=True):
    """Recipient of a message and the current state of its appointment or ticket.

    `person` is None if their data was erased. `closure_announced`: another message on the same channel has
    announced that the hall is closed at the time of the appointment.
    """

    person: Person | None
    appointment_state: str | None
    sequence: int | None
    ticket_state: str | None
    closure_announced: bool


AGES = ("minute", "ten_minutes", "hour", "longer")
"""Age classes of messages that are due and not sent: less than 1 minute, 10 minutes, 1 hour; longer."""


class OutboxEntry(Struct, frozen=True, kw_only=True):
    """A message as managers see it."""

    id: str
    day: date
    subject: str
    kind: Kind
    channel: MessageChannel
    state: State
    reason: str | None
    due_at: datetime
    changed_at: datetime
    tries: int


class Outbox:
    """Reads and changes the outbox. Every method raises the journal's `StorageUnavailable` without a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql: Mapping[str, str] = statements("outbox.sql", PACKAGE)

    # Creating messages.

    async def changed_days(self, halls: Iterable[HallId], from_on: date) -> list[tuple[HallId, date]]:
        """List the days from a date on that have events after their cursor."""
        rows = await self._database.fetch(self._sql["changed_days"], list(halls), from_on)
        return [(HallId(row["hall_id"]), row["day"]) for row in rows]

    async def lock_cursor(self, writer: Writer, hall: HallId, on: date) -> int | None:
        """Lock a day's cursor until the transaction ends; return its seq, None if another process holds it."""
        await writer.execute(self._sql["begin_cursor"], hall, on)
        held: int | None = await writer.fetchval(self._sql["lock_cursor"], hall, on)
        return held

    async def updates(self, writer: Writer, hall: HallId, on: date, seq: int) -> tuple[int, list[AppointmentUpdate]]:
        """Read the day's current seq and the updates of its appointments after `seq`, by seq."""
        rows = await writer.fetch(self._sql["updates"], hall, on, seq)
        assert rows, "a day with a cursor has a row"
        return rows[0]["day_seq"], [_update_of(row) for row in rows if row["appointment"] is not None]

    async def withdraw(
        self, writer: Writer, hall: HallId, on: date, updates: list[AppointmentUpdate], now_at: datetime
    ) -> None:
        """Withdraw the waiting messages of appointments that are older than their current update."""
        appointments, seqs = [update.appointment for update in updates], [update.seq for update in updates]
        await writer.execute(self._sql["withdraw"], hall, on, appointments, seqs, now_at)

    async def insert(self, writer: Writer, hall: HallId, on: date, news: list[NewMessage], now_at: datetime) -> int:
        """Insert messages for applicants with a contact for the channel; return how many are new."""
        return len(await writer.fetch(self._sql["insert"], hall, on, _encode(news).decode(), now_at))

    async def move_cursor(self, writer: Writer, hall: HallId, on: date, seq: int) -> None:
        """Record that a day was read up to `seq`."""
        await writer.execute(self._sql["move_cursor"], hall, on, seq)

    # Sending.

    async def halls_due(self, channel: MessageChannel, now_at: datetime) -> list[HallId]:
        """List the halls with messages due on a channel."""
        rows = await self._database.fetch(self._sql["halls_due"], now_at, channel)
        return [HallId(row["hall_id"]) for row in rows]

    async def claim(  # noqa: PLR0913  (the last ones by name)
        self,
        hall: HallId,
        claim: str,
        channel: MessageChannel,
        *,
        until_at: datetime,
        now_at: datetime,
        limit: int,
    ) -> list[Message]:
        """Claim due messages of a hall until an instant, the longest due first, at most `limit`."""
        rows = await self._database.fetch(self._sql["claim"], hall, claim, until_at, now_at, channel, limit)
        return [
            Message(
                hall=hall,
                id=str(row["id"]),
                day=row["day"],
                subject=str(row["subject"]),
                kind=Kind(row["kind"]),
                channel=channel,
                facts=_decode_facts(row["facts"]),
                tries=row["tries"] + 1,
            )
            for row in rows
        ]

    async def recipient(self, message: Message) -> Recipient | None:
        """Read the recipient of a message; None if the message was deleted."""
        rows = await self._database.fetch(self._sql["recipient"], message.hall, message.id)
        if not rows:
            return None
        row = rows[0]
        person = Person(name=row["name"], phone=row["phone"], email=row["email"], locale=row["locale"])
        return Recipient(
            person if row["found"] else None,
            row["appointment_state"],
            row["sequence"],
            row["ticket_state"],
            row["closure_announced"],
        )

    async def day_opening(self, message: Message) -> DayOpening:
        """Read when the hall is open on the day of a message.

        Raises:
            UnknownKind: a newer release wrote an event that this one cannot read.
        """
        rows = await self._database.fetch(self._sql["day_opening"], message.hall, message.day)
        return day_opening_of(record_of(row) for row in rows)

    async def postpone(self, message: Message, claim: str, wait: Postpone, now_at: datetime) -> None:
        """Postpone a claimed message and release its claim."""
        await self._database.fetch(
            self._sql["postpone"], message.hall, message.id, claim, wait.due_at, wait.expires_at, now_at
        )

    async def begin_delivery(self, message: Message, claim: str, until_at: datetime, now_at: datetime) -> bool:
        """Record that the delivery of a message begins; False if the claim was lost or the message was withdrawn."""
        facts = _encode(message.facts).decode()
        rows = await self._database.fetch(
            self._sql["begin_delivery"], message.hall, message.id, claim, until_at, facts, now_at
        )
        return bool(rows)

    async def record_result(  # noqa: PLR0913  (the last ones by name)
        self,
        message: Message,
        claim: str,
        state: State,
        *,
        reason: str | None,
        next_at: datetime | None,
        now_at: datetime,
    ) -> bool:
        """Record the result of a delivery; False if another sender has the message."""
        rows = await self._database.fetch(
            self._sql["record_result"], message.hall, message.id, claim, state, reason, next_at, now_at
        )
        return bool(rows)

    async def withdraw_claimed(self, message: Message, claim: str, reason: str, now_at: datetime) -> None:
        """Withdraw a claimed message whose delivery has not begun."""
        await self._database.fetch(self._sql["withdraw_claimed"], message.hall, message.id, claim, reason, now_at)

    async def delete_claimed(self, message: Message, claim: str) -> None:
        """Delete a claimed message whose recipient was erased or cannot be reached."""
        await self._database.fetch(self._sql["delete_claimed"], message.hall, message.id, claim)

    async def withdraw_expired(self, now_at: datetime) -> list[tuple[Kind, MessageChannel]]:
        """Withdraw expired messages of all channels; return the kind and channel of each."""
        rows = await self._database.fetch(self._sql["withdraw_expired"], now_at)
        return [(Kind(row["kind"]), MessageChannel(row["channel"])) for row in rows]

    async def recover_abandoned(self, now_at: datetime, tries_max: int) -> list[tuple[Kind, MessageChannel, State]]:
        """Recover deliveries whose lease has ended because their sender died; return the new state of each."""
        rows = await self._database.fetch(self._sql["recover_abandoned"], now_at, tries_max)
        return [(Kind(row["kind"]), MessageChannel(row["channel"]), State(row["state"])) for row in rows]

    async def count_overdue(self, channel: MessageChannel, now_at: datetime) -> dict[tuple[str, str], int]:
        """Count messages of a channel that are due and not sent, by channel and age class."""
        rows = await self._database.fetch(self._sql["count_overdue"], now_at, channel)
        found = {row["age"]: row["messages"] for row in rows}
        return {(channel, age): found.get(age, 0) for age in AGES}

    async def sweep(self, before_at: datetime, from_on: date) -> None:
        """Delete messages finished before an instant, and the cursors of days before a date."""
        await self._database.fetch(self._sql["sweep"], before_at)
        await self._database.fetch(self._sql["sweep_cursors"], from_on)

    # Managers.

    async def list(self, hall: HallId, state: State, after: str, limit: int) -> list[OutboxEntry]:
        """List messages of a hall in one state, oldest first, after the message with id `after`."""
        return [_entry_of(row) for row in await self._database.fetch(self._sql["list"], hall, state, after, limit)]

    async def get(self, writer: Writer, hall: HallId, message: str) -> OutboxEntry | None:
        """Read a message of a hall and lock its row until the transaction ends."""
        row = await writer.fetchrow(self._sql["get"], hall, message)
        return None if row is None else _entry_of(row)

    async def retry(self, writer: Writer, hall: HallId, message: str, now_at: datetime) -> OutboxEntry | None:
        """Set a dead message to waiting again; return it, None if it is not dead."""
        row = await writer.fetchrow(self._sql["retry"], hall, message, now_at)
        return None if row is None else _entry_of(row)


def new_messages(source: MessageSource, due: DueMessage, channels: Iterable[MessageChannel]) -> list[NewMessage]:
    """Build one message for each channel, each with a new id."""
    return [
        NewMessage(
            id=new_id(),
            subject=source.subject,
            seq=source.seq,
            kind=due.kind,
            channel=channel,
            applicant=source.applicant,
            facts=source.facts,
            due_at=due.due_at,
            expires_at=due.expires_at,
        )
        for channel in channels
    ]


def _update_of(row: asyncpg.Record) -> AppointmentUpdate:
    state = row["state"]
    return AppointmentUpdate(
        appointment=str(row["appointment"]),
        seq=row["seq"],
        first_at=row["first_at"],
        last_at=row["last_at"],
        kinds=frozenset(row["kinds"]),
        by=row["by"],
        state=None if state is None else AppointmentState(state),
        applicant=None if row["applicant_id"] is None else str(row["applicant_id"]),
        held=row["expires_at"] is not None,
        made_at=row["made_at"],
        facts=None
        if state is None
        else Facts(
            service=ServiceId(row["service"]),
            code=row["code"],
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
            count=row["count"],
            sequence=row["sequence"],
            by=row["by"],
            closed=row["closed"] == "true",
        ),
    )


def _entry_of(row: asyncpg.Record) -> OutboxEntry:
    kind = Kind(row["kind"])
    return OutboxEntry(
        id=str(row["id"]),
        day=row["day"],
        subject=str(row["subject"]),
        kind=Kind.CLOSED if kind in REMINDERS and _decode_facts(row["facts"]).closed else kind,
        channel=MessageChannel(row["channel"]),
        state=State(row["state"]),
        reason=row["reason"],
        due_at=row["due_at"],
        changed_at=row["changed_at"],
        tries=row["tries"],
    )
