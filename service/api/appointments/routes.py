"""Routes about appointments and free slots."""

from service import errors
from service.api.appointments import answers, calendar_file, forms, handlers, slots
from service.api.http.headers import INVITATION_HEADER
from service.api.route import CURSOR, EVERYONE, HALL, LIMIT, ON, OWNER_OR_STAFF, STAFF, Query, Refusals, Route
from service.api.shared import form_fields, qr_codes
from service.domain import refusals
from service.domain.hall.document import CODE
from service.domain.view import AppointmentView

_APPOINTMENT_REFUSALS: Refusals = (refusals.AppointmentNotFound, refusals.WrongState)
_BOOKING_REFUSALS: Refusals = (
    refusals.SlotFull,
    refusals.SlotNotOffered,
    refusals.AlreadyBooked,
)
_APPOINTMENT_PATH = f"{HALL}/appointments/{{appointment}}"
_SLOTS_SERVICE = Query(
    "service", "A service of the hall. The default is all bookable services.", {"type": "string", "pattern": CODE}
)
_FROM = Query("from", "A date of the hall. The default is today.", {"type": "string", "format": "date"})
_UNTIL = Query(
    "to",
    "A date of the hall, at most 61 days later. The default is the end of the booking horizon.",
    {"type": "string", "format": "date"},
)
_COUNT = Query("count", "The number of people. The default is 1.", {"type": "integer", "minimum": 1, "maximum": 99})
_INVITATION = Query(
    INVITATION_HEADER,
    "The code of an invitation: what its guest can book.",
    {"type": "string", "minLength": 1, "maxLength": form_fields.CODE_TEXT_MAX},
    "header",
)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{HALL}/slots",
        operation="slots_show",
        handler=slots.show,
        roles=EVERYONE,
        tag="appointments",
        query=(_SLOTS_SERVICE, _FROM, _UNTIL, _COUNT, _INVITATION),
        answers={200: slots.SlotList},
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
        path=f"{HALL}/appointments",
        operation="appointments_book",
        handler=handlers.book,
        roles=EVERYONE,
        tag="appointments",
        body=forms.BookForm,
        answers={201: AppointmentView},
        refuses=(
            refusals.ServiceNotFound,
            refusals.OnlineOnly,
            *_BOOKING_REFUSALS,
            refusals.HoldLimit,
            refusals.CodeNotFound,
            refusals.CodeUsed,
            refusals.TicketNotFound,
            refusals.WrongState,
        ),
    ),
    Route(
        method="GET",
        path=f"{HALL}/appointments",
        operation="appointments_list",
        handler=handlers.list_,
        roles=STAFF,
        tag="appointments",
        query=(ON, LIMIT, CURSOR),
        answers={200: answers.AppointmentList},
    ),
    Route(
        method="GET",
        path=f"{_APPOINTMENT_PATH}.ics",
        operation="calendar_show",
        handler=calendar_file.show,
        roles=OWNER_OR_STAFF,
        tag="appointments",
        answers={200: str},
        media_type="text/calendar",
        refuses=(refusals.AppointmentNotFound,),
    ),
    Route(
        method="GET",
        path=f"{_APPOINTMENT_PATH}/qr",
        operation="appointments_code",
        handler=handlers.code,
        roles=OWNER_OR_STAFF,
        tag="appointments",
        answers={200: qr_codes.CodeSeen},
        refuses=(refusals.AppointmentNotFound,),
    ),
    Route(
        method="GET",
        path=_APPOINTMENT_PATH,
        operation="appointments_show",
        handler=handlers.show,
        roles=OWNER_OR_STAFF,
        tag="appointments",
        answers={200: AppointmentView},
        refuses=(refusals.AppointmentNotFound,),
    ),
    Route(
        method="PATCH",
        path=_APPOINTMENT_PATH,
        operation="appointments_change",
        handler=handlers.change,
        roles=OWNER_OR_STAFF,
        tag="appointments",
        body=forms.ChangeAppointmentForm,
        body_type="application/merge-patch+json",
        answers={200: AppointmentView},
        refuses=(*_APPOINTMENT_REFUSALS, *_BOOKING_REFUSALS, refusals.HoldExpired),
    ),
    Route(
        method="DELETE",
        path=_APPOINTMENT_PATH,
        operation="appointments_cancel",
        handler=handlers.cancel,
        roles=OWNER_OR_STAFF,
        tag="appointments",
        answers={200: AppointmentView},
        refuses=_APPOINTMENT_REFUSALS,
    ),
)
