"""Routes of messages."""

from service import errors
from service.api.messages import answers, handlers
from service.api.route import CURSOR, HALL, LIMIT, MANAGERS, Query, Route
from service.api.shared import form_fields
from service.domain import refusals
from service.notify.model import State

_MESSAGE_STATE = Query(
    "state",
    "Only messages in this state. The default is messages that could not be sent.",
    {"type": "string", "enum": [str(state) for state in State]},
)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{HALL}/messages",
        operation="messages_list",
        handler=handlers.list_,
        roles=MANAGERS,
        tag="messages",
        query=(_MESSAGE_STATE, LIMIT, CURSOR),
        answers={200: answers.MessageList},
    ),
    Route(
        method="POST",
        path=f"{HALL}/messages/{{message}}/retry",
        operation="messages_retry",
        handler=handlers.retry,
        roles=MANAGERS,
        tag="messages",
        body=form_fields.Nothing,
        answers={200: answers.MessageSeen},
        refuses=(errors.MessageNotFound, refusals.WrongState),
    ),
)
