"""The command ``completion``: what it prints works in a shell, and what it installs is read."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from batcher.cli import batcher
from batcher.cli.commands.completion import SHELLS

ASKED = """
COMP_WORDS=(batcher verif) COMP_CWORD=1
_batcher_completion batcher verif batcher
echo "${COMPREPLY[@]}"
complete -p batcher
"""


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_is_printed_that_the_shell_can_read(shell: str, tmp_path: Path) -> None:
    printed = CliRunner().invoke(batcher, ["completion", shell])
    assert printed.exit_code == 0
    assert f"_BATCHER_COMPLETE={shell}_complete" in printed.output
    if (program := shutil.which(shell)) is not None:
        (tmp_path / "script").write_text(printed.output)
        subprocess.run([program, "-n", tmp_path / "script"], check=True)


def test_an_interactive_bash_completes_after_the_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    said = CliRunner().invoke(batcher, ["completion", "bash", "--install"])
    assert said.exit_code == 0
    assert f"Written: {tmp_path}/.bashrc" in said.stderr
    (tmp_path / "batcher").write_text(f'#!/bin/sh\nexec {sys.executable} -m batcher "$@"\n')
    (tmp_path / "batcher").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    environ = {"PATH": path, "HOME": str(tmp_path), "PYTHONPATH": os.getcwd()}
    command = ["bash", "--rcfile", tmp_path / ".bashrc", "-i"]
    asked = subprocess.run(
        command, input=ASKED, env=environ, capture_output=True, text=True, check=True
    )
    assert asked.stdout.splitlines() == [
        "verify",
        "complete -o nosort -F _batcher_completion batcher",
    ]
    again = CliRunner().invoke(batcher, ["completion", "bash", "--install"])
    assert "Written" not in again.stderr
    assert again.stderr.count("As it should be already") == 2
