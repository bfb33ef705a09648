"""Handlers of the hall document: show it, replace it, and preview a replacement (dry run)."""

import asyncio
import re
from datetime import date, timedelta

from aiohttp import web
from msgspec import Struct
from msgspec.structs import asdict
from msgspec.structs import replace as replace_in

from service.api.access.roles import Caller, caller_of
from service.api.app_keys import AVAILABILITY, CLOCK, HALLS, LANES
from service.api.http.body import read_body
from service.api.http.json_response import JSON_HEADERS, answer
from service.api.http.path_parts import hall_of
from service.api.http.query import flag_of
from service.api.shared.idempotency_keys import idempotency_key_of
from service.booking.availability import total_places
from service.domain import commands
from service.domain.calendar.times import stamp
from service.domain.decide.decide import decide
from service.domain.events import Record
from service.domain.evolve.evolve import evolve
from service.domain.hall.document import HallDocument
from service.domain.model import AppointmentId
from service.domain.queue.plan_change_effect import wait_after_change, wait_profile
from service.domain.queue.recent_arrivals import recent_arrivals
from service.domain.queue.waits import wait_of_newcomer
from service.domain.refusals import BodyInvalid, Busy
from service.domain.view import Stamp, WaitView, wait_view
from service.errors import DocumentConflict, IfMatchMissing, OutcomeUnknown, StorageUnavailable
from service.identity.document_changes import change_recorder
from service.journal.hall_documents import DocumentPut
from service.runtime.document_checks import document_faults
from service.runtime.hall import Hall, plan_from
from service.runtime.hall_calendar import years_without_holidays


class WaitChange(Struct, frozen=True):
    """The wait for a service before and after the change."""

    service: str
    before: WaitView
    after: WaitView


class PlacesChange(Struct, frozen=True):
    """The places for appointments of a day, before and after the change."""

    on: date
    before: int
    after: int


class ProfilePoint(Struct, frozen=True):
    """The longest p90 wait of walk-ins who arrive at this time, in seconds; null if none can arrive or be served."""

    at: Stamp
    before_p90_s: int | None
    after_p90_s: int | None


class DryRun(Struct, frozen=True, kw_only=True):
    """What a document would change, if it were put now.

    `over_capacity` are the appointments it would make too many, `over_capacity_already` those that are so as it is.
    `profile` has each quarter of an hour until closing, if people go on coming as in the last hour: `arrivals_per_h`.
    `seq` is that of the day it was reckoned with. `holidays_unknown` are the years, as far ahead as people can book,
    whose public holidays are not all known yet.
    """

    revision: int
    changed: list[str]
    places: list[PlacesChange]
    over_capacity: list[str]
    over_capacity_already: list[str]
    holidays_unknown: list[int]
    waits: list[WaitChange]
    profile: list[ProfilePoint]
    arrivals_per_h: float
    seq: int


OVER_CAPACITY = "Paihao-Over-Capacity"
"""Header with the number of appointments over capacity. The body is the document."""

PLACES_DAYS = 14
"""Days, from today on, whose places a dry run compares."""

_REVISION = re.compile(r"[0-9]{1,9}")


async def show(request: web.Request) -> web.Response:
    """Show the hall document. A replacement sends its ETag in `If-Match`."""
    hall_id = hall_of(request)
    hall = await request.app[HALLS].read(hall_id)
    if any(tag.value in {"*", str(hall.revision)} for tag in request.if_none_match or ()):
        return web.Response(status=304, headers={"ETag": f'"{hall.revision}"', **JSON_HEADERS})
    return answer(hall.document, ETag=f'"{hall.revision}"')


async def replace(request: web.Request) -> web.Response:
    """Replace the hall document. With `dry_run=1`, only show what would change.

    Today's people, numbers and counters in use are kept, and so is every appointment: the days take the new plan over
    as an event. `Paihao-Over-Capacity` says how many appointments to come the hall then has more than it would take.
    """
    hall_id, caller = hall_of(request), caller_of(request)
    document = await _read_document(request)
    is_dry_run = flag_of(request, "dry_run")
    await request.app[HALLS].refuse_other_dates(hall_id, document, request.app[CLOCK].now_at())
    if is_dry_run:
        return answer(await _dry_run(request, document))
    key = await idempotency_key_of(request, caller)
    put = DocumentPut(
        if_revisions=_revisions_replaced(request),
        command_id=key.command_id,
        fingerprint=key.fingerprint,
        fingerprints_before=key.fingerprints_before,
        record_change=change_recorder(hall_id, document, request.app[CLOCK].now_at(), caller.actor),
    )
    hall, before = await request.app[HALLS].put(hall_id, document, put)
    await _take_over(request, caller, hall, before=before)
    response = answer(document, ETag=f'"{hall.revision}"')
    response.headers[OVER_CAPACITY] = str(len(await _over_capacity(request, hall)))
    return response


async def _take_over(request: web.Request, caller: Caller, hall: Hall, *, before: bool) -> None:
    """Bring what was stored to the open days; an earlier sending of the request may have come as far as storing it.

    Raises:
        OutcomeUnknown: it is stored, and the days will follow by themselves; that they do is not known yet.
    """
    try:
        if before:
            hall = await request.app[HALLS].read(hall.id)
        await request.app[LANES].follow_document_now(hall, caller.actor)
    except (Busy, StorageUnavailable) as error:
        raise OutcomeUnknown from error


async def _over_capacity(request: web.Request, hall: Hall) -> set[AppointmentId]:
    """The future appointments over the capacity of the stored document. Raises OutcomeUnknown."""
    try:
        return (await request.app[AVAILABILITY].find_over_capacity(hall, hall.plan)).by_changed
    except (Busy, StorageUnavailable) as error:
        raise OutcomeUnknown from error


def _revisions_replaced(request: web.Request) -> frozenset[int] | None:
    """The revisions of which the request replaces any; None for whatever there is. Raises IfMatchMissing.

    What is no tag of a document of ours is no revision.

    Source: RFC 9110 13.1.1.
    """
    said = request.headers.get("If-Match")
    if said is None:
        raise IfMatchMissing
    if said.strip() == "*":
        return None
    return frozenset(int(tag.value) for tag in request.if_match or () if _REVISION.fullmatch(tag.value))


async def _read_document(request: web.Request) -> HallDocument:
    document = await read_body(request, HallDocument)
    faults = document_faults(document)
    if faults:
        raise BodyInvalid(*faults)
    return document


async def _dry_run(request: web.Request, document: HallDocument) -> DryRun:
    """Apply the document to a copy of the day, and compare."""
    hall_id = hall_of(request)
    hall = await request.app[HALLS].read(hall_id)
    replaced = _revisions_replaced(request) if "If-Match" in request.headers else None
    if replaced is not None and hall.revision not in replaced:
        raise DocumentConflict(hall.revision)
    day = await request.app[LANES].day(hall_id)
    now_at = max(request.app[CLOCK].now_at(), day.at)
    after = day.copy()
    plan = plan_from(document, max(hall.revision, day.plan.revision) + 1, day.on, hall.learned)
    for event in decide(after, commands.ChangePlan(plan), now_at):
        evolve(after, Record(after.seq + 1, now_at, "dry-run", "dry-run", 0, None, event))
    changed = replace_in(hall, revision=hall.revision + 1, document=document)
    over = await request.app[AVAILABILITY].find_over_capacity(hall, changed.plan)
    came = recent_arrivals(day, now_at)
    old, new = asdict(hall.document), asdict(document)
    services = [
        service.id
        for service in after.plan.services.values()
        if service.offered and service.online_url is None and service.id in day.plan.services
    ]
    return DryRun(
        revision=hall.revision,
        changed=[name for name in new if new[name] != old[name]],
        places=await _places(request, hall, changed),
        over_capacity=sorted(over.by_changed - over.by_current),
        over_capacity_already=sorted(over.by_current),
        holidays_unknown=years_without_holidays(document, day.on),
        waits=[
            WaitChange(
                name,
                wait_view(wait_of_newcomer(day, name, now_at)),
                wait_view(wait_after_change(day, after, name, now_at)),
            )
            for name in services
        ],
        profile=[
            ProfilePoint(stamp(change.at), change.before_p90_s, change.after_p90_s)
            for change in wait_profile(day, after, now_at)
        ],
        arrivals_per_h=round(3600 * len(came.tickets) / came.over_s, 1),
        seq=day.seq,
    )


async def _places(request: web.Request, hall: Hall, changed: Hall) -> list[PlacesChange]:
    """The places of the next days without any bookings, with the present document and with the changed one."""
    today = hall.day_at(request.app[CLOCK].now_at())
    changes = []
    for on in (today + timedelta(days=days) for days in range(PLACES_DAYS)):
        before, after = hall.plan(on), changed.plan(on)
        changes.append(PlacesChange(on, total_places(before), total_places(after)))
        await asyncio.sleep(0)  # let other tasks run between the days
    return changes
