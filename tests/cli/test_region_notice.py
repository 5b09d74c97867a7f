"""An AWS_REGION that does not count is said, and only then."""

import pytest

from batcher.cli.region_notice import queue_address, settings_with_notice
from batcher.config import resolve

URL = "sqs:https://sqs.eu-west-1.amazonaws.com/111122223333/u"
SAID = "AWS_REGION is us-east-1, and overruled: the Region is {}.\n"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, ""),
        ({"region": "us-east-1"}, ""),
        ({"region": "eu-west-1"}, SAID.format("eu-west-1")),
        ({"targets": {"a": {"region": "eu-west-1"}, "b": {}}}, SAID.format("eu-west-1")),
        ({"targets": {"a": {"region": "us-east-1"}}}, ""),
    ],
)
def test_settings_that_overrule_it_are_named(
    given: dict[str, str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    settings_with_notice(resolve(given))
    assert capsys.readouterr().err == said
    monkeypatch.delenv("AWS_REGION")
    settings_with_notice(resolve(given))
    assert capsys.readouterr().err == ""


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
