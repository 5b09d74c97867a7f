"""A file of certificates that can't be used is named, with what names it."""

import shutil
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiobotocore.session import AioSession
from botocore.httpsession import where

from batcher.aws.ca_bundle import ca_bundle, ca_bundle_fault
from batcher.config import Settings
from batcher.errors import NotSentError
from batcher.wiring.targets import TargetConnector


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_what_is_wrong_with_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    assert ca_bundle(AioSession()) == (None, "the SDK")
    assert ca_bundle_fault(AioSession()) is None
    path = tmp_path / "ca.pem"
    monkeypatch.setenv(variable, str(path))
    assert ca_bundle(AioSession()) == (str(path), variable)
    assert f"{variable}: {path}: No such file or directory" in str(ca_bundle_fault(AioSession()))
    path.write_text("SECRET\n")
    fault = str(ca_bundle_fault(AioSession()))
    assert f"{variable}: {path}: there is no certificate in it" in fault
    assert "SECRET" not in fault
    shutil.copy(where(), path)
    assert ca_bundle_fault(AioSession()) is None


@pytest.mark.parametrize("transport", ["lean", "sdk"])
async def test_a_target_that_can_not_be_reached_for_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("no certificate")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(path))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    settings = Settings(region="eu-west-1", endpoint_url="https://127.0.0.1:9", transport=transport)
    async with AsyncExitStack() as stack:
        with pytest.raises(NotSentError, match=f"target default: AWS_CA_BUNDLE: {path}: there is"):
            await TargetConnector(settings).connect(["default"], stack)
