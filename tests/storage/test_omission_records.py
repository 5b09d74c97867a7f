"""What is remembered of omitted members: of one place, not for ever, the latest answer counts."""

import json
from pathlib import Path

from batcher.quota.estimated_quota import EstimatedQuota
from batcher.storage.omission_records import (
    Omission,
    OmissionPlace,
    known_effects,
    omissions_of,
    with_omissions,
)
from batcher.storage.quota_file import QuotaFile, QuotaKey

PLACE = OmissionPlace(account="111122223333", region="eu-west-1", endpoint="https://one")
OTHERS = [
    OmissionPlace(account="999", region="eu-west-1", endpoint="https://one"),
    OmissionPlace(account="111122223333", region="us-east-1", endpoint="https://one"),
    OmissionPlace(account="111122223333", region="eu-west-1", endpoint="http://127.0.0.1:9400"),
]
MARCH, LATE_MARCH, APRIL = (
    "2026-03-01T12:00:00.000Z",
    "2026-03-31T11:00:00.000Z",
    "2026-03-31T13:00:00.000Z",
)
KEY = QuotaKey(account="111122223333", region="eu-west-1", operation="UpdateEventTrigger")
FOUND = EstimatedQuota(rate=5.0, burst=15.0, doubt=0.01)


def effects(entries: list[Omission], place: OmissionPlace, now: str) -> dict[str, str]:
    return {name: each.effect for name, each in known_effects(entries, place, now).items()}


def test_it_is_known_of_that_place_alone_and_for_thirty_days() -> None:
    entries = omissions_of(PLACE, {"SegmentFilter": "cleared"}, MARCH)
    assert effects(entries, PLACE, LATE_MARCH) == {"SegmentFilter": "cleared"}
    assert effects(entries, PLACE, APRIL) == {}
    assert [effects(entries, other, MARCH) for other in OTHERS] == [{}, {}, {}]


def test_the_latest_answer_counts_for_each_member() -> None:
    entries = omissions_of(PLACE, {"SegmentFilter": "kept", "Description": "kept"}, MARCH)
    entries += omissions_of(OTHERS[0], {"SegmentFilter": "kept"}, MARCH)
    later = omissions_of(PLACE, {"SegmentFilter": "cleared"}, LATE_MARCH)
    entries = with_omissions(entries, later)
    assert entries == sorted(entries)
    found = known_effects(entries, PLACE, LATE_MARCH)
    assert {name: (each.effect, each.seen_at) for name, each in found.items()} == {
        "Description": ("kept", MARCH),
        "SegmentFilter": ("cleared", LATE_MARCH),
    }
    assert effects(entries, OTHERS[0], LATE_MARCH) == {"SegmentFilter": "kept"}


def test_quotas_and_omissions_keep_each_other_and_are_forgotten_together(tmp_path: Path) -> None:
    warnings: list[str] = []
    file = QuotaFile(tmp_path, warnings.append)
    file.note_effects(PLACE, {"SegmentFilter": "cleared"}, MARCH)
    assert file.write()
    file.remember([(KEY, FOUND)], MARCH)
    file.note_effects(OTHERS[0], {"Description": "kept"}, MARCH)
    assert file.write()
    assert (len(file.entries()), len(file.omissions())) == (1, 2)
    assert file.forget("111122223333") == 2
    assert [each.account for each in file.omissions()] == ["999"]
    assert warnings == []


def test_a_file_of_an_earlier_version_has_none_and_an_odd_time_is_damage(tmp_path: Path) -> None:
    warnings: list[str] = []
    file = QuotaFile(tmp_path, warnings.append)
    file.remember([(KEY, FOUND)], MARCH)
    content = json.loads(file.path.read_text())
    del content["omissions"]
    file.path.write_text(json.dumps(content))
    assert (len(file.entries()), file.omissions(), warnings) == (1, [], [])
    odd = {"account": "1", "region": "r", "endpoint": "e", "member": "m", "effect": "kept"}
    content["omissions"] = [odd | {"seen_at": "2026-03-01T12:00:00"}]
    file.path.write_text(json.dumps(content))
    assert file.omissions() == []
    assert "says no time zone" in warnings[0]
