"""What is forecast reaches the screens: in its turn, also when nothing else happens."""

from datetime import date

import pytest

from display.hall_feed import HallFeed, PromisesOf
from display.observer import NoObserver
from service.domain.model import HallId, ServiceId, Shown, TicketId
from service.domain.queue.promises import PROMISES_VALID_S, Promise, Promises
from tests.display.stage import TOWN, Audience, Stage

LONG = Promise(600, 900, 1500, 2400, Shown(15, 40))


class Forecast:
    """What is forecast, as the test says."""

    def __init__(self) -> None:
        self.promises: Promises | None = None

    def of(self, hall: HallId, _on: date) -> Promises | None:
        """Say it."""
        assert hall == TOWN
        return self.promises


class Feed(HallFeed):
    """A feed whose database answers whenever it looks."""

    def __init__(self, stage: Stage, promises_of: PromisesOf) -> None:
        self.stage = stage
        super().__init__(TOWN, stage.clock, stage.clock.monotonic_s, bytes, NoObserver(), promises_of)


@pytest.fixture
def stage() -> Stage:
    """A hall with a line."""
    stage = Stage()
    stage.hall.open("1")
    for _ in range(3):
        stage.hall.take("enquiry")
    return stage


@pytest.fixture
def said() -> Forecast:
    """What is forecast."""
    return Forecast()


@pytest.fixture
async def feed(stage: Stage, said: Forecast) -> Feed:
    """A feed that has the day."""
    feed = Feed(stage, said.of)
    await feed.apply(stage.loaded())
    return feed


def last(stage: Stage) -> TicketId:
    """The ticket that was taken last."""
    return list(stage.hall.day.tickets)[-1]


def long_waits(stage: Stage) -> Promises:
    """A forecast of long waits, of the day as it is now."""
    return Promises(
        day=stage.hall.on,
        seq=stage.hall.day.seq,
        made_at=stage.hall.now_at,
        waits={last(stage): LONG},
        newcomers={ServiceId("enquiry"): LONG},
    )


async def test_a_forecast_goes_out_to_boards_and_tickets(stage: Stage, said: Forecast, feed: Feed) -> None:
    screen, phone = Audience(), Audience()
    feed.watch_board(None, screen)
    feed.watch_ticket(last(stage), phone)
    screen.take()
    phone.take()

    stage.after(1)
    said.promises = long_waits(stage)
    feed.send_due()

    assert [one["shown"] for one in screen.boards()[-1]["waiting"] if one["service"] == "enquiry"] == [
        {"from_min": 15, "to_min": 40}
    ]
    (seen,) = phone.take()
    assert (seen["wait"]["p50_s"], seen["wait"]["shown"]) == (1500, {"from_min": 15, "to_min": 40})
    assert seen["ahead"] == 2


async def test_the_same_forecast_is_not_sent_again(stage: Stage, said: Forecast, feed: Feed) -> None:
    said.promises = long_waits(stage)
    screen, phone = Audience(), Audience()
    feed.watch_board(None, screen)
    feed.watch_ticket(last(stage), phone)
    screen.take()
    phone.take()

    stage.after(0.9)
    feed.send_due()

    assert screen.take() == phone.take() == []


async def test_a_ticket_that_something_happened_to_is_told_the_analytic_start(
    stage: Stage, said: Forecast, feed: Feed
) -> None:
    said.promises = long_waits(stage)
    stage.after(1)
    stage.hall.take("enquiry")
    await feed.apply(stage.moved())
    phone = Audience()

    feed.watch_ticket(last(stage), phone)

    assert phone.take()[0]["wait"]["p50_s"] < 1500


async def test_a_forecast_that_is_too_old_is_told_to_nobody(stage: Stage, said: Forecast, feed: Feed) -> None:
    said.promises = long_waits(stage)
    stage.after(PROMISES_VALID_S + 1)
    screen, phone = Audience(), Audience()

    feed.watch_board(None, screen)
    feed.watch_ticket(last(stage), phone)

    assert phone.take()[0]["wait"]["p50_s"] < 1500
    shown = [one["shown"] for one in screen.boards()[0]["waiting"] if one["service"] == "enquiry"]
    assert shown != [{"from_min": 15, "to_min": 40}]
