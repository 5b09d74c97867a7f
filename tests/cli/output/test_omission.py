"""What is sent, and what an undo rests on, in words: a row for each thing that can be known."""

import pytest
from msgspec.structs import replace

from batcher.cli.output.omission import basis_text, sends_text, shown_at
from batcher.storage.omission_records import Omission
from batcher.triggers.omission import Effect, Whole
from batcher.wiring.omissions import KnownOmissions

NOW, TWO_DAYS_AGO = "2026-03-03T12:00:00.000Z", "2026-03-01T12:00:00.000Z"


def known(whole: Whole = "auto", **effects: Effect) -> KnownOmissions:
    place = {"account": "1", "region": "eu-west-1", "endpoint": "https://one"}
    entries = {
        name: Omission(**place, member=name, effect=effect, seen_at=TWO_DAYS_AGO)
        for name, effect in effects.items()
    }
    return KnownOmissions(whole=whole, effects=entries)


@pytest.mark.parametrize(
    ("found", "looks", "said"),
    [
        (known(), True, "what each line gives; if the first of them shows"),
        (known(), False, "is not known, and without a look there is nothing to send a whole"),
        (known(SegmentFilter="kept"), True, "AWS keeps what an update leaves out (its answers"),
        (known(SegmentFilter="kept"), False, "what each line gives, as AWS keeps"),
        (known(SegmentFilter="kept", Description="cleared"), True, "whole triggers, as AWS clears"),
        (known(SegmentFilter="cleared"), True, "leaves out (its answers showed it 2 days ago)"),
        (known(SegmentFilter="cleared"), False, "; each is looked at for that"),
        (known("never", SegmentFilter="kept"), True, "what each line gives (--whole never)"),
        (known("never", SegmentFilter="cleared"), True, ", although AWS clears what it leaves out"),
        (known("always", SegmentFilter="kept"), False, "whole triggers (--whole always)"),
    ],
)
def test_what_is_sent_is_said_with_what_it_rests_on(
    found: KnownOmissions, looks: bool, said: str
) -> None:
    assert said in sends_text(found, looks=looks, now=NOW)


@pytest.mark.parametrize(
    ("found", "members", "said"),
    [
        (known(), ["SegmentFilter"], "no answer of AWS has shown yet"),
        (
            known(SegmentFilter="kept"),
            ["SegmentFilter"],
            "AWS keeps what an update leaves out (its",
        ),
        (
            known(SegmentFilter="kept"),
            ["SegmentFilter", "Description"],
            "no answer of AWS has shown yet",
        ),
        (known(SegmentFilter="cleared"), ["SegmentFilter"], "no answer of AWS has shown yet"),
    ],
)
def test_an_undo_that_is_not_possible_says_what_that_rests_on(
    found: KnownOmissions, members: list[str], said: str
) -> None:
    assert said in basis_text(found, members, NOW)


@pytest.mark.parametrize("effect", ["kept", "cleared"])
def test_what_is_known_is_told_in_the_same_words_whenever_it_was_shown(effect: Effect) -> None:
    later = replace(known(A=effect).effects["A"], seen_at=NOW)
    one, two = known(A=effect), KnownOmissions(whole="auto", effects={"A": later})
    assert sends_text(one, looks=True, now=NOW) != sends_text(two, looks=True, now=NOW)
    assert sends_text(one, looks=True, now=None) == sends_text(two, looks=True, now=None)
    assert basis_text(one, ["A"], None) == basis_text(two, ["A"], None)
    assert (shown_at(one), shown_at(two), shown_at(known())) == (TWO_DAYS_AGO, NOW, "")
