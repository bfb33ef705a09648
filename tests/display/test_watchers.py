"""A frame is sent in batches, to every watcher, and an older one never follows a newer one."""

import asyncio

import pytest

from display import watchers as watchers_module
from display.watchers import Watchers
from tests.display.fakes import CountingObserver, FakeHall, FakeWatcher, Feed

ALIVE = b'{"seq":1,"type":"alive"}'


def board(seq: int) -> bytes:
    return b'{"seq":%d,"type":"board"}' % seq


class WatcherGroup:
    """Five watchers, sent to in batches of two."""

    def __init__(self) -> None:
        self.all_shown = 0
        self.watchers = Watchers(self._shown)
        self.screens = [FakeWatcher() for _ in range(5)]
        for screen in self.screens:
            self.watchers.add(screen)

    def _shown(self) -> None:
        self.all_shown += 1

    def seen(self) -> list[list[int]]:
        """Return the seqs of the frames that each watcher got; 0 for an `alive` frame."""
        return [[frame["seq"] if frame["type"] == "board" else 0 for frame in screen.frames] for screen in self.screens]

    async def finish(self) -> None:
        """Wait until the frame is sent to all."""
        while self.watchers.is_sending:  # noqa: ASYNC110  (its parts are due in each turn of the loop)
            await asyncio.sleep(0)


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> WatcherGroup:
    monkeypatch.setattr(watchers_module, "AT_ONCE", 2)
    return WatcherGroup()


async def test_others_have_their_turn_between_the_parts_of_a_round(crowd: WatcherGroup) -> None:
    crowd.watchers.show(board(1))
    assert crowd.seen() == [[1], [1], [], [], []]

    await asyncio.sleep(0)
    assert crowd.seen() == [[1], [1], [1], [1], []]
    assert (crowd.watchers.is_sending, crowd.all_shown) == (True, 0)

    await asyncio.sleep(0)
    assert crowd.seen() == [[1]] * 5
    assert (crowd.watchers.is_sending, crowd.all_shown) == (False, 1)


async def test_a_newer_frame_goes_first_to_those_who_had_not_the_one_before(crowd: WatcherGroup) -> None:
    crowd.watchers.show(board(1))
    crowd.watchers.show(board(2))

    await asyncio.sleep(0)
    assert crowd.seen() == [[1], [1], [2], [2], []]

    await crowd.finish()
    assert crowd.seen() == [[1, 2], [1, 2], [2], [2], [2]]


async def test_everybody_gets_some_however_quickly_frames_follow(crowd: WatcherGroup) -> None:
    for seq in range(1, 11):
        crowd.watchers.show(board(seq))
        await asyncio.sleep(0)

    assert all(len(seqs) >= 3 for seqs in crowd.seen())
    assert all(seqs == sorted(set(seqs)) for seqs in crowd.seen())


async def test_who_begins_to_hold_back_before_its_turn_keeps_the_frame(crowd: WatcherGroup) -> None:
    crowd.watchers.show(board(1))

    slow = crowd.screens[4]
    slow.ready = False
    crowd.watchers.update(slow)
    assert crowd.seen() == [[1], [1], [], [], [1]]
    await crowd.finish()

    assert crowd.seen() == [[1]] * 5


async def test_who_holds_back_before_its_turn_keeps_no_word_that_all_is_still_true(crowd: WatcherGroup) -> None:
    crowd.watchers.keep_alive(ALIVE)

    slow = crowd.screens[4]
    slow.ready = False
    crowd.watchers.update(slow)
    await crowd.finish()

    assert crowd.seen() == [[0], [0], [0], [0], []]


async def test_who_goes_before_its_turn_is_sent_nothing(crowd: WatcherGroup) -> None:
    crowd.watchers.show(board(1))

    crowd.watchers.remove(crowd.screens[2])
    await crowd.finish()

    assert crowd.seen() == [[1], [1], [], [1], [1]]
    assert crowd.all_shown == 1


async def test_who_comes_meanwhile_has_been_shown_it(crowd: WatcherGroup) -> None:
    crowd.watchers.show(board(1))

    late = FakeWatcher()
    late.show(board(1))
    crowd.watchers.add(late)
    await crowd.finish()

    assert [frame["seq"] for frame in late.frames] == [1]


async def test_nobody_is_told_that_all_is_still_true_while_something_new_goes_round(crowd: WatcherGroup) -> None:
    crowd.watchers.show(board(1))
    crowd.watchers.keep_alive(ALIVE)
    await crowd.finish()
    assert crowd.seen() == [[1]] * 5

    crowd.watchers.keep_alive(ALIVE)
    crowd.watchers.show(board(2))
    await crowd.finish()
    assert crowd.seen() == [[1, 0, 2], [1, 0, 2], [1, 2], [1, 2], [1, 2]]


async def test_a_fault_in_the_middle_costs_its_part_alone(crowd: WatcherGroup, monkeypatch: pytest.MonkeyPatch) -> None:
    faults: list[object] = []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "call_exception_handler", faults.append)
    monkeypatch.setattr(crowd.screens[2], "send", lambda _: 0)

    crowd.watchers.show(board(1))
    await crowd.finish()
    assert len(faults) == 1
    assert crowd.seen() == [[1], [1], [], [1], [1]]

    monkeypatch.undo()
    crowd.watchers.show(board(2))
    await crowd.finish()
    assert crowd.seen() == [[1, 2], [1, 2], [2], [1, 2], [1, 2]]


async def test_a_call_is_measured_when_the_last_screen_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchers_module, "AT_ONCE", 1)
    fake_hall, observer = FakeHall(), CountingObserver()
    fake_hall.hall.open("1")
    fake_hall.hall.take()
    feed = Feed(fake_hall, observer)
    await feed.apply(fake_hall.loaded())
    for _ in range(3):
        feed.watch_board(None, FakeWatcher())
    fake_hall.hall.next("1")

    await feed.apply(fake_hall.moved())
    assert observer.calls_s == []
    fake_hall.after(0.5)
    await asyncio.sleep(0)
    assert observer.calls_s == []
    await asyncio.sleep(0)

    assert observer.calls_s == [0.5]
