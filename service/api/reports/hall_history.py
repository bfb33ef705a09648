"""Calls about what happened in a hall: the day's journal and what was done beside it, in words, and who did it.

The journal and the audit hold ids; names are looked up when somebody reads, so that they can change and be erased.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

from service.api.app_keys import CLOCK, FINDER, HALLS, IDENTITY
from service.api.http.json_response import answer
from service.api.http.path_parts import hall_of
from service.api.http.query import date_of, limit_of
from service.api.shared.actor_names import names_of
from service.api.shared.event_words import event_data, event_words
from service.domain.calendar.local_times import span_of
from service.domain.calendar.times import stamp
from service.domain.events import Record
from service.domain.model import Texts
from service.domain.refusals import BodyInvalid
from service.errors import StorageUnavailable
from service.identity.audit_log import SERVICE_WIDE, AuditEntry
from service.journal import faults
from service.journal.faults import UnknownKind
from service.journal.records import event_of


class Happened(Struct, frozen=True, kw_only=True):
    """An entry of the history. `seq` is the day's for events of the journal, `who` the name of an account."""

    at: str
    actor: str
    who: str | None
    kind: str
    words: Texts
    data: dict[str, Any]
    seq: int | None


class HallHistory(Struct, frozen=True):
    """The history of a day, newest first. `seq` is the day's, 0 before it began, null without a hall."""

    items: list[Happened]
    next_cursor: str | None
    seq: int | None


NOTE_WORDS: dict[str, Texts] = {
    "signed_in": {"zh-CN": "登录", "en": "Signed in"},
    "sign_in_refused": {"zh-CN": "登录被拒绝", "en": "Sign-in refused"},
    "signed_out": {"zh-CN": "退出登录", "en": "Signed out"},
    "password_changed": {"zh-CN": "修改了密码", "en": "Password changed"},
    "password_change_refused": {"zh-CN": "修改密码被拒绝", "en": "Password change refused"},
    "password_reset": {"zh-CN": "重置了密码", "en": "Password reset"},
    "person_linked": {"zh-CN": "绑定统一身份认证", "en": "Linked to single sign-on"},
    "staff_added": {"zh-CN": "添加人员", "en": "Staff added"},
    "staff_role_changed": {"zh-CN": "更改人员角色", "en": "Role changed"},
    "staff_renamed": {"zh-CN": "更改显示姓名", "en": "Name shown changed"},
    "staff_disabled": {"zh-CN": "停用账号", "en": "Account disabled"},
    "staff_enabled": {"zh-CN": "恢复账号", "en": "Account enabled"},
    "staff_signed_out": {"zh-CN": "强制退出登录", "en": "Signed out by a manager"},
    "staff_removed": {"zh-CN": "移除人员", "en": "Staff removed"},
    "device_added": {"zh-CN": "添加设备", "en": "Device added"},
    "device_revoked": {"zh-CN": "撤销设备", "en": "Device revoked"},
    "message_retried": {"zh-CN": "重发消息", "en": "Message tried again"},
    "document_changed": {"zh-CN": "修改大厅设置", "en": "Hall document changed"},
    "invitations_imported": {"zh-CN": "导入邀请名单", "en": "List of invitations imported"},
    "invitation_revoked": {"zh-CN": "撤回邀请", "en": "Invitation taken back"},
    "person_erased": {"zh-CN": "删除个人信息", "en": "Somebody's personal data erased"},
    "person_exported": {"zh-CN": "导出个人信息", "en": "Somebody's personal data given out"},
}
"""The text for each kind of audit entry."""


async def history(request: web.Request) -> web.Response:
    """List the events and audit entries of this hall on a day, newest first. The default is today."""
    hall_id = hall_of(request)
    hall = await request.app[HALLS].get(hall_id)
    on = date_of(request, "on") or hall.day_at(request.app[CLOCK].now_at())
    try:
        from_at, before_at = span_of(hall.document, on)
    except OverflowError as error:
        raise BodyInvalid(("on", "a date")) from error
    try:
        seq = await request.app[FINDER].seq(hall_id, on)
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error
    return await _history_page(request, hall_id, on, from_at, before_at, seq=seq)


async def history_of_service(request: web.Request) -> web.Response:
    """List audit entries without a hall on a day: sign-ins of the admin, refused sign-ins of unknown names."""
    on = date_of(request, "on") or request.app[CLOCK].now_at().date()
    from_at = datetime.combine(on, time(), UTC)
    try:
        before_at = from_at + timedelta(days=1)
    except OverflowError as error:
        raise BodyInvalid(("on", "a date")) from error
    return await _history_page(request, SERVICE_WIDE, on, from_at, before_at, seq=None)


async def _history_page(  # noqa: PLR0913  (the last one by name)
    request: web.Request, hall: str, on: date, from_at: datetime, before_at: datetime, *, seq: int | None
) -> web.Response:
    limit = limit_of(request)
    found = await request.app[IDENTITY].audit.history(
        hall, on, from_at=from_at, before_at=before_at, after=_cursor(request), limit=limit + 1
    )
    page = found[:limit]
    names = await names_of(request, [one.actor for one in page])
    try:
        items = [_happened(one, names) for one in page]
    except UnknownKind as error:  # a newer release wrote it
        raise StorageUnavailable from error
    more = len(found) > limit
    return answer(HallHistory(items, _cursor_after(page[-1]) if more else None, seq))


def _happened(noted: AuditEntry, names: dict[str, str]) -> Happened:
    words, data = _words_and_data(noted)
    return Happened(
        at=stamp(noted.at),
        actor=noted.actor,
        who=names.get(noted.actor),
        kind=noted.kind,
        words=words,
        data=data,
        seq=noted.seq,
    )


def _words_and_data(noted: AuditEntry) -> tuple[Texts, dict[str, Any]]:
    if noted.seq is None:
        data: dict[str, Any] = msgspec.json.decode(noted.body)
        return NOTE_WORDS.get(noted.kind, {"en": noted.kind}), data
    event = event_of(noted.seq, noted.kind, noted.body)
    data = event_data(Record(noted.seq, noted.at, noted.actor, "", 0, None, event))
    return event_words(event), data if noted.number is None else {"number": noted.number, **data}


def _cursor(request: web.Request) -> tuple[datetime, str]:
    said = request.query.get("cursor")
    if said is None:
        return datetime(9999, 1, 1, tzinfo=UTC), ""
    try:
        at, _, mark = urlsafe_b64decode(said.encode()).decode().partition("|")
        written_at = datetime.fromisoformat(at)
        found = written_at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BodyInvalid(("cursor", "next_cursor of the page before")) from error
    if written_at.tzinfo is None or not mark.isprintable():
        raise BodyInvalid(("cursor", "next_cursor of the page before"))
    return found, mark


def _cursor_after(noted: AuditEntry) -> str:
    return urlsafe_b64encode(f"{noted.at.isoformat()}|{noted.mark}".encode()).decode()
