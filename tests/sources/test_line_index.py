"""Where lines are: found without a check as with one, and looked up by number."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.compact import short_hash
from batcher.sources.inspection import inspect
from batcher.sources.line_index import LineIds, LineIndex, LinesOfIds, file_stamp, index_lines
from tests.sources.samples import BOM, READER, line


def test_the_quick_index_of_a_file_is_the_index_of_its_inspection(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    named = [
        b'{"\\u0074arget":"b","DomainName":"acme","EventTriggerName":"x"}',
        line(1),
        line(2, target="b"),
        b"",
        line(3, id="row-5"),
    ]
    path.write_bytes(BOM + b"\n".join(named))
    slow, quick = inspect(path, READER), index_lines(path, "main")
    found = [
        {
            name: (list(each.lines), list(each.offsets), list(each.hashes))
            for name, each in file.targets.items()
        }
        for file in (slow, quick)
    ]
    assert found[0] == found[1]
    assert (slow.size, slow.sha256) == (quick.size, quick.sha256)
    for ids in (slow.ids, quick.ids):
        assert [ids.matches(number, "row-5") for number in (1, 2, 3, 5)] == [False] * 3 + [True]
        assert ids.matches(3, "3")
        assert not ids.matches(5, "5")


@given(st.dictionaries(st.integers(1, 200), st.integers(0, 2**63)), st.integers(1, 200))
def test_a_line_is_found_by_its_number_or_not_there(given: dict[int, int], wanted: int) -> None:
    offsets = dict(zip(sorted(given), sorted(given.values()), strict=True))
    index = LineIndex((0, 0))
    for number in sorted(offsets):
        index.add(number, offsets[number], b"%d" % number)
    assert len(index) == len(offsets)
    assert (wanted in index) is (wanted in offsets)
    if wanted in offsets:
        place = index.place(wanted)
        assert index.offsets[place] == offsets[wanted]
        assert index.hashes[place] == short_hash(b"%d" % wanted)
    else:
        with pytest.raises(LookupError):
            index.place(wanted)


@given(
    st.dictionaries(st.integers(1, 60), st.sampled_from(["a", "b", "1", "7", "007"])),
    st.integers(1, 60),
    st.sampled_from(["a", "b", "1", "7", "007", "60"]),
)
def test_a_line_has_the_id_that_was_given_or_its_number(
    given: dict[int, str], asked: int, id: str
) -> None:
    ids = LineIds()
    for number in sorted(given):
        ids.add(number, given[number])
    assert ids.matches(asked, id) is (given.get(asked, str(asked)) == id)
    of_id = [number for number, name in sorted(given.items()) if name == id != str(number)]
    assert ids.lines_of([id, "other"]) == {id: of_id, "other": []}


def test_a_stamp_is_another_one_after_a_change_and_none_of_a_file_that_is_gone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(line(1))
    before = file_stamp(path)
    path.write_bytes(line(1) + line(2))
    assert file_stamp(path) != before
    path.unlink()
    assert file_stamp(path) == (0, 0)


@given(st.lists(st.sampled_from(["", "a", "b", "007", "1", "3", "9"]) | st.text(), max_size=40))
def test_lines_are_found_by_their_ids_and_hardly_any_other(given_ids: list[str]) -> None:
    ids, expected = LineIds(), dict[str, list[int]]()
    for number, id in enumerate(given_ids, 1):
        ids.add(number, id or str(number))
        expected.setdefault(id or str(number), []).append(number)
    found = LinesOfIds(ids)
    for id, lines in expected.items():
        others = [number for number in found.lines(id) if number not in lines]
        assert sorted(number for number in found.lines(id) if number in lines) == lines
        assert not [each for each in others if each in ids.lines and not ids.matches(each, id)]
    asked = [*expected, "nobody's", "77"]
    assert found.first_of_each(asked) == [next(found.lines(id), 0) for id in asked]


def test_of_lines_with_one_hash_all_are_told() -> None:
    ids = LineIds()
    ids.add_all([4, 5, 6], ["a", "b", "a"])
    ids.hashes[1] = ids.hashes[0]  # as may happen
    assert list(LinesOfIds(ids).lines("a")) == [4, 5, 6]
    assert ids.lines_of(["a", "other"]) == {"a": [4, 5, 6], "other": []}
    assert list(LinesOfIds(LineIds()).lines("a")) == []
