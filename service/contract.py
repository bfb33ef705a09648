"""The interface of the service for `display`: `display` imports nothing else from it.

`display` can run as a process of its own. It folds the same journal with the same pure functions, so a board cannot
contradict an answer of the API. It never decides, appends, or reads a table of the service. Names that are not in this
module may change without regard to `display`.

* the day: `Day`, `evolve` and the types of its values; `wait_of_newcomer` and `admission_preview` for a newcomer;
  stored forecasts: `Promises`, `promised_wait_of_newcomer`;
* the state in the terms of the API: `ticket_view`, `suspended_view`, `stamp`;
* new events: `Follower` with its changes `Loaded` and `Moved`, and the exceptions that it raises;
* `Clock`.

Source: DESIGN 4; checked by import-linter.
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
