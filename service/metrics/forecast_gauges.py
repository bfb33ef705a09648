"""Gauges of the stored forecasts: the expected rest of the day of each hall in use."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from service.domain.model import HallId
from service.forecasts.stored_forecasts import StoredForecast

ForecastsByDay = Callable[[], Mapping[tuple[HallId, date], StoredForecast]]
"""Returns the forecasts cached in a process, by hall and day."""


class ForecastGauges(Collector):
    """Reads the cached forecasts when the metrics are scraped."""

    def __init__(self, forecasts: ForecastsByDay) -> None:
        self._forecasts = forecasts

    def describe(self) -> Iterator[Metric]:
        """Describe the metrics without reading forecasts."""
        yield from self._families()

    def collect(self) -> Iterator[Metric]:
        """Read the forecasts; for each hall that of its latest day."""
        served, overtime, waiting, wait, intake, made = families = self._families()
        latest = {hall: forecast for (hall, _), forecast in sorted(self._forecasts().items())}
        for hall, forecast in latest.items():
            if forecast.promises.waits or forecast.promises.newcomers:  # empty if too many arrivals are expected
                made.add_metric([hall], forecast.promises.made_at.timestamp())
            outlook = forecast.ahead
            if outlook is None:
                continue
            if outlook.served is not None:
                served.add_metric([hall], outlook.served)
            if outlook.overtime_s is not None:
                overtime.add_metric([hall], outlook.overtime_s)
            if outlook.quarters:
                waiting.add_metric([hall], max(quarter.waiting_p90 for quarter in outlook.quarters))
            waits = [quarter.wait_p90_s for quarter in outlook.quarters if quarter.wait_p90_s is not None]
            if waits:
                wait.add_metric([hall], max(waits))
            if outlook.intake_closes_at is not None:
                intake.add_metric([hall], outlook.intake_closes_at.timestamp())
        yield from families

    def _families(self) -> tuple[GaugeMetricFamily, ...]:
        return tuple(
            GaugeMetricFamily(f"paihao_forecast_{name}", meaning, labels=["hall"])
            for name, meaning in (
                (
                    "served_ratio",
                    "Probability that everyone who comes before closing is called before the staff leave.",
                ),
                ("overtime_seconds", "Expected time at counters after closing."),
                ("waiting_most", "Largest number of waiting people in the rest of the day, 90th percentile."),
                ("wait_longest_seconds", "Longest wait of a walk-in in the rest of the day, 90th percentile."),
                (
                    "intake_closes_timestamp_seconds",
                    "Time today from which a walk-in fits into the day with a probability below 0.8.",
                ),
                ("made_timestamp_seconds", "Time of the forecast behind the displayed waits."),
            )
        )
