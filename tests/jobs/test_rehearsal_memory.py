"""What earlier runs found, as a rehearsal starts from it."""

from pathlib import Path

import pytest

from batcher.jobs.rehearsal_memory import remember_for_rehearsal
from batcher.jobs.rehearsal_settings import EmulatedPlace
from batcher.jobs.rehearsed_targets import OPERATIONS, RehearsedTarget
from batcher.operations import UPDATE_TRIGGER
from batcher.storage.omission_records import Omission, OmissionPlace
from batcher.storage.quota_file import QuotaFile, QuotaKey
from batcher.storage.state_directory import state_directory
from tests.conftest import remember_quota
from tests.jobs.rehearsed import FAST

ACCOUNT = "1" * 12
NOW = "2026-11-27T00:00:00+00:00"


def test_it_is_sped_up_and_of_the_place_that_the_emulator_is(tmp_path: Path) -> None:
    remember_quota(tmp_path / "real", UPDATE_TRIGGER, 4.0, account=ACCOUNT)
    real = QuotaFile(state_directory({"XDG_STATE_HOME": str(tmp_path / "real")}), pytest.fail)
    (known,) = real.entries()
    omission = Omission(
        account=ACCOUNT,
        region="eu-west-1",
        endpoint="https://real",
        member="Description",
        effect="cleared",
        seen_at=NOW,
    )
    target = RehearsedTarget(
        name="a",
        account=ACCOUNT,
        region="eu-west-1",
        quotas=dict.fromkeys(OPERATIONS, FAST),
        remembered={UPDATE_TRIGGER: known},
        omissions={"Description": omission},
    )
    place = EmulatedPlace(endpoint="http://127.0.0.1:1", account=ACCOUNT, region="eu-west-1")
    remember_for_rehearsal(tmp_path / "state", {"a": target}, {"a": place}, speed=10)
    file = QuotaFile(state_directory({"XDG_STATE_HOME": str(tmp_path / "state")}), pytest.fail)
    found = file.recall(QuotaKey(account=ACCOUNT, region="eu-west-1", operation=UPDATE_TRIGGER))
    assert found is not None
    assert (found.rate, found.burst) == (40.0, known.burst)
    there = OmissionPlace(account=ACCOUNT, region="eu-west-1", endpoint=place.endpoint)
    assert file.omissions()[0].endpoint == there.endpoint
