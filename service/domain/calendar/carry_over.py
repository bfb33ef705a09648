"""What is in force at the end of a day and goes on on the next: a suspension, and the words on the screens.

Whoever suspends a hall, or posts a notice, means it until they take it back or until the time that they said, and not
until midnight. So a day that begins begins with what the last one ended with, by the same events.

Source: JOURNAL 6 (nothing changes silently with time).
"""

from collections.abc import Iterable
from datetime import datetime

from service.domain.events import Event, NoticePosted, NoticeRemoved, Record, SuspensionBegan, SuspensionEnded


def in_force(records: Iterable[Record], now_at: datetime) -> tuple[Event, ...]:
    """The events by which another day has in force what is so at the end of these.

    Args:
        records: a day's events about suspensions and notices, in order.
        now_at: when the other day begins; a suspension whose end has come by then does not go on.

    Returns:
        The suspension first, with the end it has, then the notices in the order in which they were posted.
    """
    suspension: SuspensionBegan | None = None
    notices: dict[str, NoticePosted] = {}
    for record in records:
        match record.event:
            case SuspensionBegan() as began:
                suspension = began
            case SuspensionEnded():
                suspension = None
            case NoticePosted() as posted:
                notices[posted.notice.id] = posted
            case NoticeRemoved(notice=notice):
                notices.pop(notice, None)
    if suspension is not None and suspension.until_at is not None and suspension.until_at <= now_at:
        suspension = None
    return (*(() if suspension is None else (suspension,)), *notices.values())
