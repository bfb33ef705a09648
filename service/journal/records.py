"""Encode and decode events as table rows: `kind` is the tag of the event, `body` the rest as JSON."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, get_args

import asyncpg
import msgspec
from msgspec import Struct

from service.domain.events import Event, Record
from service.journal.faults import UnknownKind

_KINDS: dict[str, type] = {str(kind.__struct_config__.tag): kind for kind in get_args(Event)}
_DECODE: dict[str, Callable[[str], Any]] = {tag: msgspec.json.Decoder(kind).decode for tag, kind in _KINDS.items()}
_TAGS: dict[type, str] = {kind: tag for tag, kind in _KINDS.items()}
_TAG_BYTES: dict[str, int] = {tag: len(b'{"kind":""') + len(tag) for tag in _KINDS}
_encode = msgspec.json.Encoder().encode


class Row(Struct, frozen=True, gc=False):
    """An event for the append, without its body. In JSON `fingerprint` is base64."""

    seq: int
    command_id: str
    part: int
    fingerprint: bytes | None
    at: datetime
    actor: str
    kind: str


def row_of(record: Record) -> Row:
    """Return the row of a record, without the body of the event."""
    return Row(
        record.seq,
        record.command_id,
        record.part,
        record.fingerprint,
        record.at,
        record.actor,
        _TAGS[type(record.event)],
    )


def body_of(event: Event) -> str:
    """Return the event as JSON without its tag.

    Raises:
        ValueError: a text contains a lone surrogate.
    """
    tagged = _encode(event)  # the tag is first: {"kind":"day_closed"} or {"kind":"ticket_called","ticket":…}
    rest = tagged[_TAG_BYTES[_TAGS[type(event)]] :]
    return (b"{" + rest.removeprefix(b",")).decode()


def record_of(row: asyncpg.Record) -> Record:
    """Decode a row that begins with seq, at, actor, command_id, part, fingerprint, kind and body.

    Raises:
        UnknownKind: a newer release wrote it, with an unknown kind or value.
    """
    return Record(row[0], row[1], row[2], row[3], row[4], row[5], event_of(row[0], row[6], row[7]))


def event_of(seq: int, kind: str, body: str) -> Event:
    """Decode an event.

    Raises:
        UnknownKind: a newer release wrote it, with an unknown kind or value.
    """
    decode = _DECODE.get(kind)
    if decode is None:
        raise UnknownKind(f"event {seq} is of kind {kind!r}")
    try:
        event: Event = decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnknownKind(f"event {seq}, {kind}: {error}") from error
    return event
