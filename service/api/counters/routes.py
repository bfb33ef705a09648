"""Routes of counters, the queue and alarms."""

from typing import Any

from msgspec import Struct

from service.api.access.roles import Role
from service.api.counters import alarms, answers, desk, forms, handlers
from service.api.http.problems import Handler
from service.api.route import HALL, QUEUE_STAFF, STAFF, Refusals, Route
from service.domain import refusals
from service.domain.view import CounterView

_TICKET_REFUSALS: Refusals = (refusals.TicketNotFound, refusals.WrongState)
_COUNTER_REFUSALS: Refusals = (refusals.CounterNotFound,)
_CALL_REFUSALS: Refusals = (
    refusals.CounterClosed,
    refusals.CounterBusy,
    refusals.HallClosed,
    refusals.HallSuspended,
)
_COUNTER_PATH = f"{HALL}/counters/{{counter}}"


def _at_counter(
    name: str, handler: Handler, body: type[Struct], answered: dict[int, Any], *more: type[refusals.Refusal]
) -> Route:
    return Route(
        method="POST",
        path=f"{_COUNTER_PATH}/{name}",
        operation=f"counters_{name}",
        handler=handler,
        roles=QUEUE_STAFF,
        at_optional=True,
        tag="counters",
        body=body,
        answers=answered,
        refuses=(*_COUNTER_REFUSALS, *more),
    )


COUNTERS: tuple[Route, ...] = (
    Route(
        method="GET",
        path=_COUNTER_PATH,
        operation="counters_show",
        handler=handlers.show,
        roles=QUEUE_STAFF,
        tag="counters",
        answers={200: CounterView},
        refuses=_COUNTER_REFUSALS,
    ),
    _at_counter(
        "open",
        handlers.open_,
        forms.OpenForm,
        {200: CounterView},
        refusals.ServiceNotFound,
        refusals.WrongState,
    ),
    _at_counter(
        "pause", handlers.pause, forms.PauseForm, {200: CounterView}, refusals.WrongState, refusals.CounterBusy
    ),
    _at_counter(
        "close", handlers.close, forms.CloseForm, {200: CounterView}, refusals.WrongState, refusals.CounterBusy
    ),
    _at_counter("next", handlers.next_, forms.NextForm, {200: answers.NextCalled, 204: None}, *_CALL_REFUSALS),
    _at_counter("call", handlers.call, forms.CallForm, {200: answers.NextCalled}, *_TICKET_REFUSALS, *_CALL_REFUSALS),
    Route(
        method="GET",
        path=f"{HALL}/queue",
        operation="counters_queue",
        handler=handlers.queue,
        roles=QUEUE_STAFF,
        tag="counters",
        answers={200: answers.Queue},
    ),
)

DESK: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{HALL}/desk",
        operation="desk_show",
        handler=desk.show,
        roles=QUEUE_STAFF,
        tag="counters",
        answers={200: desk.Desk},
    ),
)

ALARMS: tuple[Route, ...] = (
    Route(
        method="POST",
        path=f"{HALL}/alarm",
        operation="alarms_raise",
        handler=alarms.raise_,
        roles=(*QUEUE_STAFF, Role.KIOSK),
        tag="hall",
        body=alarms.AlarmForm,
        answers={201: alarms.AlarmMade},
        refuses=(refusals.CounterNotFound,),
    ),
    Route(
        method="DELETE",
        path=f"{HALL}/alarm/{{alarm}}",
        operation="alarms_clear",
        handler=alarms.clear,
        roles=STAFF,
        tag="hall",
        answers={204: None},
        refuses=(refusals.AlarmNotFound,),
    ),
)
