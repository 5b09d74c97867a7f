"""What is known of omitted members is one thing a place, and outlives the process."""

from pathlib import Path

import pytest

from batcher.clock import SystemClock
from batcher.config import Settings
from batcher.logs import logger
from batcher.storage.quota_file import QuotaFile
from batcher.testing import update
from batcher.wiring.omissions import Omissions, omission_place
from batcher.wiring.targets import TargetConnector


@pytest.mark.usefixtures("stand_in_credentials")
async def test_targets_of_one_place_share_it_and_the_next_process_finds_it(tmp_path: Path) -> None:
    settings = Settings(region="eu-west-1")
    elsewhere = Settings(region="eu-west-1", endpoint_url="http://127.0.0.1:9400")

    def omissions(file: QuotaFile | None) -> Omissions:
        return Omissions(settings, file, clock=SystemClock(), log=logger())

    file = QuotaFile(tmp_path, pytest.fail)
    first = omissions(file)
    async with (
        TargetConnector(settings).target("default") as one,
        TargetConnector(settings).target("default") as two,
        TargetConnector(elsewhere).target("default") as other,
    ):
        assert omission_place(one) == omission_place(two) != omission_place(other)
        assert first.of(one) is first.of(two)
        assert first.of(one) is not first.of(other)
        first.of(one).learn({"SegmentFilter": "cleared"}, update(1))
        assert [each.member for each in first.known(two).cleared] == ["SegmentFilter"]
        assert (first.of(two).sends_whole, first.of(other).sends_whole) == (True, False)
        again = omissions(file)
        assert (again.of(one).sends_whole, again.known(one).sends_whole) == (True, True)
        assert again.known(one).seen_at(["SegmentFilter"], "cleared") is not None
        assert again.known(one).seen_at(["SegmentFilter"], "kept") is None
        assert again.known(other).effects == {}
        forgetful = omissions(None)
        assert (forgetful.of(one).sends_whole, forgetful.known(one).effects) == (False, {})
