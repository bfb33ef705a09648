"""Handler of the calendar file of an appointment.

Source: RFC 5545; CONTRACT 5 (stable UID, SEQUENCE counts changes).
"""

from aiohttp import web

from service.api.app_keys import CLOCK, FINDER, HALLS, LANES, SETTINGS, SIGNER
from service.api.http.json_response import JSON_HEADERS
from service.api.http.path_parts import appointment_of, hall_of
from service.credentials.page_links import Links
from service.domain.model import Appointment, AppointmentState, HallId
from service.errors import StorageUnavailable
from service.journal import faults
from service.notify.calendar_files import CalendarMethod, render_calendar_file
from service.notify.content import calendar_entry_of
from service.notify.model import Facts
from service.notify.translations import choose_language

CANCELLED_STATES = frozenset({AppointmentState.CANCELLED, AppointmentState.EXPIRED})
"""States that a calendar shows as cancelled."""


async def show(request: web.Request) -> web.Response:
    """Show an appointment as a calendar file. Its UID never changes; SEQUENCE counts the changes."""
    hall_id, appointment_id = hall_of(request), appointment_of(request)
    hall = await request.app[HALLS].get(hall_id)
    day = await request.app[LANES].day_of_appointment(hall_id, appointment_id)
    appointment = day.appointment(appointment_id)
    facts = Facts(
        service=appointment.service,
        code=appointment.code,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        count=appointment.count,
        sequence=appointment.sequence,
    )
    language = choose_language(await _locale_of(request, hall_id, appointment), hall.document.languages)
    links = Links(request.app[SETTINGS].public_url, request.app[SIGNER])
    entry = calendar_entry_of(hall_id, appointment_id, facts, hall.document, language, links)
    now_at = request.app[CLOCK].now_at()
    state = day.state_of(appointment, now_at)
    method = CalendarMethod.CANCEL if state in CANCELLED_STATES else CalendarMethod.PUBLISH
    response = web.Response(
        body=render_calendar_file(entry, method, now_at, held=state is AppointmentState.HELD),
        content_type="text/calendar",
        charset="utf-8",
        headers=JSON_HEADERS,
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{appointment.code}.ics"'
    return response


async def _locale_of(request: web.Request, hall: HallId, appointment: Appointment) -> str | None:
    """The language of the applicant, if known."""
    if appointment.applicant is None:
        return None
    try:
        applicant = await request.app[FINDER].applicant(hall, appointment.applicant)
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error
    return None if applicant is None else applicant.locale
