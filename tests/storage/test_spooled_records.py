"""Records that were put away are found again as they were."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from batcher.storage.spooled_records import SpooledRecords


class Kept(Struct):
    """One record."""

    name: str
    value: int | None = None


@given(st.lists(st.builds(Kept, name=st.text(), value=st.none() | st.integers(0, 1 << 40))))
def test_a_record_is_found_again_by_where_it_begins(given_records: list[Kept]) -> None:
    records = SpooledRecords(Kept)
    begins = [records.put(each) for each in given_records]
    assert [records.at(begin) for begin in reversed(begins)] == given_records[::-1]


def test_it_says_how_much_is_in_it() -> None:
    records = SpooledRecords(list[int])
    records.put([1, 2])
    assert repr(records) == "<SpooledRecords: <SpooledLines: 6 bytes>>"
