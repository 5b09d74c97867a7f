"""No password, key or token is in anything that a command leaves behind, however it fails."""

import os
from pathlib import Path

import pytest

from batcher.emulator import Emulator
from tests.conftest import Command
from tests.quoting_forms import shows

PASSWORD = "Zwö1fBöxkämpfer-jagen"
KEY = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYzExKey"
TOKEN = "IQoJb3JpZ2luX2VjEJrKenoZyx9"
LINE = '{"DomainName":"acme","EventTriggerName":"cart","Description":"x"}\n'
RUN = ("run", "u.jsonl", "--yes", "--no-progress")

FAILING = {
    "limiter away": (*RUN, "--endpoint-url", "{url}", "--limiter", "redis://:{pw}@127.0.0.1:1/0"),
    "limiter, in its query": (
        *(*RUN, "--endpoint-url", "{url}", "--limiter"),
        "redis://127.0.0.1:1/0?password={pw}&client_name={pw}",
    ),
    "limiter, not a URL": (*RUN, "--limiter", "redis:u:{pw}@h"),
    "limiter, wrong option": (*RUN, "--limiter", "redis://h/0?ssl_password={pw}"),
    "endpoint": (*RUN, "--endpoint-url", "http://u:{pw}@127.0.0.1:1"),
    "endpoint away": (*RUN, "--endpoint-url", "http://127.0.0.1:1/?token={pw}"),
    "queue away": ("enqueue", "u.jsonl", "--queue", "redis://:{pw}@127.0.0.1:1/0?stream=s"),
    "queue of SQS": ("enqueue", "u.jsonl", "--queue", "sqs:https://u:{pw}@h:x/1/q"),
    "queue of nobody": ("worker", "--once", "--queue", "amqp://u:{pw}@h/q"),
    "queue without a host": ("worker", "--once", "--queue", "rediss://:{pw}/x@h?stream=s"),
    "wrong key": (*RUN, "--endpoint-url", "{url}"),
}


@pytest.mark.parametrize("name", FAILING)
async def test_no_secret_is_left_behind_whatever_fails(
    name: str, batcher: Command, tmp_path: Path
) -> None:
    batcher.environ |= {
        "AWS_ACCESS_KEY_ID": "AKIDZEBRA",
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_SESSION_TOKEN": TOKEN,
    }
    (tmp_path / "u.jsonl").write_text(LINE)
    before = os.umask(0)
    try:
        async with Emulator(latency=(0, 0), keys={"AKIDOTHER": "other"}) as url:
            values = {"{url}": url, "{pw}": PASSWORD}
            words = list(FAILING[name])
            for mark, value in values.items():
                words = [word.replace(mark, value) for word in words]
            process = await batcher.start(*words)
            out, err = await process.communicate()
    finally:
        os.umask(before)
    assert process.returncode not in (0, 70)
    written = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for where, said in {Path("stdout"): out, Path("stderr"): err, **written}.items():
        for secret in (PASSWORD, KEY, TOKEN):
            assert not shows(said.decode(errors="replace"), secret, 9), where
    assert b"Traceback" not in err
    for path in written.keys() - {tmp_path / "u.jsonl"}:
        assert path.stat().st_mode & 0o077 == 0, path
