"""The quickstart, from its second step to its end, as it stands on its page."""

import asyncio
import os
import re
import sys
from pathlib import Path

from tests.conftest import records
from tests.servers import free_port

PAGE = Path("docs/quickstart.md")


def _steps(port: int) -> list[str]:
    """The commands of each step that has some, without prompts."""
    blocks = re.findall(r"^ +```console\n(.*?)^ +```", PAGE.read_text(), re.M | re.S)
    commands = [re.sub(r"^ +(?:\$ )?", "", block, flags=re.M) for block in blocks]
    return [text.replace("9400", str(port)) for text in commands]


async def _shell(commands: str, folder: Path) -> asyncio.subprocess.Process:
    environ = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "PYTHONPATH": str(Path.cwd()),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return await asyncio.create_subprocess_exec(
        "bash", "-ec", commands, cwd=folder, env=environ, stdout=-1, stderr=-1, stdin=-3
    )


def _exports(commands: str) -> str:
    """What a step leaves to those after it: the variables that it sets."""
    return "".join(re.findall(r"^export .*\n", commands, re.M))


async def test_step_by_step_it_leads_to_a_finished_run(tmp_path: Path) -> None:
    install, emulate, compose, look, run = _steps(free_port())
    assert install.startswith("make install")
    server = await _shell(re.sub("^(batcher emulator)", r"exec \1", emulate, flags=re.M), tmp_path)
    assert server.stdout is not None
    told = []
    try:
        assert (await server.stdout.readline()).startswith(b"http://127.0.0.1:")
        for step in (compose, *(_exports(compose) + each for each in (look, run, run))):
            process = await _shell(step, tmp_path)
            out, err = await process.communicate()
            assert process.returncode == 0, err.decode()
            told.append((out + err).decode())
    finally:
        server.terminate()
        await server.communicate()
    composed, looked, ran, again = told
    assert "1 trigger: 1 matched, 1 changed" in composed
    assert "1 update: nothing found." in looked
    assert "New firings: 1; 0 stop." in looked
    assert "1 succeeded" in ran
    assert "0 updates left" in again
    assert server.returncode == 0
    (result,) = records(tmp_path / "updates.run" / "results.jsonl")
    assert (result["status"], result["trigger"]) == ("succeeded", "cart-abandoned")
    assert (tmp_path / "updates.run" / "summary.json").exists()
