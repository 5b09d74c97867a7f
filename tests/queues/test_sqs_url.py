"""The Region of a queue is the one in its URL, whichever form that has; never a default."""

import pytest

from batcher.errors import SettingsError
from batcher.queues.sqs_url import place_of, region_of_url


@pytest.mark.parametrize(
    ("host", "region", "kept"),
    [
        ("sqs.eu-west-1.amazonaws.com", "eu-west-1", False),
        ("SQS.EU-WEST-1.amazonaws.com.", "eu-west-1", False),
        ("sqs.eu-west-1.amazonaws.com:443", "eu-west-1", False),
        ("sqs.eu-west-1.amazonaws.com:8443", "eu-west-1", True),
        ("sqs.us-gov-west-1.amazonaws.com", "us-gov-west-1", False),
        ("sqs.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1", False),
        ("sqs.us-iso-east-1.c2s.ic.gov", "us-iso-east-1", False),
        ("sqs.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1", False),
        ("sqs.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1", False),
        ("sqs.ap-southeast-3.amazonaws.com", "ap-southeast-3", False),
        # legacy
        ("queue.amazonaws.com", "us-east-1", False),
        ("eu-west-1.queue.amazonaws.com", "eu-west-1", False),
        ("us-gov-west-1.queue.amazonaws.com", "us-gov-west-1", False),
        ("cn-north-1.queue.amazonaws.com.cn", "cn-north-1", False),
        # what somebody chose on purpose
        ("sqs-fips.us-east-1.amazonaws.com", "us-east-1", True),
        ("sqs-fips.ca-central-1.api.aws", "ca-central-1", True),
        ("sqs.eu-west-1.api.aws", "eu-west-1", True),
        ("sqs.cn-north-1.api.amazonwebservices.com.cn", "cn-north-1", True),
        ("vpce-0a1b2c-3d4e.sqs.eu-west-1.vpce.amazonaws.com", "eu-west-1", True),
        ("vpce-0a1b2c-3d4e-us-east-2a.sqs.us-east-2.vpce.amazonaws.com", "us-east-2", True),
        ("vpce-0a1b2c-3d4e.sqs-fips.us-east-1.vpce.amazonaws.com", "us-east-1", True),
        ("vpce-0a1b2c-3d4e.sqs.cn-north-1.vpce.amazonaws.com.cn", "cn-north-1", True),
        # without a Region
        ("127.0.0.1:9324", None, True),
        ("localhost:4566", None, True),
        ("sqs.example.org", None, True),
        ("sqs.eu-west-1.amazonaws.com.example.org", None, True),
        ("sns.eu-west-1.amazonaws.com", None, True),
        ("sqs.amazonaws.com", None, True),
    ],
)
def test_each_form_has_its_region_and_keeps_a_host_that_was_chosen(
    host: str, region: str | None, kept: bool
) -> None:
    assert place_of(f"https://{host}/111122223333/u") == (region, f"https://{host}" * kept or None)


def test_what_is_no_url_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError, match="not the URL of a queue"):
        place_of("https://[::1/1/u")
    with pytest.raises(SettingsError, match="not the URL of a queue"):
        place_of("https://h:port/1/u")


def test_a_region_against_the_one_of_the_url_is_refused_and_names_both() -> None:
    assert region_of_url("u", "eu-west-1", None) == region_of_url("u", None, "eu-west-1")
    assert region_of_url("u", "eu-west-1", "eu-west-1") == "eu-west-1"
    assert region_of_url("u", None, None) is None
    with pytest.raises(SettingsError, match="in Region eu-west-1, and the Region given is us-ea"):
        region_of_url("u", "eu-west-1", "us-east-1")
