"""Ids in the path of a request. An id of the wrong form is answered as not found."""

import re

from aiohttp import web

from service.domain.model import AppointmentId, CounterId, HallId, TicketId
from service.domain.refusals import AppointmentNotFound, CounterNotFound, HallNotFound, Refusal, TicketNotFound
from service.primitives.ids import ID_FORM

_HALL = re.compile(r"[a-z0-9-]{1,32}")
_COUNTER = re.compile(r"[A-Za-z0-9-]{1,16}")


def hall_of(request: web.Request) -> HallId:
    """The hall named in the path. Raises HallNotFound for what no hall can be named."""
    hall = request.match_info["hall"]
    if not _HALL.fullmatch(hall):
        raise HallNotFound
    return HallId(hall)


def ticket_of(request: web.Request) -> TicketId:
    """The ticket named in the path. Raises TicketNotFound for what is no id."""
    return TicketId(id_of(request, "ticket", TicketNotFound))


def appointment_of(request: web.Request) -> AppointmentId:
    """The appointment named in the path. Raises AppointmentNotFound for what is no id."""
    return AppointmentId(id_of(request, "appointment", AppointmentNotFound))


def id_of(request: web.Request, name: str, unknown: type[Refusal]) -> str:
    """The id in the path. Raises `unknown` for what is none."""
    said = request.match_info[name].lower()
    if not ID_FORM.fullmatch(said):
        raise unknown
    return said


def counter_of(request: web.Request) -> CounterId:
    """The counter named in the path. Raises CounterNotFound for what no counter can be named."""
    counter = request.match_info["counter"]
    if not _COUNTER.fullmatch(counter):
        raise CounterNotFound
    return CounterId(counter)
