"""An AWS_REGION that does not count is said, and only then."""

from pathlib import Path
from typing import Any

import pytest

from batcher.cli.region_notice import settings_with_notice
from batcher.config import resolve
from batcher.errors import SettingsError

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


ROLE = "arn:aws-cn:iam::111122223333:role/x"


@pytest.mark.parametrize(
    ("given", "environ", "said"),
    [
        ({"role_arn": ROLE, "region": "eu-west-1"}, {}, "target default: arn:aws-cn:"),
        ({"role_arn": ROLE}, {"AWS_DEFAULT_REGION": "eu-west-1"}, "Region eu-west-1 is of aws,"),
        ({"role_arn": ROLE, "region": "cn-north-1"}, {"AWS_REGION": "eu-west-1"}, None),
        ({"role_arn": ROLE}, {}, None),
        ({"role_arn": ROLE, "region": "eu-west-1", "endpoint_url": "http://127.0.0.1:1"}, {}, None),
        ({"role_arn": ROLE, "region": "eu-west-1"}, {"AWS_ENDPOINT_URL_STS": "http://h"}, None),
        ({"role_arn": ROLE, "region": "eu-west-1"}, {"AWS_ENDPOINT_URL": "http://h"}, None),
        (
            {
                "region": "eu-west-1",
                "targets": {f"t{n}": {"role_arn": ROLE.replace("3:", f"{n}:")} for n in range(9)}
                | {"well": {}, "odd": {"role_arn": "x"}},
            },
            {},
            "9 targets (t0, t1, t2, t3, t4, t5, t6, t7, t8) for one cause, such as target t0:",
        ),
    ],
    ids=["setting", "variable", "its own", "nowhere", "elsewhere", "sts", "all", "many"],
)
def test_a_role_of_another_partition_than_its_region_is_refused_before_anything_is_asked(
    given: dict[str, Any],
    environ: dict[str, str],
    said: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    if said is None:
        settings_with_notice(resolve(given))
        return
    with pytest.raises(SettingsError, match=r"^role_arn: ") as refused:
        settings_with_notice(resolve(given))
    assert said in str(refused.value)
    assert len(str(refused.value)) < 1000


def test_a_server_of_ones_own_that_a_profile_names_may_have_any_roles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = "[profile own]\nendpoint_url = http://127.0.0.1:1\n[profile aws]\nregion = eu-west-1\n"
    (tmp_path / "config").write_text(config)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    given = {"role_arn": ROLE, "region": "eu-west-1"}
    settings_with_notice(resolve(given | {"profile": "own"}))
    with pytest.raises(SettingsError):
        settings_with_notice(resolve(given | {"profile": "aws"}))
