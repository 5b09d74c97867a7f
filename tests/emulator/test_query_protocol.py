"""The Query protocol, by the shapes of STS."""

from datetime import UTC, datetime
from xml.etree import ElementTree

import botocore.session
import pytest

from batcher.emulator.query_protocol import read_form, read_structure, write_structure, xml_reply

STS = botocore.session.get_session().get_service_model("sts").operation_model("AssumeRole")


def test_a_form_is_read_into_members_lists_and_structures_included() -> None:
    form = (
        b"RoleArn=arn%3Ax&DurationSeconds=900&Tags.member.1.Key=a&Tags.member.1.Value="
        b"&Tags.member.2.Key=b&Tags.member.2.Value=c&Tags.member.4.Key=lost"
    )
    assert read_structure(STS.input_shape, read_form(form)) == {
        "RoleArn": "arn:x",
        "DurationSeconds": 900,
        "Tags": [{"Key": "a", "Value": ""}, {"Key": "b", "Value": "c"}],
    }


@pytest.mark.parametrize("text", ["9e2", "-1", "٣", "9" * 20])
def test_what_is_no_integer_stays_text_for_the_check_to_refuse(text: str) -> None:
    assert read_structure(STS.input_shape, {"DurationSeconds": text}) == {"DurationSeconds": text}


def test_members_are_written_as_xml_times_in_utc() -> None:
    root = ElementTree.Element("AssumeRoleResult")
    expires = datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC)
    write_structure(root, STS.output_shape, {"Credentials": {"Expiration": expires}})
    reply = xml_reply(200, root, "id")
    assert (reply.content_type, reply.headers) == ("text/xml", {"x-amzn-RequestId": "id"})
    assert b"<Credentials><Expiration>2026-01-02T03:04:05.600000Z</Expiration>" in reply.body


def test_a_form_that_is_no_utf_8_can_not_be_read() -> None:
    with pytest.raises(ValueError, match="decode"):
        read_form(b"a=%FF")
