"""Completion is put into startup files, of which every other byte stays."""

import os
import subprocess
from pathlib import Path
from shutil import which

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.cli.commands.completion import SHELLS
from batcher.errors import OutputError
from batcher.jobs.shell_startup import install_completion


@settings(max_examples=20)
@given(before=st.binary(max_size=200), shell=st.sampled_from(["bash", "zsh"]))
def test_what_others_wrote_stays_and_a_second_time_changes_nothing(
    before: bytes, shell: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    startup = home / f".{shell}rc"
    startup.write_bytes(before)
    startup.chmod(0o640)
    install_completion(shell, "script", {}, home)
    after = startup.read_bytes()
    assert after.startswith(before)
    assert after[len(before) :].removeprefix(b"\n").count(b"\n") == 1
    assert startup.stat().st_mode & 0o777 == 0o640
    assert install_completion(shell, "script", {}, home).written == []
    assert startup.read_bytes() == after


@pytest.mark.parametrize("shell", SHELLS)
def test_a_new_script_replaces_ours_and_never_one_of_somebody_else(
    shell: str, tmp_path: Path
) -> None:
    script = install_completion(shell, "one", {}, tmp_path).written[0]
    assert install_completion(shell, "two", {}, tmp_path).written == [script]
    assert b"two" in script.read_bytes()
    script.write_text("somebody else's")
    with pytest.raises(OutputError, match="not by this command"):
        install_completion(shell, "three", {}, tmp_path)
    assert script.read_text() == "somebody else's"


def test_directories_of_the_environment_are_used_and_our_line_moves_with_them(
    tmp_path: Path,
) -> None:
    first = {"XDG_DATA_HOME": str(tmp_path / "it's here"), "ZDOTDIR": str(tmp_path / "z")}
    script, startup = install_completion("zsh", "x", first, tmp_path).written
    assert script == tmp_path / "it's here" / "batcher" / "completion.zsh"
    assert startup == tmp_path / "z" / ".zshrc"
    if (zsh := which("zsh")) is not None:
        subprocess.run([zsh, "-n", startup], check=True)
    install_completion("zsh", "x", {**first, "XDG_DATA_HOME": str(tmp_path / "b")}, tmp_path)
    assert startup.read_text().count("\n") == 1
    assert str(tmp_path / "b") in startup.read_text()
    fish = {"XDG_CONFIG_HOME": str(tmp_path / "c")}
    found = install_completion("fish", "x", fish, tmp_path).written
    assert found == [tmp_path / "c" / "fish" / "completions" / "batcher.fish"]


def test_a_link_stays_one_and_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").write_text("alias x=y")
    (tmp_path / ".bashrc").symlink_to("dotfiles")
    install_completion("bash", "x", {}, tmp_path)
    assert (tmp_path / ".bashrc").is_symlink()
    assert (tmp_path / "dotfiles").read_text().startswith("alias x=y\n[ -r ")
    os.mkfifo(tmp_path / ".zshrc")
    with pytest.raises(OutputError, match=r"\.zshrc: can't be changed"):
        install_completion("zsh", "x", {}, tmp_path)


def test_a_home_in_which_nothing_can_be_made_is_told_of(tmp_path: Path) -> None:
    (tmp_path / ".config").symlink_to("gone")
    with pytest.raises(OutputError, match="print the script without --install"):
        install_completion("fish", "x", {}, tmp_path)


@pytest.mark.parametrize("given", ["", "here", "../there"])
def test_a_home_that_is_no_whole_path_is_refused_and_nothing_written(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for shell in SHELLS:
        with pytest.raises(OutputError, match="no whole path"):
            install_completion(shell, "x", {"HOME": given})
    assert not list(tmp_path.iterdir())


def test_a_startup_file_that_can_not_be_written_is_told_of_with_what_the_command_has(
    tmp_path: Path,
) -> None:
    (tmp_path / ".bashrc").symlink_to("/proc/self/fdinfo/none")  # where nobody can make a file
    with pytest.raises(OutputError, match="without --install") as told:
        install_completion("bash", "script", {}, tmp_path)
    assert "--out" not in str(told.value)


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize("name", ["HOME", "XDG_DATA_HOME"])
def test_a_line_break_in_a_place_is_refused_and_nothing_written(
    shell: str, name: str, tmp_path: Path
) -> None:
    odd = tmp_path / "a\nrm -rf b"
    home = odd if name == "HOME" else tmp_path
    with pytest.raises(OutputError, match="has a line break in it"):
        install_completion(shell, "script", {name: str(odd)}, home)
    assert not list(tmp_path.iterdir())
