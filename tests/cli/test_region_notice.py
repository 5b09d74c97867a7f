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


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"region": "us-esat-1"},
            "us-esat-1 is not a Region that botocore knows; did you mean us-",
        ),
        (
            {"targets": {"a": {"region": "zz9"}, "b": {"region": "us-east-1"}}},
            "zz9 is not a Region",
        ),
        ({"region": "local", "endpoint_url": "http://127.0.0.1:1"}, None),
        ({"region": "eu-west-1"}, None),
        ({}, None),
    ],
)
def test_a_region_that_botocore_does_not_know_is_hinted_at_and_not_refused(
    given: dict[str, str],
    said: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    settings_with_notice(resolve(given))
    found = capsys.readouterr().err
    assert found.startswith(said) if said else not found
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    settings_with_notice(resolve(given))
    assert not capsys.readouterr().err, "a server of one's own has Regions of its own"
