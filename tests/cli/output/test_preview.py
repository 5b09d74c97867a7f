"""What a run is about to do, in words, from what the job has decided: printing changes nothing."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from batcher.cli.output.preview import DOMAINS_SHOWN, preview
from batcher.config import resolve
from batcher.emulator import Emulator, account_of
from batcher.jobs.run import CheckedRun, open_run
from batcher.jobs.run_execution import ApprovedRun
from batcher.operations import UPDATE_TRIGGER
from batcher.storage.omission_records import OmissionPlace
from batcher.storage.quota_file import QuotaFile
from batcher.storage.state_directory import state_directory
from tests.conftest import change, remember_quota, trigger

Say = Callable[..., Any]
REGIONS = ["eu-west-1", "us-east-1", "us-west-2"] * 3 + ["us-east-1", "us-west-2", "eu-central-1"]


@pytest.fixture
def say(stand_in_credentials: None, write_lines: Callable[..., Path]) -> Say:
    """Returns the lines about a run of those updates, twice the same."""

    async def lines(
        updates: list[dict[str, Any]],
        dry_run: bool = False,
        at_start: Callable[[str], None] = lambda _: None,
        **more: Any,
    ) -> list[str]:
        file = write_lines(updates)
        async with Emulator(latency=(0.0, 0.0)) as url:
            at_start(url)
            given = {"endpoint_url": url, "region": "eu-west-1", "remember": False, "rate": 1}
            settings, out = resolve({**given, **more}), file.with_suffix(".run")
            with open_run(str(file), out, settings, dry_run=dry_run) as opened:
                checked = await opened.check()
                assert isinstance(checked, CheckedRun)
                async with checked.connect() as ready:
                    said = list(preview(ready))
                    assert list(preview(ready)) == said
        return [line.replace(url, "URL").replace(str(file.parent), "DIR") for line in said]

    return lines


async def test_a_preview_says_what_where_how_fast_and_how_long(say: Say) -> None:
    said = await say([change(1), change(1), change(2, "other")])
    assert said[0] == (
        "3 updates to 2 triggers in 2 domains of 112233313609, eu-west-1 (target default, URL)"
    )
    assert said[1:3] == ["  domains: acme 2, other 1", "  pace: at most 1/s (burst 1), about 2 s"]
    assert said[3].startswith("  sends: what each line gives; if the first of them shows ")
    assert said[4].startswith("Takes about 2 s, until ")
    assert said[5] == "To undo all of it (batcher rollback) takes about 2 s."
    assert said[6:] == ["Results go to DIR/updates.run/"]
    assert (await say([change(1)], dry_run=True))[-1] == "Results would go to DIR/updates.run/"


async def test_of_many_domains_the_largest_are_named(say: Say) -> None:
    said = await say([change(1, f"d{n}") for n in range(DOMAINS_SHOWN + 3)])
    assert said[1].endswith(f"d{DOMAINS_SHOWN - 1} 1 and 3 more")


async def test_what_is_amiss_is_said(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    remember_quota(tmp_path, UPDATE_TRIGGER, 80, account=account_of("AKIDEXAMPLE"))
    targets = {"away": {"endpoint_url": "http://127.0.0.1:1", "region": "eu-west-1"}}
    lines = [change(1), change(2, target="away"), {"DomainName": "acme"}]
    said = await say(
        lines, targets=targets, skip_invalid=True, rate=100, read_rate=1, remember=True
    )
    assert said[0].startswith("1 update of target away can't be sent and stays as it is: target")
    assert "1 invalid line will be skipped." in said
    assert any(
        line.startswith(
            "No before images, and so no rollback: target default allows 1 reads a second for 80"
            " updates, so looking first would take 80.0 times as long."
        )
        for line in said
    )


async def test_many_targets_that_are_alike_are_told_together_and_another_in_full(say: Say) -> None:
    names = [f"shop{n:02}" for n in range(12)]
    targets: dict[str, Any] = {
        name: {"region": region} for name, region in zip(names, REGIONS, strict=True)
    }
    targets["shop11"]["rate"] = 2
    lines = [change(n, target=name) for n, name in enumerate([*names, "shop00"])]
    said = await say(lines, targets=targets)
    assert said.pop(0) == "13 updates to 12 targets in all:"
    assert said[0] == "12 updates to 11 targets, 1 to 2 each:"
    assert said[1].startswith(
        "  1 account (112233313609) in 3 Regions (eu-west-1, us-east-1, us-we"
    )
    assert said[2].startswith("  11 targets (shop00, shop01, ")
    assert said[3] == "  domains: acme 12"
    assert said[4].startswith("  pace of target ")
    assert said[6].startswith(
        "1 update to 1 trigger in 1 domain of 112233313609, eu-central-1 (target shop11"
    )
    assert said[8].startswith("  pace: at most 2/s")
    assert len(said) < 14


async def test_targets_are_told_together_whenever_what_is_known_of_them_was_shown(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = QuotaFile(state_directory({"XDG_STATE_HOME": str(tmp_path)}), pytest.fail)
    targets = {f"shop{n:02}": {"region": f"eu-west-{n}"} for n in range(12)}

    def remember(url: str) -> None:
        for days, target in enumerate(targets.values()):
            seen_at = (datetime.now(UTC) - timedelta(days=days, hours=1)).isoformat()
            place = OmissionPlace(
                account=account_of("AKIDEXAMPLE"), region=target["region"], endpoint=url
            )
            file.note_effects(place, {"SegmentFilter": "kept"}, seen_at)
            assert file.write()

    lines = [change(n, target=name) for n, name in enumerate(targets)]
    said = await say(lines, at_start=remember, targets=targets, remember=True)
    assert said[0] == "12 updates to 12 targets, 1 each:"
    assert [line for line in said if line.startswith("  sends: ")] == [
        "  sends: what each line gives, as AWS keeps what an update leaves out (its answers showed"
        " it 11 days ago)"
    ]


async def test_a_deadline_that_is_missed_ends_the_preview_and_an_unknown_one_is_said(
    say: Say,
) -> None:
    missed = await say([change(n) for n in range(9)], deadline="1s")
    assert missed[-1].startswith("Takes about 8 s")
    unknown = await say([change(1)], deadline="1h", rate="auto")
    assert "Whether --deadline 1h (in 1 h 0 min) can be kept is not known" in unknown[-3]


async def test_of_a_run_that_goes_on_only_what_is_left_is_counted(
    stand_in_credentials: None, write_lines: Callable[..., Path]
) -> None:
    lines = [change(n, target=name) for n in range(3) for name in ("one", "two")]
    file, emulator = write_lines(lines), Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(n) for n in range(3)])
    async with emulator as url:
        given = {"endpoint_url": url, "region": "eu-west-1", "remember": False, "rate": 100}
        settings = resolve({**given, "canary": 1, "targets": {"one": {}, "two": {}}})
        out = file.with_suffix(".run")
        with open_run(str(file), out, settings) as opened:
            checked = await opened.check()
            assert isinstance(checked, CheckedRun)
            async with checked.connect() as ready:
                run = await ready.approve()
                assert isinstance(run, ApprovedRun)
                done = (await run.execute()).succeeded
        with open_run(str(file), out, settings) as opened:
            checked = await opened.check()
            assert isinstance(checked, CheckedRun)
            async with checked.connect() as ready:
                said = list(preview(ready))
    counts = [re.match(r"(\d) of 3 updates in|3 updates in", line) for line in said]
    left = [int(found[1] or 3) for found in counts if found is not None]
    assert (len(left), sum(left)) == (2, 6 - done)
    assert (
        said[0]
        == f"Resuming: {done} result{'s' * (done > 1)} from before, {6 - done} updates left."
    )
