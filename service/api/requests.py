"""Reading requests: bodies, path parts, keys; and asking the lanes.

What a body may hold is said by types; they refuse unknown fields, and `/openapi.json` is made from them.

Source: CONTRACT 1.
"""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from aiohttp import web
from msgspec import Struct

from service.api.auth import CALLER, KEY_FORM, KEY_LENGTH_WITHOUT_CREDENTIAL, Caller
from service.api.keys import CLOCK, HALLS, LANES, SIGNER
from service.domain.commands import AtOptionalStage, Command
from service.domain.model import AppointmentId, CounterId, HallId, TicketId
from service.domain.refusals import (
    AppointmentNotFound,
    BodyInvalid,
    CounterNotFound,
    HallNotFound,
    Refusal,
    TicketNotFound,
)
from service.errors import BodyUnreadable, MediaType, invalid
from service.identity.idempotency import Act
from service.journal.values import Applicant
from service.primitives.ids import ID_FORM, new_id
from service.runtime.lane import Answer, Key, Request

BODY_MAX = 64 * 1024
"""Bytes of a body; more is told `body-too-large`."""

JSON_TYPES = {"application/json", "application/merge-patch+json"}

_HALL = re.compile(r"[a-z0-9-]{1,32}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COUNTER = re.compile(r"[A-Za-z0-9-]{1,16}")

Body = TypeVar("Body", bound=Struct)
_DECODERS: dict[type[Any], msgspec.json.Decoder[Any]] = {}


def hall_of(request: web.Request) -> HallId:
    """The hall named in the path. Raises HallNotFound for what no hall can be named."""
    hall = request.match_info["hall"]
    if not _HALL.fullmatch(hall):
        raise HallNotFound
    return HallId(hall)


def ticket_of(request: web.Request) -> TicketId:
    """The ticket named in the path. Raises TicketNotFound for what is no id."""
    return TicketId(id_of(request, "ticket", TicketNotFound))


def ticket_named(said: str | None) -> TicketId | None:
    """The ticket that a body names, in whichever case; none when it names none."""
    return None if said is None else TicketId(said.lower())


def appointment_of(request: web.Request) -> AppointmentId:
    """The appointment named in the path. Raises AppointmentNotFound for what is no id."""
    return AppointmentId(id_of(request, "appointment", AppointmentNotFound))


def id_of(request: web.Request, name: str, unknown: type[Refusal]) -> str:
    """The id in the path. Raises `unknown` for what is none."""
    said = request.match_info[name].lower()
    if not ID_FORM.fullmatch(said):
        raise unknown
    return said


def counter_of(request: web.Request) -> CounterId:
    """The counter named in the path. Raises CounterNotFound for what no counter can be named."""
    counter = request.match_info["counter"]
    if not _COUNTER.fullmatch(counter):
        raise CounterNotFound
    return CounterId(counter)


def caller(request: web.Request) -> Caller:
    """Who asks, as the guard of the call found out."""
    return request[CALLER]


async def read(request: web.Request, form: type[Body]) -> Body:
    """Decode the body; an absent one is `{}`.

    Raises:
        MediaType: it is not said to be JSON, or it is JSON in a content coding: what is small when it is sent and large
            when it is read is not wanted, and nothing is gained for bodies as short as ours.
        BodyUnreadable: it is not JSON.
        BodyInvalid: it says something that cannot be.
    """
    raw = await body_of(request)
    if not raw:
        raw = b"{}"
    elif request.content_type not in JSON_TYPES:
        raise MediaType
    try:
        return decode(raw, form)
    except BodyUnreadable:
        if "Content-Encoding" in request.headers:
            raise MediaType from None
        raise


async def body_of(request: web.Request) -> bytes:
    """The body as it came, empty where there is none.

    Raises:
        BodyUnreadable: it did not come whole, for the client or its network is gone, and nobody hears this; or it is
            not what its Transfer-Encoding says.
    """
    try:
        return await request.read() if request.body_exists else b""
    except (web.RequestPayloadError, OSError) as error:
        raise BodyUnreadable from error


def decode(raw: bytes, form: type[Body]) -> Body:
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


def utc(path: str, at: datetime | None) -> datetime | None:
    """An instant of a body in UTC. Raises BodyInvalid for one before the year 1 or after 9999 there."""
    try:
        return None if at is None else at.astimezone(UTC)
    except OverflowError as error:
        raise BodyInvalid((path, "is outside the years 1 to 9999 in UTC")) from error


def date_of(request: web.Request, name: str) -> date | None:
    """A date of the hall in the query; None where it is not said. Raises BodyInvalid."""
    said = request.query.get(name)
    if said is None:
        return None
    try:
        return date.fromisoformat(said if _DATE.fullmatch(said) else "")
    except ValueError as error:
        raise BodyInvalid((name, "a date of the hall, YYYY-MM-DD")) from error


def require_span(first: date, last: date, days_max: int) -> None:
    """Raise BodyInvalid for dates the wrong way round, or more than `days_max` of them, both ends included."""
    if last < first:
        raise BodyInvalid(("to", "is before `from`"))
    if (last - first).days >= days_max:
        raise BodyInvalid(("to", f"is more than {days_max} days with `from`"))


def flag_of(request: web.Request, name: str) -> bool:
    """Tell whether the query has a flag of 0 or 1 set; not where it is not said.

    Raises BodyInvalid for another word: what we do not know must not be done otherwise than it was meant.
    """
    said = request.query.get(name, "0")
    if said not in {"0", "1"}:
        raise BodyInvalid((name, "0 or 1"))
    return said == "1"


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _has_nul(one) for key, one in value.items())
    return isinstance(value, list) and any(_has_nul(one) for one in value)


async def once(  # noqa: PLR0913  (the last two by name)
    request: web.Request,
    who: Caller,
    hall: HallId,
    work: Callable[[], Awaitable[Answer]],
    *,
    on: date | None = None,
    of_any_day: bool = False,
) -> Answer:
    """What was answered before to a request with this idempotency key, or else what comes of `work`.

    A call that looks at more than a day decides by does it in `work`, once its body is read: the document, a code, a
    limit, another day may have changed since the request was done, and what was done is answered the same. What is
    refused before a day has decided on it is looked up once more: the same request, sent at the same time, may have
    been first. A day looks for the key itself.

    Args:
        request: the request.
        who: who asks; keys belong to a credential.
        hall: the hall.
        work: asks for what the request wants, with the same key.
        on: the day whose answer it is of what may be done on two.
        of_any_day: whether it may be done on another day than the present one. Of that one its fold is asked, as of a
            moment ago, which costs no round trip; of others the journal.

    Raises:
        BodyInvalid: the key is none that CONTRACT 1 allows.
        KeyReused: it was another request.
        Refusal: as `work`.
    """
    if "Idempotency-Key" not in request.headers:
        return await work()
    key, lanes = await key_of(request, who), request.app[LANES]
    known = await (lanes.done_before(hall, key, on) if of_any_day else lanes.done_today(hall, key))
    if known is not None:
        return known
    try:
        return await work()
    except Refusal as refusal:
        if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR or _by_a_day(refusal):
            raise
        known = await lanes.done_before(hall, key, on)
        if known is None:
            raise
        return known


def _by_a_day(refusal: BaseException | None) -> bool:
    """Tell whether a day has decided on a refusal, or on that in whose place it is said."""
    return isinstance(refusal, Refusal) and (refusal.decided or _by_a_day(refusal.__cause__))


async def ask(  # noqa: PLR0913  (the last two by name where they are said)
    request: web.Request,
    who: Caller,
    hall: HallId,
    command: Command,
    applicant: Applicant | None = None,
    *,
    on: date | None = None,
) -> Answer:
    """Have a command carried out on the present day, or on another that is said, once per idempotency key.

    A key of yesterday is answered with yesterday's day. For another day, `once` has asked for the key.
    """
    asked = await asking(request, who, command, applicant)
    lanes = request.app[LANES]
    if on is not None:
        return await lanes.do_on(hall, on, asked, asked=True)
    return await _of_its_day(request, hall, asked, await lanes.do(hall, asked))


async def ask_only_on(request: web.Request, who: Caller, hall: HallId, command: Command, on: date) -> Answer:
    """Have a command carried out that is meant for one date, on it or not at all; keys as in `ask`.

    Raises:
        DayHasEnded: the day is over, or never was.
        WrongDay: it has not begun.
    """
    asked = await asking(request, who, command)
    return await _of_its_day(request, hall, asked, await request.app[LANES].do_only_on(hall, on, asked))


async def _of_its_day(request: web.Request, hall: HallId, asked: Request, given: Answer) -> Answer:
    """The answer with the day on which it was done: today's, or yesterday's to a key of yesterday."""
    if asked.command_id in given.day.done_yesterday and asked.command_id not in given.day.done:
        lanes = request.app[LANES]
        yesterday = await lanes.lane(await request.app[HALLS].get(hall), given.day.on - timedelta(days=1))
        return Answer(yesterday.committed, given.seq, given.done)
    return given


async def asking(request: web.Request, who: Caller, command: Command, applicant: Applicant | None = None) -> Request:
    """A command with what belongs to it from here on. Raises BodyInvalid for a key that is none."""
    key = await key_of(request, who)
    return Request(
        command=AtOptionalStage(command) if who.at_optional else command,
        command_id=key.command_id,
        actor=who.actor,
        now_at=request.app[CLOCK].now_at(),
        fingerprint=key.fingerprint,
        applicant=applicant,
        fingerprints_before=key.fingerprints_before,
    )


async def act_of(request: web.Request, who: Caller) -> Act:
    """What is asked for outside the journal; as there, each hall has keys of its own. Raises BodyInvalid likewise."""
    key = await key_of(request, who)
    now_at = request.app[CLOCK].now_at()
    return Act(f"{hall_of(request)}/{key.command_id}", key.fingerprint, now_at, who.actor, key.fingerprints_before)


def command_id_of(request: web.Request, who: Caller) -> str | None:
    """The id of the command that a request with an idempotency key asks for; None without one.

    The key belongs to (credential, route, key).

    Raises:
        BodyInvalid: the key is none that CONTRACT 1 allows.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not KEY_FORM.fullmatch(key):
        raise BodyInvalid(("Idempotency-Key", "8 to 255 visible ASCII characters"))
    if not who.credential and len(key) < KEY_LENGTH_WITHOUT_CREDENTIAL:
        raise BodyInvalid(("Idempotency-Key", "16 to 255 random characters where no credential is sent"))
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else request.path
    return sha256(f"{who.credential}\n{request.method} {route}\n{key}".encode()).hexdigest()


async def key_of(request: web.Request, who: Caller) -> Key:
    """The command's id, and the fingerprints of the request when it carries an idempotency key.

    The fingerprint covers the address and the body.

    Raises:
        BodyInvalid: the key is none that CONTRACT 1 allows.
    """
    command_id = command_id_of(request, who)
    if command_id is None:
        return Key(command_id=new_id())
    said = f"{request.path_qs}\n".encode() + await body_of(request)
    fingerprint, *before = request.app[SIGNER].fingerprints(said)
    return Key(command_id=command_id, fingerprint=fingerprint, fingerprints_before=tuple(before))
