"""The table of all calls.

The router, `/openapi.json`, and the tests of routes and roles are made from it: a call that is not here does not exist.

Source: CONTRACT 5.
"""

from typing import Any, Literal

from aiohttp import web
from msgspec import Struct

from display.board import Board
from service import errors
from service.api import (
    alarms,
    answers,
    appointments,
    audit,
    calendar,
    check_ins,
    counters,
    desk,
    documents,
    entrance,
    find,
    forecast,
    forms,
    halls,
    health,
    invitations,
    kiosks,
    learned,
    messages,
    operations,
    people,
    reports,
    sessions,
    slots,
    staff,
    tickets,
)
from service.api.auth import Role
from service.api.guard import guarded
from service.api.problems import Handler
from service.api.readable import INVITATION_HEADER
from service.domain import refusals
from service.domain.hall.document import CODE, HallDocument
from service.domain.model import TicketState
from service.domain.view import AppointmentView, CounterView, TicketView
from service.invitations.guests import GuestsForm
from service.notify.model import State

Refusals = tuple[type[refusals.Refusal], ...]

_TICKET: Refusals = (refusals.TicketNotFound, refusals.WrongState)
_APPOINTMENT: Refusals = (refusals.AppointmentNotFound, refusals.WrongState)
_BOOKS: Refusals = (
    refusals.SlotFull,
    refusals.SlotNotOffered,
    refusals.AlreadyBooked,
)
_COUNTER: Refusals = (refusals.CounterNotFound,)
_CALLS: Refusals = (
    refusals.CounterClosed,
    refusals.CounterBusy,
    refusals.HallClosed,
    refusals.HallSuspended,
)


class Query(Struct, frozen=True):
    """A parameter in the query string, or a header; all of them are optional."""

    name: str
    meaning: str
    schema: dict[str, object]
    place: Literal["query", "header"] = "query"


class Route(Struct, frozen=True, kw_only=True):
    """One call.

    `roles` may use it, and those that imply them: `guard` holds every call to it, anyone where the setting `open_by`
    says so; `at_optional` leaves it to volunteers at counters of an optional stage only; with `in_any_hall` a role in
    one hall is enough, where the path names none; `answers` by status (None: no body; several: one of them); `refuses`
    besides what every call may; `files` are types of a body that is a file.
    """

    method: str
    path: str
    handler: Handler
    roles: tuple[Role, ...]
    tag: str
    answers: dict[int, Any]
    body: Any = None
    query: tuple[Query, ...] = ()
    refuses: Refusals = ()
    media_type: str = "application/json"
    open_by: str | None = None
    at_optional: bool = False
    in_any_hall: bool = False
    body_type: str = "application/json"
    files: tuple[str, ...] = ()

    @property
    def operation(self) -> str:
        """A name for the call, unique in the table."""
        return f"{self.handler.__module__.rpartition('.')[2]}_{self.handler.__name__.strip('_')}"


_ALL = (Role.ANYONE,)
_STAFF = (Role.STAFF,)
_IN_LINE = (Role.VOLUNTEER, Role.STAFF)
_MANAGER = (Role.MANAGER,)
_WATCHES = (Role.MANAGER, Role.OPS)
_KIOSK = (Role.KIOSK,)
_OWNER = (Role.APPLICANT, Role.STAFF)
_INVITES = (Role.PARTNER, Role.MANAGER)
_HALL = "/v1/halls/{hall}"
_TICKET_PATH = f"{_HALL}/tickets/{{ticket}}"
_APPOINTMENT_PATH = f"{_HALL}/appointments/{{appointment}}"
_COUNTER_PATH = f"{_HALL}/counters/{{counter}}"
_ZONE = Query("zone", "A zone of the hall; without it the whole hall.", {"type": "string"})
_LIMIT = Query("limit", "How many, 50 if not said.", {"type": "integer", "minimum": 1, "maximum": 200})
_CURSOR = Query("cursor", "`next_cursor` of the page before.", {"type": "string"})
_TO = Query("to", "The page to come back to, a path of ours.", {"type": "string", "pattern": "^/"})
_CODE = Query("code", "What the provider gave the browser.", {"type": "string"})
_OIDC_STATE = Query("state", "What we gave the browser.", {"type": "string"})
_EVERYWHERE = Query("everywhere", "1: all sessions of the account.", {"type": "integer", "enum": [0, 1]})
_ON = Query("on", "A date of the hall; today if not said.", {"type": "string", "format": "date"})
_ON_UTC = Query("on", "A date in UTC; today if not said.", {"type": "string", "format": "date"})
_STATE = Query(
    "state", "Only tickets in this state.", {"type": "string", "enum": [str(state) for state in TicketState]}
)
_SERVICE = Query("service", "Only tickets of this service.", {"type": "string", "pattern": CODE})
_BATCH = Query("batch", "`batch` of an import's answer.", {"type": "string", "format": "uuid"})
_MODE = Query(
    "mode",
    "all, if not said: nothing is stored when a line is bad; good: the good ones are.",
    {"type": "string", "enum": ["all", "good"]},
)
_RELEASES_AT = Query(
    "releases_at",
    "Until when they give a right to the places kept for the partner.",
    {"type": "string", "format": "date-time"},
)
_PARTNER = Query(
    "partner",
    "Whose they are, where a manager imports: the id of a partner's device; the hall's own if not said.",
    {"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$"},
)
_SLOTS_SERVICE = Query(
    "service", "A service of the hall; all that can be booked if not said.", {"type": "string", "pattern": CODE}
)
_FROM = Query("from", "A date of the hall; today if not said.", {"type": "string", "format": "date"})
_UNTIL = Query(
    "to",
    "A date of the hall, at most 61 days later; as far as bookings go if not said.",
    {"type": "string", "format": "date"},
)
_DAY = Query("day", "A date of the hall; today if nothing is said.", {"type": "string", "format": "date"})
_REPORT_FROM = Query(
    "from", "The first date; that of `to`, or today, if not said.", {"type": "string", "format": "date"}
)
_REPORT_TO = Query(
    "to", "The last date, at most 61 days later; today if not said.", {"type": "string", "format": "date"}
)
_HALLS_LIMIT = Query(
    "limit", "How many halls, 1000 if not said.", {"type": "integer", "minimum": 1, "maximum": operations.HALLS_MAX}
)
_COUNT = Query("count", "How many people; 1 if not said.", {"type": "integer", "minimum": 1, "maximum": 99})
_INVITATION = Query(
    INVITATION_HEADER,
    "The code of an invitation: what its guest can book.",
    {"type": "string", "minLength": 1, "maxLength": forms.CODE_TEXT_MAX},
    "header",
)
_MESSAGE_STATE = Query(
    "state",
    "Messages in this state; those that could not be sent if not said.",
    {"type": "string", "enum": [str(state) for state in State]},
)
_KEEP = Query("keep", "1: appointments to come stay, for nobody in particular.", {"type": "integer", "enum": [0, 1]})
_DRY_RUN = Query("dry_run", "1: change nothing, answer what would change.", {"type": "integer", "enum": [0, 1]})


def _act(name: str, handler: Handler, body: type[Struct] = forms.Nothing, *more: type[refusals.Refusal]) -> Route:
    return Route(
        method="POST",
        path=f"{_TICKET_PATH}/{name}",
        handler=handler,
        roles=_IN_LINE,
        at_optional=True,
        tag="tickets",
        body=body,
        answers={200: TicketView},
        refuses=(*_TICKET, *more),
    )


def _at_counter(
    name: str, handler: Handler, body: type[Struct], answered: dict[int, Any], *more: type[refusals.Refusal]
) -> Route:
    return Route(
        method="POST",
        path=f"{_COUNTER_PATH}/{name}",
        handler=handler,
        roles=_IN_LINE,
        at_optional=True,
        tag="counters",
        body=body,
        answers=answered,
        refuses=(*_COUNTER, *more),
    )


def _of_kiosk(
    name: str, handler: Handler, body: type[Struct], answered: dict[int, Any], *more: type[refusals.Refusal]
) -> Route:
    return Route(
        method="POST",
        path=f"{_HALL}/devices/{{device}}/{name}",
        handler=handler,
        roles=_KIOSK,
        tag="kiosks",
        body=body,
        answers=answered,
        refuses=(errors.DeviceNotFound, *more),
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/halls",
        handler=halls.list_,
        roles=_ALL,
        tag="halls",
        query=(_LIMIT, _CURSOR),
        answers={200: answers.HallList},
    ),
    Route(method="GET", path=_HALL, handler=halls.show, roles=_ALL, tag="halls", answers={200: answers.HallSeen}),
    Route(
        method="GET",
        path=f"{_HALL}/rules",
        handler=halls.rules,
        roles=_ALL,
        tag="halls",
        answers={200: answers.RulesSeen},
    ),
    Route(
        method="GET",
        path=f"{_HALL}/board",
        handler=halls.board,
        roles=_ALL,
        tag="halls",
        query=(_ZONE,),
        answers={200: Board},
    ),
    Route(
        method="GET",
        path=f"{_HALL}/document",
        handler=documents.show,
        roles=_MANAGER,
        tag="document",
        answers={200: HallDocument, 304: None},
    ),
    Route(
        method="PUT",
        path=f"{_HALL}/document",
        handler=documents.replace,
        roles=_MANAGER,
        tag="document",
        query=(_DRY_RUN,),
        body=HallDocument,
        answers={200: (HallDocument, answers.DryRun)},
        refuses=(errors.DocumentConflict, errors.IfMatchMissing),
    ),
    Route(
        method="GET",
        path=f"{_HALL}/entrance",
        handler=entrance.show,
        roles=(Role.KIOSK, Role.STAFF),
        tag="halls",
        answers={200: entrance.EntranceSeen},
    ),
    Route(
        method="GET",
        path=f"{_HALL}/slots",
        handler=slots.show,
        roles=_ALL,
        tag="appointments",
        query=(_SLOTS_SERVICE, _FROM, _UNTIL, _COUNT, _INVITATION),
        answers={200: answers.SlotList},
        refuses=(
            refusals.ServiceNotFound,
            refusals.OnlineOnly,
            refusals.CodeNotFound,
            errors.RateLimited,
            errors.StorageUnavailable,
        ),
    ),
    Route(
        method="POST",
        path=f"{_HALL}/appointments",
        handler=appointments.book,
        roles=_ALL,
        tag="appointments",
        body=forms.BookForm,
        answers={201: AppointmentView},
        refuses=(
            refusals.ServiceNotFound,
            refusals.OnlineOnly,
            *_BOOKS,
            refusals.HoldLimit,
            refusals.CodeNotFound,
            refusals.CodeUsed,
            refusals.TicketNotFound,
            refusals.WrongState,
        ),
    ),
    Route(
        method="GET",
        path=f"{_HALL}/appointments",
        handler=appointments.list_,
        roles=_STAFF,
        tag="appointments",
        query=(_ON, _LIMIT, _CURSOR),
        answers={200: answers.AppointmentList},
    ),
    Route(
        method="GET",
        path=f"{_APPOINTMENT_PATH}.ics",
        handler=calendar.show,
        roles=_OWNER,
        tag="appointments",
        answers={200: str},
        media_type="text/calendar",
        refuses=(refusals.AppointmentNotFound,),
    ),
    Route(
        method="GET",
        path=f"{_APPOINTMENT_PATH}/qr",
        handler=appointments.code,
        roles=_OWNER,
        tag="appointments",
        answers={200: answers.CodeSeen},
        refuses=(refusals.AppointmentNotFound,),
    ),
    Route(
        method="GET",
        path=_APPOINTMENT_PATH,
        handler=appointments.show,
        roles=_OWNER,
        tag="appointments",
        answers={200: AppointmentView},
        refuses=(refusals.AppointmentNotFound,),
    ),
    Route(
        method="PATCH",
        path=_APPOINTMENT_PATH,
        handler=appointments.change,
        roles=_OWNER,
        tag="appointments",
        body=forms.ChangeAppointmentForm,
        body_type="application/merge-patch+json",
        answers={200: AppointmentView},
        refuses=(*_APPOINTMENT, *_BOOKS, refusals.HoldExpired),
    ),
    Route(
        method="DELETE",
        path=_APPOINTMENT_PATH,
        handler=appointments.cancel,
        roles=_OWNER,
        tag="appointments",
        answers={200: AppointmentView},
        refuses=_APPOINTMENT,
    ),
    Route(
        method="POST",
        path=f"{_HALL}/check-ins",
        handler=check_ins.check_in,
        roles=_ALL,
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
        path=f"{_HALL}/tickets",
        handler=tickets.take,
        roles=_ALL,
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
        path=f"{_HALL}/tickets",
        handler=find.list_,
        roles=_STAFF,
        tag="tickets",
        query=(_ON, _STATE, _SERVICE, _LIMIT, _CURSOR),
        answers={200: answers.TicketList},
    ),
    Route(
        method="POST",
        path=f"{_HALL}/search",
        handler=find.search,
        roles=_STAFF,
        tag="tickets",
        query=(_LIMIT, _CURSOR),
        body=forms.SearchForm,
        answers={200: answers.Found},
    ),
    Route(
        method="GET",
        path=_TICKET_PATH,
        handler=tickets.show,
        roles=_OWNER,
        tag="tickets",
        answers={200: TicketView},
        refuses=(refusals.TicketNotFound, refusals.NumberNotReported),
    ),
    Route(
        method="DELETE",
        path=_TICKET_PATH,
        handler=tickets.leave,
        roles=_OWNER,
        tag="tickets",
        answers={200: TicketView},
        refuses=_TICKET,
    ),
    Route(
        method="PATCH",
        path=_TICKET_PATH,
        handler=tickets.change,
        roles=_OWNER,
        tag="tickets",
        body=forms.ChangeTicketForm,
        body_type="application/merge-patch+json",
        answers={200: TicketView},
        refuses=_TICKET,
    ),
    Route(
        method="POST",
        path=f"{_TICKET_PATH}/rating",
        handler=tickets.rate,
        roles=(Role.APPLICANT,),
        tag="tickets",
        body=forms.RateForm,
        answers={201: TicketView},
        refuses=_TICKET,
    ),
    Route(
        method="GET",
        path=f"{_TICKET_PATH}/qr",
        handler=tickets.code,
        roles=_OWNER,
        tag="tickets",
        answers={200: answers.CodeSeen},
        refuses=(refusals.TicketNotFound,),
    ),
    Route(
        method="GET",
        path="/v1/tickets/{ticket}",
        handler=tickets.find_hall,
        roles=_ALL,
        tag="tickets",
        answers={200: answers.HallOfTicket},
        refuses=(refusals.TicketNotFound,),
    ),
    _act("recall", tickets.recall, forms.Nothing, refusals.HallSuspended),
    _act("start", tickets.start),
    _act("finish", tickets.finish, forms.FinishForm),
    _act("no-show", tickets.no_show),
    _act("park", tickets.park, forms.ParkForm),
    _act("papers", tickets.papers, forms.PapersForm),
    _act("resume", tickets.resume, forms.Nothing, refusals.HallClosed),
    _act(
        "transfer",
        tickets.transfer,
        forms.TransferForm,
        refusals.ServiceNotFound,
        refusals.CounterNotFound,
        refusals.OnlineOnly,
    ),
    _act("undo", tickets.undo, forms.UndoForm, refusals.CounterClosed, refusals.CounterBusy),
    Route(
        method="GET",
        path=f"{_TICKET_PATH}/history",
        handler=tickets.history,
        roles=_STAFF,
        tag="tickets",
        query=(_LIMIT, _CURSOR),
        answers={200: answers.History},
        refuses=(refusals.TicketNotFound,),
    ),
    Route(
        method="GET",
        path=_COUNTER_PATH,
        handler=counters.show,
        roles=_IN_LINE,
        tag="counters",
        answers={200: CounterView},
        refuses=_COUNTER,
    ),
    _at_counter(
        "open",
        counters.open_,
        forms.OpenForm,
        {200: CounterView},
        refusals.ServiceNotFound,
        refusals.WrongState,
    ),
    _at_counter(
        "pause", counters.pause, forms.PauseForm, {200: CounterView}, refusals.WrongState, refusals.CounterBusy
    ),
    _at_counter(
        "close", counters.close, forms.CloseForm, {200: CounterView}, refusals.WrongState, refusals.CounterBusy
    ),
    _at_counter("next", counters.next_, forms.NextForm, {200: answers.NextCalled, 204: None}, *_CALLS),
    _at_counter("call", counters.call, forms.CallForm, {200: answers.NextCalled}, *_TICKET, *_CALLS),
    Route(
        method="GET",
        path=f"{_HALL}/queue",
        handler=counters.queue,
        roles=_IN_LINE,
        tag="counters",
        answers={200: answers.Queue},
    ),
    Route(
        method="GET",
        path=f"{_HALL}/forecast",
        handler=forecast.show,
        roles=(Role.STAFF, Role.MANAGER, Role.OPS),
        tag="ops",
        answers={200: forecast.ForecastSeen},
    ),
    Route(
        method="GET",
        path=f"{_HALL}/desk",
        handler=desk.show,
        roles=_IN_LINE,
        tag="counters",
        answers={200: desk.Desk},
    ),
    Route(
        method="GET",
        path=f"{_HALL}/notices",
        handler=halls.list_notices,
        roles=_MANAGER,
        tag="hall",
        query=(_LIMIT, _CURSOR),
        answers={200: answers.NoticeList},
    ),
    Route(
        method="POST",
        path=f"{_HALL}/notices",
        handler=halls.post_notice,
        roles=_MANAGER,
        tag="hall",
        body=forms.NoticeForm,
        answers={201: answers.NoticeSeen},
    ),
    Route(
        method="DELETE",
        path=f"{_HALL}/notices/{{notice}}",
        handler=halls.remove_notice,
        roles=_MANAGER,
        tag="hall",
        answers={204: None},
        refuses=(refusals.NoticeNotFound,),
    ),
    Route(
        method="PUT",
        path=f"{_HALL}/suspension",
        handler=halls.suspend,
        roles=_MANAGER,
        tag="hall",
        body=forms.SuspensionForm,
        answers={200: answers.SuspensionSeen},
    ),
    Route(
        method="DELETE",
        path=f"{_HALL}/suspension",
        handler=halls.lift_suspension,
        roles=_MANAGER,
        tag="hall",
        answers={200: answers.SuspensionSeen},
    ),
    Route(
        method="PUT",
        path=f"{_HALL}/overtime",
        handler=halls.open_overtime,
        roles=_MANAGER,
        tag="hall",
        body=forms.OvertimeForm,
        answers={200: answers.OvertimeNow},
        refuses=(refusals.HallClosed,),
    ),
    Route(
        method="DELETE",
        path=f"{_HALL}/overtime",
        handler=halls.end_overtime,
        roles=_MANAGER,
        tag="hall",
        answers={200: answers.OvertimeNow},
    ),
    Route(
        method="POST",
        path=f"{_HALL}/alarm",
        handler=alarms.raise_,
        roles=(*_IN_LINE, Role.KIOSK),
        tag="hall",
        body=forms.AlarmForm,
        answers={201: answers.AlarmMade},
        refuses=(refusals.CounterNotFound,),
    ),
    Route(
        method="DELETE",
        path=f"{_HALL}/alarm/{{alarm}}",
        handler=alarms.clear,
        roles=_STAFF,
        tag="hall",
        answers={204: None},
        refuses=(refusals.AlarmNotFound,),
    ),
    Route(
        method="POST",
        path=f"{_HALL}/day/close",
        handler=halls.close_day,
        roles=_MANAGER,
        tag="hall",
        body=forms.CloseDayForm,
        answers={200: answers.DaySeen},
        refuses=(refusals.DayHasEnded, refusals.WrongDay),
    ),
    Route(
        method="GET",
        path=f"{_HALL}/history",
        handler=audit.history,
        roles=_MANAGER,
        tag="hall",
        query=(_ON, _LIMIT, _CURSOR),
        answers={200: answers.HallHistory},
    ),
    Route(
        method="GET",
        path=f"{_HALL}/staff",
        handler=staff.list_,
        roles=_MANAGER,
        tag="staff",
        query=(_LIMIT, _CURSOR),
        answers={200: answers.MemberList},
    ),
    Route(
        method="POST",
        path=f"{_HALL}/staff",
        handler=staff.add,
        roles=_MANAGER,
        tag="staff",
        body=forms.AddMemberForm,
        answers={201: answers.MemberAdded},
    ),
    Route(
        method="PATCH",
        path=f"{_HALL}/staff/{{account}}",
        handler=staff.change,
        roles=_MANAGER,
        tag="staff",
        body=forms.ChangeMemberForm,
        body_type="application/merge-patch+json",
        answers={200: answers.MemberSeen},
        refuses=(errors.AccountNotFound,),
    ),
    Route(
        method="DELETE",
        path=f"{_HALL}/staff/{{account}}",
        handler=staff.remove,
        roles=_MANAGER,
        tag="staff",
        answers={204: None},
        refuses=(errors.AccountNotFound,),
    ),
    Route(
        method="POST",
        path=f"{_HALL}/staff/{{account}}/reset",
        handler=staff.reset,
        roles=_MANAGER,
        tag="staff",
        body=forms.Nothing,
        answers={200: answers.PasswordGiven},
        refuses=(errors.AccountNotFound, refusals.WrongState),
    ),
    Route(
        method="DELETE",
        path=f"{_HALL}/staff/{{account}}/sessions",
        handler=staff.sign_out,
        roles=_MANAGER,
        tag="staff",
        answers={204: None},
        refuses=(errors.AccountNotFound,),
    ),
    Route(
        method="GET",
        path=f"{_HALL}/devices",
        handler=staff.list_devices,
        roles=_MANAGER,
        tag="staff",
        query=(_LIMIT, _CURSOR),
        answers={200: answers.DeviceList},
    ),
    Route(
        method="POST",
        path=f"{_HALL}/devices",
        handler=staff.add_device,
        roles=_MANAGER,
        tag="staff",
        body=forms.AddDeviceForm,
        answers={201: answers.DeviceAdded},
    ),
    Route(
        method="DELETE",
        path=f"{_HALL}/devices/{{device}}",
        handler=staff.revoke_device,
        roles=_MANAGER,
        tag="staff",
        answers={204: None},
        refuses=(errors.DeviceNotFound,),
    ),
    Route(
        method="POST",
        path=f"{_HALL}/invitations",
        handler=invitations.import_,
        roles=_INVITES,
        tag="invitations",
        query=(_MODE, _RELEASES_AT, _PARTNER),
        body=GuestsForm,
        files=(invitations.CSV_TYPE, invitations.XLSX_TYPE),
        answers={201: answers.InvitationsGiven},
    ),
    Route(
        method="GET",
        path=f"{_HALL}/invitations",
        handler=invitations.list_,
        roles=_INVITES,
        tag="invitations",
        query=(_BATCH, _LIMIT, _CURSOR),
        answers={200: answers.InvitationList},
    ),
    Route(
        method="GET",
        path=f"{_HALL}/invitations/batches",
        handler=invitations.batches,
        roles=_INVITES,
        tag="invitations",
        query=(_LIMIT, _CURSOR),
        answers={200: answers.BatchList},
    ),
    Route(
        method="GET",
        path=f"{_HALL}/invitations.csv",
        handler=invitations.file,
        roles=_INVITES,
        tag="invitations",
        query=(_BATCH,),
        answers={200: str},
        media_type=invitations.CSV_TYPE,
    ),
    Route(
        method="GET",
        path=f"{_HALL}/invitations/sheet",
        handler=invitations.sheet,
        roles=_INVITES,
        tag="invitations",
        query=(_BATCH, _CURSOR),
        answers={200: str},
        media_type="text/html",
    ),
    Route(
        method="DELETE",
        path=f"{_HALL}/invitations/{{invitation}}",
        handler=invitations.revoke,
        roles=_INVITES,
        tag="invitations",
        answers={204: None},
        refuses=(refusals.CodeNotFound, refusals.CodeUsed),
    ),
    Route(
        method="GET",
        path=f"{_HALL}/learned",
        handler=learned.show,
        roles=(Role.MANAGER, Role.OPS),
        tag="hall",
        answers={200: answers.LearnedSeen},
    ),
    Route(
        method="GET",
        path=f"{_HALL}/kiosk",
        handler=kiosks.show,
        roles=_KIOSK,
        tag="kiosks",
        answers={200: kiosks.KioskSeen},
        refuses=(errors.DeviceNotFound,),
    ),
    _of_kiosk("lease", kiosks.lease, forms.LeaseForm, {201: kiosks.Leased}, refusals.HallClosed, refusals.LeaseLimit),
    _of_kiosk("tickets", kiosks.report, forms.ReportForm, {200: kiosks.Reported}, refusals.NumberNotLeased),
    _of_kiosk("status", kiosks.paper, forms.PaperForm, {200: kiosks.PaperSeen}),
    _of_kiosk(
        "slips",
        kiosks.print_slip,
        forms.SlipForm,
        {200: kiosks.PaperSeen},
        refusals.TicketNotFound,
        errors.PrinterNotFound,
    ),
    Route(
        method="GET",
        path=f"{_HALL}/messages",
        handler=messages.list_,
        roles=_MANAGER,
        tag="messages",
        query=(_MESSAGE_STATE, _LIMIT, _CURSOR),
        answers={200: answers.MessageList},
    ),
    Route(
        method="POST",
        path=f"{_HALL}/messages/{{message}}/retry",
        handler=messages.retry,
        roles=_MANAGER,
        tag="messages",
        body=forms.Nothing,
        answers={200: answers.MessageSeen},
        refuses=(errors.MessageNotFound, refusals.WrongState),
    ),
    Route(
        method="POST",
        path=f"{_HALL}/erasures",
        handler=people.erase,
        roles=_MANAGER,
        tag="people",
        query=(_KEEP,),
        body=forms.PersonForm,
        answers={200: answers.ErasureDone},
    ),
    Route(
        method="POST",
        path=f"{_HALL}/exports",
        handler=people.export,
        roles=_MANAGER,
        tag="people",
        body=forms.PersonForm,
        answers={200: answers.PersonExported},
    ),
    Route(
        method="GET",
        path=f"{_HALL}/report",
        handler=reports.show,
        roles=_WATCHES,
        tag="ops",
        query=(_DAY, _REPORT_FROM, _REPORT_TO),
        answers={200: reports.Report},
    ),
    Route(
        method="GET",
        path=f"{_HALL}/ops",
        handler=operations.show,
        roles=_WATCHES,
        tag="ops",
        answers={200: operations.DayWatched},
    ),
    Route(
        method="PUT",
        path=f"{_HALL}/screen",
        handler=operations.screen_seen,
        roles=(Role.KIOSK,),
        tag="ops",
        body=operations.ScreenForm,
        answers={204: None},
    ),
    Route(
        method="GET",
        path="/v1/ops",
        handler=operations.list_,
        roles=_WATCHES,
        tag="ops",
        query=(_HALLS_LIMIT, _CURSOR),
        answers={200: operations.HallsWatched, 304: None},
        in_any_hall=True,
    ),
    Route(
        method="GET",
        path="/v1/history",
        handler=audit.history_of_service,
        roles=(Role.ADMIN,),
        tag="ops",
        query=(_ON_UTC, _LIMIT, _CURSOR),
        answers={200: answers.HallHistory},
    ),
    Route(
        method="GET",
        path="/v1/session",
        handler=sessions.show,
        roles=_ALL,
        tag="session",
        answers={200: answers.SessionSeen},
        refuses=(errors.StorageUnavailable,),
    ),
    Route(
        method="POST",
        path="/v1/session",
        handler=sessions.sign_in,
        roles=_ALL,
        tag="session",
        body=forms.SignInForm,
        answers={200: answers.SessionSeen},
        refuses=(errors.SignInRefused, errors.RateLimited, errors.OutcomeUnknown, refusals.Busy),
    ),
    Route(
        method="DELETE",
        path="/v1/session",
        handler=sessions.sign_out,
        roles=_ALL,
        tag="session",
        query=(_EVERYWHERE,),
        answers={204: None},
        refuses=(errors.OutcomeUnknown,),
    ),
    Route(
        method="PUT",
        path="/v1/session/password",
        handler=sessions.change_password,
        roles=_ALL,
        tag="session",
        body=forms.PasswordForm,
        answers={204: None},
        refuses=(
            errors.SignInRefused,
            errors.TokenMissing,
            errors.RateLimited,
            errors.OutcomeUnknown,
            refusals.Busy,
        ),
    ),
    Route(
        method="GET",
        path="/v1/session/oidc",
        handler=sessions.sign_on,
        roles=_ALL,
        tag="session",
        query=(_TO,),
        answers={302: None},
        refuses=(errors.RouteNotFound,),
    ),
    Route(
        method="GET",
        path=sessions.CALLBACK,
        handler=sessions.signed_on,
        roles=_ALL,
        tag="session",
        query=(_CODE, _OIDC_STATE),
        answers={302: None},
        refuses=(errors.RouteNotFound, errors.StorageUnavailable, errors.OutcomeUnknown, refusals.Busy),
    ),
    Route(method="GET", path="/healthz", handler=health.alive, roles=_ALL, tag="ops", answers={200: answers.Health}),
    Route(
        method="GET",
        path="/readyz",
        handler=health.ready,
        roles=_ALL,
        tag="ops",
        answers={200: answers.Ready, 503: answers.Ready},
    ),
    Route(
        method="GET",
        path="/metrics",
        handler=health.metrics,
        roles=(Role.OPS,),
        tag="ops",
        answers={200: str},
        media_type="text/plain",
        open_by="metrics_open",
    ),
)


def every_call_may_refuse(route: Route) -> Refusals:
    """What a call may be refused with besides its own: by its path, its body, its roles, and the service's state."""
    found: list[type[refusals.Refusal]] = list(route.refuses)
    if "{hall}" in route.path:
        found += [refusals.HallNotFound, refusals.Busy, errors.StorageUnavailable, errors.OutcomeUnknown]
    if route.roles != _ALL:
        found += [errors.TokenMissing, errors.TokenInvalid, errors.Forbidden, errors.StorageUnavailable]
    elif route.method != "GET":
        found += [errors.TokenInvalid, errors.Forbidden, errors.StorageUnavailable]
    if route.method != "GET":
        found += [errors.BodyUnreadable, errors.BodyTooLarge, errors.MediaType, refusals.KeyReused]
    if route.method != "GET" or route.query:
        found.append(refusals.BodyInvalid)
    if route.path.startswith("/v1/"):
        found.append(errors.RateLimited)
    if route.method != "GET":
        found.append(errors.RequestTooSlow)
    found += [errors.Fault]
    return tuple(dict.fromkeys(found))


BUSY = tuple(
    f"{_HALL}/{path}"
    for path in (
        "tickets",
        "tickets/{ticket}",
        "counters/{counter}/next",
        "board",
        "appointments",
        "slots",
        "check-ins",
    )
)
"""The paths of the calls that a peak is made of, the most frequent first."""


def add_routes(app: web.Application) -> None:
    """Put every call into the router, which tries one after another: those a peak is made of first."""
    rank = {path: place for place, path in enumerate(BUSY)}
    for route in sorted(ROUTES, key=lambda route: rank.get(route.path, len(BUSY))):
        handler = guarded(
            route.method,
            route.roles,
            route.handler,
            route.open_by,
            at_optional=route.at_optional,
            in_any_hall=route.in_any_hall,
        )
        app.router.add_route(route.method, route.path, handler)
        if route.method == "GET":
            app.router.add_head(route.path, handler)
