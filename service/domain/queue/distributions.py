"""Normal and lognormal distributions: probabilities, and the remaining time of a running service.

Source: ALGORITHMS 3 and 4.2.
"""

import math

FORGOTTEN_BELOW = 1e-6
"""If a service lasts so long that this was less likely, the clerk forgot to finish it."""


def remaining_s(mean_s: float, cv: float, elapsed_s: float) -> float:
    """Return the expected remaining seconds of a lognormal service that has lasted `elapsed_s`.

    E[X - e | X > e] = m * Phi((mu + s^2 - ln e) / s) / Phi((mu - ln e) / s) - e. A service that was probably forgotten
    counts as a new one.
    """
    if elapsed_s <= 0:
        return mean_s
    if cv == 0:
        return max(0.0, mean_s - elapsed_s)
    variance = math.log1p(cv * cv)
    sigma = math.sqrt(variance)
    z = (math.log(mean_s / elapsed_s) - variance / 2) / sigma
    lasts_longer = normal_cdf(z)
    if lasts_longer < FORGOTTEN_BELOW:  # so far in the tail the ratio below also loses its digits
        return mean_s
    return mean_s * normal_cdf(z + sigma) / lasts_longer - elapsed_s


def probability_unfinished(mean_s: float, cv: float, elapsed_s: float, more_s: float) -> float:
    """Return the probability that a lognormal service that has lasted `elapsed_s` lasts `more_s` longer.

    A service that was probably forgotten counts as a new one.
    """
    before = _probability_longer(mean_s, cv, elapsed_s)
    if before < FORGOTTEN_BELOW:
        return _probability_longer(mean_s, cv, more_s)
    return _probability_longer(mean_s, cv, elapsed_s + more_s) / before


def _probability_longer(mean_s: float, cv: float, elapsed_s: float) -> float:
    if elapsed_s <= 0:
        return 1.0
    if cv == 0:
        return float(mean_s > elapsed_s)
    variance = math.log1p(cv * cv)
    return normal_cdf((math.log(mean_s / elapsed_s) - variance / 2) / math.sqrt(variance))


def probability_below(value: float, mean: float, sd: float) -> float:
    """Return the probability that a normal variable is below a value; without spread it equals its mean."""
    return normal_cdf((value - mean) / sd) if sd else float(mean < value)


def normal_cdf(z: float) -> float:
    """Return the standard normal cumulative distribution function at `z`."""
    return 0.5 * math.erfc(-z / math.sqrt(2))
