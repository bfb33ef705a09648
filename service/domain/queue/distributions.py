"""Normal and lognormal distributions."""

import math

FORGOTTEN_BELOW = 1e-6
"""Of a service that is less likely to last as long as it does the finish was forgotten."""


def remaining_s(mean_s: float, cv: float, elapsed_s: float) -> float:
    """Expected seconds left of a lognormal service that has lasted `elapsed_s`.

    E[X - e | X > e] = m * Phi((mu + s^2 - ln e) / s) / Phi((mu - ln e) / s) - e.
    """
    if elapsed_s <= 0:
        return mean_s
    if cv == 0:
        return max(0.0, mean_s - elapsed_s)
    variance = math.log1p(cv * cv)
    sigma = math.sqrt(variance)
    z = (math.log(mean_s / elapsed_s) - variance / 2) / sigma
    still = phi(z)
    if (
        still < FORGOTTEN_BELOW
    ):  # far in the tail: the ratio below loses its digits, and such a service is a forgotten finish
        return mean_s
    return mean_s * phi(z + sigma) / still - elapsed_s


def probability_unfinished(mean_s: float, cv: float, elapsed_s: float, more_s: float) -> float:
    """How likely a lognormal service that has lasted `elapsed_s` lasts `more_s` more; a forgotten one begins anew."""
    before = _longer_than(mean_s, cv, elapsed_s)
    if before < FORGOTTEN_BELOW:
        return _longer_than(mean_s, cv, more_s)
    return _longer_than(mean_s, cv, elapsed_s + more_s) / before


def _longer_than(mean_s: float, cv: float, elapsed_s: float) -> float:
    if elapsed_s <= 0:
        return 1.0
    if cv == 0:
        return float(mean_s > elapsed_s)
    variance = math.log1p(cv * cv)
    return phi((math.log(mean_s / elapsed_s) - variance / 2) / math.sqrt(variance))


def probability_below(value: float, mean: float, sd: float) -> float:
    """The probability that something normal is less than a value; without a spread it is its mean."""
    return phi((value - mean) / sd) if sd else float(mean < value)


def phi(z: float) -> float:
    """Return the standard normal cumulative distribution function at `z`."""
    return 0.5 * math.erfc(-z / math.sqrt(2))
