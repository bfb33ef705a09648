"""Response bodies of messages."""

from msgspec import Struct

from service.domain.view import OnDate, Stamp
from service.notify.model import Kind, MessageChannel, State


class MessageSeen(Struct, frozen=True, kw_only=True):
    """A message to an applicant about an appointment or a ticket. `reason` tells why it was not sent."""

    id: str
    kind: Kind
    channel: MessageChannel
    state: State
    reason: str | None
    day: OnDate
    appointment: str | None
    ticket: str | None
    due_at: Stamp
    changed_at: Stamp
    tries: int


class MessageList(Struct, frozen=True):
    """Messages, oldest first."""

    items: list[MessageSeen]
    next_cursor: str | None
