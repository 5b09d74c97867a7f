"""What is said of a part, and of what a selection missed."""

from batcher.cli.output.selected_part import SHOWN, part_lines
from batcher.records import SelectedPart


def test_how_much_is_left_out_is_said_and_the_first_pieces_that_matched_nothing() -> None:
    part = SelectedPart(by="--only 'a\x1b*'", left_out=4120, of=5000)
    unmatched = [f"--only-file t{number}" for number in range(SHOWN + 7)]
    first, *rest, last = part_lines(part, unmatched)
    assert first.startswith("4,120 of 5,000 updates are left out by --only 'a")
    assert "\x1b" not in first
    assert rest == [f"  {each} matches no trigger." for each in unmatched[:SHOWN]]
    assert last == "  … and 7 more that match none"


def test_nothing_is_said_of_a_job_that_is_whole() -> None:
    assert not list(part_lines(None, []))
    assert not list(part_lines(SelectedPart(by="--only t", left_out=0, of=3), []))
