"""Means over days, with their 95 % confidence intervals.

Days are independent, people of one day are not. So everything is summed within a day, and the interval comes from the
spread between days. A share or a mean over people is a ratio of two sums, and so is the comparison of two runs with the
same people. The interval of a ratio is that of its residuals (Taylor linearization).
"""

from collections.abc import Iterable, Sequence
from math import nan, sqrt
from typing import NamedTuple

from msgspec import Struct

Z95 = 1.959964
"""The 97.5th percentile of the standard normal distribution."""


class Portion(NamedTuple):
    """A day's contribution to a ratio: `part` of `whole`. For a number of the day itself `whole` is 1."""

    part: float
    whole: float = 1.0


class Estimate(Struct, frozen=True):
    """A mean, half the width of its 95 % interval, and the number of days; a single day has no interval."""

    mean: float
    half_width: float | None
    days: int

    def holds(self, value: float) -> bool:
        """Tell whether a value lies in the interval."""
        return self.half_width is not None and abs(value - self.mean) <= self.half_width


def estimate(portions: Iterable[Portion | None]) -> Estimate | None:
    """Return the ratio of the sums; None if no day has a value."""
    known = [portion for portion in portions if portion is not None and portion.whole]
    if not known:
        return None
    days = len(known)
    whole = sum(portion.whole for portion in known)
    mean = sum(portion.part for portion in known) / whole
    if days == 1:
        return Estimate(mean, None, 1)
    squares = sum((portion.part - mean * portion.whole) ** 2 for portion in known)
    spread = sqrt(squares / (days - 1) / days) / (whole / days)
    return Estimate(mean, t95(days - 1) * spread, days)


def t95(freedom: int) -> float:
    """Return the 97.5th percentile of Student's t distribution with `freedom` degrees of freedom.

    The error is below 0.3 % from four degrees on; below that the result is a little too small.

    Source: Abramowitz and Stegun 26.7.5, the first three terms after the normal quantile.
    """
    z = Z95
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def ratio(these: Sequence[Portion | None], those: Sequence[Portion | None]) -> Estimate | None:
    """Return the mean ratio of two lists of days with the same people."""
    both = [
        Portion(this.part / this.whole, that.part / that.whole)
        for this, that in zip(these, those, strict=True)
        if this is not None and that is not None and this.whole and that.whole
    ]
    return estimate(both)


def rank(ranked: Sequence[float], share: float) -> float:
    """Return a quantile of sorted values by linear interpolation; nan if there are none."""
    if not ranked:
        return nan
    at = share * (len(ranked) - 1)
    low = int(at)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (at - low) * (ranked[high] - ranked[low])
