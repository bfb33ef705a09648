"""Read request bodies and decode them from JSON."""

from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from aiohttp import web
from msgspec import Struct

from service.domain.refusals import BodyInvalid
from service.errors import BodyUnreadable, MediaType, invalid

BODY_MAX = 64 * 1024
"""Bytes of a body. A larger body is refused with `body-too-large`."""

JSON_TYPES = {"application/json", "application/merge-patch+json"}

Body = TypeVar("Body", bound=Struct)
_DECODERS: dict[type[Any], msgspec.json.Decoder[Any]] = {}


async def read_body(request: web.Request, form: type[Body]) -> Body:
    """Read and decode the body. A missing body counts as `{}`.

    Raises:
        MediaType: the content type is not JSON, or the body has a content coding. Codings are not supported: our bodies
            are too short to gain from compression, and a small compressed body could expand to a large one.
        BodyUnreadable: the body is not JSON.
        BodyInvalid: the body does not match the form.
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
    """The bytes of the body; empty if there is no body.

    Raises:
        BodyUnreadable: the connection ended before the body was complete, or the body does not match its
            `Transfer-Encoding`.
    """
    try:
        return await request.read() if request.body_exists else b""
    except (web.RequestPayloadError, OSError) as error:
        raise BodyUnreadable from error


def decode_json(raw: bytes, form: type[Body]) -> Body:
    """Decode JSON into a form.

    Raises:
        BodyUnreadable: the text is not JSON.
        BodyInvalid: the value does not match the form, or a string contains U+0000, which PostgreSQL cannot store.
    """
    decoder = _DECODERS.get(form)
    if decoder is None:
        decoder = _DECODERS[form] = msgspec.json.Decoder(form)
    try:
        body: Body = decoder.decode(raw)
    except msgspec.ValidationError as error:
        _require_json(raw)  # validation stopped at the first bad value; the rest may not be JSON
        raise invalid(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BodyUnreadable from error
    if b"\\u0000" in raw and _has_nul(msgspec.json.decode(raw)):
        raise BodyInvalid(("", "a text contains the character U+0000"))
    return body


def _require_json(raw: bytes) -> None:
    try:
        msgspec.json.decode(raw)
    except msgspec.ValidationError:  # a number that is out of range is still JSON
        return
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BodyUnreadable from error


def to_utc(path: str, at: datetime | None) -> datetime | None:
    """Convert an instant to UTC. Raises BodyInvalid if it is outside the years 1 to 9999 in UTC.

    `path` names the field in the error.
    """
    try:
        return None if at is None else at.astimezone(UTC)
    except OverflowError as error:
        raise BodyInvalid((path, "is outside the years 1 to 9999 in UTC")) from error


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _has_nul(member) for key, member in value.items())
    return isinstance(value, list) and any(_has_nul(item) for item in value)
