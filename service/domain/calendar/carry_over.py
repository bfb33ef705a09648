"""Carry the suspension and the notices of a day over to the next day.

Both stay in force until they are withdrawn or until their end time, also over midnight. So the events of the last day
that are still in force are repeated at the start of the next day.

Source: JOURNAL 6 (nothing changes silently with time).
"""

from collections.abc import Iterable
from datetime import datetime

from service.domain.events import Event, NoticePosted, NoticeRemoved, Record, SuspensionBegan, SuspensionEnded


def in_force(records: Iterable[Record], now_at: datetime) -> tuple[Event, ...]:
    """Return the events that another day needs so that the same suspension and notices are in force.

    Args:
        records: a day's events about suspensions and notices, in order.
        now_at: when the other day begins; a suspension that has ended by then is not carried over.

    Returns:
        The suspension first, with its end time, then the notices in the order they were posted.
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
