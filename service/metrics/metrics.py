"""Prometheus metrics. Counters come from committed events; gauges are read from memory when the metrics are scraped.

Each process counts the events that it appended itself, so the counters of several processes add up. Gauges of the queue
are the same in every process that has the hall in use; take the maximum over processes. Label values are codes of the
hall document, fixed words and ids of devices, never people or free text.

Source: CONTRACT 5 (`GET /metrics`), DESIGN 9.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from typing import Any, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from service.domain import events
from service.domain.command_results import ResultPart
from service.domain.day import Day
from service.domain.model import (
    Admission,
    Appointment,
    Served,
    Ticket,
    TicketClass,
)
from service.domain.queue.promised_waits import is_promise_kept
from service.metrics.day_gauges import DayGauges
from service.metrics.forecast_gauges import ForecastGauges, ForecastsByDay

HALL_BUCKETS_S = (10, 30, 60, 120, 180, 300, 450, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10_800)
"""Buckets for waits and service times: 10 s to 3 h."""

QUICK_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_KIND = ["hall", "service", "class"]

_Metric = TypeVar("_Metric", Counter, Gauge, Histogram)

disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the number of series and are not used


class Metrics:
    """All metrics of a process, in their own registry."""

    def __init__(self, days: Callable[[], Iterable[Day]], forecasts: ForecastsByDay = dict) -> None:
        registry = self.registry = CollectorRegistry(auto_describe=True)
        self._children: dict[tuple[int, tuple[str, ...]], Any] = {}
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        registry.register(DayGauges(days))
        registry.register(ForecastGauges(forecasts))
        self.issued = Counter("paihao_tickets_issued", "Tickets issued.", [*_KIND, "channel"], registry=registry)
        self.admission = Counter(
            "paihao_admission",
            "Walk-ins by admission: admitted, on standby, by overtime, or refused because the hall is full.",
            ["hall", "admission"],
            registry=registry,
        )
        self.overtime_s = Counter(
            "paihao_overtime_service_seconds",
            "Service time of walk-ins admitted by overtime.",
            ["hall", "service"],
            registry=registry,
        )
        self.called = Counter("paihao_tickets_called", "Tickets called.", [*_KIND, "rule"], registry=registry)
        self.finished = Counter("paihao_tickets_finished", "Visits ended.", [*_KIND, "outcome"], registry=registry)
        self.no_shows = Counter(
            "paihao_tickets_no_show", "Called tickets whose applicant did not come.", _KIND, registry=registry
        )
        self.left = Counter(
            "paihao_tickets_left", "Tickets that left without being served.", [*_KIND, "reason"], registry=registry
        )
        self.appointments = Counter(
            "paihao_appointments",
            "Appointments that were held, booked, checked in, cancelled, missed, or whose hold expired.",
            ["hall", "service", "state"],
            registry=registry,
        )
        self.deflected = Counter(
            "paihao_deflected",
            "Requests for a service that were referred to its online service.",
            ["hall", "service", "via"],
            registry=registry,
        )
        self.wait_s = Histogram(
            "paihao_wait_seconds",
            "Time from the issue of the ticket, or the end of the stage before, to the call.",
            _KIND,
            buckets=HALL_BUCKETS_S,
            registry=registry,
        )
        self.service_s = Histogram(
            "paihao_service_seconds",
            "Time from the start of the service, or the call, to its end at a counter.",
            _KIND,
            buckets=HALL_BUCKETS_S,
            registry=registry,
        )
        self.promises = Counter(
            "paihao_promise",
            "First calls of tickets with a promised wait, by whether the wait was between p10 and p90.",
            ["hall", "held"],
            registry=registry,
        )
        self.promise_error_s = Histogram(
            "paihao_promise_error_seconds",
            "Absolute difference between the promised median and the wait until the first call.",
            ["hall"],
            buckets=HALL_BUCKETS_S,
            registry=registry,
        )
        self.promise_width_s = Histogram(
            "paihao_promise_width_seconds",
            "Difference between p90 and p10 of the promised wait.",
            ["hall"],
            buckets=HALL_BUCKETS_S,
            registry=registry,
        )
        self.batch = Histogram(
            "paihao_lane_batch_commands", "Commands in one append.", buckets=BATCH_BUCKETS, registry=registry
        )
        self.append_s = Histogram(
            "paihao_append_seconds", "Duration of one append.", buckets=QUICK_BUCKETS_S, registry=registry
        )
        self.conflicts = Counter(
            "paihao_append_conflicts",
            "Appends that lost against another process and were decided again.",
            registry=registry,
        )
        self.screens = Gauge("paihao_screens", "Connected sockets of screens and tickets.", registry=registry)
        self.screens_missing = Gauge(
            "paihao_screens_gone",
            "Seconds since the last report of a missing screen.",
            ["hall", "screen"],
            registry=registry,
        )
        self.boards = Counter("paihao_boards_sent", "Boards and ticket updates written to sockets.", registry=registry)
        self.call_to_screen_s = Histogram(
            "paihao_call_to_screen_seconds",
            "Time from a call until its board is written to the sockets of the screens.",
            buckets=QUICK_BUCKETS_S,
            registry=registry,
        )
        self.http_s = Histogram(
            "paihao_http_request_seconds",
            "Duration of HTTP requests by route template.",
            ["method", "route", "status"],
            buckets=QUICK_BUCKETS_S,
            registry=registry,
        )
        self.messages = Counter(
            "paihao_messages", "Messages by outcome.", ["kind", "channel", "outcome"], registry=registry
        )
        self.messages_overdue = Gauge(
            "paihao_messages_waiting",
            "Messages that are due and not sent, by age.",
            ["channel", "due_for"],
            registry=registry,
        )
        build = Gauge(
            "paihao_build_info", "Version of the service and of Python.", ["version", "python"], registry=registry
        )
        build.labels(_version(), python_version()).set(1)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    # Observer of lanes.

    def committed(self, day: Day, parts: list[ResultPart], append_s: float, commands: int) -> None:
        """Count the events of an append."""
        self.batch.observe(commands)
        self.append_s.observe(append_s)
        for part in parts:
            self._count(day, part)

    def raced(self, _day: Day) -> None:
        """Count an append that lost against another process."""
        self.conflicts.inc()

    def message(self, kind: str, channel: str, outcome: str) -> None:
        """Count one message by outcome: sent, retried, dead, dropped (no recipient any more) or withdrawn."""
        self._child(self.messages, kind, channel, outcome).inc()

    def messages_waiting(self, overdue: Mapping[tuple[str, str], int]) -> None:
        """Set the number of messages that are due and not sent, by channel and age class."""
        for labels, count in overdue.items():
            self._child(self.messages_overdue, *labels).set(count)

    def screens_missed(self, missing_s: Mapping[tuple[str, str], float]) -> None:
        """Set the seconds since the last report of the missing screens, by hall and device; remove all others."""
        self.screens_missing.clear()
        for labels, seconds in missing_s.items():
            self.screens_missing.labels(*labels).set(seconds)

    def _child(self, metric: _Metric, *labels: str) -> _Metric:
        """Return a metric with its labels, cached because the lookup costs more than counting."""
        key = (id(metric), labels)
        child: _Metric | None = self._children.get(key)
        if child is None:
            child = self._children[key] = metric.labels(*labels)
        return child

    def answered(self, method: str, route: str, status: int, took_s: float) -> None:
        """Record the duration of an HTTP request."""
        self._child(self.http_s, method, route, str(status)).observe(took_s)

    def hall_full(self, hall: str) -> None:
        """Count a walk-in that was refused because the hall is full."""
        self._child(self.admission, hall, "refused").inc()

    def sent_online(self, hall: str, service: str, via: str) -> None:
        """Count a request referred to an online service; `via`: it was for a ticket, slots or an appointment."""
        self._child(self.deflected, hall, service, via).inc()

    def _count(self, day: Day, part: ResultPart) -> None:
        ticket, event = part.ticket, part.event
        if part.appointment is not None:
            self._count_appointment(day, part.appointment, event)
        if ticket is None:
            return
        labels = (day.hall, ticket.service, ticket.class_)
        self._count_admission(day.hall, ticket, event)
        match event:
            case events.TicketTaken():
                self._child(self.issued, *labels, ticket.channel).inc()
            case events.TicketCalled():
                self._child(self.called, *labels, event.reason.rule).inc()
                self._child(self.wait_s, *labels).observe((part.at - ticket.waiting_since_at).total_seconds())
                self._score(day, ticket, part.at)
            case events.TicketFinished() | events.TicketAdvanced():
                if isinstance(event, events.TicketFinished):
                    self._child(self.finished, *labels, event.outcome).inc()
                if ticket.served is not None and not getattr(event, "forgotten", False):
                    self._count_served(day.hall, ticket, ticket.served)
            case events.TicketNoShow():
                self._child(self.no_shows, *labels).inc()
            case events.TicketLeft():
                self._child(self.left, *labels, event.reason).inc()

    def _count_admission(self, hall: str, ticket: Ticket, event: events.Event) -> None:
        """Count the admission of a walk-in when the ticket is issued, and again when a standby ticket is admitted."""
        taken = isinstance(event, events.TicketTaken) and ticket.class_ is TicketClass.WALK_IN
        if taken or isinstance(event, events.TicketAdmitted):
            self._child(self.admission, hall, ticket.admission).inc()

    def _count_served(self, hall: str, ticket: Ticket, served: Served) -> None:
        self._child(self.service_s, hall, served.service, ticket.class_).observe(served.seconds)
        if ticket.admission is Admission.OVERTIME:
            self._child(self.overtime_s, hall, served.service).inc(served.seconds)

    def _score(self, day: Day, ticket: Ticket, called_at: datetime) -> None:
        """Compare the promised wait of a ticket with the real one, unless the hall was suspended meanwhile."""
        held, promise = is_promise_kept(day, ticket, called_at), ticket.promise
        if held is None or promise is None or promise.p10_s is None or promise.p50_s is None or promise.p90_s is None:
            return
        waited_s = (called_at - promise.as_of_at).total_seconds()
        self._child(self.promises, day.hall, str(held).lower()).inc()
        self._child(self.promise_error_s, day.hall).observe(abs(waited_s - promise.p50_s))
        self._child(self.promise_width_s, day.hall).observe(promise.p90_s - promise.p10_s)

    def _count_appointment(self, day: Day, appointment: Appointment, event: events.Event) -> None:
        """Count a new state of an appointment; a new time is not a new state, also on another day."""
        match event:
            case events.AppointmentChanged() | events.NothingChanged():
                return
            case events.AppointmentMade() if event.sequence:
                return
        self._child(self.appointments, day.hall, appointment.service, appointment.state).inc()


def _version() -> str:
    try:
        return version("paihao")
    except PackageNotFoundError:
        return VERSION


VERSION = "0.2.0"
"""The version when the service runs from a checkout; the same as in pyproject."""
