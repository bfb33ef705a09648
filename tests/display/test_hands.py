"""One frame to many sockets: each gets it once, whoever's hand it was."""

import threading

import pytest

from display import hands
from display.hands import HELPED_FROM, hand

FRAME = b"a frame"


class Socket:
    """Takes what it takes, and notes by which thread it came."""

    def __init__(self) -> None:
        self.takes: int | OSError | RuntimeError = len(FRAME)
        self.by: list[int] = []

    def send(self, frame: bytes, /) -> int:
        """Take a frame."""
        assert frame == FRAME
        self.by.append(threading.get_ident())
        if isinstance(self.takes, Exception):
            raise self.takes
        return self.takes


class Meeting(Socket):
    """A socket whose frame is taken when two threads are sending."""

    def __init__(self, both: threading.Barrier) -> None:
        super().__init__()
        self._both = both

    def send(self, frame: bytes, /) -> int:
        """Wait for the other thread, and take it."""
        self._both.wait(30)
        return super().send(frame)


@pytest.fixture(autouse=True)
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be two processors."""
    monkeypatch.setattr(hands, "PROCESSORS", 2)


@pytest.mark.parametrize("processors", [1, 2])
@pytest.mark.parametrize("count", [0, 1, HELPED_FROM - 1, HELPED_FROM, HELPED_FROM * 10 + 1])
def test_each_gets_it_once(count: int, processors: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "PROCESSORS", processors)
    sockets = [Socket() for _ in range(count)]

    assert hand(sockets, FRAME) == []

    assert [len(one.by) for one in sockets] == [1] * count


def test_two_hands_share_a_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "PART", HELPED_FROM // 2)
    both = threading.Barrier(2)
    sockets = [Meeting(both) for _ in range(HELPED_FROM)]

    hand(sockets, FRAME)

    assert len({thread for one in sockets for thread in one.by}) == 2
    assert [len(one.by) for one in sockets] == [1] * HELPED_FROM


def test_a_helper_who_gets_no_processor_keeps_nobody_waiting() -> None:
    go_on = threading.Event()
    elsewhere = hands._helper.submit(go_on.wait)
    sockets = [Socket() for _ in range(HELPED_FROM)]

    assert hand(sockets, FRAME) == []

    go_on.set()
    assert elsewhere.result(30)
    assert {thread for one in sockets for thread in one.by} == {threading.get_ident()}


def test_who_takes_a_part_or_nothing_is_said_with_how_much() -> None:
    sockets = [Socket() for _ in range(HELPED_FROM)]
    slow, gone = sockets[3], sockets[-3]
    slow.takes, gone.takes = 2, BlockingIOError()

    assert {(sockets.index(wire), taken) for wire, taken in hand(sockets, FRAME) if isinstance(wire, Socket)} == {
        (3, 2),
        (HELPED_FROM - 3, 0),
    }


@pytest.mark.parametrize("broken", [0, HELPED_FROM - 1])
def test_a_fault_is_told_when_both_hands_have_come_to_rest(broken: int) -> None:
    sockets = [Socket() for _ in range(HELPED_FROM)]
    sockets[broken].takes = RuntimeError("a fault")

    with pytest.raises(RuntimeError, match="a fault"):
        hand(sockets, FRAME)

    sent = [len(one.by) for one in sockets]
    assert hand([Socket()], FRAME) == []
    assert [len(one.by) for one in sockets] == sent, "nothing is sent afterwards"
