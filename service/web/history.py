"""A ticket's events in words."""

from collections.abc import Callable
from typing import Any

from service.domain import events
from service.domain.events import Event
from service.domain.model import Rule, Texts

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

_WORDS: dict[type[Any], Callable[[Any], Texts]] = {
    events.TicketTaken: lambda e: {
        "zh-CN": f"取号 {e.number}，前面 {e.ahead} 人",
        "en": f"Took {e.number}, {e.ahead} ahead",
    },
    events.TicketCalled: lambda e: {
        language: words.format(counter=e.counter) for language, words in _CALLED[e.reason.rule].items()
    },
    events.TicketRecalled: lambda _: {"zh-CN": "再次呼叫", "en": "Called again"},
    events.TicketStarted: lambda _: {"zh-CN": "开始办理", "en": "Service began"},
    events.TicketFinished: lambda e: {"zh-CN": f"办理结束（{e.outcome}）", "en": f"Finished ({e.outcome})"},
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
        "zh-CN": f"改为 {e.class_}（{e.reason}）",
        "en": f"Class is now {e.class_} ({e.reason})",
    },
    events.TicketDeferred: lambda e: {
        "zh-CN": "改了最早叫号时间",
        "en": "May be called at any time" if e.not_before_at is None else "Not to be called before a time",
    },
    events.TicketLeft: lambda e: {"zh-CN": f"离开（{e.reason}）", "en": f"Left ({e.reason})"},
    events.TicketUndone: lambda _: {"zh-CN": "撤销", "en": "Taken back"},
}


def words_of(event: Event) -> Texts:
    """Say what an event of a ticket means."""
    return _WORDS[type(event)](event)
