"""A certificate for servers on loopback, made for the session."""

import shutil
import ssl
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest


class Certificate(NamedTuple):
    """``server``: proves to be 127.0.0.1; ``trusted``: believes that."""

    server: ssl.SSLContext
    trusted: ssl.SSLContext


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    if (openssl := shutil.which("openssl")) is None:
        pytest.fail("openssl is missing (apt-get install openssl)")
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    _make(openssl, file)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return Certificate(server, ssl.create_default_context(cafile=file))


def _make(openssl: str, file: Path) -> None:
    names = ["-subj", "/CN=loopback", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "7"]
    command = [openssl, "req", "-x509", *kind, *names, "-keyout", str(file)]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    file.write_text(file.read_text() + made.stdout)
