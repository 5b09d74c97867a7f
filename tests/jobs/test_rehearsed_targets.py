"""Targets of a rehearsal, and whose quota they are given."""

from pathlib import Path

import pytest

from batcher.config import resolve
from batcher.jobs.rehearsed_targets import ASSUMED, RehearsedQuota, TargetFinder, assumptions
from batcher.operations import CREATE_TRIGGER, GET_TRIGGER, UPDATE_TRIGGER
from batcher.storage.quota_file import QuotaFile
from batcher.storage.state_directory import state_directory
from tests.conftest import remember_quota

NOW = "2026-11-27T00:00:00+00:00"
ACCOUNT = "123456789012"


@pytest.fixture
def file(tmp_path: Path) -> QuotaFile:
    remember_quota(tmp_path, UPDATE_TRIGGER, 4.0, account=ACCOUNT)
    remember_quota(tmp_path, GET_TRIGGER, 9.0, account=ACCOUNT)
    return QuotaFile(state_directory({"XDG_STATE_HOME": str(tmp_path)}), pytest.fail)


def test_what_earlier_runs_found_counts_and_for_other_operations_that_of_updates(
    file: QuotaFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/x"
    settings = resolve({"targets": {"a": {"role_arn": role, "region": "eu-west-1"}}})
    found = TargetFinder(settings, file, None, NOW).named(["a"])["a"]
    assert found.account == ACCOUNT
    assert found.quotas[UPDATE_TRIGGER] == RehearsedQuota(rate=4, burst=5, origin="remembered")
    assert found.quotas[GET_TRIGGER].rate == 9
    assert found.quotas[CREATE_TRIGGER] == RehearsedQuota(rate=4, burst=5, origin="assumed")
    assert found.quota(UPDATE_TRIGGER, NOW) == found.remembered[UPDATE_TRIGGER]
    assert assumptions([found]) == []


def test_a_quota_that_is_given_is_that_of_all_operations_and_remembered_ones_stay_known(
    file: QuotaFile,
) -> None:
    given = RehearsedQuota(rate=2, burst=3, origin="given")
    settings = resolve({"account": ACCOUNT, "region": "eu-west-1"})
    found = TargetFinder(settings, file, given, NOW).named(["default"])["default"]
    assert set(found.quotas.values()) == {given}
    assert found.remembered[UPDATE_TRIGGER].rate == 4
    assert found.quota(UPDATE_TRIGGER, NOW).rate == 2


def test_what_nobody_knows_is_assumed_and_said(
    file: QuotaFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    found = TargetFinder(resolve({}), file, None, NOW).named(["default"])["default"]
    assert set(found.quotas.values()) == {ASSUMED}
    said = " ".join(assumptions([found]))
    for each in ("Region", "account", "1/s is assumed"):
        assert each in said
