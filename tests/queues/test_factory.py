"""What the URL of a queue means, and what is said of one that means none."""

import os
import sys
from pathlib import Path

import pytest

from batcher.errors import QueueError, SettingsError
from batcher.queues.factory import open_queue, spool_of


@pytest.mark.parametrize("url", ["redis://127.0.0.1/0", "kafka:x", "sqs:", "spool:x"])
async def test_a_url_that_means_no_message_queue_says_what_would(url: str) -> None:
    with pytest.raises(SettingsError, match=r"stream=NAME"):
        async with open_queue(url):
            pass


@pytest.mark.parametrize(
    ("rest", "wrong"),
    [
        ("host:6380/0", r"names no stream"),
        ("host/0?stream=", r"names no stream"),
        ("host/0?stream=s&foo=1", r"no option foo"),
        ("host/0?stream=s&group=g2", r"no option group"),
        ("host/0?stream=s&socket_timeout=abc", r"no option socket_timeout"),
        ("host/0?stream=s&ssl_cert_reqs=none", r"need rediss://"),
        ("host/?stream=s&db=x", r"database is no number"),
        ("host/zz?stream=s", r"database is no number"),
        ("host:99999/0?stream=s", r"host or port can't be read"),
        ("[::1/0?stream=s", r"host or port can't be read"),
        ("sec/ret:x@host/0?stream=s", r"%23"),
    ],
)
async def test_a_redis_url_that_is_wrong_is_told_in_words_without_its_password(
    rest: str, wrong: str
) -> None:
    for user in ("", "user:se#cret@"):
        with pytest.raises(
            SettingsError, match=r"can't be read" if user and "stream=s" in rest else wrong
        ) as caught:
            async with open_queue(f"redis://{user}{rest}"):
                pass
        assert "cret" not in str(caught.value)
        assert "sec/ret" not in str(caught.value)


def test_a_spool_is_made_only_when_that_was_asked_for(tmp_path: Path) -> None:
    assert spool_of("sqs:updates") is None
    with pytest.raises(SettingsError, match="names no directory"):
        spool_of("spool:")
    url = f"spool:{tmp_path / 'spool'}"
    with pytest.raises(QueueError, match="no spool directory is there"):
        spool_of(url, create=False)
    made = spool_of(url)
    assert made is not None
    assert made.path.is_dir()
    assert spool_of(url, create=False) is not None


def test_a_spool_that_is_made_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert spool_of(f"spool:{tmp_path / 'spool'}") is not None
    finally:
        os.umask(before)
    folders = [tmp_path / "spool", *(tmp_path / "spool").iterdir()]
    assert len(folders) == 4
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}


async def test_without_redis_py_the_url_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # what an import that fails looks like
    monkeypatch.setitem(sys.modules, "batcher.queues.redis_streams", None)
    with pytest.raises(SettingsError, match=r"pip install redis\."):
        async with open_queue("redis://127.0.0.1/0?stream=s"):
            pass
