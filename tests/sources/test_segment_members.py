"""Members of segments: one or several a line, of the wanted segments only."""

from pathlib import Path

import pytest

from batcher.errors import InputError
from batcher.sources.segment_members import segment_members


def test_the_members_of_wanted_segments_are_those_of_all_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "members.jsonl"
    path.write_text(
        '{"segment": "vip", "profile": "a"}\n\n{"segment": "vip", "profiles": ["b", "a"]}\n'
        '{"segment": "other", "profile": "c"}\n{"segment": "empty", "profiles": []}\n'
    )
    found = segment_members(path, "members.jsonl", {"vip", "empty", "unknown"})
    assert found == {"vip": {"a", "b"}, "empty": set()}


@pytest.mark.parametrize("line", ['{"profile": "a"}', '{"segment": "x", "Profile": "a"}', "vip,a"])
def test_a_line_of_another_format_is_refused_with_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "members.jsonl"
    path.write_text(f'{{"segment": "vip"}}\n{line}\n')
    with pytest.raises(InputError, match=r"line 2: .* One line each") as raised:
        segment_members(path, "members.jsonl", {"vip"})
    assert "Profile" not in str(raised.value)  # a name that may be one of an object
