"""Quantiles and tails of the normal, t, F and chi-squared distributions (scipy.special: it loads in a tenth of scipy.stats' time)."""

from __future__ import annotations


def quantile(probability: float) -> float:
    """Return the standard normal quantile."""
    from scipy.special import ndtri

    return float(ndtri(probability))


def two_sided(level: float) -> float:
    """Return z such that the standard normal lies within -z and z with probability ``level``."""
    return quantile(0.5 + level / 2)


def normal_p(z: float) -> float:
    """Return the two-sided p-value of a standard normal ``z``."""
    from scipy.special import ndtr

    return float(2 * ndtr(-abs(z)))


def t_two_sided(level: float, degrees: float) -> float:
    """Return t such that Student's t with ``degrees`` lies within -t and t with probability ``level``."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.5 + level / 2))


def t_p(t: float, degrees: float) -> float:
    """Return the two-sided p-value of Student's ``t`` with ``degrees``."""
    from scipy.special import stdtr

    return float(2 * stdtr(degrees, -abs(t)))


def chi_squared_p(statistic: float, degrees: float) -> float:
    """Return the upper tail of chi-squared."""
    from scipy.special import chdtrc

    return float(chdtrc(degrees, statistic))


def chi_squared_quantile(probability: float, degrees: float) -> float:
    """Return the chi-squared quantile."""
    from scipy.special import chdtri

    return float(chdtri(degrees, 1 - probability))
