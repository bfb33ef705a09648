"""Send one frame to many sockets, with a second thread where there is a second processor.

A send is a system call of some microseconds, and Python's global lock is released during it. So two threads send nearly
twice as much as one. Both take batches of sockets from one queue until it is empty; a worker thread that gets no
processor therefore delays only the batch it holds. The event loop waits for both, so that no other code runs for these
sockets meanwhile, and callers need not know about the second thread.
"""

import os
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

WORKER_FROM = 100
"""The least number of sockets for which the second thread is used; with fewer, starting it costs more than it saves."""

BATCH = 25
"""Sockets that a thread takes from the queue at a time."""

PROCESSORS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
"""The processors this process may use, if the system tells; otherwise all processors."""

_worker = ThreadPoolExecutor(1, thread_name_prefix="paihao screens")


class RawSocket(Protocol):
    """A non-blocking socket."""

    def send(self, frame: bytes, /) -> int:
        """Pass bytes to the kernel; return how many it accepted.

        Raises:
            OSError: it accepted none, for now or for ever.
        """


PartialSends = list[tuple[RawSocket, int]]
"""Sockets that did not accept a whole frame, each with the number of bytes accepted."""


def send_all(sockets: Sequence[RawSocket], frame: bytes) -> PartialSends:
    """Send a frame to sockets, in no particular order.

    An unexpected error in one thread is raised after both threads have ended. The partial sends are lost then.

    Returns:
        The sockets that did not accept the whole frame.
    """
    batches = deque(sockets[begin : begin + BATCH] for begin in range(0, len(sockets), BATCH))
    if PROCESSORS == 1 or len(sockets) < WORKER_FROM:
        return _send_batches(batches, frame)
    work = _worker.submit(_send_batches, batches, frame)
    try:
        ours = _send_batches(batches, frame)
    finally:
        never_began = work.cancel()
        theirs = [] if never_began else work.result()
    return ours + theirs


def _send_batches(batches: deque[Sequence[RawSocket]], frame: bytes) -> PartialSends:
    """Take batches from the queue and send them, until the queue is empty."""
    size = len(frame)
    partial: PartialSends = []
    while True:
        try:
            batch = batches.popleft()
        except IndexError:
            return partial
        for one in batch:
            try:
                taken = one.send(frame)
            except OSError:  # the buffer is full, or the connection is closed: the transport finds out which
                taken = 0
            if taken != size:
                partial.append((one, taken))
