"""Metrics: what happened is counted from committed events, what is now is read from the folds when asked.

Counts of several processes add up: each counts what it appended itself. Gauges of the queue are the same in every
process that has the hall in use; take the maximum over processes. Labels are codes of the hall document, words of ours
and ids of devices: never people, and no name that somebody chose freely.

Source: CONTRACT 5 (`GET /metrics`), DESIGN 9.
"""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
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
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.gc_collector import GCCollector
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from service.domain import events
from service.domain.command_results import ResultPart
from service.domain.day import Day
from service.domain.model import (
    Admission,
    Appointment,
    CounterState,
    HallId,
    PrinterState,
    Served,
    Ticket,
    TicketClass,
    TicketState,
)
from service.domain.queue.promised_waits import is_promise_kept
from service.forecasts.stored_forecasts import StoredForecast
from service.runtime.fault_isolation import isolated

HALL_BUCKETS_S = (10, 30, 60, 120, 180, 300, 450, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10_800)
"""Waits and services of a hall: 10 s to 3 h."""

QUICK_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_KIND = ["hall", "service", "class"]

ForecastsByDay = Callable[[], Mapping[tuple[HallId, date], StoredForecast]]
"""The forecasts that a process knows, by hall and day."""

_Metric = TypeVar("_Metric", Counter, Gauge, Histogram)

disable_created_metrics()  # type: ignore[no-untyped-call]  # one more series for each, which nobody here reads


class Metrics:
    """All metrics of a process, in a registry of their own."""

    def __init__(self, days: Callable[[], Iterable[Day]], forecasts: ForecastsByDay = dict) -> None:
        registry = self.registry = CollectorRegistry(auto_describe=True)
        self._children: dict[tuple[int, tuple[str, ...]], Any] = {}
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        registry.register(_Now(days))
        registry.register(_Ahead(forecasts))
        self.issued = Counter("paihao_tickets_issued", "Tickets taken.", [*_KIND, "channel"], registry=registry)
        self.admission = Counter(
            "paihao_admission",
            "How walk-ins came in: admitted, on standby, by overtime, or refused because the hall is full.",
            ["hall", "admission"],
            registry=registry,
        )
        self.overtime_s = Counter(
            "paihao_overtime_service_seconds",
            "Time at counters of people who were admitted by overtime.",
            ["hall", "service"],
            registry=registry,
        )
        self.called = Counter("paihao_tickets_called", "Tickets called.", [*_KIND, "rule"], registry=registry)
        self.finished = Counter("paihao_tickets_finished", "Visits ended.", [*_KIND, "outcome"], registry=registry)
        self.no_shows = Counter("paihao_tickets_no_show", "Called, and nobody came.", _KIND, registry=registry)
        self.left = Counter("paihao_tickets_left", "Left without being served.", [*_KIND, "reason"], registry=registry)
        self.appointments = Counter(
            "paihao_appointments",
            "Appointments that were held, booked, checked in, cancelled, missed, or whose hold expired.",
            ["hall", "service", "state"],
            registry=registry,
        )
        self.deflected = Counter(
            "paihao_deflected",
            "Requests for what is done online, answered with where.",
            ["hall", "service", "via"],
            registry=registry,
        )
        self.wait_s = Histogram(
            "paihao_wait_seconds",
            "From the ticket, or the end of the stage before, to the call.",
            _KIND,
            buckets=HALL_BUCKETS_S,
            registry=registry,
        )
        self.service_s = Histogram(
            "paihao_service_seconds",
            "From the start, or the call, to the end at a counter.",
            _KIND,
            buckets=HALL_BUCKETS_S,
            registry=registry,
        )
        self.promises = Counter(
            "paihao_promise",
            "First calls of tickets that were promised a wait, by whether it lay between p10 and p90.",
            ["hall", "held"],
            registry=registry,
        )
        self.promise_error_s = Histogram(
            "paihao_promise_error_seconds",
            "From the median that was promised to the first call, earlier or later.",
            ["hall"],
            buckets=HALL_BUCKETS_S,
            registry=registry,
        )
        self.promise_width_s = Histogram(
            "paihao_promise_width_seconds",
            "From p10 to p90 of the wait that was promised.",
            ["hall"],
            buckets=HALL_BUCKETS_S,
            registry=registry,
        )
        self.batch = Histogram(
            "paihao_lane_batch_commands", "Commands in one append.", buckets=BATCH_BUCKETS, registry=registry
        )
        self.append_s = Histogram(
            "paihao_append_seconds", "Time of one append.", buckets=QUICK_BUCKETS_S, registry=registry
        )
        self.conflicts = Counter("paihao_append_conflicts", "Appends that were not first.", registry=registry)
        self.screens = Gauge("paihao_screens", "Sockets of screens and tickets.", registry=registry)
        self.screens_gone = Gauge(
            "paihao_screens_gone",
            "Seconds since a screen with a key last showed what is true, of those that are missed.",
            ["hall", "screen"],
            registry=registry,
        )
        self.boards = Counter("paihao_boards_sent", "Boards and tickets handed to sockets.", registry=registry)
        self.call_to_screen_s = Histogram(
            "paihao_call_to_screen_seconds",
            "From a call to its board in the screens' sockets.",
            buckets=QUICK_BUCKETS_S,
            registry=registry,
        )
        self.http_s = Histogram(
            "paihao_http_request_seconds",
            "HTTP requests by route template.",
            ["method", "route", "status"],
            buckets=QUICK_BUCKETS_S,
            registry=registry,
        )
        self.messages = Counter(
            "paihao_messages", "What became of messages.", ["kind", "channel", "outcome"], registry=registry
        )
        self.messages_overdue = Gauge(
            "paihao_messages_waiting",
            "Messages that are due and not sent, by how long they are due.",
            ["channel", "due_for"],
            registry=registry,
        )
        build = Gauge("paihao_build_info", "Which build this is.", ["version", "python"], registry=registry)
        build.labels(_version(), python_version()).set(1)

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry)

    # What lanes tell.

    def committed(self, day: Day, parts: list[ResultPart], append_s: float, commands: int) -> None:
        """Count what was appended."""
        self.batch.observe(commands)
        self.append_s.observe(append_s)
        for part in parts:
            self._count(day, part)

    def raced(self, _day: Day) -> None:
        """Count an append that was not first."""
        self.conflicts.inc()

    def message(self, kind: str, channel: str, outcome: str) -> None:
        """Count what became of a message: sent, retried, dead, dropped (the person is erased) or withdrawn."""
        self._child(self.messages, kind, channel, outcome).inc()

    def messages_waiting(self, overdue: Mapping[tuple[str, str], int]) -> None:
        """Say how many messages are overdue, by channel and by how long."""
        for labels, count in overdue.items():
            self._child(self.messages_overdue, *labels).set(count)

    def screens_missed(self, gone: Mapping[tuple[str, str], float]) -> None:
        """Say for how long screens have been gone, by hall and device; those that are back are gone from here."""
        self.screens_gone.clear()
        for labels, seconds in gone.items():
            self.screens_gone.labels(*labels).set(seconds)

    def _child(self, metric: _Metric, *labels: str) -> _Metric:
        """A metric with its labels; looked up once, for looking them up costs more than counting."""
        key = (id(metric), labels)
        child: _Metric | None = self._children.get(key)
        if child is None:
            child = self._children[key] = metric.labels(*labels)
        return child

    def answered(self, method: str, route: str, status: int, took_s: float) -> None:
        """Count a request."""
        self._child(self.http_s, method, route, str(status)).observe(took_s)

    def hall_full(self, hall: str) -> None:
        """Count a walk-in who did not fit any more."""
        self._child(self.admission, hall, "refused").inc()

    def sent_online(self, hall: str, service: str, via: str) -> None:
        """Count somebody who need not come; `via` is what they asked for: a ticket, slots, an appointment."""
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
        """Count how a walk-in came in: with the ticket, and once more when somebody on standby is let in."""
        taken = isinstance(event, events.TicketTaken) and ticket.class_ is TicketClass.WALK_IN
        if taken or isinstance(event, events.TicketAdmitted):
            self._child(self.admission, hall, ticket.admission).inc()

    def _count_served(self, hall: str, ticket: Ticket, served: Served) -> None:
        self._child(self.service_s, hall, served.service, ticket.class_).observe(served.seconds)
        if ticket.admission is Admission.OVERTIME:
            self._child(self.overtime_s, hall, served.service).inc(served.seconds)

    def _score(self, day: Day, ticket: Ticket, called_at: datetime) -> None:
        """Score what was promised with the ticket, unless the hall was suspended in between."""
        held, promise = is_promise_kept(day, ticket, called_at), ticket.promise
        if held is None or promise is None or promise.p10_s is None or promise.p50_s is None or promise.p90_s is None:
            return
        waited_s = (called_at - promise.as_of_at).total_seconds()
        self._child(self.promises, day.hall, str(held).lower()).inc()
        self._child(self.promise_error_s, day.hall).observe(abs(waited_s - promise.p50_s))
        self._child(self.promise_width_s, day.hall).observe(promise.p90_s - promise.p10_s)

    def _count_appointment(self, day: Day, appointment: Appointment, event: events.Event) -> None:
        """Count a new state; another time is none, on this day or on another."""
        match event:
            case events.AppointmentChanged() | events.NothingChanged():
                return
            case events.AppointmentMade() if event.sequence:
                return
        self._child(self.appointments, day.hall, appointment.service, appointment.state).inc()


class _Ahead(Collector):
    """The rest of the days in use, as it was forecast last."""

    def __init__(self, known: ForecastsByDay) -> None:
        self._known = known

    def describe(self) -> Iterator[Metric]:
        """Name the metrics without reading anything."""
        yield from self._families()

    def collect(self) -> Iterator[Metric]:
        """Read the forecasts known here; of a hall the one of its latest day."""
        served, overtime, waiting, wait, intake, made = families = self._families()
        latest = {hall: kept for (hall, _), kept in sorted(self._known().items())}
        for hall, kept in latest.items():
            if kept.promises.waits or kept.promises.newcomers:  # else too many are to come for any
                made.add_metric([hall], kept.promises.made_at.timestamp())
            ahead = kept.ahead
            if ahead is None:
                continue
            if ahead.served is not None:
                served.add_metric([hall], ahead.served)
            if ahead.overtime_s is not None:
                overtime.add_metric([hall], ahead.overtime_s)
            if ahead.quarters:
                waiting.add_metric([hall], max(one.waiting_p90 for one in ahead.quarters))
            waits = [one.wait_p90_s for one in ahead.quarters if one.wait_p90_s is not None]
            if waits:
                wait.add_metric([hall], max(waits))
            if ahead.intake_closes_at is not None:
                intake.add_metric([hall], ahead.intake_closes_at.timestamp())
        yield from families

    def _families(self) -> tuple[GaugeMetricFamily, ...]:
        return tuple(
            GaugeMetricFamily(f"paihao_forecast_{name}", says, labels=["hall"])
            for name, says in (
                ("served_ratio", "Probability that all who come before closing are called before the staff stops."),
                ("overtime_seconds", "Counter time expected after closing."),
                ("waiting_most", "The most people that will wait today, p90."),
                ("wait_longest_seconds", "The longest wait that a walk-in will have today, p90."),
                ("intake_closes_timestamp_seconds", "When a walk-in begins to fit in with less than 0.8, if today."),
                ("made_timestamp_seconds", "When the waits that people are told were forecast."),
            )
        )


class _Now(Collector):
    """What is now, read from the committed folds in memory."""

    def __init__(self, days: Callable[[], Iterable[Day]]) -> None:
        self._days = days

    def describe(self) -> Iterator[Metric]:
        """Name the metrics without reading anything."""
        yield from self._families()

    def collect(self) -> Iterator[Metric]:
        """Read the folds."""
        families = self._families()
        for day in self._days():
            with isolated("hall_not_measured", day.hall):
                if not day.ended and day.opened:
                    _add(day, *families)
        yield from families

    def _families(self) -> tuple[GaugeMetricFamily, ...]:
        return (
            GaugeMetricFamily("paihao_tickets_waiting", "Tickets waiting now, standby with them.", labels=_KIND),
            GaugeMetricFamily("paihao_standby", "Tickets on standby now.", labels=["hall", "service"]),
            GaugeMetricFamily("paihao_tickets_at_counter", "People at counters.", labels=["hall", "service", "state"]),
            GaugeMetricFamily("paihao_counters", "Counters by state.", labels=["hall", "state"]),
            GaugeMetricFamily(
                "paihao_printers", "Printers of kiosks, as they were heard of last.", labels=["hall", "state"]
            ),
        )


def _add(  # noqa: PLR0913, PLR0917  (the families)
    day: Day,
    waiting: GaugeMetricFamily,
    standby: GaugeMetricFamily,
    serving: GaugeMetricFamily,
    counters: GaugeMetricFamily,
    printers: GaugeMetricFamily,
) -> None:
    """Say of one hall how it is now."""
    for (name, class_), count in day.queue.counts.items():
        waiting.add_metric([day.hall, name, class_], count)
    on_standby = Tally(dict.fromkeys(day.plan.services, 0))
    on_standby.update(day.tickets[ticket].service for _, ticket in day.queue.standby)
    for name, number in on_standby.items():
        standby.add_metric([day.hall, name], number)
    present: Tally[tuple[str, str]] = Tally(
        {(name, state): 0 for name in day.plan.services for state in ("called", "serving")}
    )
    for counter in day.counters.values():
        if counter.ticket is not None:
            ticket = day.tickets[counter.ticket]
            present[ticket.service, "called" if ticket.state is TicketState.CALLED else "serving"] += 1
    for (service, state), at_counter in present.items():
        serving.add_metric([day.hall, service, state], at_counter)
    states = Tally(counter.state for counter in day.counters.values())
    for counter_state in CounterState:
        counters.add_metric([day.hall, counter_state], states[counter_state])
    printing = Tally(printer.state for printer in day.printers.values())
    for printer_state in PrinterState:
        printers.add_metric([day.hall, printer_state], printing[printer_state])


def _version() -> str:
    try:
        return version("paihao")
    except PackageNotFoundError:
        return VERSION


VERSION = "0.2.0"
"""The version when run from a checkout; pyproject has the same."""
