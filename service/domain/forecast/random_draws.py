"""Random durations and arrivals, for many paths at once.

A path is one possible rest of the day. Every purpose has its own random stream, seeded by hall, day and `seq`. The same
day therefore gives the same result in every process, and a forecast that looks further ahead begins with the same
values.
"""

import math
from enum import IntEnum
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from service.domain.forecast.start_state import StartState

Floats = NDArray[np.float64]

_Z = np.arange(-6.0, 37.0, 1 / 64)
_LOG_TAIL = np.array([math.log(0.5 * math.erfc(z / math.sqrt(2))) for z in _Z])

FORGOTTEN_Z = 4.75
"""A running service further out in its distribution is a forgotten finish; a whole new service is expected instead."""


class Purpose(IntEnum):
    """The purpose of a random stream."""

    SPEED = 0
    REST = 1
    SHOW = 2
    PUNCTUALITY = 3
    ARRIVALS = 4
    WAITING = 5
    OTHERS = 6
    LEFT = 7
    NO_SHOW = 8


class Draws:
    """The random streams of a start state."""

    def __init__(self, state: StartState, paths: int) -> None:
        self.paths = paths
        self._seed = crc32(f"{state.hall}|{state.day}|{state.seq}".encode())

    def stream(self, purpose: Purpose, number: int = 0) -> np.random.Generator:
        """Return the stream for a purpose; `number` distinguishes several streams of one purpose."""
        return np.random.Generator(np.random.SFC64([self._seed, purpose, number]))

    def spans_s(self, purpose: Purpose, number: int, per_s: float, count: int) -> Floats:
        """Return seconds until an event with the rate `per_s`, `count` rows by paths; infinite for the rate 0."""
        if not per_s:
            return np.full((count, self.paths), np.inf)
        return self.stream(purpose, number).standard_exponential((count, self.paths)) / per_s

    def speeds(self, speed: float, speed_sd: float) -> Floats:
        """Return today's speed on each path: lognormal around `speed`.

        All stages use the same random factor: where one stage is fast, the others are too.
        """
        factor: Floats = np.exp(speed_sd * self.stream(Purpose.SPEED).standard_normal(self.paths))
        return speed * factor


def sigma_of(cv: Any) -> Any:  # noqa: ANN401  (a float, or an array of them)
    """Return the sigma of a lognormal distribution with this coefficient of variation."""
    return np.sqrt(np.log1p(np.square(cv)))


def lognormals(mean_s: Floats, cv: Floats, normals: Floats) -> Floats:
    """Turn standard normals, in place, into durations with these means and variations; rows by paths."""
    sigma = sigma_of(cv)[:, None]
    np.multiply(normals, sigma, out=normals)
    np.subtract(normals, sigma * sigma / 2, out=normals)
    np.exp(normals, out=normals)
    np.multiply(normals, mean_s[:, None], out=normals)
    return normals


def truncated_normals(z: Any, uniforms: Floats) -> Floats:  # noqa: ANN401  (a float, or an array of them)
    """Return standard normals, given that they are above `z`, by inverting the tail of the distribution."""
    tail = np.interp(z, _Z, _LOG_TAIL) + np.log(uniforms)
    found: Floats = np.interp(-tail, -_LOG_TAIL, _Z)
    return found


def remaining_durations_s(
    mean_s: float, cv: float, elapsed_s: float, speeds: Floats, stream: np.random.Generator
) -> Floats:
    """Return the remaining seconds, on each path, of a lognormal service that has lasted `elapsed_s`."""
    uniforms = 1.0 - stream.random(len(speeds))
    if cv == 0:
        return np.maximum(0.0, mean_s * speeds - elapsed_s)
    sigma = float(sigma_of(cv))
    mu = math.log(mean_s) - sigma * sigma / 2
    z = np.full(len(speeds), -np.inf) if elapsed_s <= 0 else (np.log(elapsed_s / speeds) - mu) / sigma
    whole = np.exp(mu + sigma * truncated_normals(z, uniforms)) * speeds
    again = np.exp(mu + sigma * truncated_normals(-np.inf, uniforms)) * speeds
    return np.where(z > FORGOTTEN_Z, again, np.maximum(0.0, whole - max(0.0, elapsed_s)))
