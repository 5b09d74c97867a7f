"""``batcher quota``: what is remembered is shown or forgotten, of all accounts or of one."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from batcher.cli.commands.quota import quota
from batcher.clock import SystemClock
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.storage.quota_file import QuotaFile, QuotaKey

Run = Callable[..., Result]


@pytest.fixture
def file(tmp_path: Path) -> QuotaFile:
    """What is remembered of two accounts; of the second the burst is not known."""
    file = QuotaFile(tmp_path / "batcher", pytest.fail)
    found = [
        ("111122223333", "eu-west-1", "UpdateEventTrigger", 20.0, 5.0, 0.02),
        ("444455556666", "us-east-1", "GetEventTrigger", 0.0525, None, 0.0),
    ]
    learned = [
        (
            QuotaKey(account=account, region=region, operation=operation),
            EstimatedQuota(rate=rate, burst=burst, doubt=doubt),
        )
        for account, region, operation, rate, burst, doubt in found
    ]
    assert file.remember(learned, SystemClock().wall())
    return file


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(*arguments: str, state: Path = tmp_path) -> Result:
        return CliRunner(env={"XDG_STATE_HOME": str(state)}).invoke(quota, arguments)

    return run


def test_a_table_has_a_line_for_each_and_nothing_is_cut_off(file: QuotaFile, run: Run) -> None:
    shown = run()
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert [line.split() for line in shown.stdout.splitlines()] == [
        ["account", "Region", "operation", "rate", "burst", "found"],
        ["111122223333", "eu-west-1", "UpdateEventTrigger", "20/s", "±2", "%", "5", "just", "now"],
        ["444455556666", "us-east-1", "GetEventTrigger", "0.0525/s", "?", "just", "now"],
    ]


def test_json_has_what_is_remembered_and_its_age(file: QuotaFile, run: Run) -> None:
    (entry,) = json.loads(run("--json", "--account", "444455556666").stdout)["quotas"]
    assert (entry["account"], entry["rate"], entry["burst"]) == ("444455556666", 0.0525, None)
    assert 0 <= entry["age_seconds"] < 60


def test_what_is_forgotten_of_one_account_stays_of_the_others(file: QuotaFile, run: Run) -> None:
    gone = run("--forget", "--account", "111122223333")
    assert (gone.exit_code, gone.stdout) == (0, "")
    assert gone.stderr == f"Forgot 1 of {file.path}.\n"
    assert [entry.account for entry in file.entries()] == ["444455556666"]
    left = run("--forget", "--json")
    assert (json.loads(left.stdout), file.entries()) == ({"quotas": [], "omissions": []}, [])
    assert run().stderr == "No quota is remembered; run or calibrate finds it.\n"


def test_what_can_not_be_forgotten_is_said_with_the_exit_code_of_this_host(
    file: QuotaFile, run: Run, tmp_path: Path
) -> None:
    lock = tmp_path / "batcher" / "quotas.lock"
    lock.unlink()
    lock.mkdir()  # so that not even root can open it
    refused = run("--forget")
    assert (refused.exit_code, refused.stderr.startswith("batcher: ")) == (5, True)
    assert len(file.entries()) == 2
