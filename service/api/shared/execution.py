"""Run commands on lanes, once per idempotency key."""

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
    caller: Caller,
    hall: HallId,
    operation: Callable[[], Awaitable[Answer]],
    *,
    on: date | None = None,
    of_any_day: bool = False,
) -> Answer:
    """Return the earlier answer to this idempotency key, or run `operation`.

    For operations that check more than the state of their day, such as the hall document, a code, a rate limit or
    another day. These may have changed since the first request, but a repeated request must get the same answer. So the
    key is looked up first, and the checks run in `operation`.

    If a check refuses, the key is looked up once more, because the same request may have been executed concurrently.
    This is not needed if the day refused the command: the day looks up the key itself.

    Args:
        request: the request.
        caller: the caller; keys belong to a credential.
        hall: the hall.
        operation: checks and runs the command, with the same key.
        on: the day whose answer to return if a command changes two days.
        of_any_day: whether the command may change another day than today. If so, the journal is searched for the key.
            If not, only today's day in memory is searched, which takes no round trip.

    Raises:
        BodyInvalid: the key is malformed.
        KeyReused: the key belongs to another request.
        Refusal: `operation` refused.
    """
    if "Idempotency-Key" not in request.headers:
        return await operation()
    key, lanes = await idempotency_key_of(request, caller), request.app[LANES]
    earlier = await (lanes.find_earlier_answer(hall, key, on) if of_any_day else lanes.find_answer_of_today(hall, key))
    if earlier is not None:
        return earlier
    try:
        return await operation()
    except Refusal as refusal:
        if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR or _decided_by_day(refusal):
            raise
        earlier = await lanes.find_earlier_answer(hall, key, on)
        if earlier is None:
            raise
        return earlier


def _decided_by_day(refusal: BaseException | None) -> bool:
    """Tell whether a refusal, or the refusal that it replaces, was decided by a day."""
    return isinstance(refusal, Refusal) and (refusal.decided or _decided_by_day(refusal.__cause__))


async def execute(  # noqa: PLR0913  (the last one by name)
    request: web.Request,
    caller: Caller,
    hall: HallId,
    command: Command,
    applicant: Applicant | None = None,
    *,
    on: date | None = None,
) -> Answer:
    """Run a command on today's day, or on the day `on`, once per idempotency key.

    A key that was used yesterday is answered from yesterday's day. With `on`, call it inside `execute_once`, which
    looks up the key.
    """
    prepared = await lane_request(request, caller, command, applicant)
    lanes = request.app[LANES]
    if on is not None:
        return await lanes.do_on(hall, on, prepared, key_checked=True)
    return await _with_day_of_command(request, hall, prepared, await lanes.do(hall, prepared))


async def execute_only_on(request: web.Request, caller: Caller, hall: HallId, command: Command, on: date) -> Answer:
    """Run a command that is valid for one date only, once per idempotency key.

    Raises:
        DayHasEnded: the day is over, or never began.
        WrongDay: the day has not begun.
    """
    prepared = await lane_request(request, caller, command)
    result = await request.app[LANES].do_only_on(hall, on, prepared)
    return await _with_day_of_command(request, hall, prepared, result)


async def _with_day_of_command(request: web.Request, hall: HallId, prepared: Request, result: Answer) -> Answer:
    """Replace the day of an answer by yesterday's if the command ran yesterday."""
    if prepared.command_id in result.day.results_yesterday and prepared.command_id not in result.day.results:
        lanes = request.app[LANES]
        yesterday = await lanes.lane(await request.app[HALLS].get(hall), result.day.on - timedelta(days=1))
        return Answer(yesterday.committed, result.seq, result.done)
    return result


async def lane_request(
    request: web.Request, caller: Caller, command: Command, applicant: Applicant | None = None
) -> Request:
    """Build the request for a lane: command, key, actor and time. Raises BodyInvalid if the key is malformed."""
    key = await idempotency_key_of(request, caller)
    return Request(
        command=AtOptionalStage(command) if caller.at_optional else command,
        command_id=key.command_id,
        actor=caller.actor,
        now_at=request.app[CLOCK].now_at(),
        fingerprint=key.fingerprint,
        applicant=applicant,
        fingerprints_before=key.fingerprints_before,
    )
