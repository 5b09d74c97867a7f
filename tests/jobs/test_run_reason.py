"""A reason and labels: asked for, kept with all that is done, and given to AWS with the role."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batcher.config import Settings, resolve
from batcher.errors import SettingsError
from batcher.jobs.follow_up import open_follow_up
from batcher.jobs.run import DryRunEnded
from batcher.jobs.run_reason import check_reason, with_earlier_words
from batcher.records import Summary
from batcher.storage.run_directory import RunDirectory
from tests.conftest import change, records
from tests.jobs.conftest import SettingsFor, seeded
from tests.jobs.test_run_events import Told, start, with_hooks
from tests.local_sts import ROLE

Write = Callable[..., Path]
SAID = {"reason": "OPS-12: less mail, please", "label": "team=crm,wave=1"}
KEPT = {"reason": SAID["reason"], "labels": {"team": "crm", "wave": "1"}}


def of(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in KEPT if name in record}


async def test_reason_and_labels_go_with_manifest_results_summary_hooks_and_role(
    settings_for: SettingsFor, write_lines: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(tmp_path)
    file, emulator = write_lines([change(0), {**change(1), "Descriptio": "x"}]), seeded()
    async with emulator as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        given = SAID | {"rate": 1000, "role_arn": ROLE, "skip_invalid": True}
        summary = await start(file, with_hooks(settings_for(url, **given), told.settings))
        (applied,) = emulator.applied()
    assert isinstance(summary, Summary)
    assert applied["session_tags"] == {
        "team": "crm",
        "wave": "1",
        "reason": "OPS-12: less mail_ please",
    }
    out = file.with_suffix(".run")
    manifest = json.loads((out / "run.json").read_bytes())
    (session,) = manifest["sessions"]
    assert (of(session), session["who"]) == (KEPT, {"default": ROLE})
    assert [of(each) for each in records(out / "results.jsonl")] == [KEPT, KEPT]
    assert of(json.loads((out / "summary.json").read_bytes())) == KEPT
    assert [of(event["data"]) for event in told.take()] == [KEPT] * 4


async def test_without_them_nothing_is_kept_and_no_tag_is_sent(
    settings_for: SettingsFor, write_lines: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, emulator = write_lines([change(0)]), seeded()
    async with emulator as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        await start(file, settings_for(url, rate=1000, role_arn=ROLE))
        (applied,) = emulator.applied()
    assert "session_tags" not in applied
    out = file.with_suffix(".run")
    summary = json.loads((out / "summary.json").read_bytes())
    assert [of(each) for each in [*records(out / "results.jsonl"), summary]] == [{}, {}]


async def test_a_protected_target_is_changed_for_a_reason_only_but_a_dry_run_needs_none(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file, emulator = write_lines([change(0), change(1)]), seeded()
    async with emulator as url:
        settings = settings_for(url, rate=1000, protected=True, canary=1)
        with pytest.raises(SettingsError, match=r"default: protected, .* --reason TEXT"):
            await start(file, settings)
        assert not file.with_suffix(".run").exists()
        assert isinstance(await start(file, settings, dry_run=True), DryRunEnded)
        assert emulator.counts() == {}
        await start(file, settings_for(url, rate=1000, protected=True, canary=1, **SAID))
        # the run has its reason
        summary = await start(file, settings_for(url, rate=1000, protected=True))
    assert isinstance(summary, Summary)
    assert (summary.succeeded, summary.reason) == (2, SAID["reason"])
    with open_follow_up(file.with_suffix(".run"), "rollback") as follow_up:  # another change
        assert (follow_up.settings.reason, str(follow_up.settings.label)) == (None, SAID["label"])


async def test_sessions_with_other_words_are_kept_beside_the_first(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file, emulator = write_lines([change(n) for n in range(3)]), seeded()
    out = file.with_suffix(".run")
    async with emulator as url:
        for count, words in ((1, SAID), (2, {"reason": "again"}), (None, {})):
            more = {} if count is None else {"canary": count}
            await start(file, settings_for(url, rate=1000, **more, **words))
    sessions = json.loads((out / "run.json").read_bytes())["sessions"]
    again = {"reason": "again", "labels": KEPT["labels"]}
    assert [of(each) for each in sessions] == [KEPT, again]
    assert [of(each) for each in records(out / "results.jsonl")] == [KEPT, again, again]
    assert with_earlier_words(Settings(), RunDirectory(out)).said == again


def test_of_several_targets_those_that_are_protected_are_named() -> None:
    settings = Settings()
    check_reason(settings, ["default"])
    assert with_earlier_words(settings, RunDirectory(Path("no such"))) is settings


def test_a_protected_target_that_is_left_for_later_needs_no_reason() -> None:
    targets = {"a": {"protected": True}, "b": {}}
    with pytest.raises(SettingsError, match="target a: protected"):
        check_reason(resolve({"targets": targets}), ["a", "b"])
    check_reason(resolve({"targets": targets, "without_target": "a"}), ["a", "b"])
