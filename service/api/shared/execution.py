"""Run commands on the lanes, once per idempotency key."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from http import HTTPStatus

from aiohttp import web

from service.api.access.roles import Caller
from service.api.app_keys import CLOCK, HALLS, LANES
from service.api.shared.idempotency_keys import idempotency_key_of
from service.domain.commands import AtOptionalStage, Command
from service.domain.model import HallId
from service.domain.refusals import Refusal
from service.journal.values import Applicant
from service.runtime.requests import Answer, Request


async def execute_once(  # noqa: PLR0913  (the last two by name)
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
    key, lanes = await idempotency_key_of(request, who), request.app[LANES]
    known = await (lanes.find_earlier_answer(hall, key, on) if of_any_day else lanes.find_answer_of_today(hall, key))
    if known is not None:
        return known
    try:
        return await work()
    except Refusal as refusal:
        if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR or _decided_by_day(refusal):
            raise
        known = await lanes.find_earlier_answer(hall, key, on)
        if known is None:
            raise
        return known


def _decided_by_day(refusal: BaseException | None) -> bool:
    """Tell whether a day has decided on a refusal, or on that in whose place it is said."""
    return isinstance(refusal, Refusal) and (refusal.decided or _decided_by_day(refusal.__cause__))


async def execute(  # noqa: PLR0913  (the last one by name)
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
    asked = await lane_request(request, who, command, applicant)
    lanes = request.app[LANES]
    if on is not None:
        return await lanes.do_on(hall, on, asked, key_checked=True)
    return await _with_its_day(request, hall, asked, await lanes.do(hall, asked))


async def execute_only_on(request: web.Request, who: Caller, hall: HallId, command: Command, on: date) -> Answer:
    """Have a command carried out that is meant for one date, on it or not at all; keys as in `ask`.

    Raises:
        DayHasEnded: the day is over, or never was.
        WrongDay: it has not begun.
    """
    asked = await lane_request(request, who, command)
    return await _with_its_day(request, hall, asked, await request.app[LANES].do_only_on(hall, on, asked))


async def _with_its_day(request: web.Request, hall: HallId, asked: Request, given: Answer) -> Answer:
    """The answer with the day on which it was done: today's, or yesterday's to a key of yesterday."""
    if asked.command_id in given.day.results_yesterday and asked.command_id not in given.day.results:
        lanes = request.app[LANES]
        yesterday = await lanes.lane(await request.app[HALLS].get(hall), given.day.on - timedelta(days=1))
        return Answer(yesterday.committed, given.seq, given.done)
    return given


async def lane_request(
    request: web.Request, who: Caller, command: Command, applicant: Applicant | None = None
) -> Request:
    """A command with what belongs to it from here on. Raises BodyInvalid for a key that is none."""
    key = await idempotency_key_of(request, who)
    return Request(
        command=AtOptionalStage(command) if who.at_optional else command,
        command_id=key.command_id,
        actor=who.actor,
        now_at=request.app[CLOCK].now_at(),
        fingerprint=key.fingerprint,
        applicant=applicant,
        fingerprints_before=key.fingerprints_before,
    )
