"""A queue in another Region than AWS_REGION's is said."""

import pytest

from batcher.cli.queue_address import queue_address

URL = "sqs:https://sqs.eu-west-1.amazonaws.com/111122223333/u"
SAID = "AWS_REGION is us-east-1, and overruled: the Region is {}.\n"


@pytest.mark.parametrize(
    ("url", "region", "said"),
    [
        (URL, None, SAID.format("eu-west-1")),
        (URL.replace("eu-west-1", "us-east-1"), None, ""),
        ("sqs:u", None, ""),
        ("sqs:u", "eu-north-1", SAID.format("eu-north-1")),
        ("spool:dir", None, ""),
        ("redis://h/0?stream=s", None, ""),
    ],
)
def test_a_queue_in_another_region_is_said(
    url: str,
    region: str | None,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert queue_address(url, None, region).region == region
    assert capsys.readouterr().err == said
