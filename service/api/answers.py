"""What goes out: the types of answers, in the contract's words, and how they are written.

Source: CONTRACT 5.
"""

from datetime import date
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from service.api.json_response import JsonResponse
from service.domain.model import (
    Admission,
    AppointmentState,
    AtDoor,
    Channel,
    LeftReason,
    Outcome,
    PrinterState,
    Texts,
    TicketClass,
    TicketState,
)
from service.domain.view import OnDate, ReasonView, SlotView, Stamp, TicketView, WaitView
from service.invitations.store import Became
from service.notify.model import Kind, MessageChannel, State
from service.primitives.personal_data import Personal

_encode = msgspec.json.Encoder().encode


def answer(value: object, status: int = 200, **headers: str) -> JsonResponse:
    """Write a value as JSON."""
    return JsonResponse(_encode(value), status, headers)


def answer_encoded(body: bytes) -> JsonResponse:
    """Send what is JSON already."""
    return JsonResponse(body)


class ServiceSeen(Struct, frozen=True, kw_only=True):
    """A service as people choose it; `duration_s` is one person's, `wait` a walk-in's who would come now.

    `admission` is what such a walk-in would get who comes alone: a number in the order of calls (`admitted`,
    `overtime`), one on `standby`, or none (`full`); null while no number is given out, or the service is online only.
    """

    id: str
    name: Texts
    prefix: str
    papers: list[dict[str, str | Texts]]
    online_url: str | None
    bookable: bool
    count_max: int
    duration_s: float
    wait: WaitView
    admission: AtDoor | None


class ServiceKept(Struct, frozen=True, kw_only=True):
    """A service that people came or booked for today, and that is not offered any more; no number of it is given out.

    A paper's `name` is empty where the hall document has no words for it any more.
    """

    id: str
    name: Texts
    prefix: str
    papers: list[dict[str, str | Texts]]


class Zoned(Struct, frozen=True):
    """A zone and its name."""

    id: str
    name: Texts


class OvertimeSeen(Struct, frozen=True):
    """Capacity after closing; `counters` is null where as many go on as at closing."""

    until_at: Stamp
    counters: int | None


class HoursSeen(Struct, frozen=True):
    """Opening hours on some weekdays, Monday is 1; local times."""

    weekdays: list[int]
    from_: str = msgspec.field(name="from")
    to: str


class ExpectedSeen(Struct, frozen=True):
    """How many people are expected to come without booking in a span, by what was seen on other days.

    `wait_p90_s` is what nine of ten of them wait at most, whenever in the span they come, by this day's bookings, staff
    and queue; null while that is not known, and where who comes may not be called before closing.
    """

    from_at: Stamp
    to_at: Stamp
    people: float
    wait_p90_s: int | None


class HallSeen(Struct, frozen=True, kw_only=True):
    """A hall as people see it; `doors_open`: numbers are given out, `entrance`: to phones that show the door's code.

    `seq` is the day's, 0 before it began. `expected` has what is left of the day; nothing while there is no history.
    `overtime` is null as well once the day was closed. `staffed`: a counter is open, or on a break. Who still waits at
    `day_ends_at` leaves with a right to return.
    """

    id: str
    name: Texts
    time_zone: str
    languages: list[str]
    services: list[ServiceSeen]
    no_longer_offered: list[ServiceKept]
    zones: list[Zoned]
    open: bool
    opens_at: str | None
    doors_open: bool
    staffed: bool
    day_ends_at: Stamp
    entrance: bool
    as_of_at: Stamp
    expected: list[ExpectedSeen]
    suspended: bool
    overtime: OvertimeSeen | None
    display_url: str
    seq: int


class RulesSeen(Struct, frozen=True, kw_only=True):
    """The rules of a hall as they hang on its wall, and the words of the codes that people read.

    Credits and times are seconds. `early_s` is how long before its time an appointment is called at the earliest,
    `check_in_before_s` from when on it can be checked in, `grace_s` how late with its full credit, `missed_after_s`
    when it is over; `back_within_s` is how long who was passed over may come back, to a place of at most
    `park_penalty_s` ago; `returns_within_days` how long a missing paper may take when nothing else is said.
    """

    credit_s: dict[str, int]
    early_s: int
    check_in_before_s: int
    grace_s: int
    missed_after_s: int
    doors_before_s: int
    back_within_s: int
    park_penalty_s: int
    returns_within_days: int
    hours: list[HoursSeen]
    horizon_days: int
    per_person: int
    admission: str
    ratings: list[str]
    words: dict[str, Texts]


class HallList(Struct, frozen=True):
    """Halls, by id."""

    items: list[HallSeen]
    next_cursor: str | None


class NextCalled(Struct, frozen=True):
    """Who was called and why; both null when the present person was finished and nobody waits."""

    ticket: TicketView | None
    reason: ReasonView | None
    seq: int


class AlarmSeen(Struct, frozen=True, kw_only=True):
    """A call for help; `counter` is null when it comes from no counter, `kiosk` the name of one it comes from."""

    id: str
    counter: str | None
    kiosk: str | None
    at: Stamp


class PrinterSeen(Struct, frozen=True, kw_only=True):
    """The printer of a kiosk: ok, low (on paper), out (of paper), away (it does not answer, or cannot print)."""

    device: str
    name: str
    state: PrinterState
    at: Stamp


class AlarmMade(AlarmSeen, frozen=True, kw_only=True):
    """A call for help that was just made; `seq` is the day's."""

    seq: int


class Queue(Struct, frozen=True, kw_only=True):
    """All tickets that are not over, `waiting` in the order of calls.

    And who calls for help, the oldest first, and the printers that want somebody. `calls_from_at` is from when people
    are called today; null when nobody is any more.
    """

    called: list[TicketView]
    waiting: list[TicketView]
    standby: list[TicketView]
    parked: list[TicketView]
    alarms: list[AlarmSeen]
    printers: list[PrinterSeen]
    calls_from_at: Stamp | None
    day: date
    seq: int


class TicketListed(Struct, frozen=True, kw_only=True):
    """A ticket in a list, as it is now; `counter` is where the person is, `last_counter` where they were last."""

    id: str
    code: str
    number: str
    day: OnDate
    service: str
    stage: str
    class_: TicketClass = msgspec.field(name="class")
    channel: Channel
    state: TicketState
    admission: Admission
    count: int
    counter: str | None
    last_counter: str | None
    calls: int
    queue_at: Stamp
    issued_at: Stamp
    called_at: Stamp | None
    started_at: Stamp | None
    finished_at: Stamp | None
    outcome: Outcome | None
    missing: list[str]
    due_on: OnDate | None
    left_reason: LeftReason | None
    prechecked: bool


class TicketList(Struct, frozen=True):
    """Tickets of a day, in the order of issue; `seq` is the day's, 0 before it began."""

    items: list[TicketListed]
    next_cursor: str | None
    seq: int


class HallOfTicket(Struct, frozen=True):
    """Of which hall a ticket is."""

    hall: str


class CodeSeen(Struct, frozen=True):
    """A code as people type it, and the rows of its QR code: 1 is dark, and no border."""

    code: str
    modules: list[str]


class AppointmentListed(Struct, frozen=True, kw_only=True):
    """An appointment in a list, as it is now."""

    id: str
    code: str
    day: OnDate
    service: str
    starts_at: Stamp
    ends_at: Stamp
    state: AppointmentState
    count: int
    channel: Channel
    expires_at: Stamp | None
    ticket: str | None


class AppointmentList(Struct, frozen=True):
    """Appointments of a day; `seq` is the day's, 0 when nothing has happened to it.

    `over_capacity` are those to come that the day would not take by its plan, of the whole day and not of the page.
    """

    items: list[AppointmentListed]
    over_capacity: list[str]
    next_cursor: str | None
    seq: int


class SlotList(Struct, frozen=True):
    """Starts that can be booked, by day and service, in order."""

    slots: list[SlotView]


class Found(Struct, frozen=True):
    """Tickets of today and yesterday, the newest first; appointments from yesterday on, the last start first.

    A page has up to `limit` of each.
    """

    items: list[TicketListed]
    appointments: list[AppointmentListed]
    next_cursor: str | None


class Happening(Struct, frozen=True, kw_only=True):
    """One event of a ticket: when, who, what in words, and its data."""

    seq: int
    at: str
    actor: str
    who: str | None
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
    seq: int


class SuspensionSeen(Struct, frozen=True, kw_only=True):
    """The suspension in force; all null when there is none."""

    text: Texts | None
    since_at: str | None
    until_at: str | None
    seq: int


class OvertimeNow(Struct, frozen=True, kw_only=True):
    """The overtime of the day; `until_at` is null when there is none."""

    until_at: Stamp | None
    counters: int | None
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


class ProfilePoint(Struct, frozen=True):
    """The longest p90 wait of walk-ins who come at an instant, in seconds; null when nobody can come or be served."""

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


class AccountSeen(Personal, frozen=True, kw_only=True):
    """Somebody who works here."""

    SHOWN = ("id",)

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


class MemberSeen(Personal, frozen=True, kw_only=True):
    """Somebody with a role in a hall; `sso`: they sign in by single sign-on.

    `elsewhere`: they also work in halls that the caller does not manage; then `sso`, `must_change` and `last_seen_at`
    are null, and the account is not the caller's to reset, rename or disable.
    """

    SHOWN = ("id",)

    id: str
    name: str
    display_name: str
    role: str
    sso: bool | None
    disabled: bool
    must_change: bool | None
    last_seen_at: str | None
    elsewhere: bool


class MemberAdded(MemberSeen, frozen=True, kw_only=True):
    """Somebody who now has a role in a hall; `password` is for one use, and only for who is new."""

    password: str | UnsetType = UNSET


class MemberList(Struct, frozen=True):
    """Who has a role in a hall, by name."""

    items: list[MemberSeen]
    next_cursor: str | None


class PasswordGiven(Personal, frozen=True):
    """A password for one use."""

    password: str


class DeviceSeen(Struct, frozen=True, kw_only=True):
    """A device."""

    id: str
    name: str
    role: str
    made_at: str
    last_seen_at: str | None


class MessageSeen(Struct, frozen=True, kw_only=True):
    """A message to an applicant, about an appointment or a ticket; `reason` says why it was not sent."""

    id: str
    kind: Kind
    channel: MessageChannel
    state: State
    reason: str | None
    day: OnDate
    appointment: str | None
    ticket: str | None
    due_at: Stamp
    changed_at: Stamp
    tries: int


class MessageList(Struct, frozen=True):
    """Messages, the oldest first."""

    items: list[MessageSeen]
    next_cursor: str | None


class DeviceAdded(DeviceSeen, frozen=True, kw_only=True):
    """A new device and its bearer token, which nobody can ask for again."""

    token: str


class DeviceList(Struct, frozen=True):
    """The devices of a hall, oldest first."""

    items: list[DeviceSeen]
    next_cursor: str | None


class Happened(Struct, frozen=True, kw_only=True):
    """One thing that happened in a hall; `seq` is the day's for what is in its journal, `who` an account's name."""

    at: str
    actor: str
    who: str | None
    kind: str
    words: Texts
    data: dict[str, Any]
    seq: int | None


class HallHistory(Struct, frozen=True):
    """What happened in a hall on a day, newest first; `seq` is the day's, 0 before it began, null for no hall's."""

    items: list[Happened]
    next_cursor: str | None
    seq: int | None


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


class InvitationGiven(Struct, frozen=True, kw_only=True):
    """A code for the person of a line."""

    line: int
    id: str
    code: str


class BadLine(Struct, frozen=True, kw_only=True):
    """Why a line invites nobody; `path` is the column, nothing for the whole line."""

    line: int
    path: str
    why: str


class InvitationsGiven(Struct, frozen=True, kw_only=True):
    """What an import did, in the order of its lines."""

    batch: str
    items: list[InvitationGiven]
    errors: list[BadLine]


class InvitationListed(Personal, frozen=True, kw_only=True):
    """An invitation and what became of it; `name` only for who gave it, `starts_at` of the appointment it was for."""

    SHOWN = ("id",)

    id: str
    code: str
    batch: str
    line: int
    partner: str
    service: str | None
    prechecked: bool
    releases_at: Stamp | None
    made_at: Stamp
    state: Became
    starts_at: Stamp | None
    name: str | None


class InvitationList(Struct, frozen=True):
    """Invitations, the oldest first."""

    items: list[InvitationListed]
    next_cursor: str | None


class BatchSeen(Struct, frozen=True, kw_only=True):
    """An import of invitations: how many, and how many of them were used or taken back."""

    batch: str
    partner: str
    releases_at: Stamp | None
    made_at: Stamp
    invited: int
    used: int
    revoked: int


class BatchList(Struct, frozen=True):
    """Imports, the newest first."""

    items: list[BatchSeen]
    next_cursor: str | None


class StageLastingSeen(Struct, frozen=True, kw_only=True):
    """How long a stage of a service lasts for one person; what the document does not say of it is null."""

    stage: str
    name: Texts
    mean_s: float
    cv: float
    prechecked_mean_s: float | None
    document_mean_s: float | None
    learned: bool


class LastingSeen(Struct, frozen=True, kw_only=True):
    """How long a service lasts for one person, as learned, or as the document says while nothing was seen.

    That is its main stage, the last that is not optional; `stages` has all of a service that has several.
    `share_of_walk_ins` is the part of those who just come that comes for it, null before any did.
    """

    service: str
    mean_s: float
    cv: float
    prechecked_mean_s: float | None
    document_mean_s: float
    learned: bool
    share_of_walk_ins: float | None
    stages: list[StageLastingSeen]


class HourForeseen(Struct, frozen=True, kw_only=True):
    """Walk-ins foreseen in an hour, at the pace of its open part; `sd` is the spread of the forecast beyond chance."""

    hour: int
    per_h: float
    sd: float


class WeekdaySeen(Struct, frozen=True, kw_only=True):
    """The hours of a weekday, Monday 1 to Sunday 7."""

    weekday: int
    hours: list[HourForeseen]


class LearnedSeen(Struct, frozen=True, kw_only=True):
    """What plans go by; `punctuality_*` is how long after the start people with an appointment come.

    In an hour of one person's waiting so many say that they leave, and so many are called in vain later, for whom a
    counter then waits `no_show_s`.
    """

    days: int
    learned_at: Stamp | None
    durations: list[LastingSeen]
    show_rate: float
    punctuality_mean_s: float
    punctuality_sd_s: float
    left_per_h: float
    no_show_per_h: float
    no_show_s: float
    walk_ins: list[WeekdaySeen]


class ErasureDone(Struct, frozen=True, kw_only=True):
    """What was erased: rows of the person, appointments cancelled, invitations that are nobody's, messages stopped."""

    people: int
    cancelled: int
    invitations: int
    messages: int


class PersonSeen(Personal, frozen=True, kw_only=True):
    """A person as they were written down at a visit."""

    SHOWN = ("id",)

    id: str
    name: str | None
    phone: str | None
    email: str | None
    locale: str | None
    created_at: Stamp


class AppointmentOfPerson(Struct, frozen=True, kw_only=True):
    """An appointment of a person."""

    id: str
    day: OnDate
    code: str
    service: str
    starts_at: Stamp
    ends_at: Stamp
    state: str
    count: int
    channel: str
    prechecked: bool
    made_at: Stamp


class TicketOfPerson(Struct, frozen=True, kw_only=True):
    """A ticket of a person."""

    id: str
    day: OnDate
    code: str
    number: str
    service: str
    class_: str = msgspec.field(name="class")
    channel: str
    state: str
    count: int
    prechecked: bool
    issued_at: Stamp
    called_at: Stamp | None
    started_at: Stamp | None
    finished_at: Stamp | None
    outcome: str | None
    missing: list[str]
    due_on: OnDate | None
    left_reason: str | None


class InvitationOfPerson(Struct, frozen=True, kw_only=True):
    """An invitation of a person."""

    id: str
    code: str
    partner: str
    service: str | None
    prechecked: bool
    made_at: Stamp
    revoked_at: Stamp | None
    used: bool


class MessageOfPerson(Struct, frozen=True, kw_only=True):
    """A message for a person; its words are kept nowhere."""

    kind: str
    channel: str
    state: str
    made_at: Stamp


class PersonExported(Struct, frozen=True, kw_only=True):
    """All that is known of a person in a hall."""

    people: list[PersonSeen]
    appointments: list[AppointmentOfPerson]
    tickets: list[TicketOfPerson]
    invitations: list[InvitationOfPerson]
    messages: list[MessageOfPerson]
