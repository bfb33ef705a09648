"""One frame is sent to many sockets exactly once, by either thread."""

import threading

import pytest

from display import send_worker
from display.send_worker import WORKER_FROM, send_all

FRAME = b"a frame"


class Socket:
    """A socket that accepts `takes` bytes, or raises, and remembers the threads that called it."""

    def __init__(self) -> None:
        self.takes: int | OSError | RuntimeError = len(FRAME)
        self.by: list[int] = []

    def send(self, frame: bytes, /) -> int:
        """Accept a frame."""
        assert frame == FRAME
        self.by.append(threading.get_ident())
        if isinstance(self.takes, Exception):
            raise self.takes
        return self.takes


class Meeting(Socket):
    """A socket that accepts a frame once two threads are sending."""

    def __init__(self, both: threading.Barrier) -> None:
        super().__init__()
        self._both = both

    def send(self, frame: bytes, /) -> int:
        """Wait for the other thread, then accept the frame."""
        self._both.wait(30)
        return super().send(frame)


@pytest.fixture(autouse=True)
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that there are two processors."""
    monkeypatch.setattr(send_worker, "PROCESSORS", 2)


@pytest.mark.parametrize("processors", [1, 2])
@pytest.mark.parametrize("count", [0, 1, WORKER_FROM - 1, WORKER_FROM, WORKER_FROM * 10 + 1])
def test_each_gets_it_once(count: int, processors: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send_worker, "PROCESSORS", processors)
    sockets = [Socket() for _ in range(count)]

    assert send_all(sockets, FRAME) == []

    assert [len(one.by) for one in sockets] == [1] * count


def test_two_hands_share_a_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send_worker, "BATCH", WORKER_FROM // 2)
    both = threading.Barrier(2)
    sockets = [Meeting(both) for _ in range(WORKER_FROM)]

    send_all(sockets, FRAME)

    assert len({thread for one in sockets for thread in one.by}) == 2
    assert [len(one.by) for one in sockets] == [1] * WORKER_FROM


def test_a_worker_who_gets_no_processor_keeps_nobody_waiting() -> None:
    go_on = threading.Event()
    elsewhere = send_worker._worker.submit(go_on.wait, 30)
    sockets = [Socket() for _ in range(WORKER_FROM)]

    try:
        assert send_all(sockets, FRAME) == []
        assert not elsewhere.done()
    finally:
        go_on.set()

    assert elsewhere.result(30)
    assert {thread for one in sockets for thread in one.by} == {threading.get_ident()}


def test_who_takes_a_part_or_nothing_is_said_with_how_much() -> None:
    sockets = [Socket() for _ in range(WORKER_FROM)]
    slow, gone = sockets[3], sockets[-3]
    slow.takes, gone.takes = 2, BlockingIOError()

    assert {(sockets.index(wire), taken) for wire, taken in send_all(sockets, FRAME) if isinstance(wire, Socket)} == {
        (3, 2),
        (WORKER_FROM - 3, 0),
    }


class Faulty(Socket):
    """A socket that raises in one of the threads once both have begun; in the other it then accepts the frame."""

    def __init__(self, both: threading.Barrier, met: threading.Event, *, fails_here: bool) -> None:
        super().__init__()
        self._both = both
        self._met = met
        self._fails_here = fails_here
        self._here = threading.get_ident()

    def send(self, frame: bytes, /) -> int:
        """Raise, or accept the frame."""
        if not self._met.is_set():
            self._both.wait(30)
        if (threading.get_ident() == self._here) is self._fails_here:
            self._met.set()
            raise RuntimeError("a fault")
        assert self._met.wait(30)
        return super().send(frame)


@pytest.mark.parametrize("fails_here", [True, False])
def test_a_fault_of_one_hand_is_told_when_the_other_has_come_to_rest(
    monkeypatch: pytest.MonkeyPatch, *, fails_here: bool
) -> None:
    monkeypatch.setattr(send_worker, "BATCH", WORKER_FROM // 2)
    both, met = threading.Barrier(2), threading.Event()
    sockets = [Faulty(both, met, fails_here=fails_here) for _ in range(WORKER_FROM)]

    with pytest.raises(RuntimeError, match="a fault"):
        send_all(sockets, FRAME)

    assert sum(len(one.by) for one in sockets) == WORKER_FROM // 2, "all of the other's part"
