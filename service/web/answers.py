"""What goes out: the types of answers, in the contract's words, and how they are written.

Source: CONTRACT 5.
"""

from datetime import date
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

from service.domain.model import Texts
from service.domain.view import TicketView, WaitView

_encode = msgspec.json.Encoder().encode


def answer(value: object, status: int = 200, **headers: str) -> web.Response:
    """Write a value as JSON."""
    return web.Response(status=status, body=_encode(value), content_type="application/json", headers=headers or None)


class ServiceSeen(Struct, frozen=True, kw_only=True):
    """A service as people choose it; `wait` is a walk-in's who would come now."""

    id: str
    name: Texts
    prefix: str
    papers: list[dict[str, str | Texts]]
    online_url: str | None
    bookable: bool
    count_max: int
    wait: WaitView


class Zoned(Struct, frozen=True):
    """A zone and its name."""

    id: str
    name: Texts


class HallSeen(Struct, frozen=True, kw_only=True):
    """A hall as people see it."""

    id: str
    name: Texts
    time_zone: str
    languages: list[str]
    services: list[ServiceSeen]
    zones: list[Zoned]
    open: bool
    opens_at: str | None
    suspended: bool
    display_url: str
    seq: int | None


class HallList(Struct, frozen=True):
    """Halls, by id."""

    items: list[HallSeen]
    next_cursor: str | None


class ReasonSeen(Struct, frozen=True, kw_only=True):
    """Why a ticket was next."""

    rule: str
    class_: str = msgspec.field(name="class")
    queue_at: str
    credit_s: int
    ahead_of: int
    code: str | None


class NextCalled(Struct, frozen=True):
    """Who was called and why; both null when the present person was finished and nobody waits."""

    ticket: TicketView | None
    reason: ReasonSeen | None
    seq: int


class Queue(Struct, frozen=True, kw_only=True):
    """All tickets that are not over; `waiting` in the order of calls."""

    called: list[TicketView]
    waiting: list[TicketView]
    standby: list[TicketView]
    parked: list[TicketView]
    seq: int


class Happening(Struct, frozen=True, kw_only=True):
    """One event of a ticket: when, who, what in words, and its data."""

    seq: int
    at: str
    actor: str
    kind: str
    words: Texts
    data: dict[str, Any]


class History(Struct, frozen=True):
    """What happened to a ticket, in order."""

    items: list[Happening]
    next_cursor: str | None
    seq: int


class NoticeSeen(Struct, frozen=True, kw_only=True):
    """Words on the lobby screens."""

    id: str
    text: Texts
    zones: list[str]
    seq: int


class NoticeList(Struct, frozen=True):
    """The words on the lobby screens now."""

    items: list[NoticeSeen]
    next_cursor: str | None


class SuspensionSeen(Struct, frozen=True, kw_only=True):
    """The suspension in force; all null when there is none."""

    text: Texts | None
    since_at: str | None
    until_at: str | None
    seq: int


class DaySeen(Struct, frozen=True, kw_only=True):
    """A day of the hall."""

    day: date
    closed: bool
    seq: int


class WaitChange(Struct, frozen=True):
    """What a changed document does to a service's wait."""

    service: str
    before: WaitView
    after: WaitView


class PlacesChange(Struct, frozen=True):
    """How many places a day has for appointments, before and after."""

    on: date
    before: int
    after: int


class DryRun(Struct, frozen=True, kw_only=True):
    """What a document would change, if it were put now."""

    revision: int
    changed: list[str]
    places: list[PlacesChange]
    over_capacity: list[str]
    waits: list[WaitChange]


class AccountSeen(Struct, frozen=True, kw_only=True):
    """Somebody who works here."""

    id: str
    name: str
    display_name: str


class RoleSeen(Struct, frozen=True, kw_only=True):
    """A role in a hall; in every hall where `hall` is null."""

    hall: str | None
    role: str


class SessionSeen(Struct, frozen=True, kw_only=True):
    """Who is signed in; `account` is null when nobody is, `sso` says whether single sign-on is offered."""

    account: AccountSeen | None
    roles: list[RoleSeen]
    must_change: bool
    sso: bool
    expires_at: str | None


class Health(Struct, frozen=True):
    """The process answers."""

    status: str


class Ready(Struct, frozen=True):
    """Whether the service can do its work; `checks` only for those who may know."""

    status: str
    checks: dict[str, str] | None = None


class Problem(Struct, frozen=True, kw_only=True):
    """RFC 9457; more fields as the code says."""

    type: str
    title: str
    status: int
    code: str
    instance: str
