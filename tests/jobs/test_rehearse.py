"""The job ``rehearse``: what it says of a file, and that nothing of it leaves this host."""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.emulator import Emulator
from batcher.errors import RunDirectoryError
from batcher.jobs.export import export_triggers
from batcher.jobs.rehearsal_phases import RehearsalWatcher
from batcher.jobs.rehearse import make_rehearsal_directory
from batcher.operations import WRITES
from tests.conftest import change, trigger
from tests.jobs.rehearsed import fast_settings, rehearsed

TRIGGERS = [trigger(number) for number in range(4)]


async def test_what_can_be_done_and_undone_is_told_with_its_duration(tmp_path: Path) -> None:
    before = dict(os.environ)
    found = await rehearsed(tmp_path, [change(number) for number in range(4)], TRIGGERS)
    assert (found.problems, found.unrestored.count, found.triggers) == ([], 0, 4)
    assert "could be put back exactly" in found.verdict
    assert found.steps.run.summary is not None
    assert found.steps.run.summary.succeeded == 4
    assert found.steps.verified is not None
    assert found.steps.verified.looked_at == 4
    assert msgspec.json.decode((tmp_path / "out" / "rehearsal.json").read_bytes()) == (
        msgspec.to_builtins(found)
    )
    assert dict(os.environ) == before


async def test_each_thing_that_would_not_be_well_is_told_with_its_line(tmp_path: Path) -> None:
    updates = [
        change(0, SegmentFilter="vip"),  # which no update takes away again
        change(9),  # of no trigger
        trigger(7, "elsewhere"),  # a new one, in a domain that the export does not have
        change(1),
        {**change(2), "based_on": {"sha256": "0" * 64}},  # of another state
    ]
    settings = fast_settings(create_missing=True)
    found = await rehearsed(tmp_path, updates, TRIGGERS, settings)
    assert found.problems == [
        "1 update would fail",
        "1 update would be stale, and not sent",
        "1 update can't be undone in full by an update",
        "1 update can't be undone: what they create stays",
        "1 update of the rollback would be put back in part only",
        "the rollback would not prove: 1 live trigger not as asked",
        "2 triggers would not be as before after the rollback",
    ]
    assert {(each.line, each.what) for each in found.steps.run.unsuccessful.first} == {
        (2, "acme/t9: failed: ResourceNotFoundException"),
        (5, "acme/t2: stale: Stale"),
    }
    assert [(each.line, each.created, each.members) for each in found.unrestored.first] == [
        (1, False, ["SegmentFilter"]),
        (3, True, []),
    ]
    (lasting,) = found.steps.rollback.first_irreversible
    assert (lasting.trigger, lasting.members) == ("t0", ["SegmentFilter"])
    assert found.missing == 2
    assert b"after-1" not in msgspec.json.encode(found)
    assert b"SECRET" not in msgspec.json.encode(found)


async def test_only_reads_reach_the_account_that_is_rehearsed_whatever_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, seen, told = "AKIDREALLOOKING", list[dict[str, str]](), tmp_path / "told"
    aws = Emulator(keys={key: "real-secret"}, latency=(0, 0), account="210987654321")
    aws.seed(TRIGGERS)
    async with aws as aws_url:
        config = tmp_path / "config"
        keys = f"aws_access_key_id={key}\naws_secret_access_key=real-secret\n"
        config.write_text(f"[profile p]\nendpoint_url={aws_url}\nregion=eu-west-1\n{keys}")
        given = {
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": "real-secret",
            "AWS_CONFIG_FILE": str(config),
            "AWS_ENDPOINT_URL": aws_url,
            "AWS_ENDPOINT_URL_STS": aws_url,
            "AWS_ENDPOINT_URL_CUSTOMER_PROFILES": aws_url,
            "https_proxy": "http://127.0.0.1:9",
        }
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        command = f"touch {told}"
        settings = fast_settings(
            create_missing=True,
            canary=1,
            reason="for real",
            hold_file=str(config),  # which is there
            hooks=[{"on": ["checked", "started", "ended"], "command": command}],
            rollback_on_failure=True,
            targets={
                "named": {"endpoint_url": aws_url, "region": "us-west-2", "protected": True},
                "role": {
                    "role_arn": "arn:aws:iam::123456789012:role/changer",
                    "external_id": "mine",
                    "region": "eu-west-1",
                },
                "default": {"profile": "p"},
            },
        )
        updates = [
            change(0),
            {"target": "named", **change(1)},
            {"target": "role", **change(2)},
            trigger(8),
        ]
        watcher = RehearsalWatcher(on_step=lambda step: seen.append(dict(os.environ)))
        found = await rehearsed(tmp_path, updates, None, settings, watcher)
        calls = aws.counts()
    assert found.steps.run.summary is not None
    assert found.steps.run.summary.succeeded == 4
    assert {name: each.account for name, each in found.targets.items()} == {
        "default": "210987654321",
        "named": "210987654321",
        "role": "123456789012",
    }
    assert aws.applied() == []
    assert not calls.keys() & {*WRITES, "PutIntegration", "TagResource"}
    assert calls["GetEventTrigger"] == {"ok": 3, "ResourceNotFoundException": 1}
    assert not told.exists()
    first, *others = seen
    assert given.items() <= first.items()
    assert len(others) == 4
    for environment in others:  # nothing is left to sign with, or that leads there
        assert not set(given.values()) & set(environment.values())


async def test_a_directory_is_its_own_and_one_that_is_there_is_left(tmp_path: Path) -> None:
    name = str(tmp_path / "updates")
    made = [make_rehearsal_directory(None, name).name for _ in range(3)]
    assert made == ["updates.rehearsal", "updates.rehearsal-2", "updates.rehearsal-3"]
    taken = tmp_path / "taken"
    taken.mkdir()
    with pytest.raises(RunDirectoryError, match="is there already"):
        make_rehearsal_directory(taken, name)
    assert not list(taken.iterdir())


@pytest.mark.usefixtures("stand_in_credentials")
@pytest.mark.parametrize("read_from", ["live", "with times", "without times"])
async def test_lines_that_are_based_on_what_is_there_are_not_stale(
    tmp_path: Path, read_from: str
) -> None:
    aws, now = Emulator(latency=(0, 0), wall_clock=lambda: 1.7e9), 1.7e9
    aws.seed(TRIGGERS)
    base: list[dict[str, Any]] = []
    unread: list[Any] = []
    async with aws as url:
        settings = fast_settings(endpoint_url=url)
        await export_triggers(settings, None, base.append, unread.append, with_base=True)
        base = msgspec.json.decode(msgspec.json.encode(base))
        assert [each["based_on"]["LastUpdatedAt"] for each in base] == [now] * 4
        updates = [{**each, "Description": "another"} for each in base]
        current = {"live": None, "with times": base, "without times": TRIGGERS}[read_from]
        found = await rehearsed(tmp_path, updates, current, settings)
        assert found.problems == []
    if read_from != "without times":  # touched since, and put back
        updates[0]["based_on"] = {**base[0]["based_on"], "LastUpdatedAt": now - 60}
        (tmp_path / "again").mkdir()
        async with aws as url:
            settings = fast_settings(endpoint_url=url)
            found = await rehearsed(tmp_path / "again", updates, current, settings)
        assert found.problems == ["1 update would be stale, and not sent"]


@pytest.mark.usefixtures("stand_in_credentials")
async def test_two_addresses_that_are_not_of_aws_are_two_places(tmp_path: Path) -> None:
    first, second = Emulator(latency=(0, 0)), Emulator(latency=(0, 0))
    first.seed(TRIGGERS)
    second.seed([{**each, "SegmentFilter": "vip"} for each in TRIGGERS])
    async with first as one, second as other:
        settings = fast_settings(
            targets={"a": {"endpoint_url": one}, "b": {"endpoint_url": other}}, region="eu-west-1"
        )
        updates = [{"target": name, **change(0, SegmentFilter="vip")} for name in ("b", "a")]
        found = await rehearsed(tmp_path, updates, None, settings)
    assert [each.target for each in found.unrestored.first] == ["a"]


@pytest.mark.parametrize("more", [{"before": True}, {"whole": "always"}, {"create_missing": True}])
async def test_all_that_looks_at_a_trigger_first_takes_the_time_of_its_reads(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    settings = fast_settings(**{"before": False, "read_rate": 2.0} | more)
    updates = [change(number) for number in range(3)]
    found = await rehearsed(tmp_path, updates, TRIGGERS, settings, speed=1000.0)
    assert found.seconds == 1.0  # (3 - 1) / 2
