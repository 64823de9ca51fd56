"""Alarm panels, detectors and homes: samples/alarm."""

from typing import Any

from tests.field.ledger import Reference, Sample, decoded_beside

TTS = "mqtt v3/app/devices/{part}/up"
EUI, YOBIIQ = "lorawan:1000000000000001", "lorawan:5a494d4f040a0018"
NETVOX_AT, YOBIIQ_AT = "2023-05-19T05:33:35.608Z", "2024-11-06T08:43:11.141Z"
KEY = {"accounts": {"000": {"key": "850cba22f7dd4f033405da83e4c5bae9"}}}
ON, OFF = {"value": True, "state": "ALARM"}, {"value": False, "state": "OK"}
TROUBLE = {"value": True, "state": "WARNING"}
STANDARD = '"ACK"9876R579BDFL789ABC#'


def panel(name: str, subject: str, reply: str, /, **said: Any) -> Sample:
    """A frame that is acknowledged and makes one device."""
    says = {f"sia_dc09:{subject}": {"consent": "unknown", **said}}
    return Sample(path=f"alarm/{name}.bin", feed="sia_dc09", way="panel", says=says, reply=reply)


def unanswered(name: str, reason: str) -> Sample:
    """A frame that gets no answer and lies in the quarantine."""
    path = f"alarm/quoted/{name}.bin"
    return Sample(path=path, feed="sia_dc09", way="panel", accepted=0, refused=1, features=0, reason=reason, reply="")


def uplink(name: str, eui: str, at: str, says: dict[str, Any], **more: Any) -> Sample:
    """Readings of a detector, by what is measured."""
    told = {f"{eui}:{measure}": {"observed_at": at, **said} for measure, said in says.items()}
    path, number = f"alarm/lorawan_tts3_{name}.json", len(told)
    return Sample(path=path, feed="lorawan", way=TTS, says=told, accepted=number, features=number, **more)


def message(feed: str, name: str, way: str, says: dict[str, Any], number: int = 1) -> Sample:
    """A message over MQTT or HTTP."""
    return Sample(path=f"alarm/{name}.json", feed=feed, way=way, says=says, accepted=number, features=number)


def zigbee(name: str, topic: str, says: dict[str, Any]) -> Sample:
    """What a device of Zigbee2MQTT says or can say, by property; without a topic it is posted."""
    part = name.rpartition("/")[2].replace("_", "-")
    instance, way = (f"funk.{part}", f"mqtt zigbee2mqtt/{{part}}/{topic}") if topic else (f"feld.{part}", "push")
    told = {f"zigbee2mqtt:{instance}:{key}": said for key, said in says.items()}
    return message("zigbee2mqtt", name, way, told, len(told))


def can(measure: str, **more: Any) -> dict[str, Any]:
    """A property that has no value yet."""
    return {"measures": [measure], "value": None, "state": "UNKNOWN", **more}


HEIMAN: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("1:smoke", "1:battery_low", "1:fault", "1:end_of_service"), OFF),
    "1:battery": {"value": 94.0},
    "0:connection": {"value": True, "state": "OK"},
}
PANELS = (
    panel(
        "sia_dc09_plain_iobroker", "12345:0:trouble", '"ACK"0005L0#12345[]', description="Untyped zone trouble",
        **TROUBLE, observed_at="2018-10-25T12:37:53.000Z", measures=["trouble"],
        name="$PR,SCOMPARSA ,Centrale,Zona1,ROtTe.6MyLittlPoint",
    ),
    panel(
        "quoted/sia_spec_siadcs_fire", "12345A@789ABC:129:fire", f"{STANDARD}12345A[]", description="Fire alarm",
        **ON, measures=["fire"],
    ),
    panel(
        "quoted/sia_spec2026_siadcs_mac", "123456A@789ABC:129:fire", f"{STANDARD}123456A[]",
        description="Fire alarm", **ON, measures=["fire"],
    ),
    panel(
        "quoted/sia_siadcs_burglary_empty_prefix", "7303658550:4:burglary", '"ACK"0001L#7303658550[]',
        description="Burglary alarm", **ON, measures=["burglary"], observed_at="2019-05-07T11:52:09.000Z",
    ),
    panel(
        "quoted/sia_null_trailing_nul", "7303658550:panel", '"ACK"0001L#7303658550[]', description="Link test",
        state="OK", value=None, observed_at="2019-06-07T15:39:38.000Z",
    ),
    panel(
        "quoted/sia_admcid_close", "AAA:arming", '"ACK"0068R0L0#AAA[]', value="CLOSE", state="UNKNOWN",
        description="Opening or closing by user", flags=["time_assumed"],
    ),
)  # fmt: skip
SAMPLES = (
    *PANELS,
    Sample(
        path="alarm/quoted/sia_spec_admcid_fire.bin", feed="sia_dc09", way="panel", turn=1,
        reply=f"{STANDARD}12345A[]",
        says={"sia_dc09:12345A@789ABC:129:fire": {**ON, "description": "Fire", "measures": ["fire"]}},
    ),
    Sample(
        path="alarm/quoted/sia_null_aes128.bin", feed="sia_dc09", way="panel", options=KEY, reply='"*ACK"0000L0#000[*',
        says={"sia_dc09:000:panel": {"state": "OK", "observed_at": "2026-09-22T03:07:43.000Z"}},
    ),
    unanswered("sia_admcid_eldes_bad_crc_len", "CRC F19A stated, DB4E computed; length 43 stated, 42 counted"),
    unanswered("sia_nak_from_receiver", "a reply (NAK)"),
    unanswered("sia_not_sia_aritech_hello", "no SIA DC-09 frame"),
    uplink(
        "gs101_gas", EUI, NETVOX_AT,
        {"gas": OFF, "valve": {"value": "OPEN"}, "relay": {"value": "CLOSE"}},
    ),
    uplink("r718da_vibration", EUI, NETVOX_AT, {"vibration": TROUBLE, "battery_low": OFF}),
    uplink("r718wb_water", EUI, NETVOX_AT, {"water": ON, "battery_low": OFF}, turn=1),
    uplink(
        "sd1001_smoke_boot", YOBIIQ, YOBIIQ_AT,
        {
            "mains": {"value": False, "state": "WARNING"},
            "connection": {"value": True, "description": "serial 2401640000, hardware 1.0, firmware 1.5"},
        },
    ),
    uplink("sd1001_smoke_battery", YOBIIQ, YOBIIQ_AT, {"battery": {"value": 100}}, turn=1),
    uplink(
        "sd1001_smoke_faults", YOBIIQ, YOBIIQ_AT,
        {
            "battery": {"value": 16}, "battery_low": TROUBLE, "fault": TROUBLE, "smoke": OFF, "self_test": OFF,
            "interconnect_smoke": OFF, "mains": {"value": True, "state": "OK"},
        },
        turn=2,
    ),
    message(
        "matter", "matter_heiman_smoke_detector", "socket ws",
        {
            f"matter:matter-heiman-smoke-detector:11:{key}": {"description": "HEIMAN Smoke sensor", **said}
            for key, said in HEIMAN.items()
        },
        6,
    ),
    message(
        "monica", "monica_sound_event_gunshot", "mqtt monica/{part}",
        {
            "monica:7a4ae8b8-f899-4ac0-81fe-204feeaaf718:gunshot:20180309T143300.760000": {
                **ON, "measures": ["gunshot"], "probability": 0.85, "flags": ["end_before_start"],
                "observed_at": "2018-03-09T14:33:00.760Z",
            }
        },
    ),
    message(
        "monica", "monica_fight_detection", "mqtt monica/{part}",
        {
            "monica:camera:TEST123:fight:20170803T175632.372000": {
                **ON, "measures": ["fight"], "probability": None, "observed_at": "2017-08-03T17:56:32.372Z",
            }
        },
    ),
    message(
        "monica", "monica_gps_tracker_sos", "mqtt monica/{part}",
        {
            "monica:tag:C:sos:20181008T170825.160497": {
                **ON, "measures": ["panic"], "name": "C", "observed_at": "2018-10-08T17:08:25.160Z",
            }
        },
    ),
    zigbee(
        "quoted/z2m_state_xiaomi_smoke_true", "sens_smoke1",
        {
            "sens_smoke1:smoke": {**ON, "observed_at": "2019-11-10T13:43:09.829Z", "name": "sens_smoke1"},
            "sens_smoke1:battery": {"value": 100.0, "observed_at": "2019-11-10T13:43:09.829Z"},
        },
    ),
    zigbee(
        "quoted/z2m_state_battery_as_string", "livingroomsmokedetector",
        {
            "livingroomsmokedetector:smoke": {**OFF, "flags": ["time_assumed"]},
            "livingroomsmokedetector:battery": {"value": 100.0},
        },
    ),
    zigbee("quoted/z2m_state_smoke_density", "flur", {"flur:smoke": OFF, "flur:battery": {"value": 100.0}}),
    zigbee(
        "z2m_bridge_devices", "bridge/devices",
        {
            "test_light:state": can("switch", name="test_light", description="On/off state of this light"),
            "test_sensor:temperature": can("temperature", description="Measured temperature value"),
            "test_sensor:humidity": can("humidity", description="Measured relative humidity"),
            "test_sensor:battery": can("battery", name="test_sensor"),
        },
    ),
    zigbee(
        "z2m_exposes_heiman_vibration", "",
        {
            "vibration": can("vibration", description="Indicates whether the device detected vibration"),
            **{name: can(name) for name in ("tamper", "battery_low", "battery")},
        },
    ),
    zigbee(
        "z2m_exposes_xiaomi_smoke", "",
        {
            "smoke": can("smoke", description="Indicates whether the device detected smoke"),
            **{name: can(name) for name in ("tamper", "battery_low", "battery", "device_temperature")},
        },
    ),
)  # fmt: skip
REFERENCES = (
    *(
        decoded_beside(f"alarm/lorawan_tts3_{name}")
        for name in (
            *("gs101_gas", "r718da_vibration", "r718wb_water"),
            *("sd1001_smoke_boot", "sd1001_smoke_battery", "sd1001_smoke_faults"),
        )
    ),
    Reference(
        path="alarm/sia_event_codes.csv",
        use="each of its codes says to us what it says there: kind of event, and what it is about",
        test="test_reference_files::test_every_sia_code_is_known_and_is_what_its_table_says",
    ),
)
