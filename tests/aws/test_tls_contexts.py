"""A file of certificates is read again when it is another one, and never taken as read."""

import ssl
from pathlib import Path

import pytest

from batcher.aws.tls_contexts import TrustedFiles


def made() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def test_a_file_that_stays_is_read_once(tmp_path: Path) -> None:
    path, other = tmp_path / "ca.pem", tmp_path / "other.pem"
    path.write_text("first")
    other.write_text("first")
    trusted = TrustedFiles()
    one = trusted.context(str(path), made)
    assert trusted.context(str(path), made) is one
    assert trusted.context(str(other), made) is not one


def test_a_file_that_was_replaced_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("first")
    trusted = TrustedFiles()
    one = trusted.context(str(path), made)
    path.write_text("another")
    second = trusted.context(str(path), made)
    assert second is not one
    assert trusted.context(str(path), made) is second


def test_what_can_not_be_read_is_tried_again_each_time(tmp_path: Path) -> None:
    path, trusted = tmp_path / "ca.pem", TrustedFiles()

    def read() -> ssl.SSLContext:
        context = made()
        context.load_verify_locations(path)
        return context

    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            trusted.context(str(path), read)
    path.write_text("no certificate")
    for _ in range(2):
        with pytest.raises(ssl.SSLError):
            trusted.context(str(path), read)
