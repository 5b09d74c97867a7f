"""An AWS_REGION that does not count is said, and only then."""

import pytest

from batcher.cli.region_notice import settings_with_notice
from batcher.config import resolve

SAID = "AWS_REGION is us-east-1, and overruled: the Region is {}.\n"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, ""),
        ({"region": "us-east-1"}, ""),
        ({"region": "eu-west-1"}, SAID.format("eu-west-1")),
        ({"targets": {"a": {"region": "eu-west-1"}, "b": {}}}, SAID.format("eu-west-1")),
        ({"targets": {"a": {"region": "us-east-1"}}}, ""),
        ({"targets": {"a": {"region": "us-east-1"}, "b": {"region": "eu-west-1"}}}, ""),
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
