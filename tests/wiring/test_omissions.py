"""What is known of omitted members is one thing a place, and outlives the process."""

import gc
import weakref
from pathlib import Path

import pytest
from msgspec.structs import replace

from batcher.clock import SystemClock
from batcher.config import Settings
from batcher.logs import logger
from batcher.storage.omission_records import OmissionPlace
from batcher.storage.quota_file import QuotaFile
from batcher.testing import update
from batcher.wiring.omissions import Omissions, known_omissions, omission_place
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


@pytest.mark.usefixtures("stand_in_credentials")
async def test_endpoints_of_awss_share_it_and_what_was_kept_for_one_of_them_is_found(
    tmp_path: Path,
) -> None:
    fips = "https://profile-fips.eu-west-1.amazonaws.com"
    plain, other = Settings(region="eu-west-1"), Settings(region="eu-west-1", endpoint_url=fips)
    file = QuotaFile(tmp_path, pytest.fail)
    found = Omissions(plain, file, clock=SystemClock(), log=logger())
    async with (
        TargetConnector(plain).target("default") as one,
        TargetConnector(other).target("default") as two,
    ):
        before = OmissionPlace(account=two.quota_owner, region="eu-west-1", endpoint=fips)
        file.note_effects(before, {"Periods": "cleared"}, SystemClock().wall())
        assert file.write()
        assert (list(found.known(two).effects), list(found.known(one).effects)) == (["Periods"], [])
        assert found.of(one) is found.of(two)
        found.of(one).learn({"SegmentFilter": "cleared"}, update(1))
        assert sorted(found.known(two).effects) == ["Periods", "SegmentFilter"]
        place = replace(two.identity, account=two.quota_owner)
    now = SystemClock().wall()
    known = known_omissions({"two": place}, Settings(), file, now)
    assert sorted(known["two"].effects) == ["Periods", "SegmentFilter"]


@pytest.mark.usefixtures("stand_in_credentials")
async def test_it_outlives_the_target_that_it_was_asked_for_and_recalls_without_it(
    tmp_path: Path,
) -> None:
    settings = Settings(region="eu-west-1")
    file = QuotaFile(tmp_path, pytest.fail)
    found = Omissions(settings, file, clock=SystemClock(), log=logger())
    async with TargetConnector(settings).target("default") as target:
        gone, place = weakref.ref(target), omission_place(target)
        shared = found.of(target)
    del target
    gc.collect()
    assert gone() is None
    file.note_effects(place, {"Periods": "cleared"}, SystemClock().wall())
    assert file.write()
    async with shared.turn(frozenset({"Periods"})):
        assert shared.are_cleared


@pytest.mark.usefixtures("stand_in_credentials")
async def test_what_many_places_show_is_known_at_once_and_written_together(tmp_path: Path) -> None:
    file, wanted = QuotaFile(tmp_path, pytest.fail), list[int]()
    found = Omissions(
        Settings(),
        file,
        clock=SystemClock(),
        log=logger(),
        write=lambda: wanted.append(1),
    )
    for number in range(3):
        settings = Settings(region="eu-west-1", endpoint_url=f"http://127.0.0.1:{9400 + number}")
        async with TargetConnector(settings).target("default") as target:
            found.of(target).learn({"SegmentFilter": "kept"}, update(1))
            assert list(found.known(target).effects) == ["SegmentFilter"]
    assert (len(wanted), file.path.exists()) == (3, False)
    assert file.write()
    assert len(QuotaFile(tmp_path, pytest.fail).omissions()) == 3
