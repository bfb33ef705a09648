"""Bookings over HTTP beside tickets, a rush for few places, and the cost of a month's slots.

Appointments on one day of a hall, each for another person, are compared with tickets at another hall, with the same
number of clients. In the rush 5,000 people book 500 places at once, each on its own connection: all places must be
booked, and everybody else must get `slot-full`. The slots are a month of the demo hall, alone and while others book.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.harness import CpuShares, Served, hall_document, serving
from benchmarks.load_plan import Stream
from benchmarks.result import BenchmarkFailed, Options, Result, row
from service.domain.hall.demo import demo_document
from service.domain.hall.document import Booking, HallDocument, Places

CLIENTS = 32
PLACES = 1_000
"""Places of each start in the first part, the maximum of a document: nobody is refused."""

RUSH_PLACES = 500
PEOPLE_FOR_EACH = 10
RUSH_STARTS = 10
WITHIN_S = 60.0
QUESTIONS = 3_000
CALM_BOOKINGS = 60
CALM_BOOKINGS_PER_S = 20.0
"""Bookings made beside the queries for slots; both take about equally long."""


def run(options: Options) -> Result:
    """Run the benchmark."""
    figures: defaultdict[str, list[float]] = defaultdict(list)
    places = max(RUSH_STARTS, options.sized(RUSH_PLACES))
    shares = ""
    with serving() as served:
        rounds = range(options.rounds)
        served.make_halls([f"tickets-{index}" for index in rounds])
        served.make_halls([f"bookings-{index}" for index in rounds], document=_document(PLACES, 5))
        served.make_halls([f"rush-{index}" for index in rounds], document=_document(places // RUSH_STARTS, 30))
        served.make_halls(["month"], document=demo_document(always_open=False))
        people = 0
        for index in rounds:
            hall = f"tickets-{index}"
            served.open_day(hall)
            take = Stream(name="take", script="take", port=served.port, halls=[hall], connections=CLIENTS)
            figures["tickets"].append(served.load(take, seconds=options.seconds).per_s())

            hall = f"bookings-{index}"
            starts_at = _starts_of(served, hall)
            book = _booking(served, hall, starts_at, connections=CLIENTS, first_phone=people)
            counted = CpuShares(served)
            counted.begin()
            report = served.load(book, seconds=options.seconds)
            shares = f"{counted.words()}, generator {report.cpu_share:.0%}"
            people += sum(report.statuses.values())
            if set(report.statuses) != {"book 201"}:
                raise BenchmarkFailed(f"everybody must get a place: {report.statuses}")
            figures["bookings"].append(report.per_s())
            figures["p99 of a booking"].append(report.of("book", "book").p99_ms)

            hall, wanted = f"rush-{index}", places * PEOPLE_FOR_EACH
            starts_at = _starts_of(served, hall)[:RUSH_STARTS]
            rush = _booking(served, hall, starts_at, connections=wanted, first_phone=people, count=wanted)
            report = served.load(rush, seconds=WITHIN_S, warm_up_s=0.0)
            people += wanted
            if report.statuses != {"book 201": places, "book 409": wanted - places}:
                raise BenchmarkFailed(f"{places} places for {wanted} people: {report.statuses}")
            figures["p50 of the rush"].append(report.of("book", "book").p50_ms)
            figures["p99 of the rush"].append(report.of("book", "book").p99_ms)

            slots = Stream(
                name="slots",
                script="slots",
                port=served.port,
                halls=["month"],
                connections=1,
                count=options.sized(QUESTIONS),
            )
            alone = served.load(slots, seconds=WITHIN_S, warm_up_s=0.0).of("slots", "slots")
            figures["slots, p50"].append(alone.p50_ms)
            figures["slots, p99"].append(alone.p99_ms)
            calm = _booking(served, "month", _starts_of(served, "month"), connections=1, first_phone=people)
            calm.per_s, calm.count = CALM_BOOKINGS_PER_S, options.sized(CALM_BOOKINGS)
            report = served.load(slots, calm, seconds=WITHIN_S, warm_up_s=0.0)
            people += sum(report.statuses.values())
            figures["slots while others book, p99"].append(report.of("slots", "slots").p99_ms)
    ours, other = figures["bookings"], figures["tickets"]
    return Result(
        name="booking",
        ours="bookings over HTTP",
        other="tickets over HTTP",
        rows=[
            row(f"bookings by tickets, {CLIENTS} clients", ours, other, "1/s", "≥ 0.6"),
            row("p99 of a booking", figures["p99 of a booking"], [], "ms"),
            row(f"{wanted:,} people, {places} places: p50", figures["p50 of the rush"], [], "ms"),
            row(f"{wanted:,} people, {places} places: p99", figures["p99 of the rush"], [], "ms", "≤ 2000"),
            row("slots of 30 days, one client: p50", figures["slots, p50"], [], "ms"),
            row("slots of 30 days, one client: p99", figures["slots, p99"], [], "ms", "≤ 10"),
            row("… while others book: p99", figures["slots while others book, p99"], [], "ms", "≤ 10"),
        ],
        notes=[
            f"all {places} places were booked; everybody else was refused because the slot is full",
            f"{CALM_BOOKINGS_PER_S:.0f} bookings a second beside the questions for slots",
            f"busy while booking: {shares}",
        ],
    )


def _document(places: int, every_min: int) -> HallDocument:
    """Return a hall open around the clock with a fixed number of places."""
    span: dict[str, Any] = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "from_": "00:00", "to": "24:00"}
    booking = Booking(places=[Places(**span, every_min=every_min, places=places)])
    return hall_document(booking=booking)


def _starts_of(served: Served, hall: str) -> list[str]:
    """Return the starts of the day after tomorrow, which is in the future in every time zone."""
    on = (datetime.now(UTC) + timedelta(days=2)).date()
    found: dict[str, Any] = served.call("GET", f"/v1/halls/{hall}/slots?service=enquiry&from={on}&to={on}")
    return [slot["starts_at"] for slot in found["slots"]]


def _booking(  # noqa: PLR0913  (the fields of a stream that differ)
    served: Served,
    hall: str,
    starts_at: list[str],
    *,
    connections: int,
    first_phone: int,
    count: int | None = None,
) -> Stream:
    return Stream(
        name="book",
        script="book",
        port=served.port,
        halls=[hall],
        connections=connections,
        starts_at=starts_at,
        first_phone=first_phone,
        count=count,
    )
