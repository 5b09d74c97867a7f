"""What the docs show is so: examples run, flags and files exist, tables are the code's."""

import asyncio
import os
import re
import sys
from pathlib import Path

import click
import pytest

from batcher.cli import batcher as commands
from batcher.emulator import Emulator
from batcher.records import STATUSES
from tests.conftest import trigger

PAGES = [
    Path(name) for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "configs/README.md")
]
PAGES += sorted(Path("docs").glob("*.md"))


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (f"{page}:{number}", text)
        for page in PAGES
        for number, text in enumerate(
            re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.M | re.S)
        )
    ]


@pytest.mark.parametrize(("where", "source"), blocks("python"))
async def test_python_examples_run(where: str, source: str, tmp_path: Path) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1) | {"EventTriggerName": "cart-abandoned"}])
    async with emulator as url:
        environ = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("AWS_", "BATCHER_"))
            },
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL_CUSTOMER_PROFILES": url,
            "PYTHONPATH": str(Path.cwd()),
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-W",
            "error",
            "-c",
            source,
            cwd=tmp_path,
            env=environ,
            stderr=asyncio.subprocess.PIPE,
        )
        _, err = await process.communicate()
    assert process.returncode == 0, f"{where}: {err.decode()}"


def test_the_table_of_statuses_is_that_of_the_code() -> None:
    page = Path("docs/reference.md").read_text()
    assert all(f"| `{status}` |" in page for status in STATUSES)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / link).exists(), f"{page}: {link}"


@pytest.mark.parametrize("name", commands.list_commands(click.Context(commands)))
def test_every_command_has_help_with_an_example(name: str) -> None:
    command = commands.get_command(click.Context(commands), name)
    assert command is not None
    text = command.get_help(click.Context(command, info_name=f"batcher {name}"))
    assert f"batcher {name}" in text.split("Options:")[1]
