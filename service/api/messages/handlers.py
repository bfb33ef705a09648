"""Handlers of messages: list messages to applicants, and retry those that could not be sent.

The answers have the subject of a message, never its recipient.
"""

from aiohttp import web

from service.api.access.roles import caller_of
from service.api.app_keys import HALLS, MESSAGES
from service.api.http.body import read_body
from service.api.http.json_response import answer
from service.api.http.path_parts import hall_of, id_of
from service.api.http.query import id_cursor_of, limit_of
from service.api.messages.answers import MessageList, MessageSeen
from service.api.shared.form_fields import Nothing
from service.api.shared.idempotency_keys import idempotent_request_of
from service.domain.calendar.times import stamp
from service.domain.refusals import BodyInvalid
from service.errors import MessageNotFound
from service.notify.model import TICKET_KINDS, State
from service.notify.outbox import OutboxEntry


async def list_(request: web.Request) -> web.Response:
    """List the messages of a hall in a state, oldest first. The default is messages that could not be sent."""
    hall, limit = (await request.app[HALLS].get(hall_of(request))).id, limit_of(request)
    after = id_cursor_of(request)
    try:
        state = State(request.query.get("state", State.DEAD))
    except ValueError as error:
        raise BodyInvalid(("state", f"one of {', '.join(State)}")) from error
    found = await request.app[MESSAGES].list(hall, state, after, limit + 1)
    page = found[:limit]
    cursor = page[-1].id if len(found) > limit else None
    return answer(MessageList([_seen(message) for message in page], cursor))


async def retry(request: web.Request) -> web.Response:
    """Retry a message that could not be sent. If the outcome of the last try is unknown, it may arrive twice."""
    hall, caller = hall_of(request), caller_of(request)
    await read_body(request, Nothing)
    message = id_of(request, "message", MessageNotFound)
    return answer(_seen(await request.app[MESSAGES].retry(hall, message, await idempotent_request_of(request, caller))))


def _seen(message: OutboxEntry) -> MessageSeen:
    is_about_ticket = message.kind in TICKET_KINDS
    return MessageSeen(
        id=message.id,
        kind=message.kind,
        channel=message.channel,
        state=message.state,
        reason=message.reason,
        day=message.day.isoformat(),
        appointment=None if is_about_ticket else message.subject,
        ticket=message.subject if is_about_ticket else None,
        due_at=stamp(message.due_at),
        changed_at=stamp(message.changed_at),
        tries=message.tries,
    )
