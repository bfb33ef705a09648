"""Describe events in words (Chinese and English), and encode their data, for histories."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from service.domain import events
from service.domain.calendar.times import stamp
from service.domain.events import Event, Record
from service.domain.model import (
    Admission,
    AppointmentState,
    CancelledBy,
    LeftReason,
    Outcome,
    PrinterState,
    Rule,
    Texts,
    TicketClass,
)

_FINISHED: dict[Outcome, Texts] = {
    Outcome.DONE: {"zh-CN": "办理完成", "en": "Finished"},
    Outcome.CONDITIONAL: {"zh-CN": "容缺受理", "en": "Accepted with papers missing"},
    Outcome.REFERRED: {"zh-CN": "转介他处", "en": "Referred elsewhere"},
}

_CLASSES: dict[TicketClass, Texts] = {
    TicketClass.APPOINTMENT: {"zh-CN": "预约", "en": "booked"},
    TicketClass.WALK_IN: {"zh-CN": "现场", "en": "walk-in"},
    TicketClass.GREEN: {"zh-CN": "绿色通道", "en": "green channel"},
    TicketClass.RETURNING: {"zh-CN": "返回", "en": "returning"},
}

_LEFT: dict[LeftReason, Texts] = {
    LeftReason.SELF: {"zh-CN": "自行离开", "en": "Left"},
    LeftReason.UNSERVED: {"zh-CN": "一天结束时未办理", "en": "Not served when the day ended"},
    LeftReason.BOOKED: {"zh-CN": "改为预约", "en": "Booked another time instead"},
}

_CALLED: dict[Rule, Texts] = {
    Rule.CREDIT: {
        "zh-CN": "按排队时间轮到，到 {counter} 号窗口",
        "en": "Earliest queue time: called to counter {counter}",
    },
    Rule.EARLY: {
        "zh-CN": "窗口空闲，提前叫预约，到 {counter} 号窗口",
        "en": "Counter idle, booking called early: {counter}",
    },
    Rule.STANDBY: {"zh-CN": "有空档，叫候补，到 {counter} 号窗口", "en": "Time was free, standby called: {counter}"},
    Rule.CHOSEN: {"zh-CN": "由工作人员点叫，到 {counter} 号窗口", "en": "Chosen by staff: called to counter {counter}"},
}

_TAKEN: dict[Admission, Texts] = {
    Admission.ADMITTED: {"zh-CN": "取号 {number}，前面 {ahead} 人", "en": "Took {number}, {ahead} ahead"},
    Admission.STANDBY: {
        "zh-CN": "取号 {number}，候补，前面 {ahead} 人",
        "en": "Took {number} on standby, {ahead} before it",
    },
    Admission.OVERTIME: {
        "zh-CN": "取号 {number}，延时办理，前面 {ahead} 人",
        "en": "Took {number} for overtime, {ahead} ahead",
    },
}

_HIDDEN = frozenset({"kind", "ticket", "applicant", "code", "browser", "person", "holder", "plan", "slips"})
"""Fields that a history omits: shown elsewhere in the entry, private to the ticket's owner, or very long."""

_MADE: dict[AppointmentState, Texts] = {
    AppointmentState.HELD: {"zh-CN": "暂留预约名额", "en": "Held a place"},
    AppointmentState.BOOKED: {"zh-CN": "预约", "en": "Booked"},
}

_CANCELLED: dict[CancelledBy, Texts] = {
    CancelledBy.SELF: {"zh-CN": "取消预约", "en": "Booking cancelled"},
    CancelledBy.STAFF: {"zh-CN": "工作人员取消预约", "en": "Booking cancelled by staff"},
    CancelledBy.ERASED: {"zh-CN": "删除个人信息，取消预约", "en": "Booking cancelled: personal data erased"},
}

_CANCELLED_BY_CLOSING: Texts = {"zh-CN": "当天提前结束，取消预约", "en": "Booking cancelled: the day was closed"}

_PRINTERS: dict[PrinterState, Texts] = {
    PrinterState.OK: {"zh-CN": "打印机正常", "en": "the printer prints"},
    PrinterState.LOW: {"zh-CN": "打印纸快用完", "en": "paper is running low"},
    PrinterState.OUT: {"zh-CN": "打印机缺纸", "en": "paper is out"},
    PrinterState.AWAY: {"zh-CN": "打印机没有回应或不能打印", "en": "the printer does not answer, or cannot print"},
}

_WORDS: dict[type[Any], Callable[[Any], Texts]] = {
    events.DayOpened: lambda _: {"zh-CN": "一天开始", "en": "The day began"},
    events.PlanChanged: lambda e: {
        "zh-CN": f"启用大厅设置第 {e.plan.revision} 版",
        "en": f"Hall document {e.plan.revision} taken over",
    },
    events.DayClosed: lambda _: {"zh-CN": "今天不再发号、叫号", "en": "No more tickets or calls today"},
    events.DayEnded: lambda _: {"zh-CN": "一天结束", "en": "The day ended"},
    events.SuspensionBegan: lambda _: {"zh-CN": "暂停服务", "en": "Suspended"},
    events.SuspensionEnded: lambda _: {"zh-CN": "恢复服务", "en": "Going on after a suspension"},
    events.OvertimeOpened: lambda _: {"zh-CN": "开始延时服务", "en": "Overtime opened"},
    events.OvertimeEnded: lambda _: {"zh-CN": "取消延时服务", "en": "Overtime ended"},
    events.AlarmRaised: lambda e: {
        "zh-CN": "求助" if e.counter is None else f"{e.counter} 号窗口求助",
        "en": "Call for help" if e.counter is None else f"Call for help from counter {e.counter}",
    },
    events.AlarmCleared: lambda _: {"zh-CN": "求助已处理", "en": "Help came"},
    events.NoticePosted: lambda _: {"zh-CN": "发布公告", "en": "Notice posted"},
    events.NoticeRemoved: lambda _: {"zh-CN": "撤下公告", "en": "Notice removed"},
    events.CounterOpened: lambda e: {"zh-CN": f"{e.counter} 号窗口开放", "en": f"Counter {e.counter} opened"},
    events.CounterPaused: lambda e: {"zh-CN": f"{e.counter} 号窗口暂停", "en": f"Counter {e.counter} paused"},
    events.CounterClosed: lambda e: {"zh-CN": f"{e.counter} 号窗口关闭", "en": f"Counter {e.counter} closed"},
    events.TicketTaken: lambda e: {
        language: words.format(number=e.number, ahead=e.ahead) for language, words in _TAKEN[e.admission].items()
    },
    events.TicketAdmitted: lambda e: {
        "zh-CN": f"由候补转入排队，前面 {e.ahead} 人",
        "en": f"From standby into the queue, {e.ahead} ahead",
    },
    events.TicketCalled: lambda e: {
        language: words.format(counter=e.counter) for language, words in _CALLED[e.reason.rule].items()
    },
    events.TicketRecalled: lambda _: {"zh-CN": "再次呼叫", "en": "Called again"},
    events.TicketStarted: lambda _: {"zh-CN": "开始办理", "en": "Service began"},
    events.TicketFinished: lambda e: _FINISHED[e.outcome],
    events.TicketAdvanced: lambda e: {
        "zh-CN": f"本环节完成，转到 {e.service} / {e.stage}",
        "en": f"Stage done, on to {e.service} / {e.stage}",
    },
    events.TicketReleased: lambda e: {
        "zh-CN": f"退回排队：{e.service} / {e.stage}",
        "en": f"Back in the queue: {e.service} / {e.stage}",
    },
    events.TicketNoShow: lambda _: {"zh-CN": "过号", "en": "Did not come"},
    events.TicketParked: lambda _: {"zh-CN": "暂缓", "en": "Put aside"},
    events.TicketResumed: lambda _: {"zh-CN": "回到队列", "en": "Back in the queue"},
    events.TicketReclassed: lambda e: {
        "zh-CN": f"改为{_CLASSES[e.class_]['zh-CN']}（{e.reason}）",
        "en": f"Now {_CLASSES[e.class_]['en']} ({e.reason})",
    },
    events.TicketRaised: lambda _: {"zh-CN": "等候过久，优先叫号", "en": "Waited too long: goes first"},
    events.TicketDeferred: lambda e: {
        "zh-CN": "改了最早叫号时间",
        "en": "May be called at any time" if e.not_before_at is None else "Not to be called before a time",
    },
    events.TicketLeft: lambda e: _LEFT[e.reason],
    events.PapersChecked: lambda e: {
        "zh-CN": f"材料缺 {len(e.missing)} 项" if e.missing else "材料齐全",
        "en": f"Papers missing: {', '.join(e.missing)}" if e.missing else "Papers complete",
    },
    events.TicketUndone: lambda _: {"zh-CN": "撤销", "en": "Taken back"},
    events.TicketRated: lambda e: {"zh-CN": f"评价 {e.grade} 分", "en": f"Rated {e.grade} of 5"},
    events.AppointmentMade: lambda e: (
        _MADE[e.state] if e.sequence == 0 else {"zh-CN": "预约改到本日", "en": "Booking moved here from another day"}
    ),
    events.AppointmentConfirmed: lambda _: {"zh-CN": "确认预约", "en": "Booking confirmed"},
    events.AppointmentChanged: lambda _: {"zh-CN": "更改预约", "en": "Booking changed"},
    events.AppointmentCancelled: lambda e: _CANCELLED_BY_CLOSING if e.closed else _CANCELLED[e.by],
    events.AppointmentExpired: lambda _: {"zh-CN": "暂留名额到期", "en": "Hold not confirmed in time"},
    events.AppointmentMissed: lambda _: {"zh-CN": "预约未到", "en": "Did not come to the booked time"},
    events.AppointmentMovedAway: lambda e: {
        "zh-CN": f"预约改到 {e.to_on.isoformat()}",
        "en": f"Booking moved to {e.to_on.isoformat()}",
    },
    events.NumbersLeased: lambda e: {
        "zh-CN": f"自助机备用号码 {e.prefix}{e.first:03d} 起 {len(e.slips)} 个",
        "en": f"{len(e.slips)} numbers from {e.prefix}{e.first:03d} for a kiosk that is cut off",
    },
    events.PrinterReported: lambda e: {
        "zh-CN": f"自助机 {e.name}：{_PRINTERS[e.state]['zh-CN']}",
        "en": f"Kiosk {e.name}: {_PRINTERS[e.state]['en']}",
    },
    events.AppointmentCheckedIn: lambda _: {"zh-CN": "预约签到", "en": "Checked in for the booked time"},
}


def event_words(event: Event) -> Texts:
    """Describe an event, by language."""
    return _WORDS[type(event)](event)


def event_data(record: Record) -> dict[str, Any]:
    """The fields of an event as JSON values, without `_HIDDEN`. Instants have the format of the API."""
    data: dict[str, Any] = msgspec.to_builtins(record.event, builtin_types=(datetime,))
    return {name: _with_stamps(value) for name, value in data.items() if name not in _HIDDEN}


def _with_stamps(value: object) -> object:
    """Format the instants in a value, also inside nested objects."""
    if isinstance(value, dict):
        return {name: _with_stamps(member) for name, member in value.items()}
    return stamp(value) if isinstance(value, datetime) else value
