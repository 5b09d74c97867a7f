"""The status page of a worker at work: what it shows is what is on disk, and nothing sensitive."""

import json
import re
import signal
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from batcher.emulator import Emulator
from tests.conftest import Command, change, trigger
from tests.queues.conftest import Place, credentials, place, redis
from tests.servers import free_port
from tests.waiting import until

__all__ = ["credentials", "place", "redis"]  # fixtures

SECRET, TOKEN = "SENSITIVE-VALUE", "correct-horse-battery-42"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def text_of(markup: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", markup)).split())


class Watched:
    """A live page: the parts as they are by now, and all that was ever sent."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer
        self.parts: dict[str, str] = {}
        self.sent = ""

    async def until_says(self, name: str, words: str) -> str:
        while words not in (text := text_of(self.parts.get(name, ""))):
            line = await self._answer.content.readline()
            assert line, f"it ended, and says of {name}: {text}"
            self.sent += line.decode()
            if line.startswith(b"data: "):
                self.parts |= json.loads(line.removeprefix(b"data: "))
        return text


def on_disk(folder: Path, file: str, line: int) -> dict[str, Any]:
    """The record at that place of a worker's results."""
    (path,) = (folder / "results").glob(f"{file}*")
    found: dict[str, Any] = json.loads(path.read_bytes().splitlines()[line - 1])
    assert found.pop("chain")
    return found


@pytest.mark.parametrize("place", ["redis"], indirect=True)
async def test_a_live_page_shows_what_is_on_disk_and_nothing_sensitive(
    place: Place, batcher: Command, write_lines: Callable[..., Path]
) -> None:
    write_lines([change(n, Description=f"{SECRET} {n}") for n in range(8)])
    emulator, port = Emulator(), free_port()
    emulator.seed([trigger(n) for n in range(4)])  # the others are not there
    batcher.environ |= {"AWS_REGION": "us-east-1", "BATCHER_HTTP_TOKEN": TOKEN}
    batcher.environ["BATCHER_LIMITER"] = place.url.partition("?")[0]
    async with (
        emulator as url,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=BEARER) as client,
    ):
        assert (await batcher("enqueue", "updates.jsonl", "--queue", place.url)).code == 0
        worker = await batcher.start(
            *("worker", "--queue", place.url, "--endpoint-url", url, "--rate", "200"),
            *("--http", f"0.0.0.0:{port}"),
        )

        async def answers() -> bool:
            try:
                async with client.get("/healthz") as answer:
                    return answer.status == 200
            except aiohttp.ClientConnectionError:
                return False

        await until(answers)
        async with client.get("/events") as answer:
            page = Watched(answer)
            await page.until_says("results", "4 ✗ failed")
            await page.until_says("results", "4 ✓ succeeded")
            shown = await page.until_says("failures", "ResourceNotFoundException")
            links = sorted(set(re.findall(r"/failures/\d+", page.parts["failures"])))
            assert links == [f"/failures/{number}" for number in range(1, 5)]
            assert f":{worker.pid}:" in await page.until_says("fleet", "this worker")
            records = []
            for link in links:
                async with client.get(link) as found:
                    record = text_of(await found.text())
                    where = re.search(r"File (\S+) Line (\d+)", record)
                    assert where is not None, record
                    kept = on_disk(batcher.folder, where[1], int(where[2]))
                    assert json.loads(record[record.index("{") : record.rindex("}") + 1]) == kept
                    assert kept["id"] in shown
                    records.append(record)
            async with client.get("/") as whole, client.get("/metrics") as metrics:
                everything = [await whole.text(), await metrics.text(), page.sent, *records]
            worker.send_signal(signal.SIGTERM)
            everything.append((await answer.content.read()).decode())  # the stream ends with it
        out, err = await worker.communicate()
    assert worker.returncode == 4, err.decode()
    everything += [out.decode(), err.decode()]
    assert not [text for text in everything if SECRET in text or TOKEN in text]


async def test_a_worker_that_others_could_read_does_not_start_without_a_token(
    batcher: Command,
) -> None:
    start = ("worker", "--queue", "spool:in", "--region", "us-east-1", "--once", "--http")
    ended = await batcher(*start, "0.0.0.0:0")
    assert (ended.code, "so it takes a token" in ended.err) == (2, True), ended.err
    short = await batcher(*start, "0", "--http-token", "secret-9")
    assert (short.code, "secret-9" in short.err + short.out) == (2, False)
    assert "--http-token: can't be what was given: Give TOKEN." in short.err
    warned = await batcher(*start, "0", "--http-token", TOKEN)
    assert (warned.code, TOKEN in warned.err + warned.out) == (0, False)
    assert "--http-token: all users of this host can read it" in warned.err
