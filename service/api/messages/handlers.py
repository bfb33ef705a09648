"""Calls about messages to applicants: what could not be sent, and another try at it.

They say what a message is about, never whom it is for.
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
    """The messages of this hall in a state, the oldest first: those that could not be sent, if not said otherwise."""
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
    """Try a message again that could not be sent; one whose end is unknown may so arrive twice."""
    hall, caller = hall_of(request), caller_of(request)
    await read_body(request, Nothing)
    message = id_of(request, "message", MessageNotFound)
    return answer(_seen(await request.app[MESSAGES].retry(hall, message, await idempotent_request_of(request, caller))))


def _seen(message: OutboxEntry) -> MessageSeen:
    about = message.kind in TICKET_KINDS
    return MessageSeen(
        id=message.id,
        kind=message.kind,
        channel=message.channel,
        state=message.state,
        reason=message.reason,
        day=message.day.isoformat(),
        appointment=None if about else message.subject,
        ticket=message.subject if about else None,
        due_at=stamp(message.due_at),
        changed_at=stamp(message.changed_at),
        tries=message.tries,
    )
