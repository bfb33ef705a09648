"""What the process does that makes forecasts: numbers in, numbers out, until its input ends.

It is a program of its own that is asked over its standard input and answers over its output, each time a length in four
bytes and so much MessagePack. Nothing is shared with the service, so nothing is left behind when that is killed: the
input ends then, and so does the program.
"""

import os
import signal
import sys
from contextlib import suppress
from typing import BinaryIO

import msgspec
from msgspec import Struct

from service.domain.forecast.day_outlook import DayAhead, day_outlook_of
from service.domain.forecast.day_simulation import TooManyArrivals
from service.domain.forecast.start_state import StartState
from service.domain.forecast.wait_quantiles import WaitsAndNewcomers, waits_and_newcomers_of

NICE = 5
"""How much others come first on the processor."""

LENGTH_BYTES = 4


class ForecastRequest(Struct, frozen=True):
    """What is to be forecast: the `waits` of who is there, the rest of the day `ahead`, or both."""

    scene: StartState
    waits: bool
    ahead: bool


class ForecastResult(Struct, frozen=True):
    """What was asked for; None where too many are to come, and where the day has no rest."""

    asked: WaitsAndNewcomers | None
    ahead: DayAhead | None


def compute(wanted: ForecastRequest) -> ForecastResult:
    """Draw the rests of a day."""
    scene = wanted.scene
    asked: WaitsAndNewcomers | None = None
    ahead: DayAhead | None = None
    with suppress(TooManyArrivals):
        if wanted.waits:
            asked = waits_and_newcomers_of(scene)
        if wanted.ahead and scene.closing_s is not None:
            ahead = day_outlook_of(scene)
    return ForecastResult(asked, ahead)


def main() -> None:
    """Answer until nobody asks any more; commands come first, and Ctrl-C is the service's."""
    os.nice(NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # nobody is there for the answer any more: end without a word
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    decode, encode = msgspec.msgpack.Decoder(ForecastRequest).decode, msgspec.msgpack.Encoder().encode
    while (wanted := _read(questions)) is not None:
        made = encode(compute(decode(wanted)))
        answers.write(len(made).to_bytes(LENGTH_BYTES) + made)
        answers.flush()


def _read(questions: BinaryIO) -> bytes | None:
    """The next question; None when there is none, or only a part of one."""
    head = questions.read(LENGTH_BYTES)
    length = int.from_bytes(head)
    wanted = questions.read(length)
    return wanted if len(head) == LENGTH_BYTES and len(wanted) == length else None


if __name__ == "__main__":
    main()
