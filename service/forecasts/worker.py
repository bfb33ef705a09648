"""What the process does that makes forecasts: numbers in, numbers out."""

import os

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
    """Let commands come first."""
    os.nice(NICE)


def make(scene: Scene, ahead: bool) -> Made:  # noqa: FBT001  (passed to another process by place)
    """Draw the rests of a day."""
    return Made(asked_of(scene), outlook_of(scene) if ahead and scene.closing_s is not None else None)
