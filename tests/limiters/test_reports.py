"""What became of requests is reported once, as long ago, and only to the bucket that it is of."""

from hypothesis import given
from hypothesis import strategies as st

from batcher.limiters.reports import REPORT_WITHIN, Answer, Reports, SharedTicket, UnreportedAnswers
from batcher.quota.observation import Observation
from batcher.quota.replay import CallReport


def test_a_report_says_how_long_ago_and_is_taken_once() -> None:
    answers = UnreportedAnswers()
    answers.add(Answer(SharedTicket("e", 7, 0, left=10.0), 10.5, Observation.ACCEPTED))
    answers.add(Answer(SharedTicket("e", 8, 0, left=10.25), 10.75, Observation.THROTTLED, 3.0))
    assert answers.take("e", 11.0) == Reports(
        epoch="e",
        throttled=0,
        reports=[
            CallReport(7, 1.0, 0.5, Observation.ACCEPTED, None),
            CallReport(8, 0.75, 0.25, Observation.THROTTLED, 3.0),
        ],
    )
    assert answers.take("e", 11.0) == Reports(epoch="e", reports=[])


def test_an_answer_is_due_after_a_while_and_a_cleared_one_never() -> None:
    answers = UnreportedAnswers()
    assert not answers.is_due(1e9)
    answers.add(Answer(SharedTicket("e", 1, 0, left=10.0), 10.0, Observation.ACCEPTED))
    assert not answers.is_due(10.0 + REPORT_WITHIN)
    assert answers.is_due(10.001 + REPORT_WITHIN)
    answers.clear()
    assert not answers.is_due(1e9)


tickets = st.builds(
    SharedTicket,
    st.sampled_from(["old", "new"]),
    st.integers(1, 99),
    st.integers(0, 9),
    st.floats(0, 9),
)


@given(st.lists(st.tuples(tickets, st.sampled_from(list(Observation)))))
def test_of_throttles_the_newest_cut_counts_and_what_is_of_another_epoch_means_nothing(
    answered: list[tuple[SharedTicket, Observation]],
) -> None:
    answers = UnreportedAnswers()
    for ticket, observation in answered:
        answers.add(Answer(ticket, 9.0, observation))
    reports = answers.take("new", 10.0)
    mine = [(ticket, seen) for ticket, seen in answered if ticket.epoch == "new"]
    assert [report.number for report in reports.reports] == [ticket.number for ticket, _ in mine]
    cuts = [ticket.cut for ticket, seen in mine if seen is Observation.THROTTLED]
    assert reports.throttled == max(cuts, default=-1)
    assert reports.arguments()[2] == b"" or mine
