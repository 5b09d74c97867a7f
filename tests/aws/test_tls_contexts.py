"""A file of certificates is read again when it is another one, and never taken as read."""

import os
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
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


@pytest.mark.parametrize("kept", ["size and times", "nothing"])
def test_a_file_that_is_written_in_place_is_read_again(kept: str, tmp_path: Path) -> None:
    path, trusted = tmp_path / "ca.pem", TrustedFiles()
    path.write_text("one")
    before = path.stat()
    one = trusted.context(str(path), made)
    path.write_text("two" if kept == "size and times" else "a longer one")
    if kept == "size and times":
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert trusted.context(str(path), made) is not one


def test_what_was_written_while_it_was_read_is_read_again(tmp_path: Path) -> None:
    path, trusted = tmp_path / "ca.pem", TrustedFiles()
    path.write_text("half")

    def read_meanwhile() -> ssl.SSLContext:
        path.write_text("half and half")
        return made()

    one = trusted.context(str(path), read_meanwhile)
    path.write_text("half")
    assert trusted.context(str(path), made) is not one


def test_a_link_is_followed_to_where_it_leads_now(tmp_path: Path) -> None:
    link, trusted = tmp_path / "ca.pem", TrustedFiles()
    for name in ("old", "new"):
        (tmp_path / name).write_text(name)
    link.symlink_to("old")
    one = trusted.context(str(link), made)
    link.unlink()
    link.symlink_to("new")
    assert trusted.context(str(link), made) is not one


@pytest.mark.parametrize("is_pipe", [True, False])
def test_who_waits_for_one_file_holds_up_nobody_who_trusts_another(
    is_pipe: bool, tmp_path: Path
) -> None:
    slow, other, trusted = tmp_path / "slow", tmp_path / "other", TrustedFiles()
    os.mkfifo(slow) if is_pipe else slow.write_text("slow")
    other.write_text("other")
    waits, goes_on = threading.Event(), threading.Event()

    def wait() -> ssl.SSLContext:
        waits.set()
        assert goes_on.wait(30)
        return made()

    with ThreadPoolExecutor(2) as threads:
        slowly = threads.submit(trusted.context, str(slow), wait)
        assert waits.wait(30)
        try:
            assert threads.submit(trusted.context, str(other), made).result(10)
        finally:
            goes_on.set()
        assert slowly.result(30)


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
