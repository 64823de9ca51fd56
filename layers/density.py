"""How crowded it is: level of service and trend."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

SQUARE_FOOT_M2 = 0.09290304
QUEUEING_M2_PER_PERSON: tuple[tuple[str, float], ...] = (
    ("A", 13 * SQUARE_FOOT_M2),
    ("B", 10 * SQUARE_FOOT_M2),
    ("C", 7 * SQUARE_FOOT_M2),
    ("D", 3 * SQUARE_FOOT_M2),
    ("E", 2 * SQUARE_FOOT_M2),
)
"""Least area per standing person of each level. J. J. Fruin, Pedestrian Planning and Design (1971), queueing levels of
service: A 13 square feet and more, B 10 to 13, C 7 to 10, D 3 to 7, E 2 to 3, F less than 2 (1.21, 0.93, 0.65, 0.28 and
0.19 m2)."""


def level_of_service(density_pm2: float | None) -> str | None:
    """Fruin's queueing level of service for persons per m2: A (free) to F (body contact, surges); None for unknown."""
    if density_pm2 is None:
        return None
    for level, least_m2 in QUEUEING_M2_PER_PERSON:
        if density_pm2 * least_m2 <= 1.0:
            return level
    return "F"


def trend_per_min(samples: Sequence[tuple[datetime, float]]) -> float | None:
    """Slope of the least-squares line through the samples, per minute; None unless they are of two moments or more."""
    if len(samples) < 2:
        return None
    start = samples[0][0]
    minutes = [(at - start).total_seconds() / 60.0 for at, _ in samples]
    mean_x = sum(minutes) / len(minutes)
    mean_y = sum(value for _, value in samples) / len(samples)
    spread = sum((x - mean_x) ** 2 for x in minutes)
    if spread <= 0.0:
        return None
    return sum((x - mean_x) * (value - mean_y) for x, (_, value) in zip(minutes, samples, strict=True)) / spread


def flow_per_min(samples: Sequence[tuple[datetime, int]]) -> float | None:
    """Persons per minute from a counter's totals, oldest first; None unless they are of two moments or more.

    A total that falls is a counter that began anew: what it shows then has been counted since.
    """
    if len(samples) < 2:
        return None
    minutes = (samples[-1][0] - samples[0][0]).total_seconds() / 60.0
    if minutes <= 0.0:
        return None
    return sum(new - old if new >= old else new for (_, old), (_, new) in pairwise(samples)) / minutes
