"""Calls about halls: what they offer, the board, notices, suspension, closing the day."""

import asyncio
import re
from datetime import datetime

from aiohttp import web
from msgspec import to_builtins

from display.board import board_of, zone_known
from service.api.answers import (
    DaySeen,
    ExpectedSeen,
    HallList,
    HallSeen,
    HoursSeen,
    NoticeList,
    NoticeSeen,
    OvertimeNow,
    OvertimeSeen,
    RulesSeen,
    ServiceKept,
    ServiceSeen,
    SuspensionSeen,
    Zoned,
    answer,
)
from service.api.forms import CloseDayForm, Nothing, NoticeForm, OvertimeForm, SuspensionForm
from service.api.hosts import host_of
from service.api.keys import CLOCK, DISPLAY_PORT, FORECASTER, HALLS, LANES, SETTINGS
from service.api.papers import name_of_paper
from service.api.requests import ask, ask_only_on, caller, hall_of, read, utc
from service.domain import commands
from service.domain.admission.preview import at_door
from service.domain.admission.walk_ins import FITS
from service.domain.calendar.plan import DUE_AFTER_DAYS, Plan
from service.domain.calendar.times import stamp, stamp_or_none
from service.domain.day import Day
from service.domain.decide.check_ins import CHECK_IN_BEFORE_S
from service.domain.events import Event, NoticePosted, SuspensionBegan
from service.domain.forecast.day_outlook import DayAhead, Quarter
from service.domain.hall.document import HallDocument
from service.domain.model import MISSED_AFTER_S, RETURN_WITHIN_S, CounterState, Notice, Suspension, Texts, ZoneId
from service.domain.queue.promised_waits import promised_to_newcomer
from service.domain.queue.waits import wait_of_newcomer
from service.domain.refusals import BodyInvalid, Busy
from service.domain.view import NO_WAIT, wait_view
from service.errors import StorageUnavailable
from service.primitives.ids import ID_FORM, NIL, new_id
from service.runtime.fault_isolation import apart
from service.runtime.halls import Hall

LIMIT = 50
LIMIT_MAX = 200
CURSOR_MAX = 200
"""Letters; no name that a page can end with is longer."""

_NUMBER = re.compile(r"[0-9]{1,3}")
_CURSOR = re.compile(r"[0-9]{1,9}")


async def list_(request: web.Request) -> web.Response:
    """All halls, by id, each as it is now."""
    limit = limit_of(request)
    cursor = text_cursor_of(request)
    halls = [hall for hall in request.app[HALLS].known() if hall.id > cursor]
    page = halls[:limit]
    items = await asyncio.gather(*(_listed(request, hall) for hall in page))
    found = [item for item in items if item is not None]
    return answer(HallList(found, page[-1].id if len(halls) > limit else None))


async def _listed(request: web.Request, hall: Hall) -> HallSeen | None:
    """A hall as a list has it; None where a fault of ours keeps it out, and only it. Raises Busy."""
    with apart("hall_not_listed", hall.id, through=Busy):
        return _seen(request, hall, await _day_of(request, hall))
    return None


async def _day_of(request: web.Request, hall: Hall) -> Day:
    """A hall's present day, as last known where it cannot be read; one that has not begun is as it would begin."""
    lanes, now_at = request.app[LANES], request.app[CLOCK].now_at()
    on = hall.day_at(now_at)
    goes_on: tuple[Event, ...] = ()
    try:
        day = await lanes.day_if_begun(hall)
        if day is None:
            goes_on = await lanes.going_on(hall.id, on)
    except StorageUnavailable:
        day = lanes.in_memory(hall.id, on)
    if day is None or not day.opened:
        day = Day(hall.id, on)
        day.put_plan(hall.plan(on))
        for event in goes_on:
            if isinstance(event, SuspensionBegan):
                day.suspension = Suspension(event.text, now_at, event.until_at)
    day.wake(now_at)
    return day


async def show(request: web.Request) -> web.Response:
    """A hall: its services with their papers and the wait now, its zones, whether it is open."""
    hall_id = hall_of(request)
    hall = await request.app[HALLS].get(hall_id)
    day = await request.app[LANES].day(hall_id)
    return answer(_seen(request, hall, day))


async def rules(request: web.Request) -> web.Response:
    """The rules by which people are called, and the words of the codes they read."""
    document = (await request.app[HALLS].get(hall_of(request))).document
    said = document.rules
    codes = (*document.codes.missing, *document.codes.ratings)
    return answer(
        RulesSeen(
            credit_s=to_builtins(said.credit_s),
            early_s=said.early_s,
            check_in_before_s=CHECK_IN_BEFORE_S,
            grace_s=said.grace_s,
            missed_after_s=MISSED_AFTER_S,
            doors_before_s=said.doors_before_s,
            back_within_s=RETURN_WITHIN_S,
            park_penalty_s=said.park_penalty_s,
            returns_within_days=DUE_AFTER_DAYS,
            hours=[HoursSeen(list(one.weekdays), one.from_, one.to) for one in document.hours],
            horizon_days=document.booking.horizon_days,
            per_person=document.booking.per_person,
            admission=document.admission,
            ratings=list(document.codes.ratings),
            words={code: dict(document.texts[code]) for code in codes if code in document.texts},
        )
    )


async def board(request: web.Request) -> web.Response:
    """What the lobby screens of a zone show."""
    day = await request.app[LANES].day(hall_of(request))
    said = request.query.get("zone")
    zone = ZoneId(said) if said else None
    if not zone_known(day, zone):
        raise BodyInvalid(("zone", "the hall has no such zone"))
    return answer(board_of(day, zone, request.app[CLOCK].now_at()))


async def post_notice(request: web.Request) -> web.Response:
    """Put words on the lobby screens, of some zones or of all, until they are taken away."""
    hall, who = hall_of(request), caller(request)
    form = await read(request, NoticeForm)
    text = _in_languages((await request.app[HALLS].get(hall)).document.languages, form.text)
    notice = Notice(new_id(), text, tuple(ZoneId(zone) for zone in form.zones))
    given = await ask(request, who, hall, commands.PostNotice(notice))
    assert given.done is not None, "a notice is an event"
    event = given.done.parts[0].event
    assert isinstance(event, NoticePosted), "and nothing else"
    posted = event.notice
    seen = NoticeSeen(id=posted.id, text=posted.text, zones=list(posted.zones), seq=given.seq)
    return answer(seen, 201, Location=f"/v1/halls/{hall}/notices/{posted.id}")


async def list_notices(request: web.Request) -> web.Response:
    """The words on the lobby screens now, the oldest first."""
    hall, limit, cursor = hall_of(request), limit_of(request), id_cursor_of(request)
    day = await request.app[LANES].day(hall)
    found = sorted(notice for notice in day.notices if notice > cursor)  # ids are in the order of time
    items = [
        NoticeSeen(id=notice.id, text=notice.text, zones=list(notice.zones), seq=day.seq)
        for notice in (day.notices[one] for one in found[:limit])
    ]
    return answer(NoticeList(items, items[-1].id if len(found) > limit else None, day.seq))


async def remove_notice(request: web.Request) -> web.Response:
    """Take words off the lobby screens."""
    hall, who = hall_of(request), caller(request)
    await read(request, Nothing)
    await ask(request, who, hall, commands.RemoveNotice(request.match_info["notice"]))
    return web.Response(status=204)


async def suspend(request: web.Request) -> web.Response:
    """Stop issuing and calling, until a time or until it is lifted, over midnight too; screens show only the text."""
    hall, who = hall_of(request), caller(request)
    form = await read(request, SuspensionForm)
    text = _in_languages((await request.app[HALLS].get(hall)).document.languages, form.text)
    until_at = utc("until_at", form.until_at)
    given = await ask(request, who, hall, commands.Suspend(text, until_at))
    assert given.done is not None, "a suspension is an event"
    part = given.done.parts[0]
    assert isinstance(part.event, SuspensionBegan), "and nothing else"
    text = part.event.text  # of what is asked for again, in the languages that the hall had then
    since_at = stamp(part.at)
    return answer(SuspensionSeen(text=text, since_at=since_at, until_at=stamp_or_none(until_at), seq=given.seq))


async def lift_suspension(request: web.Request) -> web.Response:
    """Go on issuing and calling."""
    hall, who = hall_of(request), caller(request)
    await read(request, Nothing)
    given = await ask(request, who, hall, commands.LiftSuspension())
    return answer(SuspensionSeen(text=None, since_at=None, until_at=None, seq=given.seq))


async def open_overtime(request: web.Request) -> web.Response:
    """Go on after closing, until a time; what is taken then has admission `overtime`."""
    form = await read(request, OvertimeForm)
    until_at = utc("until_at", form.until_at)
    assert until_at is not None, "an overtime has an end"
    given = await ask(request, caller(request), hall_of(request), commands.OpenOvertime(until_at, form.counters))
    return answer(OvertimeNow(until_at=stamp(until_at), counters=form.counters, seq=given.seq))


async def end_overtime(request: web.Request) -> web.Response:
    """Close when the hall document says."""
    await read(request, Nothing)
    given = await ask(request, caller(request), hall_of(request), commands.EndOvertime())
    return answer(OvertimeNow(until_at=None, counters=None, seq=given.seq))


async def close_day(request: web.Request) -> web.Response:
    """Issue and call no more on `day`, the present one if not said; who still waits leaves as `unserved`.

    They have a right to return. Appointments of the day whose people have not come are cancelled, and do not count as
    missed. It cannot be taken back, so it is done on that day or not at all: `wrong-state` when the day has ended,
    `wrong-day` when it has not begun.
    """
    hall_id, who = hall_of(request), caller(request)
    came_at = request.app[CLOCK].now_at()
    form = await read(request, CloseDayForm)
    on = form.day or (await request.app[HALLS].get(hall_id)).day_at(came_at)
    given = await ask_only_on(request, who, hall_id, commands.CloseDay(on), on)
    return answer(DaySeen(day=given.day.on, closed=True, seq=given.seq))


def limit_of(request: web.Request) -> int:
    """How many a page of a list has. Raises BodyInvalid."""
    said = request.query.get("limit", str(LIMIT))
    if not _NUMBER.fullmatch(said) or not 1 <= int(said) <= LIMIT_MAX:
        raise BodyInvalid(("limit", f"a number from 1 to {LIMIT_MAX}"))
    return int(said)


def text_cursor_of(request: web.Request) -> str:
    """The text after which a page of a list begins, nothing for the first. Raises BodyInvalid."""
    said = request.query.get("cursor", "")
    if len(said) > CURSOR_MAX or not said.isprintable():
        raise BodyInvalid(("cursor", "`next_cursor` of the page before"))
    return said


def number_cursor_of(request: web.Request) -> int:
    """The number after which a page of a list begins, 0 for the first. Raises BodyInvalid."""
    said = request.query.get("cursor", "0")
    if not _CURSOR.fullmatch(said):
        raise BodyInvalid(("cursor", "`next_cursor` of the page before"))
    return int(said)


def id_cursor_of(request: web.Request) -> str:
    """The id after which a page of a list begins, `NIL` for the first. Raises BodyInvalid."""
    said = request.query.get("cursor", NIL).lower()
    if not ID_FORM.fullmatch(said):
        raise BodyInvalid(("cursor", "`next_cursor` of the page before"))
    return said


def _in_languages(languages: list[str], text: str | Texts) -> Texts:
    return dict.fromkeys(languages, text) if isinstance(text, str) else text


def _seen(request: web.Request, hall: Hall, day: Day) -> HallSeen:
    now_at = request.app[CLOCK].now_at()
    plan = day.plan
    document = hall.document
    would_get = at_door(day, now_at)
    return HallSeen(
        id=hall.id,
        name=dict(document.name),
        time_zone=document.time_zone,
        languages=list(document.languages),
        services=[
            ServiceSeen(
                id=service.id,
                name=dict(service.name),
                prefix=service.prefix,
                papers=[{"id": paper.id, "name": dict(paper.name)} for paper in service.papers],
                online_url=service.online_url,
                bookable=service.bookable and service.online_url is None,
                count_max=service.count_max,
                duration_s=service.duration_s.mean,
                wait=NO_WAIT
                if service.online_url is not None or service.id not in plan.services
                else wait_view(
                    promised_to_newcomer(day, service.id, now_at) or wait_of_newcomer(day, service.id, now_at)
                ),
                admission=would_get.get(service.id),
            )
            for service in document.services
        ],
        no_longer_offered=_kept_by(plan, document),
        zones=[Zoned(zone.id, dict(zone.name)) for zone in document.zones],
        open=plan.open_at(now_at) and not day.closed,
        opens_at=stamp_or_none(plan.reopens_at if day.closed else plan.opens_at(now_at)),
        doors_open=plan.doors_open_at(now_at) and not day.closed,
        staffed=any(counter.state is not CounterState.CLOSED for counter in day.counters.values()),
        day_ends_at=stamp(plan.ends_at),
        entrance=document.entrance,
        as_of_at=stamp(now_at),
        expected=expected_of(plan, now_at, request.app[FORECASTER].kept_ahead_of(day)),
        suspended=day.suspended_at(now_at) is not None,
        overtime=None
        if day.overtime is None or day.closed
        else OvertimeSeen(stamp(day.overtime.until_at), day.overtime.counters),
        display_url=display_url(request),
        seq=day.seq,
    )


def _kept_by(plan: Plan, document: HallDocument) -> list[ServiceKept]:
    """The services that a plan has kept for who came or booked before they were taken out of the document."""
    return [
        ServiceKept(
            id=service.id,
            name=dict(service.name),
            prefix=service.prefix,
            papers=[{"id": paper, "name": name_of_paper(document, service.id, paper)} for paper in service.papers],
        )
        for service in plan.services.values()
        if not service.offered
    ]


def expected_of(plan: Plan, now_at: datetime, ahead: DayAhead | None) -> list[ExpectedSeen]:
    """How many are expected in what is left of the day, and how long they wait; nothing when nobody can tell."""
    quarters = [] if ahead is None else [one for one in ahead.quarters if one.at >= now_at]
    return [
        ExpectedSeen(
            stamp(span.from_at),
            stamp(span.to_at),
            round(span.number, 1),
            _longest_s([one for one in quarters if span.from_at <= one.at < span.to_at]),
        )
        for span in plan.walk_ins
        if span.to_at > now_at
    ]


def _longest_s(quarters: list[Quarter]) -> int | None:
    """The longest p90 of some quarters of an hour; None when in one of them nobody is sure to be called."""
    waits = [one.wait_p90_s for one in quarters if one.fits is not None and one.fits >= FITS]
    known = [wait_s for wait_s in waits if wait_s is not None]
    return max(known) if known and len(known) == len(quarters) else None


def display_url(request: web.Request) -> str:
    """Where the sockets are, as this visitor reaches them; where a proxy is before them, the setting says it."""
    settings = request.app[SETTINGS]
    if settings.display_url is not None:
        return settings.display_url.rstrip("/")
    return f"ws://{host_of(request).name}:{request.app[DISPLAY_PORT]}"
