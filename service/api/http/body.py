"""Request bodies: read and decode JSON."""

from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from aiohttp import web
from msgspec import Struct

from service.domain.refusals import BodyInvalid
from service.errors import BodyUnreadable, MediaType, invalid

BODY_MAX = 64 * 1024
"""Bytes of a body; more is told `body-too-large`."""

JSON_TYPES = {"application/json", "application/merge-patch+json"}

Body = TypeVar("Body", bound=Struct)
_DECODERS: dict[type[Any], msgspec.json.Decoder[Any]] = {}


async def read_body(request: web.Request, form: type[Body]) -> Body:
    """Decode the body; an absent one is `{}`.

    Raises:
        MediaType: it is not said to be JSON, or it is JSON in a content coding: what is small when it is sent and large
            when it is read is not wanted, and nothing is gained for bodies as short as ours.
        BodyUnreadable: it is not JSON.
        BodyInvalid: it says something that cannot be.
    """
    raw = await raw_body(request)
    if not raw:
        raw = b"{}"
    elif request.content_type not in JSON_TYPES:
        raise MediaType
    try:
        return decode_json(raw, form)
    except BodyUnreadable:
        if "Content-Encoding" in request.headers:
            raise MediaType from None
        raise


async def raw_body(request: web.Request) -> bytes:
    """The body as it came, empty where there is none.

    Raises:
        BodyUnreadable: it did not come whole, for the client or its network is gone, and nobody hears this; or it is
            not what its Transfer-Encoding says.
    """
    try:
        return await request.read() if request.body_exists else b""
    except (web.RequestPayloadError, OSError) as error:
        raise BodyUnreadable from error


def decode_json(raw: bytes, form: type[Body]) -> Body:
    """Decode JSON. Raises BodyUnreadable, BodyInvalid."""
    decoder = _DECODERS.get(form)
    if decoder is None:
        decoder = _DECODERS[form] = msgspec.json.Decoder(form)
    try:
        body: Body = decoder.decode(raw)
    except msgspec.ValidationError as error:
        _require_json(raw)  # what was refused may go on as no JSON
        raise invalid(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BodyUnreadable from error
    if b"\\u0000" in raw and _has_nul(msgspec.json.decode(raw)):
        raise BodyInvalid(("", "a text holds the character U+0000"))
    return body


def _require_json(raw: bytes) -> None:
    try:
        msgspec.json.decode(raw)
    except msgspec.ValidationError:  # a number that is too large for us is JSON
        return
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BodyUnreadable from error


def to_utc(path: str, at: datetime | None) -> datetime | None:
    """An instant of a body in UTC. Raises BodyInvalid for one before the year 1 or after 9999 there."""
    try:
        return None if at is None else at.astimezone(UTC)
    except OverflowError as error:
        raise BodyInvalid((path, "is outside the years 1 to 9999 in UTC")) from error


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _has_nul(one) for key, one in value.items())
    return isinstance(value, list) and any(_has_nul(one) for one in value)
