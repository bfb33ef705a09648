"""What the process does that makes forecasts: numbers in, numbers out."""

import os
import signal
from multiprocessing import connection, parent_process
from threading import Thread

from msgspec import Struct

from service.domain.forecast.ahead import DayAhead, outlook_of
from service.domain.forecast.scene import Scene
from service.domain.forecast.waits import Asked, asked_of

NICE = 5
"""How much others come first on the processor."""


class Made(Struct, frozen=True):
    """The waits, and the rest of the day where it was asked for and there is one."""

    asked: Asked
    ahead: DayAhead | None


def begin() -> None:
    """Let commands come first; end with the service, however it ends, and leave Ctrl-C to it."""
    os.nice(NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    """Wait until the service is gone: one that was killed closes no queue, and this process would wait for ever."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(0)


def make(scene: Scene, ahead: bool) -> Made:  # noqa: FBT001  (passed to another process by place)
    """Draw the rests of a day."""
    return Made(asked_of(scene), outlook_of(scene) if ahead and scene.closing_s is not None else None)
