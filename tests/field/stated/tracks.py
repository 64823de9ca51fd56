"""Tracks of vehicles and a drone: samples/tracks."""

from typing import Any

from tests.field.ledger import Reference, Sample


def track(name: str, points: int, place: list[float], observed_at: str) -> Sample:
    """A track, played as the positions of a unit; it stands where the track ends."""
    says: dict[str, Any] = {"*": {"geometry": place, "observed_at": observed_at}}
    note = "each point as a position of a unit"
    path = f"tracks/{name}"
    return Sample(path=path, feed="alamos_fe2", way="push", accepted=points, says=says, note=note)


SAMPLES = (
    track("gpx/cerknicko-jezero.gpx", 296, [14.304442042, 45.790873384], "2010-08-05T16:23:49.000Z"),
    track("gpx/track-with-empty-segment.gpx", 9, [6.0827203, 50.7776715], "2013-07-06T17:27:42.000Z"),
    track("gpx/track-with-less-sec-time.gpx", 2, [9.992874, 57.01147], "2015-12-11T14:43:13.994Z"),
    track("gpx/unicode_with_bom.gpx", 1, [3.515386, 43.309634], "2016-05-27T10:08:47.800Z"),
    track("vehicle_csv/sample_trace_1.csv", 1053, [-104.951658, 39.742733], "2020-01-01T00:17:32.000Z"),
    track("gpx/around-visnjan-with-car.gpx", 104, [13.7139970623, 45.2733349521], "2020-12-18T06:24:24.000Z"),
    Sample(
        path="tracks/uav/UAV_Rot.csv", feed="dji_flightlog", way="folder", accepted=965, features=2,
        options={"zone": "UTC"},
        says={
            "dji_flightlog:box.uav-rot": {
                "geometry": [-30.89099933333334, 50.2973385], "observed_at": "2019-12-09T11:05:39.000Z",
                "altitude_m": 708.2, "heading_deg": 0.0, "ground_speed_mps": 0.06018994800000001,
            },
            "dji_flightlog:box.uav-rot#track": {"to_at": "2019-12-09T11:05:39.000Z"},
        },
    ),
)  # fmt: skip
REFERENCES: tuple[Reference, ...] = ()
