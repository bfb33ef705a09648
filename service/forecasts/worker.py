"""The worker program that computes forecasts. It reads requests from stdin and writes results to stdout.

Each message is its length in four bytes (big endian), and that many bytes of MessagePack. The worker shares nothing
with the service. If the service is killed, the input ends and the worker exits.
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
"""Increment of the nice value: other processes have priority."""

LENGTH_BYTES = 4


class ForecastRequest(Struct, frozen=True):
    """A request from a start state `scene`: the `waits` of people, the outlook of the day (`ahead`), or both."""

    scene: StartState
    waits: bool
    ahead: bool


class ForecastResult(Struct, frozen=True):
    """The requested waits (`asked`) and outlook (`ahead`).

    Each is None if it was not requested or too many arrivals are expected; `ahead` also if the day has no closing time.
    """

    asked: WaitsAndNewcomers | None
    ahead: DayAhead | None


def compute(request: ForecastRequest) -> ForecastResult:
    """Simulate the rest of a day."""
    state = request.scene
    waits: WaitsAndNewcomers | None = None
    outlook: DayAhead | None = None
    with suppress(TooManyArrivals):
        if request.waits:
            waits = waits_and_newcomers_of(state)
        if request.ahead and state.closing_s is not None:
            outlook = day_outlook_of(state)
    return ForecastResult(waits, outlook)


def main() -> None:
    """Answer requests until the input ends, with low priority. Ctrl-C is handled by the service."""
    os.nice(NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # exit silently if the service is no longer there
    requests, results = sys.stdin.buffer, sys.stdout.buffer
    decode, encode = msgspec.msgpack.Decoder(ForecastRequest).decode, msgspec.msgpack.Encoder().encode
    while (request := _read(requests)) is not None:
        result = encode(compute(decode(request)))
        results.write(len(result).to_bytes(LENGTH_BYTES) + result)
        results.flush()


def _read(requests: BinaryIO) -> bytes | None:
    """Read the next message; None at the end of the input or if the message is incomplete."""
    head = requests.read(LENGTH_BYTES)
    length = int.from_bytes(head)
    message = requests.read(length)
    return message if len(head) == LENGTH_BYTES and len(message) == length else None


if __name__ == "__main__":
    main()
