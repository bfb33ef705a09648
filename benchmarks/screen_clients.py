"""Thousands of screens in one process: they only look for the number called last and note when it arrived.

The process reads a `Watch` from standard input and writes a `Seen` to standard output, both JSON. It uses epoll and no
WebSocket library: a receiver that makes Python objects of each frame would take longer than the sender.

`once` calls when nothing else happens and waits for the last screen, in turn with a loop of sends of the same bytes.
`paced` calls at a steady rate and notes the delay of every screen, measured from when the call was due.
"""

import select
import socket
import sys
import time
from collections.abc import Callable
from typing import Literal

import msgspec
from msgspec import Struct

from benchmarks.load_scripts import request_bytes

CONNECT_AT_ONCE = 100
RECEIVE_BYTES = 65_536
WITHIN_S = 30.0
"""A call that does not reach a screen within this time is lost; the process then ends with an error."""

QUIET_S = 0.25
"""The pause between two calls of `once`, after which the work caused by a call (new waits, garbage collection) is done.
"""

CALLED = b'"called":[{"number":"'


class Watch(Struct, kw_only=True):
    """What to do. The next calls of the hall must be the numbers made of `prefix` and a count from `first` on."""

    mode: Literal["once", "paced"]
    hall: str
    display_port: int
    port: int
    token: str
    counter: str
    screens: int
    calls: int
    first: int
    prefix: str = "B"
    per_s: float = 0.0
    bare_port: int | None = None


class Seen(Struct, frozen=True, kw_only=True):
    """The measured times in seconds.

    `once` gives the time from a call to the last screen, and the same for the loop of sends; `paced` gives the delay of
    each screen. `spread_s` is the time from the first screen to the last. `frame_bytes` is the length of a board on the
    wire.
    """

    last_s: list[float]
    spread_s: list[float]
    bare_last_s: list[float]
    bare_spread_s: list[float]
    screens_s: list[float]
    frame_bytes: int
    cpu_share: float


class Screens:
    """Sockets that wait for numbers."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._by_fd: dict[int, socket.socket] = {}
        self._rest: dict[int, bytes] = {}

    def add(self, screen: socket.socket) -> None:
        """Add a socket."""
        screen.settimeout(0.0)
        self._by_fd[screen.fileno()] = screen
        self._epoll.register(screen, select.EPOLLIN)

    def until_all(self, needle: bytes, since_s: float) -> tuple[float, float]:
        """Wait until every screen has received some bytes.

        Returns:
            The seconds until the last screen has them, and from the first screen to the last.
        """
        missing = set(self._by_fd)
        self._rest.clear()
        first_s = 0.0
        while missing:
            for fd, data in self._arrived(0.1):
                if fd in missing and needle in self._joined(fd, data):
                    missing.discard(fd)
                    first_s = first_s or time.perf_counter()
            if time.perf_counter() - since_s > WITHIN_S:
                raise TimeoutError(f"{len(missing)} screens never received {needle!r}")
        last_s = time.perf_counter()
        return last_s - since_s, last_s - first_s

    def _arrived(self, wait_s: float) -> list[tuple[int, bytes]]:
        found = [(fd, self._by_fd[fd].recv(RECEIVE_BYTES)) for fd, _ in self._epoll.poll(wait_s)]
        if any(not data for _, data in found):
            raise ConnectionError("a screen was closed")
        return found

    def _joined(self, fd: int, data: bytes) -> bytes:
        data = self._rest.pop(fd, b"") + data
        self._rest[fd] = data[-len(CALLED) - 16 :]
        return data

    def watch(self, until_s: float, on_data: Callable[[int, bytes, float], None]) -> None:
        """Report the data that each screen receives, and when, until a given time."""
        while (left_s := until_s - time.perf_counter()) > 0:
            found = self._arrived(left_s)
            now_s = time.perf_counter()
            for fd, data in found:
                on_data(fd, data, now_s)


def connected(watch: Watch) -> tuple[Screens, bytes]:
    """Open the screens; also return the first board as received."""
    screens = Screens()
    handshake = (
        f"GET /v1/halls/{watch.hall}/board HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: paihao.board.v1\r\n\r\n"
    ).encode()
    frame = b""
    for begin in range(0, watch.screens, CONNECT_AT_ONCE):
        batch = []
        for _ in range(begin, min(begin + CONNECT_AT_ONCE, watch.screens)):
            screen = socket.create_connection(("127.0.0.1", watch.display_port), timeout=WITHIN_S)
            screen.sendall(handshake)
            batch.append(screen)
        for screen in batch:
            received = b""
            while b'"type":"board"' not in received:
                received += screen.recv(RECEIVE_BYTES)
            frame = received.partition(b"\r\n\r\n")[2]
            screens.add(screen)
    return screens, frame


class Counter:
    """Calls the next person over its own connection."""

    def __init__(self, watch: Watch) -> None:
        self._socket = socket.create_connection(("127.0.0.1", watch.port), timeout=WITHIN_S)
        path = f"/v1/halls/{watch.hall}/counters/{watch.counter}/next"
        self._raw = request_bytes("POST", path, b'{"finish":{"outcome":"done"}}', watch.token)
        self._asked = 0

    def call(self) -> None:
        """Send the command."""
        self._socket.sendall(self._raw)
        self._asked += 1

    def answered(self) -> None:
        """Read all answers, which must be calls."""
        received = b""
        while received.count(b'"reason":{') < self._asked:
            more = self._socket.recv(RECEIVE_BYTES)
            received += more
            if not more or received.count(b"HTTP/1.1 ") != received.count(b"HTTP/1.1 200"):
                raise ConnectionError(f"a call was answered {received[:300]!r}")
        self._asked = 0


class SendLoop:
    """The loop of sends, and its screens."""

    def __init__(self, port: int, screens: int, frame: bytes) -> None:
        self.screens = Screens()
        self._control = socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S)
        self._control.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._control.sendall(b"%d %d\n" % (screens, len(frame)))
        for _ in range(screens):
            self.screens.add(socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S))
        self._control.sendall(frame)
        assert self._control.recv(1) == b"r", "ready"

    def send(self) -> None:
        """Send the frame to all."""
        self._control.sendall(b"s")


def once(watch: Watch) -> Seen:
    """Call and wait for the last screen; then do the same with the loop of sends."""
    screens, frame = connected(watch)
    counter = Counter(watch)
    send_loop = None if watch.bare_port is None else SendLoop(watch.bare_port, watch.screens, frame)
    last_s: list[float] = []
    spread_s: list[float] = []
    bare_last_s: list[float] = []
    bare_spread_s: list[float] = []
    busy_s = cpu_s = 0.0
    for number in range(watch.first, watch.first + watch.calls):
        screens.watch(time.perf_counter() + QUIET_S, lambda _fd, _data, _now_s: None)
        began_s, cpu_began_s = time.perf_counter(), time.process_time()
        counter.call()
        took_s, spread = screens.until_all(CALLED + f'{watch.prefix}{number:03}"'.encode(), began_s)
        busy_s, cpu_s = busy_s + took_s, cpu_s + time.process_time() - cpu_began_s
        counter.answered()
        last_s.append(took_s)
        spread_s.append(spread)
        if send_loop is not None:
            screens.watch(time.perf_counter() + QUIET_S, lambda _fd, _data, _now_s: None)
            began_s = time.perf_counter()
            send_loop.send()
            took_s, spread = send_loop.screens.until_all(b'"type":"board"', began_s)
            bare_last_s.append(took_s)
            bare_spread_s.append(spread)
    return Seen(
        last_s=last_s,
        spread_s=spread_s,
        bare_last_s=bare_last_s,
        bare_spread_s=bare_spread_s,
        screens_s=[],
        frame_bytes=len(frame),
        cpu_share=cpu_s / busy_s if busy_s else 0.0,
    )


def paced(watch: Watch) -> Seen:
    """Call at a steady rate and note the delay of each call at each screen.

    A newer number at a screen also counts for the calls before it.
    """
    screens, frame = connected(watch)
    counter = Counter(watch)
    due_s: dict[int, float] = {}
    newest_at: dict[int, int] = {}
    delays_s: list[float] = []
    known: dict[bytes, int] = {}

    def on_data(fd: int, data: bytes, now_s: float) -> None:
        at = data.rfind(CALLED)
        if at < 0:
            return
        digits = data[at + len(CALLED) : data.index(b'"', at + len(CALLED))]
        number = known.get(digits)
        if number is None:
            number = known[digits] = int(digits.removeprefix(watch.prefix.encode()))
        seen = range(newest_at.get(fd, watch.first - 1) + 1, number + 1)
        delays_s.extend(now_s - due_s[called] for called in seen)
        newest_at[fd] = max(number, newest_at.get(fd, 0))

    began_s, cpu_s = time.perf_counter(), time.process_time()
    for index in range(watch.calls):
        due = due_s[watch.first + index] = began_s + index / watch.per_s
        screens.watch(due, on_data)
        counter.call()
    screens.watch(time.perf_counter() + 1.0, on_data)
    took_s = time.perf_counter() - began_s
    cpu_s = time.process_time() - cpu_s
    counter.answered()
    if len(delays_s) != watch.calls * watch.screens:
        raise TimeoutError(f"{watch.calls * watch.screens - len(delays_s)} calls did not reach their screens")
    return Seen(
        last_s=[],
        spread_s=[],
        bare_last_s=[],
        bare_spread_s=[],
        screens_s=delays_s,
        frame_bytes=len(frame),
        cpu_share=cpu_s / took_s,
    )


def main() -> None:
    """Read what to do, do it, and write the result."""
    watch = msgspec.json.decode(sys.stdin.buffer.read(), type=Watch)
    seen = once(watch) if watch.mode == "once" else paced(watch)
    sys.stdout.buffer.write(msgspec.json.encode(seen))


if __name__ == "__main__":
    main()
