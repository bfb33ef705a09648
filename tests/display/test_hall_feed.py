"""Feeds: what is sent, when, and to which watchers. The clock stands still until the test moves it."""

from datetime import timedelta

import pytest

from display import hall_feed
from display.board import board_of, encode
from display.channels import ALIVE_AFTER_S, BOARD_EVERY_S
from display.hall_feed import (
    REFRESH_EVERY_S,
    SILENT_AFTER_S,
    TICKETS_AT_ONCE,
    TICKETS_EVERY_S,
    UNFOLLOW_AFTER_S,
)
from service.domain.calendar.times import stamp
from service.domain.commands import ChangePlan, EndDay, LiftSuspension, PostNotice, RecallTicket, StartTicket, Suspend
from service.domain.model import CounterId, Notice, ZoneId
from service.domain.view import ticket_view
from tests.display.fakes import CountingObserver, FakeHall, FakeWatcher, Feed, rewritten
from tests.domain.halls import Hall, town

MAIN = ZoneId("main")
UPSTAIRS = ZoneId("upstairs")


@pytest.fixture
def fake_hall() -> FakeHall:
    fake_hall = FakeHall()
    fake_hall.hall.open("1", "2")
    for _ in range(5):
        fake_hall.hall.take()
    return fake_hall


@pytest.fixture
async def feed(fake_hall: FakeHall) -> Feed:
    feed = Feed(fake_hall)
    await feed.apply(fake_hall.loaded())
    return feed


async def test_who_comes_is_shown_the_board_at_once(fake_hall: FakeHall, feed: Feed) -> None:
    screen = FakeWatcher()

    feed.watch_board(None, screen)

    assert screen.bytes == [encode(board_of(fake_hall.hall.day, None, fake_hall.hall.now_at))]


async def test_a_call_goes_out_at_once(fake_hall: FakeHall, feed: Feed) -> None:
    screen = FakeWatcher()
    feed.watch_board(None, screen)
    screen.take()

    for counter in ("1", "2"):
        fake_hall.hall.next(counter)
        await feed.apply(fake_hall.moved())

    assert [len(board["called"]) for board in screen.boards()] == [1, 2]


async def test_a_recall_goes_out_at_once(fake_hall: FakeHall, feed: Feed) -> None:
    ticket = fake_hall.hall.next("1")
    assert ticket is not None
    await feed.apply(fake_hall.moved())
    screen = FakeWatcher()
    feed.watch_board(None, screen)
    screen.take()

    fake_hall.hall.do(RecallTicket(ticket))
    await feed.apply(fake_hall.moved())

    assert [board["called"][0]["again"] for board in screen.boards()] == [1]


async def test_other_news_goes_out_ten_times_a_second_at_most(fake_hall: FakeHall, feed: Feed) -> None:
    screen = FakeWatcher()
    feed.watch_board(None, screen)
    screen.take()

    for _ in range(100):
        fake_hall.after(0.01)
        fake_hall.hall.take()
        await feed.apply(fake_hall.moved())
        feed.heard(fake_hall)

    boards = screen.boards()
    assert 1 <= len(boards) <= 10
    fake_hall.after(BOARD_EVERY_S)
    feed.heard(fake_hall)
    assert (screen.boards() or boards)[-1]["waiting"][1]["count"] == 105


async def test_the_next_look_is_when_the_board_is_due(fake_hall: FakeHall, feed: Feed) -> None:
    screen = FakeWatcher()
    feed.watch_board(None, screen)
    assert feed.send_due() == pytest.approx(ALIVE_AFTER_S)

    fake_hall.hall.take()
    await feed.apply(fake_hall.moved())

    assert feed.send_due() == pytest.approx(BOARD_EVERY_S)
    fake_hall.after(BOARD_EVERY_S)
    assert feed.heard(fake_hall) == pytest.approx(ALIVE_AFTER_S)


async def test_what_does_not_change_the_board_is_not_sent(fake_hall: FakeHall, feed: Feed) -> None:
    ticket = fake_hall.hall.next("1")
    assert ticket is not None
    await feed.apply(fake_hall.moved())
    screen = FakeWatcher()
    feed.watch_board(None, screen)
    screen.take()

    fake_hall.hall.do(StartTicket(ticket))
    await feed.apply(fake_hall.moved())
    fake_hall.after(BOARD_EVERY_S)
    feed.heard(fake_hall)

    assert screen.boards() == []


async def test_every_screen_of_a_zone_gets_the_same_bytes(fake_hall: FakeHall, feed: Feed) -> None:
    screens = [FakeWatcher() for _ in range(3)]
    upstairs = FakeWatcher()
    for screen in screens:
        feed.watch_board(MAIN, screen)
    feed.watch_board(UPSTAIRS, upstairs)
    upstairs.take()

    fake_hall.hall.next("1")
    await feed.apply(fake_hall.moved())

    assert screens[0].bytes[-1] is screens[1].bytes[-1] is screens[2].bytes[-1]
    assert upstairs.boards() == []


async def test_while_nothing_happens_screens_hear_that_it_is_still_true(fake_hall: FakeHall, feed: Feed) -> None:
    screen = FakeWatcher()
    feed.watch_board(None, screen)
    screen.take()

    fake_hall.after(ALIVE_AFTER_S)
    feed.heard(fake_hall)

    assert screen.take() == [
        {"type": "alive", "day": "2026-11-23", "seq": fake_hall.hall.day.seq, "at": stamp(fake_hall.hall.now_at)}
    ]
    assert feed.heard(fake_hall) == pytest.approx(ALIVE_AFTER_S)


async def test_no_two_seconds_pass_without_a_frame(fake_hall: FakeHall, feed: Feed) -> None:
    screen, phone = FakeWatcher(), FakeWatcher()
    feed.watch_board(None, screen)
    feed.watch_ticket(next(iter(fake_hall.hall.day.tickets)), phone)
    silent_s = {screen: 0.0, phone: 0.0}

    for _ in range(200):
        due_s = feed.heard(fake_hall)
        fake_hall.after(due_s)
        for audience, so_far_s in silent_s.items():
            silent_s[audience] = 0.0 if audience.take() else so_far_s + due_s
            assert silent_s[audience] <= 2.0


async def test_nothing_is_said_while_postgresql_is_silent(fake_hall: FakeHall, feed: Feed) -> None:
    screen = FakeWatcher()
    feed.watch_board(None, screen)
    feed.watch_ticket(next(iter(fake_hall.hall.day.tickets)), screen)
    screen.take()

    fake_hall.after(SILENT_AFTER_S + 0.1)
    feed.send_due()
    assert screen.take() == []

    feed.heard(fake_hall)
    assert screen.take() != []


async def test_who_comes_while_postgresql_is_silent_is_told_how_old_it_is(fake_hall: FakeHall, feed: Feed) -> None:
    true_at = fake_hall.hall.now_at
    fake_hall.after(60)
    late = FakeWatcher()

    feed.watch_board(None, late)

    assert late.frames[0]["at"] == stamp(true_at)


async def test_waits_drift_and_are_looked_at_again() -> None:
    early = FakeHall(Hall(at="08:40"))
    feed = Feed(early)
    await feed.apply(early.loaded())
    screen = FakeWatcher()
    feed.watch_board(None, screen)
    assert screen.boards()[0]["waiting"][0]["shown"] == {"from_min": 20, "to_min": 25}

    early.after(REFRESH_EVERY_S - 0.1)
    feed.heard(early)
    assert screen.boards() == []
    for _ in range(60):
        early.after(REFRESH_EVERY_S)
        feed.heard(early)

    assert [board["waiting"][0]["shown"]["from_min"] for board in screen.boards()] == [15, 10, 5]


async def test_a_suspension_ends_on_screens_at_its_time(fake_hall: FakeHall, feed: Feed) -> None:
    fake_hall.hall.do(Suspend({"en": "Fire alarm"}, until_at=fake_hall.hall.now_at + timedelta(seconds=4)))
    await feed.apply(fake_hall.moved())
    screen = FakeWatcher()
    feed.watch_board(None, screen)
    assert screen.boards()[0]["suspended"] is not None

    for _ in range(4):
        fake_hall.after(1)
        feed.heard(fake_hall)

    assert [board["suspended"] for board in screen.boards()] == [None]


async def test_a_ticket_is_shown_at_once_and_when_it_changes_itself(fake_hall: FakeHall, feed: Feed) -> None:
    ticket = next(iter(fake_hall.hall.day.tickets))
    phone = FakeWatcher()
    feed.watch_ticket(ticket, phone)
    first = ticket_view(fake_hall.hall.day, fake_hall.hall.ticket(ticket), fake_hall.hall.now_at)
    assert phone.bytes == [encode(first)]
    phone.take()

    assert fake_hall.hall.next("1") == ticket
    await feed.apply(fake_hall.moved())

    assert [frame["state"] for frame in phone.take()] == ["called"]


async def test_a_ticket_is_shown_when_its_place_changes(fake_hall: FakeHall, feed: Feed) -> None:
    last = list(fake_hall.hall.day.tickets)[-1]
    phone = FakeWatcher()
    feed.watch_ticket(last, phone)
    assert phone.take()[0]["ahead"] == 4

    fake_hall.hall.next("1")
    await feed.apply(fake_hall.moved())
    assert phone.take() == []
    fake_hall.after(TICKETS_EVERY_S)
    feed.heard(fake_hall)

    assert [frame["ahead"] for frame in phone.take()] == [3]


async def test_a_ticket_says_nothing_new_while_only_seconds_pass(fake_hall: FakeHall, feed: Feed) -> None:
    last = list(fake_hall.hall.day.tickets)[-1]
    phone = FakeWatcher()
    feed.watch_ticket(last, phone)
    phone.take()

    for _ in range(4):
        fake_hall.after(TICKETS_EVERY_S)
        fake_hall.hall.do(PostNotice(Notice("a", {"en": "Nothing about waits"})))
        await feed.apply(fake_hall.moved())
        feed.heard(fake_hall)

    assert {frame.get("type") for frame in phone.take()} == {"alive"}


async def test_a_ticket_says_that_its_hall_is_suspended_when_it_is_looked_at_next(
    fake_hall: FakeHall, feed: Feed
) -> None:
    last = list(fake_hall.hall.day.tickets)[-1]
    phone = FakeWatcher()
    feed.watch_ticket(last, phone)
    assert "suspended" not in phone.take()[0]

    fake_hall.hall.do(Suspend({"en": "Fire alarm"}))
    await feed.apply(fake_hall.moved())
    fake_hall.after(TICKETS_EVERY_S)
    feed.heard(fake_hall)
    assert [frame["suspended"] for frame in phone.take()] == [{"text": {"en": "Fire alarm"}, "until_at": None}]
    fake_hall.hall.do(LiftSuspension())
    await feed.apply(fake_hall.moved())
    fake_hall.after(TICKETS_EVERY_S)
    feed.heard(fake_hall)

    assert ["suspended" in frame for frame in phone.take()] == [False]


async def test_many_tickets_are_looked_at_a_part_at_a_time(fake_hall: FakeHall, feed: Feed) -> None:
    for _ in range(2 * TICKETS_AT_ONCE):
        fake_hall.hall.take()
    await feed.apply(fake_hall.moved())
    phones = {ticket: FakeWatcher() for ticket in fake_hall.hall.day.tickets}
    for ticket, phone in phones.items():
        feed.watch_ticket(ticket, phone)
        phone.take()
    fake_hall.hall.next("1")
    await feed.apply(fake_hall.moved())
    for phone in phones.values():
        phone.take()

    fake_hall.after(TICKETS_EVERY_S)
    passes = 1
    while feed.heard(fake_hall) == 0:
        passes += 1

    assert passes == 3
    assert all(len(phone.take()) == 1 for phone in list(phones.values())[1:])


async def test_screens_are_sent_away_when_the_journal_was_rewritten(fake_hall: FakeHall, feed: Feed) -> None:
    screen = FakeWatcher()
    feed.watch_board(None, screen)

    await feed.apply(rewritten(fake_hall, 2))

    assert screen.code == 1012
    assert not feed.watched


async def test_the_same_day_loaded_again_goes_on(fake_hall: FakeHall, feed: Feed) -> None:
    screen = FakeWatcher()
    feed.watch_board(None, screen)
    screen.take()
    fake_hall.hall.next("1")

    await feed.apply(fake_hall.loaded())

    assert screen.code is None
    assert len(screen.boards()) == 1


async def test_the_next_day_is_shown_when_it_comes(fake_hall: FakeHall, feed: Feed) -> None:
    screen, phone = FakeWatcher(), FakeWatcher()
    feed.watch_board(None, screen)
    feed.watch_ticket(next(iter(fake_hall.hall.day.tickets)), phone)
    fake_hall.hall.do(EndDay())
    await feed.apply(fake_hall.moved())
    assert phone.take()[-1]["state"] == "left"
    screen.take()

    tomorrow = FakeHall(Hall(on=fake_hall.hall.on + timedelta(days=1)))
    await feed.apply(tomorrow.loaded())
    fake_hall.after(BOARD_EVERY_S)
    feed.heard(fake_hall)

    assert [board["day"] for board in screen.boards()] == ["2026-11-24"]
    assert (screen.code, phone.code) == (None, None)


async def test_a_zone_that_is_no_more_is_closed(fake_hall: FakeHall, feed: Feed) -> None:
    screen = FakeWatcher()
    feed.watch_board(UPSTAIRS, screen)

    counters = [{"id": "9", "zone": "main", "stage": "window", "services": ["enquiry"]}]
    fake_hall.hall.do(ChangePlan(fake_hall.hall.plan(town(zones=[{"id": "main"}], counters=counters))))
    await feed.apply(fake_hall.moved())
    fake_hall.after(BOARD_EVERY_S)
    feed.heard(fake_hall)

    assert screen.code == 4404


async def test_who_goes_hears_no_more(fake_hall: FakeHall, feed: Feed) -> None:
    goes, stays = FakeWatcher(), FakeWatcher()
    unwatch = feed.watch_board(None, goes)
    feed.watch_board(None, stays)
    goes.take()
    stays.take()

    unwatch()
    unwatch()
    fake_hall.hall.next("1")
    await feed.apply(fake_hall.moved())

    assert goes.take() == []
    assert len(stays.boards()) == 1


async def test_a_hall_nobody_watches_is_left_after_a_while(fake_hall: FakeHall, feed: Feed) -> None:
    unwatch = feed.watch_board(None, FakeWatcher())
    fake_hall.after(1000)
    unwatch()

    assert not feed.watched
    assert feed.send_due() == pytest.approx(UNFOLLOW_AFTER_S)


async def test_what_is_shown_is_counted(fake_hall: FakeHall) -> None:
    observer = CountingObserver()
    feed = Feed(fake_hall, observer)
    await feed.apply(fake_hall.loaded())
    for _ in range(3):
        feed.watch_board(None, FakeWatcher())

    fake_hall.hall.next("1")
    fake_hall.clock.advance(0.25)
    await feed.apply(fake_hall.moved())

    assert observer.frames == 6
    assert observer.calls_s == [0.25]


async def test_a_long_day_is_folded_in_parts(fake_hall: FakeHall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hall_feed, "FOLD_AT_ONCE", 3)
    feed = Feed(fake_hall)

    await feed.apply(fake_hall.loaded())

    assert feed.day is not None
    assert feed.day.seq == fake_hall.hall.day.seq
    assert feed.day.counters[CounterId("1")] == fake_hall.hall.counter("1")
