"""What a run did over time, as far as its file can be read."""

from pathlib import Path

import msgspec

from batcher.storage.timeline_file import TimelineSample, read_timeline

SAMPLE = TimelineSample(at="2026-01-01T00:00:02.000Z", target="t", seconds=2.0, answered=9, quota=5)


def test_lines_that_are_no_samples_are_left_out_and_so_is_a_torn_last_one(tmp_path: Path) -> None:
    path, good = tmp_path / "timeline.jsonl", msgspec.json.encode(SAMPLE)
    assert list(read_timeline(path)) == []
    bad = [b"", b"[" * 5000, b"{}", good.replace(b"9", b"-9"), b"\xff", good[:-9]]
    path.write_bytes(b"\n".join([good, *bad, good, good[:-9]]))
    assert list(read_timeline(path)) == [SAMPLE, SAMPLE]


def test_what_is_no_regular_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "timeline.jsonl"
    path.symlink_to("/dev/zero")
    assert list(read_timeline(path)) == []
