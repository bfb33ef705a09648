"""A new forecast reaches the screens with the next check, also when no event happens."""

from datetime import date

import pytest

from display.hall_feed import HallFeed, PromisesOf
from display.observer import NoObserver
from service.domain.model import HallId, ServiceId, Shown, TicketId
from service.domain.queue.promises import PROMISES_VALID_S, Promise, Promises
from tests.display.fakes import TOWN, FakeHall, FakeWatcher

LONG = Promise(600, 900, 1500, 2400, Shown(15, 40))


class Forecast:
    """A forecast that the test sets."""

    def __init__(self) -> None:
        self.promises: Promises | None = None

    def of(self, hall: HallId, _on: date) -> Promises | None:
        """Return the forecast."""
        assert hall == TOWN
        return self.promises


class Feed(HallFeed):
    """A feed whose database always answers."""

    def __init__(self, fake_hall: FakeHall, promises_of: PromisesOf) -> None:
        self.fake_hall = fake_hall
        super().__init__(TOWN, fake_hall.clock, fake_hall.clock.monotonic_s, bytes, NoObserver(), promises_of)


@pytest.fixture
def fake_hall() -> FakeHall:
    """A hall with a queue."""
    fake_hall = FakeHall()
    fake_hall.hall.open("1")
    for _ in range(3):
        fake_hall.hall.take("enquiry")
    return fake_hall


@pytest.fixture
def said() -> Forecast:
    """The forecast."""
    return Forecast()


@pytest.fixture
async def feed(fake_hall: FakeHall, said: Forecast) -> Feed:
    """A feed with the day."""
    feed = Feed(fake_hall, said.of)
    await feed.apply(fake_hall.loaded())
    return feed


def last(fake_hall: FakeHall) -> TicketId:
    """The ticket that was issued last."""
    return list(fake_hall.hall.day.tickets)[-1]


def long_waits(fake_hall: FakeHall) -> Promises:
    """Return a forecast of long waits for the day as it is now."""
    return Promises(
        day=fake_hall.hall.on,
        seq=fake_hall.hall.day.seq,
        made_at=fake_hall.hall.now_at,
        waits={last(fake_hall): LONG},
        newcomers={ServiceId("enquiry"): LONG},
    )


async def test_a_forecast_goes_out_to_boards_and_tickets(fake_hall: FakeHall, said: Forecast, feed: Feed) -> None:
    screen, phone = FakeWatcher(), FakeWatcher()
    feed.watch_board(None, screen)
    feed.watch_ticket(last(fake_hall), phone)
    screen.take()
    phone.take()

    fake_hall.after(1)
    said.promises = long_waits(fake_hall)
    feed.send_due()

    assert [one["shown"] for one in screen.boards()[-1]["waiting"] if one["service"] == "enquiry"] == [
        {"from_min": 15, "to_min": 40}
    ]
    (seen,) = phone.take()
    assert (seen["wait"]["p50_s"], seen["wait"]["shown"]) == (1500, {"from_min": 15, "to_min": 40})
    assert seen["ahead"] == 2


async def test_the_same_forecast_is_not_sent_again(fake_hall: FakeHall, said: Forecast, feed: Feed) -> None:
    said.promises = long_waits(fake_hall)
    screen, phone = FakeWatcher(), FakeWatcher()
    feed.watch_board(None, screen)
    feed.watch_ticket(last(fake_hall), phone)
    screen.take()
    phone.take()

    fake_hall.after(0.9)
    feed.send_due()

    assert screen.take() == phone.take() == []


async def test_a_ticket_that_something_happened_to_is_told_the_analytic_start(
    fake_hall: FakeHall, said: Forecast, feed: Feed
) -> None:
    said.promises = long_waits(fake_hall)
    fake_hall.after(1)
    fake_hall.hall.take("enquiry")
    await feed.apply(fake_hall.moved())
    phone = FakeWatcher()

    feed.watch_ticket(last(fake_hall), phone)

    assert phone.take()[0]["wait"]["p50_s"] < 1500


async def test_a_forecast_that_is_too_old_is_told_to_nobody(fake_hall: FakeHall, said: Forecast, feed: Feed) -> None:
    said.promises = long_waits(fake_hall)
    fake_hall.after(PROMISES_VALID_S + 1)
    screen, phone = FakeWatcher(), FakeWatcher()

    feed.watch_board(None, screen)
    feed.watch_ticket(last(fake_hall), phone)

    assert phone.take()[0]["wait"]["p50_s"] < 1500
    shown = [one["shown"] for one in screen.boards()[0]["waiting"] if one["service"] == "enquiry"]
    assert shown != [{"from_min": 15, "to_min": 40}]
