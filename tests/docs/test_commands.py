"""Every command that a page shows is run as it stands, against the emulator."""

import re
import shlex
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import boto3
import pytest

from tests.conftest import Command
from tests.docs import page_world
from tests.docs.command_blocks import PAGES, Block, blocks
from tests.docs.page_shell import PageShell, command_of
from tests.servers import free_port, redis_server, running, sqs_server

BY_SECTION = {"docs/how-to.md", "docs/how-to-worker.md", "docs/fleet.md", "docs/organization.md"}
"""Pages whose sections begin anew; of the others each block goes on from the one before."""
IN_A_TEST_OF_ITS_OWN = {"docs/compose.md", "docs/quickstart.md"}
NOT_RUN = {
    "it installs, builds or tests this repository": r"make |export PATH",
    "it takes an hour and a half": r"python -m benchmarks\.",
    "it is a command of AWS": r"aws ",
    "it takes root": r"(openssl|chown|chmod) ",
    "it signals what others have started": r"kill -USR1 ",
}
"""Why a block is not run, and how each of its commands begins then."""
QUEUE, QUOTA = "redis://queue.internal:6379", "redis://quota.internal:6379"
PORTS = ("9400", "4600")
ALL = [block for page in PAGES for block in blocks(page)]


def sessions() -> list[tuple[str, list[Block]]]:
    """The blocks that are run one after the other, by where they are."""
    found = []
    for page in (page for page in PAGES if str(page) not in IN_A_TEST_OF_ITS_OWN):
        run = [block for block in blocks(page) if block.not_run is None and block.commands]
        parts = groupby(run, lambda block: block.heading if block.page in BY_SECTION else "")
        found += [(f"{page} {heading}".strip(), list(group)) for heading, group in parts]
    return found


@pytest.fixture
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(redis_server(tmp_path_factory.mktemp("redis"))) as server:
        yield f"redis://127.0.0.1:{server.port}"


@pytest.fixture
def sqs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An SQS with the queue that the pages make."""
    with running(sqs_server(tmp_path_factory.mktemp("sqs"))) as server:
        url = f"http://127.0.0.1:{server.port}"
        keys = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret"}
        client = boto3.client("sqs", region_name="eu-west-1", endpoint_url=url, **keys)
        page_world.make_queues(client)
        yield url


@pytest.mark.parametrize(
    "session", [pytest.param(blocks, id=where) for where, blocks in sessions()]
)
async def test_every_command_does_what_its_page_shows(
    session: list[Block], batcher: Command, request: pytest.FixtureRequest
) -> None:
    texts = " ".join(command.text for block in session for command in block.commands)
    instead = {}
    if "sqs:" in texts:
        batcher.environ["AWS_ENDPOINT_URL_SQS"] = request.getfixturevalue("sqs")
    if "redis://" in texts:
        address = request.getfixturevalue("redis")
        instead = {QUEUE: address, QUOTA: address}
    async with page_world.emulator() as url:
        instead |= page_world.furnish(batcher, url, configs="configs/" in texts)
        if "batcher emulator" in texts:  # the page has one of its own
            del instead["http://127.0.0.1:9400"]
            instead |= {port: str(free_port()) for port in PORTS}
        shell = PageShell(batcher, instead)
        try:
            for block in session:
                for command in block.commands:
                    await shell.run(command, block.where)
        finally:
            await shell.stop()


@pytest.mark.parametrize("block", ALL, ids=lambda block: block.where)
def test_what_is_not_run_says_why_and_is_nothing_else(block: Block) -> None:
    if block.not_run is not None:
        assert all(re.match(NOT_RUN[block.not_run], each.text) for each in block.commands)


def test_no_block_is_overlooked_whatever_stands_above_it() -> None:
    for page in PAGES:
        begun = re.findall(r"^ *```(?:console|sh|bash|shell)$", page.read_text(), re.M)
        assert len(blocks(page)) == len(begun), page


def test_every_command_has_the_flags_that_it_is_given() -> None:
    targets = set(re.findall(r"^([a-z-]+):", Path("Makefile").read_text(), re.M))
    for block in ALL:
        for words in (shlex.split(command.text) for command in block.commands):
            if words[0] == "make":
                assert set(words[1:]) <= targets, block.where
            if words[0] == "batcher":
                command, rest = command_of(words[1:])
                assert command is not None, block.where
                known = {
                    flag for each in command.params for flag in (*each.opts, *each.secondary_opts)
                }
                given = {word.partition("=")[0] for word in rest if word.startswith("--")}
                assert given <= known | {"--", "--help"}, block.where
