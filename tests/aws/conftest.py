"""Tests of targets run over every transport that requests can leave by."""

import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(params=["lean", "sdk"])
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the requests of ``target`` leave; as the setting of that name says it."""
    chosen = str(request.param)
    monkeypatch.setenv("BATCHER_TRANSPORT", chosen)
    return chosen


@pytest.fixture
def profiles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file of profiles, which a test writes; there are no credentials from anywhere else."""
    found = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(found))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable, raising=False)
    return found


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of localhost in one file, signed by itself, for seven days."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.fail("openssl is missing (apt-get install openssl)")
    file = tmp_path_factory.mktemp("tls") / "own.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "7", "-subj", "/O=Acme/CN=proxy", "-keyout", str(file)]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    made = subprocess.run(command, capture_output=True, text=True, check=True)
    file.write_text(file.read_text() + made.stdout)
    return file
