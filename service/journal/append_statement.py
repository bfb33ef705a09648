"""The statement that appends: its arguments, its execution, and the meaning of a rejection by the database."""

import re
from datetime import datetime

import asyncpg
import msgspec

from service.domain.model import LIVE
from service.journal.database import Connection, run_to_end, with_stuck_limit
from service.journal.faults import AppendRejected, ConstraintBroken, RecordsRefused
from service.journal.records import body_of, row_of
from service.journal.sql_files import statements
from service.journal.values import Append, Committed, Lost, Use

_SQL = statements("append.sql")
_encode = msgspec.json.Encoder().encode

_CONSTRAINT = re.compile(r'constraint "([^"]+)"')
_SHARD = re.compile(r"_\d{6,}$")


def append_arguments(append: Append) -> tuple[object, ...]:
    """Return the arguments of the statement; rows are JSON.

    Raises:
        RecordsRefused: a text is not valid Unicode.
    """
    records = append.records
    assert records, "an append has events"
    assert records[0].seq == append.seq + 1, "events are numbered from the one after seq"
    try:
        return (
            append.hall,
            append.day,
            append.seq,
            records[-1].seq,
            append.head,
            append.append_id,
            _encode([row_of(record) for record in records]).decode(),
            [body_of(record.event) for record in records],
            _encode(append.tickets).decode() if append.tickets else None,
            _encode(append.applicants).decode() if append.applicants else None,
            _encode(append.appointments).decode() if append.appointments else None,
            _encode(uses).decode() if (uses := _invitation_uses(append)) else None,
            append.revision,
            None if append.booked is None else append.booked.decode(),
            None if append.sum_change is None else append.sum_change.decode(),
        )
    except ValueError:
        raise RecordsRefused("a text is not Unicode") from None


def _invitation_uses(append: Append) -> list[Use]:
    """Return the invitations that are used or given back. The ticket of an appointment counts as the appointment."""
    return [
        Use(appointment.invitation, appointment.id, appointment.state in LIVE)
        for appointment in append.appointments
        if appointment.invitation is not None
    ] + [
        Use(ticket.invitation, ticket.appointment or ticket.id, used=True)
        for ticket in append.tickets
        if ticket.invitation is not None
    ]


async def execute_append(connection: Connection, arguments: tuple[object, ...]) -> datetime | None:
    """Execute the statement; return the database's clock, or `None` if another append was first."""
    rows = await with_stuck_limit(connection, connection.fetch(_SQL["append"], *arguments))
    at: datetime | None = rows[0][0]
    return at


async def find_landed(connection: Connection, append: Append) -> Committed | Lost:
    """Find out whether one of several sendings of an append was committed, after the last one changed nothing."""
    rows = await with_stuck_limit(
        connection,
        connection.fetch(_SQL["landed"], append.hall, append.day, append.seq + 1, append.append_id),
    )
    return Committed(rows[0]["at"]) if rows[0]["landed"] else Lost()


async def roll_back(connection: Connection) -> None:
    """Roll the transaction back. If that fails, close the connection, so that the server rolls it back."""
    try:
        await run_to_end(connection, connection.execute("ROLLBACK"))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        connection.terminate()


def raise_if_definite(error: Exception) -> None:
    """Raise the fault that an error of the database means; return if the statement should be sent again.

    The texts of PostgreSQL are left out, because they can quote a row with personal data.
    """
    if isinstance(error, asyncpg.PostgresError):
        sqlstate = error.sqlstate or ""
        match sqlstate[:2]:
            case "40" | "55":  # deadlock, failed serialization, lock not available
                return
            case "23":
                name = _constraint_name(error)
                raise ConstraintBroken(name, f"{name} would be broken", sqlstate) from None
            case "22" | "54":  # a value that cannot be stored, or exceeds a limit
                raise RecordsRefused(f"a value cannot be stored ({sqlstate})", sqlstate) from None
            case _:
                raise AppendRejected(f"{type(error).__name__} ({sqlstate})", sqlstate) from None
    if isinstance(error, ValueError):  # asyncpg cannot encode an argument
        raise RecordsRefused("a value is not what its column holds") from None
    raise error


def _constraint_name(error: asyncpg.PostgresError) -> str:
    """Return the name of the constraint without the shard number of Citus; for NOT NULL the name of the column."""
    quoted = _CONSTRAINT.search(str(error.args[0]) if error.args else "")
    name = error.constraint_name or (quoted[1] if quoted else None) or error.column_name or "unnamed"
    return _SHARD.sub("", str(name))
