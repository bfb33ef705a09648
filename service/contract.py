"""What `display` may know of the service: nothing but what is named here.

Screens are a program of their own, in a process of its own where that helps. They fold the same journal by the same
pure functions, so a board cannot disagree with an answer; they never decide, append, or read a table of the service.
Whatever is not in this list may change without a thought for the screens.

* the day: `Day`, `evolve`, the words of its values, `wait_of_newcomer` and what they would get,
  `admission_preview`, and what was forecast: `Promises`, `promised_wait_of_newcomer`;
* the state in the contract's words: `ticket_view`, `suspended_view`, `stamp`;
* hearing of what happens: `Follower`, whose changes are `Loaded` and `Moved`, and what it may raise;
* `Clock`.

Source: DESIGN 4; held by import-linter.
"""

from service.clock import Clock
from service.domain.admission.preview import admission_preview
from service.domain.calendar.plan import Plan, PlannedService
from service.domain.calendar.times import stamp, stamp_or_none
from service.domain.day import Day
from service.domain.events import Record, TicketCalled, TicketRecalled
from service.domain.evolve.evolve import evolve
from service.domain.model import (
    AtDoor,
    CounterId,
    CounterState,
    HallId,
    Notice,
    ServiceId,
    Shown,
    StageId,
    Texts,
    Ticket,
    TicketClass,
    TicketId,
    TicketState,
    ZoneId,
)
from service.domain.queue.counter_pools import Pool
from service.domain.queue.promised_waits import promised_wait_of_newcomer
from service.domain.queue.promises import Promises
from service.domain.queue.waits import wait_of_newcomer
from service.domain.view import OnDate, Stamp, Suspended, TicketView, WaitView, suspended_view, ticket_view
from service.errors import StorageUnavailable
from service.journal.faults import StorageUnavailable as JournalUnavailable
from service.journal.faults import UnknownKind
from service.journal.follow import Change, Follower, Loaded, Moved

__all__ = [
    "AtDoor",
    "Change",
    "Clock",
    "CounterId",
    "CounterState",
    "Day",
    "Follower",
    "HallId",
    "JournalUnavailable",
    "Loaded",
    "Moved",
    "Notice",
    "OnDate",
    "Plan",
    "PlannedService",
    "Pool",
    "Promises",
    "Record",
    "ServiceId",
    "Shown",
    "StageId",
    "Stamp",
    "StorageUnavailable",
    "Suspended",
    "Texts",
    "Ticket",
    "TicketCalled",
    "TicketClass",
    "TicketId",
    "TicketRecalled",
    "TicketState",
    "TicketView",
    "UnknownKind",
    "WaitView",
    "ZoneId",
    "admission_preview",
    "evolve",
    "promised_wait_of_newcomer",
    "stamp",
    "stamp_or_none",
    "suspended_view",
    "ticket_view",
    "wait_of_newcomer",
]
