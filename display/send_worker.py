"""Handing one frame to many sockets, with a second hand where there is a second processor.

**The mechanism.** A send is a system call of some microseconds that holds no lock of ours, so two threads send nearly
twice as much. Both take parts of the crowd from one heap until none is left: a helper who gets no processor keeps
nobody waiting for more than the part it holds. The loop waits for it, so that nothing else of a screen happens
meanwhile, and nobody else need know that there were two.
"""

import os
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

HELPED_FROM = 100
"""Sockets; with fewer, the help would take longer than it spares."""

PART = 25
"""Sockets taken from the heap at once."""

PROCESSORS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
"""Those that this process may use, where the system tells, or else all."""

_helper = ThreadPoolExecutor(1, thread_name_prefix="paihao screens")


class Wire(Protocol):
    """A socket that never waits."""

    def send(self, frame: bytes, /) -> int:
        """Hand bytes to the kernel and say how many it took; raises OSError when it takes none, now or ever."""


Short = list[tuple[Wire, int]]
"""Who did not take all of a frame, and how much of it they took."""


def hand(wires: Sequence[Wire], frame: bytes) -> Short:
    """Hand a frame to sockets, in no order, and give those that did not take all of it.

    A fault in one hand is raised when both have come to rest; who took a part of the frame is not said then.
    """
    parts = deque(wires[begin : begin + PART] for begin in range(0, len(wires), PART))
    if PROCESSORS == 1 or len(wires) < HELPED_FROM:
        return _hand_parts(parts, frame)
    helping = _helper.submit(_hand_parts, parts, frame)
    try:
        short = _hand_parts(parts, frame)
    finally:
        came_late = helping.cancel()
        helped = [] if came_late else helping.result()
    return short + helped


def _hand_parts(parts: deque[Sequence[Wire]], frame: bytes) -> Short:
    """Hand a frame to the parts of a crowd that nobody else has taken."""
    size = len(frame)
    short: Short = []
    while True:
        try:
            part = parts.popleft()
        except IndexError:
            return short
        for wire in part:
            try:
                taken = wire.send(frame)
            except OSError:  # it takes nothing, or is gone: the transport will see which
                taken = 0
            if taken != size:
                short.append((wire, taken))
