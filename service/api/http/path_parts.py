"""Read ids from the path of a request. A malformed id is refused like an id that does not exist."""

import re

from aiohttp import web

from service.domain.model import AppointmentId, CounterId, HallId, TicketId
from service.domain.refusals import AppointmentNotFound, CounterNotFound, HallNotFound, Refusal, TicketNotFound
from service.primitives.ids import ID_FORM

_HALL = re.compile(r"[a-z0-9-]{1,32}")
_COUNTER = re.compile(r"[A-Za-z0-9-]{1,16}")


def hall_of(request: web.Request) -> HallId:
    """The hall id in the path. Raises HallNotFound if it is malformed."""
    hall = request.match_info["hall"]
    if not _HALL.fullmatch(hall):
        raise HallNotFound
    return HallId(hall)


def ticket_of(request: web.Request) -> TicketId:
    """The ticket id in the path. Raises TicketNotFound if it is malformed."""
    return TicketId(id_of(request, "ticket", TicketNotFound))


def appointment_of(request: web.Request) -> AppointmentId:
    """The appointment id in the path. Raises AppointmentNotFound if it is malformed."""
    return AppointmentId(id_of(request, "appointment", AppointmentNotFound))


def id_of(request: web.Request, name: str, not_found: type[Refusal]) -> str:
    """The id in the path under `name`, in lower case. Raises `not_found` if it is malformed."""
    text = request.match_info[name].lower()
    if not ID_FORM.fullmatch(text):
        raise not_found
    return text


def counter_of(request: web.Request) -> CounterId:
    """The counter id in the path. Raises CounterNotFound if it is malformed."""
    counter = request.match_info["counter"]
    if not _COUNTER.fullmatch(counter):
        raise CounterNotFound
    return CounterId(counter)
