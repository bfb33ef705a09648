"""Routes of tickets, check-ins and search."""

from msgspec import Struct

from service import errors
from service.api.access.roles import Role
from service.api.http.problems import Handler
from service.api.route import (
    CURSOR,
    EVERYONE,
    HALL,
    LIMIT,
    ON,
    OWNER_OR_STAFF,
    QUEUE_STAFF,
    STAFF,
    Query,
    Refusals,
    Route,
)
from service.api.shared import form_fields, qr_codes
from service.api.tickets import actions, answers, check_ins, forms, handlers, search
from service.domain import refusals
from service.domain.hall.document import CODE
from service.domain.model import TicketState
from service.domain.view import TicketView

_TICKET_REFUSALS: Refusals = (refusals.TicketNotFound, refusals.WrongState)
_TICKET_PATH = f"{HALL}/tickets/{{ticket}}"
_STATE = Query(
    "state", "Only tickets in this state.", {"type": "string", "enum": [str(state) for state in TicketState]}
)
_SERVICE = Query("service", "Only tickets of this service.", {"type": "string", "pattern": CODE})


def _act(name: str, handler: Handler, body: type[Struct] = form_fields.Nothing, *more: type[refusals.Refusal]) -> Route:
    return Route(
        method="POST",
        path=f"{_TICKET_PATH}/{name}",
        operation=f"tickets_{name.replace('-', '_')}",
        handler=handler,
        roles=QUEUE_STAFF,
        at_optional=True,
        tag="tickets",
        body=body,
        answers={200: TicketView},
        refuses=(*_TICKET_REFUSALS, *more),
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path=f"{HALL}/check-ins",
        operation="check_ins_check_in",
        handler=check_ins.check_in,
        roles=EVERYONE,
        tag="appointments",
        body=forms.CheckInForm,
        answers={200: TicketView, 201: TicketView},
        refuses=(
            refusals.CodeNotFound,
            refusals.CodeUsed,
            refusals.WrongDay,
            refusals.TooEarly,
            refusals.AppointmentMissed,
            refusals.AppointmentNotFound,
            refusals.HoldExpired,
            refusals.AlreadyWaiting,
            refusals.WrongState,
            refusals.HallClosed,
            refusals.HallFull,
            refusals.HallSuspended,
            refusals.ServiceNotFound,
            refusals.OnlineOnly,
            errors.EntranceRequired,
        ),
    ),
    Route(
        method="POST",
        path=f"{HALL}/tickets",
        operation="tickets_take",
        handler=handlers.take,
        roles=EVERYONE,
        tag="tickets",
        body=forms.TakeTicketForm,
        answers={201: TicketView},
        refuses=(
            refusals.ServiceNotFound,
            refusals.OnlineOnly,
            refusals.HallClosed,
            refusals.HallFull,
            refusals.HallSuspended,
            refusals.AlreadyWaiting,
            errors.EntranceRequired,
        ),
    ),
    Route(
        method="GET",
        path=f"{HALL}/tickets",
        operation="find_list",
        handler=search.list_tickets,
        roles=STAFF,
        tag="tickets",
        query=(ON, _STATE, _SERVICE, LIMIT, CURSOR),
        answers={200: answers.TicketList},
    ),
    Route(
        method="POST",
        path=f"{HALL}/search",
        operation="find_search",
        handler=search.search,
        roles=STAFF,
        tag="tickets",
        query=(LIMIT, CURSOR),
        body=search.SearchForm,
        answers={200: search.Found},
    ),
    Route(
        method="GET",
        path=_TICKET_PATH,
        operation="tickets_show",
        handler=handlers.show,
        roles=OWNER_OR_STAFF,
        tag="tickets",
        answers={200: TicketView},
        refuses=(refusals.TicketNotFound, refusals.NumberNotReported),
    ),
    Route(
        method="DELETE",
        path=_TICKET_PATH,
        operation="tickets_leave",
        handler=handlers.leave,
        roles=OWNER_OR_STAFF,
        tag="tickets",
        answers={200: TicketView},
        refuses=_TICKET_REFUSALS,
    ),
    Route(
        method="PATCH",
        path=_TICKET_PATH,
        operation="tickets_change",
        handler=handlers.change,
        roles=OWNER_OR_STAFF,
        tag="tickets",
        body=forms.ChangeTicketForm,
        body_type="application/merge-patch+json",
        answers={200: TicketView},
        refuses=_TICKET_REFUSALS,
    ),
    Route(
        method="POST",
        path=f"{_TICKET_PATH}/rating",
        operation="tickets_rate",
        handler=handlers.rate,
        roles=(Role.APPLICANT,),
        tag="tickets",
        body=forms.RateForm,
        answers={201: TicketView},
        refuses=_TICKET_REFUSALS,
    ),
    Route(
        method="GET",
        path=f"{_TICKET_PATH}/qr",
        operation="tickets_code",
        handler=handlers.code,
        roles=OWNER_OR_STAFF,
        tag="tickets",
        answers={200: qr_codes.CodeSeen},
        refuses=(refusals.TicketNotFound,),
    ),
    Route(
        method="GET",
        path="/v1/tickets/{ticket}",
        operation="tickets_find_hall",
        handler=handlers.find_hall,
        roles=EVERYONE,
        tag="tickets",
        answers={200: answers.HallOfTicket},
        refuses=(refusals.TicketNotFound,),
    ),
    _act("recall", actions.recall, form_fields.Nothing, refusals.HallSuspended),
    _act("start", actions.start),
    _act("finish", actions.finish, forms.FinishForm),
    _act("no-show", actions.no_show),
    _act("park", actions.park, forms.ParkForm),
    _act("papers", actions.papers, forms.PapersForm),
    _act("resume", actions.resume, form_fields.Nothing, refusals.HallClosed),
    _act(
        "transfer",
        actions.transfer,
        forms.TransferForm,
        refusals.ServiceNotFound,
        refusals.CounterNotFound,
        refusals.OnlineOnly,
    ),
    _act("undo", actions.undo, forms.UndoForm, refusals.CounterClosed, refusals.CounterBusy),
    Route(
        method="GET",
        path=f"{_TICKET_PATH}/history",
        operation="tickets_history",
        handler=handlers.history,
        roles=STAFF,
        tag="tickets",
        query=(LIMIT, CURSOR),
        answers={200: answers.History},
        refuses=(refusals.TicketNotFound,),
    ),
)
