"""When the sun stands below the horizon: the night theme comes by itself.

Formulas of the NOAA solar calculator in their short form (General Solar Position Calculations, NOAA Global Monitoring
Division); good to about half a degree, a few minutes of dusk.
"""

import math
from datetime import UTC, datetime

DUSK_DEG = -3.0
"""Sun below this: night. Between sunset and the end of civil twilight (-6), when headlights are on."""


def sun_elevation_deg(moment: datetime, lon: float, lat: float) -> float:
    """Elevation of the sun above the horizon in degrees, without refraction."""
    utc = moment.astimezone(UTC)
    hours = utc.hour + utc.minute / 60 + utc.second / 3600
    gamma = 2 * math.pi / 365 * (utc.timetuple().tm_yday - 1 + (hours - 12) / 24)
    equation_min = 229.18 * (
        0.000075
        + 0.001868 * math.cos(gamma)
        - 0.032077 * math.sin(gamma)
        - 0.014615 * math.cos(2 * gamma)
        - 0.040849 * math.sin(2 * gamma)
    )
    declination = (
        0.006918
        - 0.399912 * math.cos(gamma)
        + 0.070257 * math.sin(gamma)
        - 0.006758 * math.cos(2 * gamma)
        + 0.000907 * math.sin(2 * gamma)
        - 0.002697 * math.cos(3 * gamma)
        + 0.00148 * math.sin(3 * gamma)
    )
    hour_angle = math.radians((hours * 60 + equation_min + 4 * lon) / 4 - 180)
    phi = math.radians(lat)
    sine = math.sin(phi) * math.sin(declination) + math.cos(phi) * math.cos(declination) * math.cos(hour_angle)
    return math.degrees(math.asin(max(-1.0, min(1.0, sine))))


def is_night(moment: datetime, lon: float, lat: float) -> bool:
    """Whether it is dark there and then."""
    return sun_elevation_deg(moment, lon, lat) < DUSK_DEG
