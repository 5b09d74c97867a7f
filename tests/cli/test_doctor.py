"""``batcher doctor``: where it prints what, and how it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from batcher.cli.commands.doctor import doctor
from batcher.emulator import Emulator
from tests.conftest import Command, trigger


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(doctor, list(arguments))
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stand_in_credentials: None) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("BATCHER_REGION", "eu-west-3")
    monkeypatch.chdir(tmp_path)


def test_a_fault_is_exit_code_1_with_what_to_mend(place: None) -> None:
    ended = run("--endpoint-url", "http://127.0.0.1:1")
    assert ended.exit_code == 1
    assert "Region: eu-west-3 (BATCHER_REGION)." in ended.stdout
    assert "fault      endpoint: http://127.0.0.1:1" in ended.stdout
    assert "To mend, in this order:\n  1. target default, endpoint: " in ended.stdout
    told = json.loads(run("--endpoint-url", "http://127.0.0.1:1", "--json").stdout)
    assert told["ok"] is False
    assert {"subject", "name", "verdict", "seen", "advice", "denied"} == told["checks"][0].keys()


def test_a_target_that_is_named_by_the_flag_is_the_only_one(place: None, tmp_path: Path) -> None:
    file = tmp_path / "two.toml"
    file.write_text('endpoint_url = "http://127.0.0.1:1"\n[targets.a]\n[targets.b]\n')
    ended = run("--config", str(file), "--target", "b")
    assert ("target b:" in ended.stdout, "target a" in ended.stdout) == (True, False)


@pytest.mark.parametrize(
    "arguments",
    [["--for", "nothing"], ["--rate", "3"], ["--for", "queue"], ["--trigger", "t"], ["FILE"]],
)
def test_wrong_usage_is_refused_before_anything_is_asked(arguments: list[str], place: None) -> None:
    ended = run(*arguments)
    assert ended.exit_code != 0
    assert ended.stdout == ""


async def test_all_is_fine_is_exit_code_0(batcher: Command) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    async with emulator as url:
        ended = await batcher("doctor", "--endpoint-url", url, "--domain", "acme", "--json")
        wrong = await batcher("doctor", "--endpoint-url", url, "--trigger", "t")
    assert (ended.code, wrong.code) == (0, 2)
    told = json.loads(ended.out)
    assert (told["ok"], told["missing_policies"]) == (True, {})
    assert "secret" not in ended.out
    assert not list(batcher.folder.glob("state/*"))
