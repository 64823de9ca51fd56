"""Cursor on Target: samples/cot. What each event must say is in test_cot_samples; it is held here as well."""

from tests.field.ledger import Reference, Sample
from tests.field.test_cot_samples import EXPECTED

SAID = {
    uid: {"layer": layer, **({} if place is None else {"geometry": place}), **values}
    for uid, layer, place, values in EXPECTED
}


def event(name: str, uid: str, way: str = "tak tcp") -> Sample:
    """One event through our TAK server."""
    return Sample(path=f"cot/{name}", feed="cot", way=way, says={f"cot:{uid}": SAID[uid]})


SAMPLES = (
    event("takcot/Marker_2525.cot", "a0c524c6-0422-4382-9981-e39d1dc71730"),
    event("takcot/Marker_Spot.cot", "9405e320-9356-41c4-8449-f46990aa17f8"),
    event("takcot/Geo_Fence.cot", "d0be1c6b-4d86-40ec-bf8f-0e94b621eb3b"),
    event("takcot/Route.cot", "9017073e-5658-42e7-baa8-b98f3c9c1622"),
    event("takcot/Drawing_Shapes_Circle.cot", "6d09b6f6-720a-4eef-a197-183012512316"),
    event("takcot/Drawing_Shapes_Free_Form.cot", "b112202e-dd33-4fc7-8d3d-09a14e296011"),
    event("takcot/Range_and_Bearing_Circle.cot", "9655dd2a-a8ee-4ca0-aae4-ac3c0522e5e5"),
    event("atak/quickpic_b-i-x-i.cot", "3b758d3c-5b7a-4fba-a0dc-bbde18e895b5"),
    event("literals/node-cot_ellipse_u-d-c-e.xml", "b76cb411-a36d-4308-be55-506729eace92"),
    event("literals/node-cot_emergency_b-a-o.xml", "17eaa1c4-e137-4328-b5e4-294d2a7fd01d"),
    event("literals/node-cot_layer_newlines.xml", "layer-35-4707"),
    event("literals/node-cot_spot_2026.xml", "a7b52383-85be-42a1-a672-c32696029ff9"),
    event("literals/node-cot_uas_mavic2.xml", "2983J8B001V013"),
    event("literals/takproto_mesh_v1.bin", "aa0b0312-b5cd-4c2c-bbbc-9c4c70216261", "tak udp"),
    event(
        "literals/taky_geochat_b-t-f.xml",
        "GeoChat.ANDROID-deadbeef.JOKER%20MAN.563040b9-2ac9-4af3-9e01-4cb2b05d98ea",
    ),
    event("literals/taky_pli_a-f-G-U-C.xml", "ANDROID-deadbeef"),
)
REFERENCES = (
    Reference(
        path="cot/schema/CoT_Base-Event_Schema_PUBLIC_RELEASE.xsd",
        use="every event that we send is valid by it",
        test="test_cot_samples::test_what_we_send_is_valid",
    ),
    *(
        Reference(
            path=f"cot/schema/CoT_{part}_Schema_PUBLIC_RELEASE.xsd",
            use=f"every `{part.lower()}` that we {verb} is valid by it, but for what TAK added",
            test="test_cot_samples::test_the_parts_are_those_of_mitre",
        )
        for part, verb in (
            *(("Contact", "send"), ("Link", "send"), ("Remarks", "send"), ("Shape", "read"), ("Track", "send")),
        )
    ),
)
