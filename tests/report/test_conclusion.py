"""The conclusion of a report: every row is what came of the updates, and the sentence."""

import pytest
from msgspec.structs import replace

from batcher.report.conclusion import conclusion
from batcher.report.run_report import MaybeSentSection, RunReport
from tests.report.filled_records import Filled

WHOLE = Filled(bare=True).record(RunReport)


def _report(state: str, *, damage: str | None = None, balanced: bool = True, **outcomes: int):
    accounts = replace(
        WHOLE.accounts,
        total=sum(outcomes.values()),
        outcomes=outcomes,
        damage=damage,
        balanced=balanced,
        maybe_applied=0,
    )
    return replace(WHOLE, facts=replace(WHOLE.facts, state=state), accounts=accounts)


@pytest.mark.parametrize(
    ("state", "outcomes", "tone", "text"),
    [
        (
            "finished",
            {"succeeded": 1200, "unchanged": 1},
            "good",
            "All 1,201 updates succeeded or changed nothing.",
        ),
        ("finished", {"unchanged": 1}, "good", "1 update succeeded or changed nothing."),
        (
            "finished",
            {"succeeded": 9, "stale": 1},
            "bad",
            "9 of 10 updates succeeded or changed nothing, 1 did not.",
        ),
        (
            "stopped",
            {"succeeded": 1, "failed": 3, "not_started": 1},
            "bad",
            "Stopped early: 1 of 5 updates succeeded or changed nothing, 3 did not, 1 has not been"
            " started.",
        ),
        (
            "killed",
            {"succeeded": 1, "not_started": 2},
            "warning",
            "Ended by force: 1 of 3 updates succeeded or changed nothing, 2 have not been started.",
        ),
        (
            "under_way",
            {"failed": 1, "not_started": 2},
            "note",
            "Under way: 0 of 3 updates succeeded or changed nothing, 1 did not, 2 have not been"
            " started.",
        ),
    ],
)
def test_it_is_one_sentence(state: str, outcomes: dict[str, int], tone: str, text: str) -> None:
    found = conclusion(_report(state, **outcomes))
    assert (found.tone, found.text) == (tone, text)


def test_books_that_do_not_add_up_come_before_all_else() -> None:
    for amiss in ({"damage": "Line 3 was edited."}, {"balanced": False}):
        found = conclusion(_report("finished", succeeded=1, **amiss))
        assert (found.tone, found.text) == ("bad", "The books of this run do not add up.")


def test_what_may_have_been_applied_is_never_told_as_not_started_or_just_not_done() -> None:
    plain = _report("killed", succeeded=1, failed=3, not_started=146)
    accounts = replace(plain.accounts, maybe_applied=2)
    sent = MaybeSentSection(updates=34, text="Some.", first=[])
    found = conclusion(replace(plain, accounts=accounts, maybe_sent=sent))
    assert found.text == (
        "Ended by force: 1 of 150 updates succeeded or changed nothing, 3 did not (2 of those that"
        " failed may have been applied all the same), 146 have no result (up to 34 of them may have"
        " been changed)."
    )
