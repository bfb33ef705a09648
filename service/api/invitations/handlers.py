"""Calls about invitations: a list comes in, codes go out, and who gave them sees what became of each.

A partner's device sees and takes back only what it gave; the hall's managers see all, and names only of those whom the
hall itself invited.

Source: CONTRACT 5 (invitations).
"""

import asyncio
from datetime import datetime

import msgspec
from aiohttp import web

from service.api.access.roles import Caller, Role, caller_of
from service.api.app_keys import HALLS, INVITATIONS, SETTINGS, WORKBOOKS
from service.api.http.body import JSON_TYPES, decode_json, raw_body, read_body, to_utc
from service.api.http.connections import Connection
from service.api.http.json_response import answer
from service.api.http.path_parts import hall_of, id_of
from service.api.http.query import LIMIT_MAX, id_cursor_of, limit_of
from service.api.invitations.answers import (
    BadLine,
    BatchList,
    BatchSeen,
    InvitationGiven,
    InvitationList,
    InvitationListed,
    InvitationsGiven,
)
from service.api.pages.serving import page_policy
from service.api.shared.form_fields import Instant, Nothing
from service.api.shared.idempotency_keys import idempotent_request_of
from service.domain.calendar.times import stamp, stamp_or_none
from service.domain.hall.document import PartnerCode
from service.domain.refusals import BodyInvalid, CodeNotFound
from service.errors import BodyUnreadable, Forbidden, MediaType, invalid
from service.invitations.exports import render_csv, render_sheet
from service.invitations.guests import (
    GUESTS_MAX,
    BadRow,
    GuestsForm,
    ListContext,
    ReadResult,
    guests_of_csv,
    guests_of_json,
    guests_of_table,
)
from service.invitations.store import HALL, Batch, ImportResult, InvitationDetails
from service.primitives.ids import ID_FORM
from service.runtime.hall import Hall

IMPORT_MAX_BYTES = 8 * 1024 * 1024
"""Bytes of an uploaded list. A larger list is refused with `body-too-large`."""

IMPORT_WITHIN_S = 120.0
"""Longest time for the upload of a list: enough for 8 MiB over a slow line."""

CSV_TYPE = "text/csv"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

MODES = ("all", "good")


async def import_(request: web.Request) -> web.Response:
    """Invite the people of a list. Each gets a code.

    The list is JSON, CSV (UTF-8 or GB18030) or .xlsx, with the columns name, phone, email, service, prechecked and
    locale, in English or Chinese. With mode `all`, the default, nothing is stored when a line is bad; with `good` the
    good ones are, and the answer says which were bad and why.
    """
    request = request.clone(client_max_size=IMPORT_MAX_BYTES)
    if isinstance(request.protocol, Connection):
        request.protocol.allow_body(IMPORT_WITHIN_S)
    hall, caller = await request.app[HALLS].get(hall_of(request)), caller_of(request)
    mode, releases_at, partner = _mode_of(request), _releases_at(request), _partner_of(request, caller)
    idempotent, invitations = await idempotent_request_of(request, caller), request.app[INVITATIONS]
    imported = await invitations.added_before(
        hall.id, idempotent
    )  # the document by which lines are read may have changed
    if imported is None:
        guests, bad = await _guests_of(request, hall)
        if bad and mode == "all":
            raise BodyInvalid(*((f"lines[{one.line}].{one.path}".rstrip("."), one.why) for one in bad))
        imported = await invitations.add(hall.id, partner, guests, bad, releases_at, idempotent)
    return answer(_given(imported), 201, Location=f"/v1/halls/{hall.id}/invitations?batch={imported.batch}")


async def list_(request: web.Request) -> web.Response:
    """List invitations with their use, oldest first."""
    await request.app[HALLS].get(hall_of(request))
    limit = limit_of(request)
    found = await _page(request, limit + 1)
    page = found[:limit]
    following = page[-1].id if len(found) > limit else None
    return answer(InvitationList([_seen(one) for one in page], following))


async def batches(request: web.Request) -> web.Response:
    """List imports, newest first, with counts of used and revoked invitations."""
    hall, limit = await request.app[HALLS].get(hall_of(request)), limit_of(request)
    before = request.query.get("cursor")
    if before is not None and not ID_FORM.fullmatch(before.lower()):
        raise BodyInvalid(("cursor", "`next_cursor` of the page before"))
    own = _own(caller_of(request))
    found = await request.app[INVITATIONS].batches(
        hall.id, of=own, before=None if before is None else before.lower(), limit=limit + 1
    )
    page = found[:limit]
    following = page[-1].id if len(found) > limit else None
    return answer(BatchList([_batch_seen(one) for one in page], following))


async def file(request: web.Request) -> web.Response:
    """Show the codes of an import as a CSV file for spreadsheet programs."""
    batch = _batch_of(request, required=True)
    hall = await request.app[HALLS].get(hall_of(request))
    found = await _page(request, GUESTS_MAX)
    written = render_csv(found, request.app[SETTINGS].public_url, hall.id)
    disposition = f'attachment; filename="invitations-{batch}.csv"'
    return web.Response(
        body=written,
        content_type=CSV_TYPE,
        charset="utf-8",
        headers={"Content-Disposition": disposition, "Cache-Control": "no-store"},
    )


async def sheet(request: web.Request) -> web.Response:
    """Show the unused codes of an import as a printable page of QR codes, 200 per page."""
    batch = _batch_of(request, required=True)
    hall = await request.app[HALLS].get(hall_of(request))
    found = await _page(request, LIMIT_MAX + 1)
    page = found[:LIMIT_MAX]
    more = f"/v1/halls/{hall.id}/invitations/sheet?batch={batch}&cursor={page[-1].id}" if len(found) > len(page) else ""
    language = hall.document.languages[0]
    title = hall.document.name.get(language, hall.id)
    public_url = request.app[SETTINGS].public_url
    written = await asyncio.to_thread(render_sheet, page, public_url, hall.id, title, language, more)  # 3 ms for each
    headers = {"Content-Security-Policy": page_policy(request), "Cache-Control": "no-store"}
    return web.Response(text=written, content_type="text/html", headers=headers)


async def revoke(request: web.Request) -> web.Response:
    """Revoke an unused invitation, and erase its person."""
    hall, caller = hall_of(request), caller_of(request)
    await read_body(request, Nothing)
    invitation = id_of(request, "invitation", CodeNotFound)
    await request.app[HALLS].get(hall)
    await request.app[INVITATIONS].revoke(hall, invitation, _own(caller), await idempotent_request_of(request, caller))
    return web.Response(status=204)


async def _guests_of(request: web.Request, hall: Hall) -> ReadResult:
    """Read the list. Raises MediaType, BodyUnreadable, BodyInvalid, Busy."""
    raw = await raw_body(request)
    offer = _offer_of(hall)
    if not raw or request.content_type in JSON_TYPES:
        return _guests_of_json(raw or b"{}", offer)
    match request.content_type:
        case "text/csv":
            return await asyncio.to_thread(guests_of_csv, raw, offer)
        case _ if request.content_type == XLSX_TYPE:
            table = await request.app[WORKBOOKS].table_of(raw)
            return await asyncio.to_thread(guests_of_table, table, offer)
        case _:
            raise MediaType(accepts=["application/json", CSV_TYPE, XLSX_TYPE])


def _guests_of_json(raw: bytes, offer: ListContext) -> ReadResult:
    try:
        return guests_of_json(raw, offer)
    except msgspec.ValidationError as error:
        decode_json(raw, GuestsForm)  # says first whether it is JSON at all
        raise invalid(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BodyUnreadable from error


def _offer_of(hall: Hall) -> ListContext:
    services: dict[str, str] = {}
    for service in hall.document.services:
        if service.online_url is None:
            services |= {" ".join(name.split()).lower(): service.id for name in service.name.values()}
    services |= {service.id: service.id for service in hall.document.services if service.online_url is None}
    return ListContext(services, hall.document.country)


def _mode_of(request: web.Request) -> str:
    said = request.query.get("mode", "all")
    if said not in MODES:
        raise BodyInvalid(("mode", "all or good"))
    return said


def _releases_at(request: web.Request) -> datetime | None:
    said = request.query.get("releases_at")
    if said is None:
        return None
    try:
        return to_utc("releases_at", msgspec.convert(said, Instant))
    except msgspec.ValidationError as error:
        raise BodyInvalid(("releases_at", "an instant with an offset, like 2026-11-23T09:00:00Z")) from error


def _partner_of(request: web.Request, caller: Caller) -> str:
    """Whose invitations they are: a partner's its own, a manager's the hall's, or the partner's whom it names."""
    said = request.query.get("partner")
    if said is not None:
        try:
            msgspec.convert(said, PartnerCode)
        except msgspec.ValidationError as error:
            raise BodyInvalid(("partner", "the id of a partner's device")) from error
    own = _own(caller)
    if own is not None and said not in {None, own}:
        raise Forbidden
    return own or said or HALL


def _own(caller: Caller) -> str | None:
    """The partner of the caller; `None` if the caller may see all invitations of the hall."""
    if caller.role is not Role.PARTNER:
        return None
    return caller.credential.removeprefix("device:")


def _batch_of(request: web.Request, *, required: bool = False) -> str | None:
    said = request.query.get("batch")
    if said is None and not required:
        return None
    if said is None or not ID_FORM.fullmatch(said.lower()):
        raise BodyInvalid(("batch", "`batch` of an import's answer"))
    return said.lower()


async def _page(request: web.Request, limit: int) -> list[InvitationDetails]:
    after, own = id_cursor_of(request), _own(caller_of(request))
    return await request.app[INVITATIONS].page(
        hall_of(request), asked_by=own or HALL, of=own, batch=_batch_of(request), after=after, limit=limit
    )


def _given(imported: ImportResult) -> InvitationsGiven:
    return InvitationsGiven(
        batch=imported.batch,
        items=[InvitationGiven(line=one.line, id=one.id, code=one.code) for one in imported.given],
        errors=[_bad_line(one) for one in imported.bad],
    )


def _bad_line(bad: BadRow) -> BadLine:
    return BadLine(line=bad.line, path=bad.path, why=bad.why)


def _batch_seen(one: Batch) -> BatchSeen:
    return BatchSeen(
        batch=one.id,
        partner=one.partner,
        releases_at=stamp_or_none(one.releases_at),
        made_at=stamp(one.made_at),
        invited=one.invited,
        used=one.used,
        revoked=one.revoked,
    )


def _seen(one: InvitationDetails) -> InvitationListed:
    return InvitationListed(
        id=one.id,
        code=one.code,
        batch=one.batch,
        line=one.line,
        partner=one.partner,
        service=one.service,
        prechecked=one.prechecked,
        releases_at=stamp_or_none(one.releases_at),
        made_at=stamp(one.made_at),
        state=one.became,
        starts_at=stamp_or_none(one.starts_at),
        name=one.name,
    )
