"""The outbox: what has to be sent, in a table.

Every change of a row says which state it leaves, and who has it in hand: `claim` is drawn by a sender for the messages
it takes, and a statement that meets another's claim changes nothing. Rows are made under the key of what they follow
from, so that making them again makes nothing.
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
    """What a message is about, and whom it is for; `seq` is that of the event it follows from, 0 for none."""

    subject: str
    seq: int
    applicant: str
    facts: Facts


class NewMessage(Struct, frozen=True, kw_only=True):
    """A message to be put into the outbox."""

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
    """Whom a message is for, None when they were erased, and how things are with what it is about.

    `told_closed`: another message has told them that the hall is closed at the time.
    """

    person: Person | None
    appointment_state: str | None
    sequence: int | None
    ticket_state: str | None
    told_closed: bool


AGES = ("minute", "ten_minutes", "hour", "longer")
"""How long messages are due that were not sent: for less than so long, or longer than that."""


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
    """Reads and changes the outbox. Everything here raises `StorageUnavailable` when PostgreSQL does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql: Mapping[str, str] = statements("outbox.sql", PACKAGE)

    # Gathering.

    async def moved(self, halls: Iterable[HallId], from_on: date) -> list[tuple[HallId, date]]:
        """The days from a date on that have gone on since they were read."""
        rows = await self._database.fetch(self._sql["moved"], list(halls), from_on)
        return [(HallId(row["hall_id"]), row["day"]) for row in rows]

    async def hold_cursor(self, writer: Writer, hall: HallId, on: date) -> int | None:
        """Hold a day's cursor until the transaction ends; None while another process does."""
        await writer.execute(self._sql["begin_cursor"], hall, on)
        held: int | None = await writer.fetchval(self._sql["hold_cursor"], hall, on)
        return held

    async def news(self, writer: Writer, hall: HallId, on: date, seq: int) -> tuple[int, list[AppointmentUpdate]]:
        """Where the day stands, and what happened to its appointments after a seq."""
        rows = await writer.fetch(self._sql["news"], hall, on, seq)
        assert rows, "a day that moved is there"
        return rows[0]["day_seq"], [_touched(row) for row in rows if row["appointment"] is not None]

    async def withdraw(
        self, writer: Writer, hall: HallId, on: date, touched: list[AppointmentUpdate], now_at: datetime
    ) -> None:
        """Take back what waits to be sent of some appointments from before they became what they are now."""
        appointments, seqs = [one.appointment for one in touched], [one.seq for one in touched]
        await writer.execute(self._sql["withdraw"], hall, on, appointments, seqs, now_at)

    async def put(self, writer: Writer, hall: HallId, on: date, news: list[NewMessage], now_at: datetime) -> int:
        """Put messages in, for those who can be reached; return how many are new."""
        return len(await writer.fetch(self._sql["put"], hall, on, _encode(news).decode(), now_at))

    async def move_cursor(self, writer: Writer, hall: HallId, on: date, seq: int) -> None:
        """Say how far a day was read."""
        await writer.execute(self._sql["move_cursor"], hall, on, seq)

    # Sending.

    async def halls_due(self, channel: MessageChannel, now_at: datetime) -> list[HallId]:
        """The halls that have something to send."""
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
        """Take messages that are due."""
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

    async def whom(self, message: Message) -> Recipient | None:
        """Whom a message is for; None when it is gone."""
        rows = await self._database.fetch(self._sql["whom"], message.hall, message.id)
        if not rows:
            return None
        row = rows[0]
        person = Person(name=row["name"], phone=row["phone"], email=row["email"], locale=row["locale"])
        return Recipient(
            person if row["found"] else None,
            row["appointment_state"],
            row["sequence"],
            row["ticket_state"],
            row["told_closed"],
        )

    async def opening(self, message: Message) -> DayOpening:
        """When the hall takes people on the day of a message. Raises UnknownKind."""
        rows = await self._database.fetch(self._sql["opening"], message.hall, message.day)
        return day_opening_of(record_of(row) for row in rows)

    async def put_off(self, message: Message, claim: str, wait: Postpone, now_at: datetime) -> None:
        """Let a message wait for a while longer."""
        await self._database.fetch(
            self._sql["put_off"], message.hall, message.id, claim, wait.due_at, wait.expires_at, now_at
        )

    async def hand_over(self, message: Message, claim: str, until_at: datetime, now_at: datetime) -> bool:
        """Say that a message is being handed over; False when it is not ours to send, or not true any more."""
        facts = _encode(message.facts).decode()
        rows = await self._database.fetch(
            self._sql["hand_over"], message.hall, message.id, claim, until_at, facts, now_at
        )
        return bool(rows)

    async def settle(  # noqa: PLR0913  (the last ones by name)
        self,
        message: Message,
        claim: str,
        state: State,
        *,
        reason: str | None,
        next_at: datetime | None,
        now_at: datetime,
    ) -> bool:
        """Say what came of a hand-over; False when somebody else has it in hand."""
        rows = await self._database.fetch(
            self._sql["settle"], message.hall, message.id, claim, state, reason, next_at, now_at
        )
        return bool(rows)

    async def give_up(self, message: Message, claim: str, reason: str, now_at: datetime) -> None:
        """Withdraw a message that was not handed over."""
        await self._database.fetch(self._sql["give_up"], message.hall, message.id, claim, reason, now_at)

    async def drop(self, message: Message, claim: str) -> None:
        """Remove a message whose person is gone."""
        await self._database.fetch(self._sql["drop"], message.hall, message.id, claim)

    async def late(self, now_at: datetime) -> list[tuple[Kind, MessageChannel]]:
        """Withdraw what is of no use any more."""
        rows = await self._database.fetch(self._sql["late"], now_at)
        return [(Kind(row["kind"]), MessageChannel(row["channel"])) for row in rows]

    async def abandoned(self, now_at: datetime, tries_max: int) -> list[tuple[Kind, MessageChannel, State]]:
        """Take up the hand-overs whose sender is gone."""
        rows = await self._database.fetch(self._sql["abandoned"], now_at, tries_max)
        return [(Kind(row["kind"]), MessageChannel(row["channel"]), State(row["state"])) for row in rows]

    async def waiting(self, channel: MessageChannel, now_at: datetime) -> dict[tuple[str, str], int]:
        """How many messages are due and not sent, by channel and age."""
        rows = await self._database.fetch(self._sql["waiting"], now_at, channel)
        found = {row["age"]: row["messages"] for row in rows}
        return {(channel, age): found.get(age, 0) for age in AGES}

    async def sweep(self, before_at: datetime, from_on: date) -> None:
        """Remove messages that ended before an instant, and the cursors of days before a date."""
        await self._database.fetch(self._sql["sweep"], before_at)
        await self._database.fetch(self._sql["sweep_cursors"], from_on)

    # Managers.

    async def list(self, hall: HallId, state: State, after: str, limit: int) -> list[OutboxEntry]:
        """Messages of a hall in a state, the oldest first, after one."""
        return [_listed(row) for row in await self._database.fetch(self._sql["list"], hall, state, after, limit)]

    async def get(self, writer: Writer, hall: HallId, message: str) -> OutboxEntry | None:
        """A message of a hall, held until the transaction ends."""
        row = await writer.fetchrow(self._sql["get"], hall, message)
        return None if row is None else _listed(row)

    async def retry(self, writer: Writer, hall: HallId, message: str, now_at: datetime) -> OutboxEntry | None:
        """Let a dead message wait again; None when it is not dead."""
        row = await writer.fetchrow(self._sql["retry"], hall, message, now_at)
        return None if row is None else _listed(row)


def new_messages(about: MessageSource, due: DueMessage, channels: Iterable[MessageChannel]) -> list[NewMessage]:
    """A message for each channel."""
    return [
        NewMessage(
            id=new_id(),
            subject=about.subject,
            seq=about.seq,
            kind=due.kind,
            channel=channel,
            applicant=about.applicant,
            facts=about.facts,
            due_at=due.due_at,
            expires_at=due.expires_at,
        )
        for channel in channels
    ]


def _touched(row: asyncpg.Record) -> AppointmentUpdate:
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


def _listed(row: asyncpg.Record) -> OutboxEntry:
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
