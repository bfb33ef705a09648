"""The cost of a forecast of all waits, and its quality.

The cost is the CPU time of one pass, 200 simulations of the rest of the day, for halls with a queue, people at the
counters and coming appointments. The quality is measured on simulated days, against an oracle that knows each clerk's
pace and the number of people who will come, and against position times average.
"""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from msgspec import convert

from benchmarks.result import Options, Result, Row, row
from service.domain.calendar.day_plan import plan_of
from service.domain.calendar.learned import Learned, LearnedArrivals
from service.domain.commands import BookAppointment, CallNext, OpenCounter, StartTicket, TakeTicket
from service.domain.day import Day
from service.domain.decide.decide import decide
from service.domain.events import DayOpened, Event, Record, TicketCalled
from service.domain.evolve.evolve import evolve
from service.domain.forecast.day_outlook import day_ahead
from service.domain.forecast.wait_quantiles import forecast
from service.domain.hall.document import HallDocument
from service.domain.model import AppointmentId, Channel, CounterId, HallId, ServiceId, TicketId
from service.simulate.estimate import estimate
from service.simulate.options import Options as Simulated
from service.simulate.options import Promises, Way
from service.simulate.run import Result as DayResult
from service.simulate.run import run_days

ON = date(2026, 11, 23)
TEN = datetime(2026, 11, 23, 10, tzinfo=UTC)
PASSES = 20
"""Passes in each round."""

LONG_WAIT_S = 3600
"""Walk-ins who have waited this long go first, in halls with that rule. Many of the measured queues wait longer."""

DAYS = 100
"""Simulated days."""

ORACLE_EVERY = 4
"""Every n-th promise is compared with the oracle, whose pass takes three times as long."""


def run(options: Options) -> Result:
    """Run the benchmark."""
    busy, crowded = a_hall(100, 5), a_hall(500, 20)
    guarded = a_hall(100, 5, max_walk_in_wait_s=LONG_WAIT_S)
    guarded_crowd = a_hall(500, 20, max_walk_in_wait_s=LONG_WAIT_S)
    rows = [
        _cost("one pass, 18 waiting, 5 counters", options, a_hall(18, 5), forecast),
        _cost("one pass, 100 waiting, 5 counters", options, busy, forecast, "≤ 10 ms"),
        _cost("one pass, 500 waiting, 20 counters", options, crowded, forecast, "≤ 50 ms"),
        _cost("one pass, 100 waiting, 5 counters, long waits end", options, guarded, forecast, "≤ 10 ms"),
        _cost("one pass, 500 waiting, 20 counters, long waits end", options, guarded_crowd, forecast, "≤ 50 ms"),
        _cost("the rest of the day, 18 waiting, 200 to come", options, a_hall(18, 5), day_ahead),
    ]
    results = list(
        run_days(
            Simulated(
                scenario="lunch",
                way=Way("credit", None),
                days=options.sized(DAYS),
                promises=Promises.FORECAST,
                oracle=ORACLE_EVERY,
            )
        )
    )
    rows += [
        Row(what=f"{who} promises that held", ours=_mean(results, measure), other=80.0, unit="%", reach="77-83 %")
        for who, measure in (("walk-ins'", "promise_coverage_pct"), ("appointments'", "appointment_coverage_pct"))
    ]
    error_min = _mean(results, "promise_error_min")
    rows += [
        Row(
            what=f"{who} p50, mean error by the oracle's",
            ours=_mean(results, measure),
            other=1.0,
            unit="×",
            reach="≤ 1.10",
        )
        for who, measure in (("walk-ins'", "promise_times_oracle"), ("appointments'", "appointment_times_oracle"))
    ]
    rows.append(
        Row(
            what="walk-ins' p50, mean error; other: position times average",
            ours=error_min,
            other=_mean(results, "position_error_min"),
            unit="min",
        )
    )
    return Result(
        name="forecast",
        ours="the forecast",
        other="the oracle, the nominal share, or what is named",
        rows=rows,
        notes=[
            "CPU time of the process, 200 paths; appointments to come: one every five minutes",
            f"{options.sized(DAYS)} days as `simulate --scenario lunch` runs them",
            f"the oracle is asked for every {ORACLE_EVERY}th promise",
        ],
    )


def _cost(what: str, options: Options, day: Day, of: Callable[[Day, datetime], object], reach: str = "") -> Row:
    """Measure the CPU time of one pass, in milliseconds."""
    now_at = day.at
    of(day, now_at)
    times_ms = []
    for _ in range(options.rounds):
        began_s = time.process_time()
        for _ in range(PASSES):
            of(day, now_at)
        times_ms.append((time.process_time() - began_s) * 1000 / PASSES)
    return row(what, times_ms, [], "ms", reach)


def _mean(results: list[DayResult], measure: str) -> float:
    found = estimate(result.ways[0].portions[measure] for result in results)
    return float("nan") if found is None else found.mean


def a_hall(waiting: int, counters: int, **rules: int) -> Day:
    """Return a hall at ten: people at all counters, a queue of three services, an appointment every five minutes."""
    kinds = {"long": 900.0, "usual": 480.0, "short": 240.0}
    fields = {
        "time_zone": "UTC",
        "languages": ["en"],
        "name": {"en": "Hall"},
        "hours": [{"weekdays": [1], "from": "09:00", "to": "17:00"}],
        "zones": [{"id": "main"}],
        "stages": [{"id": "window"}],
        "services": [
            {"id": name, "prefix": name[0].upper(), "stages": ["window"], "duration_s": {"mean": mean_s}}
            for name, mean_s in kinds.items()
        ],
        "staffing": [
            {"weekdays": [1], "from": "09:00", "to": "12:00", "counters": counters},
            {"weekdays": [1], "from": "12:00", "to": "13:30", "counters": counters // 2},
            {"weekdays": [1], "from": "13:30", "to": "17:00", "counters": counters},
        ],
        "counters": [
            {"id": str(n), "zone": "main", "stage": "window", "services": list(kinds)} for n in range(1, counters + 1)
        ],
        "booking": {"places": [{"weekdays": [1], "from": "09:00", "to": "17:00", "every_min": 5, "places": 1}]},
        "admission": "all",
        "rules": rules,
    }
    walk_ins = {f"{hour:02d}": LearnedArrivals(18.0, 3.0) for hour in range(9, 17)}
    plan = plan_of(convert(fields, HallDocument), 1, ON, learned=Learned(walk_ins=walk_ins))
    day = Day(HallId("bench"), ON)
    at = TEN - timedelta(minutes=30)

    def append(events: list[Event]) -> None:
        for event in events:
            evolve(day, Record(day.seq + 1, at, "device:bench", f"command-{day.seq}", 0, None, event))

    append([DayOpened(plan=plan)])
    names = [ServiceId(name) for name in kinds]
    for n in range(80):
        starts_at = TEN + timedelta(minutes=5 * n)
        command = BookAppointment(
            appointment=AppointmentId(f"appointment-{n}"),
            code=f"A{n:07d}",
            service=names[n % 3],
            starts_at=starts_at,
            channel=Channel.WEB,
            staff=True,
        )
        append(decide(day, command, at))
    for n in range(waiting + counters):
        append(
            decide(
                day,
                TakeTicket(
                    ticket=TicketId(f"ticket-{n}"), code=f"0{n:07d}", service=names[n % 3], channel=Channel.KIOSK
                ),
                at,
            )
        )
        at += timedelta(minutes=20) / (waiting + counters)
    for n in range(1, counters + 1):
        append(decide(day, OpenCounter(CounterId(str(n))), at))
        called = decide(day, CallNext(CounterId(str(n))), at)
        append(called)
        for one in called:
            if isinstance(one, TicketCalled):
                append(decide(day, StartTicket(one.ticket), at))
        at += timedelta(minutes=10) / counters
    return day
