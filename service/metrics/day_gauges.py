"""Gauges of the present state of halls, read from the days in memory."""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from service.domain.day import Day
from service.domain.model import CounterState, PrinterState, TicketState
from service.runtime.fault_isolation import isolated


class DayGauges(Collector):
    """Reads the days in memory when the metrics are scraped."""

    def __init__(self, days: Callable[[], Iterable[Day]]) -> None:
        self._days = days

    def describe(self) -> Iterator[Metric]:
        """Describe the metrics without reading days."""
        yield from self._families()

    def collect(self) -> Iterator[Metric]:
        """Read the opened days in memory that have not ended."""
        families = self._families()
        for day in self._days():
            with isolated("hall_not_measured", day.hall):
                if not day.ended and day.opened:
                    _add(day, *families)
        yield from families

    def _families(self) -> tuple[GaugeMetricFamily, ...]:
        return (
            GaugeMetricFamily(
                "paihao_tickets_waiting", "Tickets waiting now, including standby.", labels=["hall", "service", "class"]
            ),
            GaugeMetricFamily("paihao_standby", "Tickets on standby now.", labels=["hall", "service"]),
            GaugeMetricFamily(
                "paihao_tickets_at_counter", "Tickets at counters by state.", labels=["hall", "service", "state"]
            ),
            GaugeMetricFamily("paihao_counters", "Counters by state.", labels=["hall", "state"]),
            GaugeMetricFamily(
                "paihao_printers", "Printers of kiosks by their last reported state.", labels=["hall", "state"]
            ),
        )


def _add(  # noqa: PLR0913, PLR0917  (one argument per metric)
    day: Day,
    waiting: GaugeMetricFamily,
    standby: GaugeMetricFamily,
    serving: GaugeMetricFamily,
    counters: GaugeMetricFamily,
    printers: GaugeMetricFamily,
) -> None:
    """Add the metrics of one hall."""
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
